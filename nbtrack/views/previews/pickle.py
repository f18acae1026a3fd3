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
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_KEEP = _PUT | {"MEMOIZE", "PROTO", "FRAME"}
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
    reader = _Reader()
    notes = []
    try:
        for opcode, arg, _ in pickletools.genops(source):
            reader.take(opcode.name, arg)
            if reader.count >= MAX_OPCODES:
                notes.append(f"Only the first {MAX_OPCODES:,} instructions were read.")
                break
    except (ValueError, UnicodeDecodeError, EOFError, IndexError, OverflowError, _EndError) as problem:
        if reader.count < 2:  # noqa: PLR2004
            message = "it is no pickle, or a packed one."
            raise UnreadableError(message) from problem
        notes.append("Not all of it could be read; other names may follow.")
    listed = sorted(reader.names.items(), key=lambda item: (not is_risky(*item[0]), item[0]))
    return {
        "protocol": reader.protocol,
        "opcodes": reader.count,
        "calls": reader.calls,
        "globals": [
            {"module": clip(module, 200), "name": clip(name, 200), "count": n, "risky": is_risky(module, name)}
            for (module, name), n in listed[:MAX_NAMES]
        ],
        "notes": [*notes, f"{len(listed) - MAX_NAMES} more names." if len(listed) > MAX_NAMES else ""],
    }


class _Reader:
    """Follows the texts on the stack of a pickle as far as needed to know which names it imports."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], int] = {}
        self.count = self.calls = self.protocol = 0
        self._texts: list[str] = []
        self._memo: dict[int, str] = {}
        self._last = "?"

    def take(self, name: str, arg: Any) -> None:
        """Follow one instruction."""
        self.count += 1
        self.calls += name in _CALLS
        if name == "PROTO":
            self.protocol = int(arg)
        elif name in ("GLOBAL", "INST"):
            module, _, attribute = str(arg).partition(" ")
            self._import(module, attribute)
        elif name == "STACK_GLOBAL":
            self._import(*(self._texts[-2:] if len(self._texts) > 1 else ("?", "?")))
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._last
        elif name in _PUT:
            self._memo[int(arg)] = self._last
        if name not in _KEEP:
            self._last = self._text(name, arg)

    def _text(self, name: str, arg: Any) -> str:
        """Return the text that an instruction puts on the stack; "?" for anything else."""
        if name in _TEXTS:
            text = str(arg)[:200]
        elif name in _GET:
            text = self._memo.get(int(arg), "?")
        else:
            return "?"
        self._texts = [*self._texts[-3:], text]
        return text

    def _import(self, module: str, name: str) -> None:
        self.names[module, name] = self.names.get((module, name), 0) + 1


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
