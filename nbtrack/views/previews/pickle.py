"""Pickles, joblib and PyTorch files: never unpickled; which names they would import is read from their instructions."""

from __future__ import annotations

import pickletools
import zipfile
from typing import IO, Any

from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip

MAX_OPCODES = 2_000_000
MAX_READ = 32 * MB
MAX_NAMES = 300

_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"}
_CALLS = {"REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"}
_KEEP = {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "PROTO", "FRAME"}
_GET = {"GET", "BINGET", "LONG_BINGET"}
_DANGEROUS = {
    "os",
    "posix",
    "nt",
    "subprocess",
    "sys",
    "shutil",
    "socket",
    "runpy",
    "pty",
    "ctypes",
    "importlib",
    "webbrowser",
    "code",
    "asyncio",
    "multiprocessing",
    "commands",
}
_DANGEROUS_BUILTINS = {"eval", "exec", "compile", "open", "__import__", "getattr", "setattr", "breakpoint", "input"}


def preview(file: File, _: Part) -> Answer:
    """Return ``{protocol, opcodes, calls, globals: [{module, name, count, risky}, …], inner, notes}``."""
    inner = None
    if zipfile.is_zipfile(file.local):
        with zipfile.ZipFile(file.local) as archive:
            names = [name for name in archive.namelist() if name.endswith((".pkl", ".pickle"))]
            if not names:
                message = "no pickle is in it."
                raise UnreadableError(message)
            inner = names[0]
            with archive.open(inner) as source:
                facts = scan(_Limited(source))
    else:
        with file.local.open("rb") as source:
            facts = scan(_Limited(source))
    return {**facts, "inner": inner}, []


def scan(source: Any) -> dict[str, Any]:
    """Return what the instructions of a pickle say, up to the first that cannot be read."""
    names: dict[tuple[str, str], int] = {}
    calls = count = 0
    protocol, notes = 0, []
    texts: list[str] = []
    memo: dict[int, str] = {}
    last = ""
    try:
        for opcode, arg, _ in pickletools.genops(source):
            count += 1
            if opcode.name == "PROTO":
                protocol = int(arg)
            elif opcode.name in ("GLOBAL", "INST"):
                module, _, name = str(arg).partition(" ")
                names[module, name] = names.get((module, name), 0) + 1
            elif opcode.name == "STACK_GLOBAL":
                found = (texts[-2], texts[-1]) if len(texts) > 1 else ("?", "?")
                names[found] = names.get(found, 0) + 1
            elif opcode.name in _GET:
                texts.append(memo.get(int(arg), "?"))
            elif opcode.name == "MEMOIZE":
                memo[len(memo)] = last
            elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                memo[int(arg)] = last
            if opcode.name not in _KEEP:
                last = str(arg)[:200] if opcode.name in _TEXTS else "?"
            if opcode.name in _TEXTS:
                texts.append(last)
            calls += opcode.name in _CALLS
            del texts[:-4]
            if count >= MAX_OPCODES:
                notes.append(f"Only the first {MAX_OPCODES:,} instructions were read.")
                break
    except (ValueError, UnicodeDecodeError, EOFError, IndexError, OverflowError, _EndError) as problem:
        if count < 2:  # noqa: PLR2004
            message = "it is no pickle, or a packed one."
            raise UnreadableError(message) from problem
        notes.append("Not all of it could be read; other names may follow.")
    listed = sorted(names.items(), key=lambda item: (not is_risky(*item[0]), item[0]))
    return {
        "protocol": protocol,
        "opcodes": count,
        "calls": calls,
        "globals": [
            {"module": clip(module, 200), "name": clip(name, 200), "count": n, "risky": is_risky(module, name)}
            for (module, name), n in listed[:MAX_NAMES]
        ],
        "notes": [*notes, f"{len(listed) - MAX_NAMES} more names." if len(listed) > MAX_NAMES else ""],
    }


def is_risky(module: str, name: str) -> bool:
    """Say whether importing this name in a pickle is a sign of an attack."""
    if module in ("builtins", "__builtin__"):
        return name.split(".", maxsplit=1)[0] in _DANGEROUS_BUILTINS
    return module.split(".", maxsplit=1)[0] in _DANGEROUS


class _EndError(Exception):
    pass


class _Limited:
    """A stream that ends after so many bytes, and never gives more than is left at once."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._left = MAX_READ

    def read(self, n: int = -1) -> bytes:
        if n < 0 or n > self._left:
            raise _EndError
        self._left -= n
        return self._source.read(n)

    def readline(self) -> bytes:
        line = self._source.readline(min(self._left, 10_000) + 1)
        self._left -= len(line)
        if self._left < 0:
            raise _EndError
        return line
