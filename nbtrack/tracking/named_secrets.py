"""Secrets that only their name gives away: ``password = "…"``, ``API_KEY=…``, ``--token …``.

A name is *strong* when whatever it is given is a secret (``password``, ``api_key``) and *weak* when that depends on the
value (``token`` is also a word of text models, ``credentials`` is often a path). A value is left alone when it is code
(``getpass()``), a placeholder (``<your key>``, ``{password}``), a number or a path.
"""

from __future__ import annotations

import re

MARK = "…redacted"

_STRONG = re.compile(
    r"(?:(?:^|[^A-Za-z])(?:passwort|pwd|passphrase|passcode)|(?:passwd|password|secret|apikey)"
    r"|(?:^|[^A-Za-z])(?:api|secret|secret[_-]?access|private|signing|encryption|master|account|shared[_-]?access|auth|subscription"
    r"|storage)[_-]?key)$",
    re.IGNORECASE,
)
_WEAK = re.compile(r"(?:^|[^A-Za-z])(?:token|credentials?|access[_-]?key|webhook)$", re.IGNORECASE)

# The last word of a name. It begins with a set of letters, which is what makes the scan of a long text fast.
_LAST_WORD = (
    r"[pPsSkKtTcCwW](?i:(?<=p)(?:assw(?:ord|d|ort)|wd|assphrase|asscode)|(?<=s)ecret|(?<=k)ey|(?<=t)oken|(?<=c)redentials?"
    r"|(?<=w)ebhook)"
)
_NAMED = re.compile(
    rf"(?P<word>{_LAST_WORD})(?P<close>\\?['\"]?\]?)"
    r"(?:(?P<assign>(?:\s{0,8}:\s{0,2}[A-Za-z_][\w.|\[\] ]{0,40}?)?\s{0,8}(?:={1,2}|=>|:=|:)\s{0,8})"
    r"|(?P<comma>(?<=['\"]),\s{0,4})|(?P<space>[ \t]{1,4}))"
    r"(?:[rbfuRBFU]{0,2}(?P<quote>\\?(?:\"\"\"|\'\'\'|[\"\']))(?P<quoted>.{0,4000}?)(?P=quote)"
    r"|(?P<bare>[^\s'\",;)\]}&|<>`]{1,4000}))"
)
_BEFORE = re.compile(r"[\w-]{0,60}$")

_SPECIAL_TOKENS = re.compile(
    r"(?:pad|eos|bos|mask|cls|sep|unk|special|stop|start|end|image|next|first|last|prev|per|max|min|num|prompt|input|output"
    r"|new|add|is|has|word|sub)[_-]?token$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"[*•xX.\s_-]{0,60}|<.{0,80}>|\{.{0,80}\}|\$.{0,80}|%\(?.{0,80}|.{0,30}\{\w{0,60}\}.{0,30}|\[[a-z_]{1,20}\]"
    r"|your[ _-].{0,60}|.{0,30}[_ -]here|change[_-]?me|none|null|nil|true|false|todo|required|optional|redacted|yes|no"
    r"|str|string|bytes|int|float|bool|any|secretstr|(?:password|passwd|secret|token|api[_-]?key|pw|key)\d?",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER = re.compile(r"[-+]?[\d._,]{1,40}(?:[eE][-+]?\d{1,4})?%?")
_PATH = re.compile(r"(?:[./~]|[A-Za-z]:\\)[\w./ \\-]*")
_CODE_AFTER = re.compile(r"\s{0,2}[\[(]")
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_OPTION = re.compile(r"(?:^|\s)(?:--?[\w-]*|%(?:set_)?env\s+\w*)$")
_MACHINE_MADE = re.compile(r"[\w+/=.~@!#$%^*:-]+")
_BORDER = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")

SHORTEST_RANDOM = 12
SHORTEST_MIXED = 6
BORDERS_OF_RANDOM = 2


def redact_named(text: str) -> str:
    """Return `text` without values given to names of secrets."""
    return _NAMED.sub(_replace, text)


def is_secret_value(name: str, value: str) -> bool:
    """Say whether the text `value` of a param called `name` is a secret."""
    if value.startswith(MARK) or is_plain(value):
        return False
    kind = kind_of_name(name)
    return (kind == "strong" and not _PATH.fullmatch(value)) or (kind == "weak" and looks_random(value))


def kind_of_name(name: str) -> str | None:
    """Return ``"strong"`` (``db_password``, ``apiKey``), ``"weak"`` (``hf_token``) or None for a name."""
    words = _CAMEL.sub("_", name)
    if _STRONG.search(words):
        return "strong"
    if _WEAK.search(words) and not _SPECIAL_TOKENS.search(words):
        return "weak"
    return None


def is_plain(value: str) -> bool:
    """Say whether a text holds no secret whatever it is given to: a number, a placeholder, nothing."""
    return not value or bool(_NUMBER.fullmatch(value)) or bool(_PLACEHOLDER.fullmatch(value))


def looks_random(value: str) -> bool:
    """Say whether a text looks made by a machine: long, without spaces, letters and digits mixed."""
    return (
        len(value) >= SHORTEST_RANDOM
        and _MACHINE_MADE.fullmatch(value) is not None
        and len(_BORDER.findall(value)) >= BORDERS_OF_RANDOM
    )


def _replace(found: re.Match[str]) -> str:
    group = "quoted" if found["quote"] else "bare"
    value = found[group]
    if MARK in value or is_plain(value) or _PATH.fullmatch(value):
        return found[0]
    start = found.start()
    before = _BEFORE.search(found.string, max(0, start - 60), start)
    name = (before[0] if before else "") + found["word"]
    kind = kind_of_name(name)
    is_secret = _is_quoted_secret if group == "quoted" else _is_bare_secret
    if kind is None or not is_secret(found, value, is_strong=kind == "strong"):
        return found[0]
    return found[0][: found.start(group) - start] + MARK + found[0][found.end(group) - start :]


def _is_quoted_secret(found: re.Match[str], value: str, *, is_strong: bool) -> bool:
    if found["space"] and not _is_option(found):
        return False
    if found["comma"]:  # setdefault("API_KEY", "…"), or only two words of a list
        return looks_random(value)
    return is_strong or looks_random(value)


def _is_bare_secret(found: re.Match[str], value: str, *, is_strong: bool) -> bool:
    if _CODE_AFTER.match(found.string, found.end()) or re.search(r"[\[(]", value) or _ATTRIBUTE.fullmatch(value):
        return False
    if found["space"] or found["comma"]:
        is_word = value.isalpha() and value.islower() and "env" not in _line_before(found)
        return _is_option(found) and ((is_strong and not is_word) or looks_random(value))
    if looks_random(value):
        return True
    if not is_strong:
        return False
    is_setting = found["word"].isupper() or found.string[found.end() : found.end() + 1] in (";", "&")
    is_alone = ":" in found["assign"] and _is_whole_line(found)  # a line of YAML
    is_mixed = len(value) >= SHORTEST_MIXED and _BORDER.search(value) is not None and "_" not in value
    is_tight = " " not in found["assign"]
    return (is_setting and (is_tight or is_alone)) or is_alone or is_mixed


def _is_whole_line(found: re.Match[str]) -> bool:
    text, start, end = found.string, found.start(), found.end()
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    return re.fullmatch(r"[\s\w-]*", before) is not None and not after.strip() and found["bare"].islower()


def _is_option(found: re.Match[str]) -> bool:
    """Say whether the name is an option (``--password x``) or an IPython setting (``%env API_KEY x``)."""
    return _OPTION.search(_line_before(found)) is not None


def _line_before(found: re.Match[str]) -> str:
    start = found.start()
    return found.string[max(found.string.rfind("\n", 0, start) + 1, start - 60) : start]
