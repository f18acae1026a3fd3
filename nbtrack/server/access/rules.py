"""The table of routes: which role each needs, and what it is about. A route that does not stand here is not there for anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from nbtrack.server.access.roles import Role


class About(Enum):
    """What a route is about: where to look for the experiments and models that it touches."""

    NOTHING = auto()
    """Nothing of the store: any token will do."""
    NAMES = auto()
    """What its query, body and address name: every one of them counts."""
    FOUND = auto()
    """Lists that are filtered: everything in the answer."""
    FILE = auto()
    """Files of runs and models, by their address."""
    BLOB = auto()
    JOURNAL = auto()
    CALL = auto()
    PAGE = auto()
    """A page of the web interface: it gets a store that shows what its user may see."""
    SERVER = auto()
    """How the server does."""
    EVERYTHING = auto()
    """The whole store: only who may do it to everything."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route needs.

    Attributes
    ----------
    role : Role
        ``NONE``: no token.
    max_body : int
        Bytes that may be sent.
    is_quiet : bool
        It changes something so often that the audit log has one line for many.
    """

    role: Role
    about: About = About.NOTHING
    max_body: int = 1 << 16
    is_quiet: bool = False
    is_page: bool = False


KB, MB, GB = 1 << 10, 1 << 20, 1 << 30
JSON, BATCH, FILE = 32 * MB, 32 * MB, 256 * GB
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
SIGN_IN_SSO, SIGN_IN_BACK = "/sign-in/sso", "/sign-in/back"
"""Where a browser leaves for the provider, and where it comes back to."""
DOOR = (SIGN_IN, SIGN_IN_SSO, SIGN_IN_BACK, SIGN_OUT)
_N, _R, _W, _A = Role.NONE, Role.READ, Role.WRITE, Role.ADMIN
_ML, _ART = r"/(?:ajax-)?api/2\.0/mlflow", r"/(?:ajax-)?api/2\.0/mlflow-artifacts"
_NT = r"/api/nbtrack/v1"
_ID = r"/[^/]+"

# A look at something by name, in the query or the body.
_looks, _search = Rule(_R, About.NAMES, JSON), Rule(_R, About.FOUND, JSON)
_changes, _ruins = Rule(_W, About.NAMES, JSON), Rule(_A, About.NAMES, JSON)
_often = Rule(_W, About.NAMES, BATCH, is_quiet=True)
_hook = Rule(_A, About.EVERYTHING, MB)

_TABLE: tuple[tuple[str, str, Rule], ...] = (
    # the server
    ("GET", r"/health|/ready|/version", Rule(_N)),
    ("GET POST", SIGN_IN, Rule(_N, max_body=4 * KB, is_page=True)),
    ("GET", f"{SIGN_IN_SSO}|{SIGN_IN_BACK}", Rule(_N, is_page=True)),
    ("POST", SIGN_OUT, Rule(_N, max_body=4 * KB, is_page=True)),
    ("GET", r"/openapi\.json|/docs", Rule(_R, is_page=True)),
    ("GET", r"/metrics", Rule(_A, About.SERVER)),
    ("GET", r"/(?:ajax-)?api/3\.0/mlflow/server-info", Rule(_R)),
    # the web interface
    ("GET", r"/|/[\w.\-]+\.js", Rule(_R, is_page=True)),
    ("GET", r"/api/stream", Rule(_R, About.PAGE, is_page=True)),
    ("POST", r"/api/message", Rule(_R, About.PAGE, 2 * MB + KB, is_page=True)),
    # nbtrack's own
    ("GET", rf"{_NT}/about", Rule(_R)),
    ("GET", rf"{_NT}/journals{_ID}", Rule(_W)),
    ("POST", rf"{_NT}/journals{_ID}", Rule(_W, About.JOURNAL, 64 * MB, is_quiet=True)),
    ("PUT", rf"{_NT}/blobs{_ID}", Rule(_W, max_body=FILE)),
    ("GET", rf"{_NT}/blobs{_ID}", Rule(_R, About.BLOB)),
    ("POST", rf"{_NT}/call{_ID}", Rule(_R, About.CALL, 8 * MB)),
    # runs
    ("POST", rf"{_ML}/runs/log-(?:metric|batch|parameter)", _often),
    (
        "POST",
        rf"{_ML}/runs/(?:create|update|delete|restore|set-tag|delete-tag|log-inputs|log-model|outputs|log-outputs)",
        _changes,
    ),
    ("GET", rf"{_ML}/runs/get", _looks),
    ("POST", rf"{_ML}/runs/search", _looks),
    ("GET", rf"{_ML}/metrics/get-history(?:-bulk|-bulk-interval)?", _looks),
    ("GET", rf"{_ML}/artifacts/list", _looks),
    # experiments
    ("GET", rf"{_ML}/experiments/(?:get|get-by-name)", _looks),
    ("GET POST", rf"{_ML}/experiments/search", _search),
    ("POST", rf"{_ML}/experiments/(?:create|set-experiment-tag|delete-experiment-tag)", _changes),
    ("POST", rf"{_ML}/experiments/(?:update|delete|restore)", _ruins),
    # logged models
    ("POST", rf"{_ML}/logged-models/search", _looks),
    ("POST", rf"{_ML}/logged-models", _changes),
    ("GET", rf"{_ML}/logged-models{_ID}(?:/artifacts/directories)?", _looks),
    ("PATCH DELETE", rf"{_ML}/logged-models{_ID}", _changes),
    ("PATCH", rf"{_ML}/logged-models{_ID}/tags", _changes),
    ("DELETE", rf"{_ML}/logged-models{_ID}/tags/.+", _changes),
    ("POST", rf"{_ML}/logged-models{_ID}/params", _changes),
    # registry
    ("GET", rf"{_ML}/(?:registered-models|model-versions)/search", _search),
    ("GET", rf"{_ML}/registered-models/(?:get|alias)", _looks),
    ("GET POST", rf"{_ML}/registered-models/get-latest-versions", _looks),
    ("GET", rf"{_ML}/model-versions/(?:get|get-download-uri)", _looks),
    ("POST", rf"{_ML}/registered-models/(?:create|set-tag|alias)", _changes),
    ("POST", rf"{_ML}/registered-models/rename", _ruins),
    ("PATCH", rf"{_ML}/(?:registered-models|model-versions)/update", _changes),
    ("DELETE", rf"{_ML}/(?:registered-models|model-versions)/delete", _ruins),
    ("DELETE", rf"{_ML}/registered-models/(?:delete-tag|alias)", _changes),
    ("DELETE", rf"{_ML}/model-versions/delete-tag", _changes),
    ("POST", rf"{_ML}/model-versions/(?:create|transition-stage|set-tag)", _changes),
    # webhooks: they carry data of the whole registry to addresses elsewhere
    ("GET POST", rf"{_ML}/webhooks", _hook),
    ("GET PATCH DELETE", rf"{_ML}/webhooks{_ID}", _hook),
    ("POST", rf"{_ML}/webhooks{_ID}/test", _hook),
    # files
    ("GET", rf"{_ART}/artifacts(?:/.*)?", Rule(_R, About.FILE)),
    ("GET", rf"{_ART}/presigned/.*", Rule(_R, About.FILE)),
    ("PUT", rf"{_ART}/artifacts/.*", Rule(_W, About.FILE, FILE)),
    ("DELETE", rf"{_ART}/artifacts/.*", Rule(_W, About.FILE)),
    ("POST", rf"{_ART}/mpu/(?:create|complete|abort)/.*", Rule(_W, About.FILE, JSON)),
    ("PUT", rf"{_ART}/mpu/part{_ID}{_ID}", Rule(_W, max_body=FILE, is_quiet=True)),
)
_RULES = [(frozenset(methods.split()), re.compile(path, re.DOTALL), rule) for methods, path, rule in _TABLE]


@lru_cache(maxsize=4096)
def rule_of(method: str, path: str) -> Rule | None:
    """Return what a route needs; None for one that is not there."""
    asked = "GET" if method == "HEAD" else method
    return next((rule for methods, pattern, rule in _RULES if asked in methods and pattern.fullmatch(path)), None)


def is_path(path: str) -> bool:
    """Say whether a path is there, with whichever method."""
    return any(pattern.fullmatch(path) for _, pattern, _ in _RULES)
