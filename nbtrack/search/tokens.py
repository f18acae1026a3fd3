"""Cuts a filter into tokens: names, numbers, quoted texts, operators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbtrack.errors import SearchSyntaxError

MAX_CHARACTERS = 10_000
MAX_SHOWN = 40

# Digits are ASCII and white space is spelled out, so that js/src/kit/search/tokens.js reads the same language.
_QUOTED = r"`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\""
_PATTERNS = {
    "space": r"[ \t\r\n\u00a0]+",
    "open": r"\(",
    "close": r"\)",
    "comma": r",",
    "operator": r"<=|>=|!=|<>|==|=|<|>",
    "now": r"[nN][oO][wW](?:[ \t\r\n\u00a0]*[-+][ \t\r\n\u00a0]*[0-9]+(?:\.[0-9]+)?[smhdw])?(?![\w./-])",
    "number": r"[+-]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])(?![\w./-])"
    r"|[+-]?\.?[0-9](?:[eE][+-]|[\w.])*",
    "hash": r"\#[0-9]+(?!\w)",
    "name": rf"[^\W\d][\w/-]*\.(?:{_QUOTED})(?:\.\w+)?|[^\W\d][\w/.-]*|`(?:[^`]|``)*`",
    "text": r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()))

_HINTS = {
    "'": "This quote is not closed; a quote inside a text is written ''.",
    '"': 'This quote is not closed; a quote inside a text is written "".',
    "`": "This backtick is not closed; a backtick inside a key is written ``.",
    "&": "'&' is not an operator; write AND.",
    "|": "'|' is not an operator; write OR.",
    "!": "'!' is not an operator; write NOT, or != for unequal.",
    "~": "'~' is not an operator; write LIKE '%text%'.",
    ";": "A filter is one expression; leave out ';'.",
    "%": "'%' stands only inside quotes, as in LIKE '%text%'; a key with it is written metrics.`a%b`.",
    "-": "'-' stands only in a number or in `now - 2d` (units s, m, h, d, w).",
    "+": "'+' stands only in a number or in `now + 2d` (units s, m, h, d, w).",
    "\u2018": "Typographic quotes are not read; write 'text'.",
    "\u2019": "Typographic quotes are not read; write 'text'.",
    "\u201c": 'Typographic quotes are not read; write "text".',
    "\u201d": 'Typographic quotes are not read; write "text".',
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: ``source[start:end]``, of a kind named in `_PATTERNS`, or ``end``."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Say whether this is one of these keywords, which are given in capitals."""
        return self.kind == "name" and self.text.upper() in words


def check_text(text: object, what: str = "A filter") -> str:
    """Return `text` when it can be read at all: a text of bounded length that is valid Unicode without NUL.

    Raises
    ------
    SearchSyntaxError
        Says what was received and what is allowed.
    """
    if not isinstance(text, str):
        raise SearchSyntaxError(f"{what} is a text, but a {type(text).__name__} was received.", "", 0)
    if len(text) > MAX_CHARACTERS:
        problem = f"{what} has at most {MAX_CHARACTERS:,} characters, but {len(text):,} were received."
        raise SearchSyntaxError(problem, one_line(text[:60]) + "…", 60)
    bad = re.search("[\x00\ud800-\udfff]", text)
    if bad:
        problem = f"The character U+{ord(bad.group()):04X} cannot stand in {what.lower()}; leave it out."
        source = text.encode("utf-8", "replace").decode().replace("\x00", " ")
        raise SearchSyntaxError(problem, one_line(source), bad.start())
    return text


def one_line(text: str) -> str:
    """Return `text` with each line break and tab as one space, so that a caret below it points at the right place."""
    return re.sub(r"[\t\r\n\v\f\x85\u2028\u2029]", " ", text)


def short(text: str) -> str:
    """Return `text` in quotes, cut when it is long."""
    return f"'{text}'" if len(text) <= MAX_SHOWN else f"'{text[: MAX_SHOWN - 1]}…'"


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, with one of kind ``end`` after the last.

    Raises
    ------
    SearchSyntaxError
        A character begins no token.
    """
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SearchSyntaxError(_problem_with(text[position]), one_line(text), position)
        kind = str(match.lastgroup)
        if kind != "space":
            tokens.append(Token(kind, match.group(), position, match.end()))
        position = match.end()
    tokens.append(Token("end", "", position, position))
    return tokens


def unquote(text: str) -> str:
    """Return what stands between the quotes; a doubled quote is one."""
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _problem_with(character: str) -> str:
    known = _HINTS.get(character)
    return known or f"The character {character} cannot stand here; a key with it is written metrics.`a{character}b`."
