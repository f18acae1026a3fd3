"""What the commands print: text for people, one JSON document for programs, and nobody's control characters."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from nbtrack.wire import dumps

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

# Control characters, line and paragraph separators, what turns text around, halves of surrogate pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def clean(value: object) -> str:
    r"""Return a text on one line in which control characters are visible: ``\\n``, ``\\x1b``, ``\\u202e``."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


def text(value: object, style: str = "") -> Text:
    """Return cleaned text as rich shows it: square brackets are no markup."""
    from rich.text import Text  # noqa: PLC0415 - `nbtrack --version` needs no rich

    return Text(clean(value), style=style, no_wrap=True, overflow="ellipsis", end="")


def console(*, stderr: bool = False) -> Console:
    """Return the console of this moment: as wide as the terminal, 80 columns without one."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(*things: RenderableType) -> None:
    """Print for people, on stdout."""
    out = console()
    for thing in things:
        out.print(thing)


def say(message: str, style: str = "") -> None:
    """Print one line for people, on stdout; whoever wrote the names in it."""
    console().print("\n".join(map(clean, message.split("\n"))), style=style or None, soft_wrap=True)


def note(message: str) -> None:
    """Print something worth knowing on stderr, where it is in no program's way."""
    complain("Note", "yellow", message)


def show_json(value: Any) -> None:
    """Print strict JSON on stdout, safe for terminals and any encoding."""
    sys.stdout.write(json_text(value) + "\n")
    sys.stdout.flush()


def json_text(value: Any) -> str:
    """Return strict JSON in which control characters and lone surrogates are escaped."""
    plain = _UNSAFE_IN_JSON.sub(_escaped, dumps(value, indent=2))
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    return plain if is_unicode else _NOT_ASCII.sub(_escaped, plain)


def complain(title: str, style: str, message: str) -> None:
    """Print a message on stderr after a coloured title; lines stay lines, so that a caret stays under its place."""
    from rich.text import Text  # noqa: PLC0415

    lines = Text("\n".join(map(clean, message.split("\n"))))
    console(stderr=True).print(Text.assemble((f"{title}: ", f"bold {style}"), lines), soft_wrap=True)


def fail(kind: str, message: str, exit_code: int, *, as_json: bool) -> None:
    """Say what went wrong: on stderr for people, as ``{"error": …}`` on stdout for programs."""
    if as_json:
        show_json({"error": {"kind": kind, "message": message, "exit_code": exit_code}})
    complain("Error", "red", message)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code > 0xFFFF:  # noqa: PLR2004 - JSON writes these as two
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
