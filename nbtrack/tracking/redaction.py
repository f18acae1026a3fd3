"""Secrets are taken out of captured text before it reaches the store.

What goes: tokens of common providers, bearer tokens, private keys, passwords inside URLs, and values given to names
such as ``password``, ``api_key`` or ``auth_token``. What stays: the shape (``ghp_…redacted``), names, code that only
mentions a secret (``token = os.environ["X"]``), placeholders, ids, hashes and numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.named_secrets import MARK, is_plain, is_secret_value, redact_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHORTEST = 8

# How a token begins, and what follows. The beginning is looked for first, so that text without it costs almost nothing.
_PROVIDERS: dict[tuple[str, ...], str] = {
    ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "hf_"): r"[A-Za-z0-9]{30,255}",
    ("github_pat_", "wandb_v1_"): r"[A-Za-z0-9_]{20,255}",
    ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "GOCSPX-"): r"[A-Za-z0-9_-]{20,300}",
    ("sk-",): r"(?=[A-Za-z0-9_-]{0,400}?[A-Za-z0-9]{16})(?=[A-Za-z_-]{0,400}[0-9])[A-Za-z0-9_-]{20,400}",
    ("AKIA", "ASIA"): r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    ("AIza",): r"[A-Za-z0-9_-]{35}",
    ("ya29.",): r"[A-Za-z0-9_-]{20,1000}",
    ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"): r"[A-Za-z0-9-]{10,300}",
    ("hooks.slack.com/services/",): r"[A-Za-z0-9/]{20,100}",
    ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"): r"[A-Za-z0-9]{16,250}",
    ("SK", "key-"): r"[0-9a-f]{32}(?![A-Za-z0-9])",
    ("SG.",): r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{20,64}",
    ("npm_",): r"[A-Za-z0-9]{36}",
    ("pypi-",): r"[A-Za-z0-9_-]{50,500}",
    ("dop_v1_", "doo_v1_", "dor_v1_"): r"[0-9a-f]{64}",
    ("shpat_", "shpca_", "shppa_", "shpss_"): r"[0-9A-Fa-f]{32}",
    ("dapi",): r"[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])",
    ("r8_", "gsk_", "xai-", "pplx-", "lin_api_", "ntn_"): r"[A-Za-z0-9]{32,100}",
    ("tvly-",): r"(?=[A-Za-z-]{0,60}[0-9])[A-Za-z0-9-]{20,60}",
    ("eyJ",): r"[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000}",
    ("figd_", "hvs.", "dp.pt.", "dckr_pat_"): r"[A-Za-z0-9_-]{24,200}",
    ("PMAK-",): r"[0-9a-f]{24}-[0-9a-f]{34}",
    ("pul-", "sbp_", "rubygems_"): r"[0-9a-f]{40,48}",
    ("NRAK-",): r"[A-Z0-9]{27}",
    ("sntrys_", "sntryu_", "glsa_", "glc_"): r"[A-Za-z0-9_=+/-]{32,250}",
    ("sq0atp-", "sq0csp-", "pscale_tkn_", "pscale_pw_"): r"[A-Za-z0-9_-]{22,60}",
    ("AGE-SECRET-KEY-1",): r"[A-Z0-9]{58}",
}
_TOKENS = [(head, re.compile(re.escape(head) + tail)) for heads, tail in _PROVIDERS.items() for head in heads]
_WORD = re.compile(r"[A-Za-z0-9_-]")

_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?:(?!-----)[\s\S]){0,20000}"
    r"(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)

# Written after the "://" that is looked for first; a password for a database may hold a slash.
_ENDS = (
    "ql",
    "db",
    "dis",
    "iss",
    "srv",
    "amqp",
    "amqps",
    "oracle",
    "house",
    "psycopg",
    "psycopg2",
    "asyncpg",
    "pg8000",
)
_DATABASES = "|".join(f"(?<={end}://)" for end in _ENDS)
_USER = r"[^\s/:@'\"<>]{0,200}:"
_QUERY_KEYS = (
    "access_token|api[_-]?key|auth|key|token|sig|signature|secret|password|pwd"
    "|X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature"
)
_HEADER = r"authorization['\"]?\s{0,4}[:=,]\s{0,4}f?['\"]?(?:(?:bearer|basic|token|apikey)\s{1,4})"
_LOGIN = r"\blogin\((?:[^()\n]{0,200}?\b(?:key|token)\s{0,2}=\s{0,2})?['\"]"

# A text that must be there, and a pattern of (what stays)(what goes).
_RULES: list[tuple[str, re.Pattern[str]]] = [
    (hint, re.compile(pattern, re.IGNORECASE))
    for hint, pattern in (
        ("://", rf"(://(?:{_DATABASES}){_USER})(?!\d{{1,5}}/)([^\s'\"<>@]{{1,500}})@(?=[\w\[{{$])"),
        ("://", rf"(://{_USER})(?!\d{{1,5}}/)([^\s/'\"<>]{{1,500}})@(?=[\w\[{{$])"),
        ("://", r"(://)(?=[A-Za-z_-]{0,300}\d)([A-Za-z0-9_-]{20,300})@(?=\w)"),
        ("=", rf"([?&](?:{_QUERY_KEYS})=)([^\s&'\"<>#]{{6,4000}})"),
        ("authorization", rf"({_HEADER})([A-Za-z0-9._~+/=:-]{{8,8000}})"),
        ("bearer", r"(\bbearer\s{1,4})(?=[A-Za-z._~+/-]{0,8000}\d)([A-Za-z0-9._~+/=-]{16,8000})"),
        ("login(", rf"({_LOGIN})([A-Za-z0-9_-]{{20,200}})(?=['\"])"),
        (":aa", r"(?<![\w:-])(\d{8,10}:)(AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])"),
    )
]


def redact(text: str) -> str:
    """Return `text` without the secrets in it.

    Redacting twice changes nothing more.

    Parameters
    ----------
    text : str
        Source, output, a diff, a URL, a traceback: anything.

    Returns
    -------
    str
        The same text where each secret became its beginning and ``…redacted``.
    """
    if len(text) < SHORTEST:
        return text
    for head, pattern in _TOKENS:
        if head in text:
            text = pattern.sub(_after(head), text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(lambda found: f"{found[1]}{MARK}{found[2] or ''}", text)
    lowered = text.lower()
    for hint, pattern in _RULES:
        if hint in lowered:
            text = pattern.sub(_keep_head, text)
    return redact_named(text)


def redact_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return params where values that are secrets, by their name or by their look, are redacted.

    Only texts change; numbers, ``None`` and everything else stay as they are.
    """
    return {key: _param(key, value) if isinstance(value, str) else value for key, value in params.items()}


def _param(key: str, value: str) -> str:
    cleaned = redact(value)
    return MARK if cleaned == value and is_secret_value(key, value) else cleaned


def _after(head: str) -> Callable[[re.Match[str]], str]:
    """Return what replaces a token: its beginning and the mark, unless it is inside a longer word."""

    def replace(found: re.Match[str]) -> str:
        start = found.start()
        inside = start > 0 and _WORD.match(found.string, start - 1) is not None
        return found[0] if inside else head + MARK

    return replace


def _keep_head(found: re.Match[str]) -> str:
    secret = found[2]
    if MARK in secret or (is_plain(secret) and not secret.isdigit()):
        return found[0]
    return found[1] + MARK + found[0][found.end(2) - found.start() :]
