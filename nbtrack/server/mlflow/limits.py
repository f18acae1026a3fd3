"""What MLflow lets be logged: names, lengths and numbers, with its texts, for clients and people match on them."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from nbtrack.server.mlflow.errors import RestError, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_METRICS, MAX_PARAMS, MAX_TAGS, MAX_ENTITIES = 1000, 100, 100, 1000
MAX_BATCH_BYTES = 1_000_000
MAX_KEY, MAX_PARAM, MAX_TAG, MAX_EXPERIMENT_TAG, MAX_MODEL_TAG = 250, 6000, 8000, 20_000, 100_000
MAX_NAME = 500
MAX_DATASETS = 1000
LAST_MS = 253_402_300_799_999
"""The end of the year 9999: later times are no times."""

_NAME = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
CHARACTERS = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
DATASET_LIMITS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}


@lru_cache(maxsize=8192)
def _problem(name: str) -> str:
    """Return why a name is not allowed; nothing when it is."""
    if not _NAME.fullmatch(name):
        return CHARACTERS
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {plain!r}"
        )
    return ""


def check_name(name: str, path: str = "key", what: str = "") -> str:
    """Return a name of a metric, param or tag that is allowed."""
    why = _problem(name)
    if why:
        raise invalid(path, name, why)
    if len(name) > MAX_KEY:
        raise too_long(what or path, MAX_KEY)
    return name


def too_long(what: str, limit: int) -> RestError:
    """Return MLflow's error for a text that is too long."""
    return RestError(f"'{what}' exceeds the maximum length of {limit} characters")


def check_length(text: str | None, what: str, limit: int) -> str:
    """Return a text that is not too long; nothing is the empty text."""
    if text is not None and len(text) > limit:
        raise too_long(what, limit)
    return text or ""


def check_tag(key: str, value: str | None, *, limit: int, path: str = "key") -> tuple[str, str]:
    """Return a tag that may be set; of a run, long values are cut as MLflow cuts them."""
    name = check_name(key, path)
    text = value or ""
    return name, text[:limit] if limit == MAX_TAG else check_length(text, "value", limit)


def check_batch(n_metrics: int, n_params: int, n_tags: int) -> None:
    """Raise when a batch has too much in it."""
    counts = (
        ("metrics", MAX_METRICS, n_metrics),
        ("params", MAX_PARAMS, n_params),
        ("tags", MAX_TAGS, n_tags),
        ("metrics, params, and tags", MAX_ENTITIES, n_metrics + n_params + n_tags),
    )
    for what, limit, count in counts:
        if count > limit:
            raise RestError(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. "
                f"Please split up {what} across multiple requests and try again."
            )


def check_unique(keys: Iterable[str]) -> None:
    """Raise when a param stands in a batch twice."""
    seen: set[str] = set()
    twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise RestError(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one param value "
            "per param key."
        )


def check_run_id(run_id: str) -> str:
    """Return a text that could be a run id."""
    if not _RUN_ID.fullmatch(run_id):
        raise invalid("run_id", run_id)
    return run_id
