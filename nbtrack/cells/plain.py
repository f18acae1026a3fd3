"""Takes what is not Python out of a cell as it was typed; every line keeps its number."""

from __future__ import annotations

import re

_BODY_MAGICS = {
    "time",
    "capture",
    "track",
    "prun",
    "timeit",
    "px",
    "snakeviz",
    "memit",
    "mprun",
    "lprun",
    "heat",
    "scalene",
}
_MAGIC = re.compile(r"(\s*)(%%?|!!?|\?{1,2})(.*)")
_ASSIGNED = re.compile(r"(\s*)([A-Za-z_][\w, ]*)=\s*(%|!)(.*)")
_HELP = re.compile(r"\s*%{0,2}[\w.*]+\?{1,2}\s*")
_RUN = re.compile(r"run\s+(?:-[ientdm]+\s+)*(?P<file>[^\s-][^\s]*\.py)\b")
LEFT_OUT = "# (left out) "


def plain(source: str) -> str:
    """Return a cell as Python: magics that only measure are dropped and what they run stays, shell lines become comments.

    A cell that is another language's (``%%bash``, ``%%html``) is all comments.
    """
    lines = source.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith("%%"):
            name = line[2:].split(None, 1)[0] if line[2:].strip() else ""
            if name == "writefile":
                return _written(lines, at)
            if name not in _BODY_MAGICS:
                return "\n".join([*lines[:at], *(f"{LEFT_OUT}{each}" for each in lines[at:])])
            lines[at] = f"# {line}"
        elif line and not line.startswith("#"):
            break
        at += 1
    return _lines("\n".join(lines))


def _written(lines: list[str], at: int) -> str:
    """Write the file that ``%%writefile`` writes."""
    words = lines[at].split()[1:]
    mode = "a" if words[:1] == ["-a"] else "w"
    body = "".join(f"{line}\n" for line in lines[at + 1 :])
    return "\n".join([*lines[:at], f"open({words[-1]!r}, {mode!r}).write({body!r})" if words else ""])


def _lines(text: str) -> str:
    if not re.search(r"^\s*[%!?]|\?\s*$|=\s*[%!]", text, re.MULTILINE):
        return text
    lines, is_open = text.splitlines(), _Quotes()
    done: list[str] = []
    for i, line in enumerate(lines):
        goes_on = i > 0 and lines[i - 1].endswith("\\") and not done[-1].lstrip().startswith("#")
        inside = is_open.is_inside or goes_on
        is_open.feed(line)
        done.append(line if inside else _line(line))
    return "\n".join(_joined(lines, done))


def _joined(lines: list[str], done: list[str]) -> list[str]:
    """Comment what a shell line is continued on with a backslash."""
    for i in range(1, len(lines)):
        if (
            done[i - 1].lstrip().startswith("#")
            and not lines[i - 1].lstrip().startswith("#")
            and lines[i - 1].endswith("\\")
        ):
            done[i] = f"{LEFT_OUT}{lines[i]}"
    return done


def _line(line: str) -> str:
    assigned = _ASSIGNED.fullmatch(line)
    if assigned is not None:
        indent, _, sign, rest = assigned.groups()
        return f"{indent}pass  {LEFT_OUT}{line.strip()}" if indent else f"{LEFT_OUT}{line.strip()}"
    if _HELP.fullmatch(line) is not None:
        return f"{LEFT_OUT}{line.strip()}"
    found = _MAGIC.fullmatch(line)
    if found is None:
        return line
    indent, sign, rest = found.groups()
    statement = _statement(rest.strip()) if sign == "%" else None
    if statement is not None:
        return f"{indent}{statement}"
    return f"{indent}pass  {LEFT_OUT}{line.strip()}" if indent else f"{LEFT_OUT}{line.strip()}"


def _statement(rest: str) -> str | None:
    """Return what a line magic does, where Python can say it."""
    name, _, words = rest.partition(" ")
    words = words.strip()
    if name in ("time", "prun") and words and not words.startswith("-"):
        return words
    if name == "cd" and words and not words.startswith("-"):
        return f"__import__('os').chdir({words.strip(chr(34) + chr(39))!r})"
    if name in ("env", "set_env") and re.fullmatch(r"\w+\s*[= ]\s*\S.*", words):
        key, value = re.split(r"\s*[= ]\s*", words, maxsplit=1)
        return f"__import__('os').environ[{key!r}] = {value!r}"
    run = _RUN.match(rest)
    if run is not None:
        return f"globals().update(__import__('runpy').run_path({run['file']!r}))"
    return None


class _Quotes:
    """Follows texts in three quotes over lines, so that what looks like a magic inside one stays, and lines of open brackets."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0

    @property
    def is_inside(self) -> bool:
        return bool(self._quote) or self._depth > 0

    def feed(self, line: str) -> None:
        if not self.is_inside and _MAGIC.fullmatch(line):
            return
        i = 0
        while i < len(line):
            if self._quote:
                end = line.find(self._quote, i)
                if end < 0:
                    return
                i, self._quote = end + 3, ""
            elif line[i : i + 3] in ('"""', "'''"):
                self._quote, i = line[i : i + 3], i + 3
            elif line[i] in "\"'":
                i = _end_of_text(line, i)
            elif line[i] == "#":
                return
            else:
                self._depth = max(0, self._depth + (line[i] in "([{") - (line[i] in ")]}"))
                i += 1


def _end_of_text(line: str, start: int) -> int:
    i = start + 1
    while i < len(line) and line[i] != line[start]:
        i += 2 if line[i] == "\\" else 1
    return i + 1
