"""What loading a model would run, told without loading it; and the leave to do so."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickletools
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackError, UntrustedModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

MAX_OPCODES = 5_000_000
MAX_READ = 64 << 20
MAX_NAMES = 200
FREE_BYTES, MAX_RATIO = 256 << 20, 200
"""A skops file may unpack into the one, or into so many times its size."""

_TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"}
_PUT = {"PUT", "BINPUT", "LONG_BINPUT"}
_KEEP = _PUT | {"MEMOIZE", "PROTO", "FRAME"}
_GET = {"GET", "BINGET", "LONG_BINGET"}
_PACKED: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
_DANGEROUS = set(
    "os posix nt subprocess sys shutil socket runpy pty ctypes importlib webbrowser code asyncio multiprocessing commands builtins.eval "  # noqa: SIM905
    "builtins.exec builtins.compile builtins.open builtins.__import__ builtins.getattr builtins.setattr builtins.breakpoint "
    "builtins.input operator.attrgetter operator.methodcaller pip pdb timeit".split()
)


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that loading a model would run: in which file of the folder, and what."""

    file: str
    what: str
    names: tuple[str, ...] = ()
    are_types: bool = False
    """Whether the names are types of a skops file, which can be trusted one by one."""

    def __str__(self) -> str:
        """Say it in one line, what looks like an attack first."""
        shown = sorted(self.names, key=lambda name: (not is_dangerous(name), name))
        listed = ", ".join(f"{name} (!)" if is_dangerous(name) else name for name in shown[:MAX_SHOWN])
        more = f", … {len(shown) - MAX_SHOWN} more" if len(shown) > MAX_SHOWN else ""
        return f"{self.file}: {self.what}{': ' if listed else ''}{listed}{more}"


MAX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Trust:
    """The leave to run what a model brings along. It comes from the caller or from the store's own checksums, never from the model.

    Parameters
    ----------
    everything : bool
        Whatever the model brings may run.
    types : frozenset of str
        Dotted names that a skops file may hold besides those that skops trusts by itself.
    where : str
        The model, to name it in errors.
    """

    everything: bool = False
    types: frozenset[str] = frozenset()
    where: str = "this model"

    @classmethod
    def given(cls, trust: bool | Iterable[str], where: str = "this model") -> Trust:  # noqa: FBT001 - what the user wrote as trust=
        """Return what ``trust=`` means: True or False, or names of types that a skops file may hold."""
        if isinstance(trust, bool):
            return cls(everything=trust, where=where)
        return cls(types=frozenset([trust] if isinstance(trust, str) else trust), where=where)

    def demand(self, risks: Sequence[Risk]) -> None:
        """Raise ``UntrustedModelError``, which lists the risks, unless there are none or they may be taken."""
        left = [risk for risk in risks if not (risk.are_types and self.types.issuperset(risk.names))]
        if left and not self.everything:
            raise UntrustedModelError(self.where, [str(risk) for risk in left])

    def unpickle(self, path: Path, stand_ins: dict[tuple[str, str], Any] | None = None) -> Any:
        """Load a pickle, packed or not: the one place where that is done.

        Parameters
        ----------
        path : Path
        stand_ins : dict, optional
            What is given for ``(module, name)`` when the module is not installed.
        """
        if not self.everything:
            self.demand(pickle_risks(path))
        import pickle  # noqa: PLC0415 - only behind the demand above

        class Unpickler(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                try:
                    return super().find_class(module, name)
                except ModuleNotFoundError:
                    if (module, name) not in (stand_ins or {}):
                        raise
                    return (stand_ins or {})[module, name]

        try:
            with unpacked(path) as source:
                return Unpickler(source).load()
        except ModuleNotFoundError as cause:
            raise MissingPackageError(
                str(cause.name), "to load this model; its requirements.txt says which version"
            ) from cause

    def load_skops(self, path: Path) -> Any:
        """Load a skops file; what it holds beyond skops' own list must be trusted."""
        io = require("skops.io", "to load this model", package="skops", extra="models")
        errors = require("skops.io.exceptions", "to load this model", package="skops", extra="models")
        _check_unpacked(path)
        try:
            return io.load(path, trusted=sorted(self.types))  # which looks at all types before it builds anything
        except errors.UntrustedTypesFoundException:
            unknown = _untrusted_types(io, path)
        except Exception:
            _untrusted_types(io, path)  # says so if it is no skops file
            raise
        self.demand(self._beyond(path.name, unknown))
        return io.load(path, trusted=unknown)

    def skops_risks(self, path: Path, name: str = "") -> list[Risk]:
        """Return what of a skops file is neither on skops' own list nor on the caller's; reads it, builds nothing."""
        io = require("skops.io", "to look into this model", package="skops", extra="models")
        return self._beyond(name or path.name, _untrusted_types(io, path))

    def _beyond(self, name: str, unknown: list[str]) -> list[Risk]:
        left = tuple(sorted(set(unknown) - self.types))
        what = "a skops file builds objects of types that skops does not trust"
        return [Risk(name, what, left, are_types=True)] if left else []


def _untrusted_types(io: Any, path: Path) -> list[str]:
    """Return the types in a skops file that skops does not trust; raises ``InvalidValueError`` for a file that is none."""
    _check_unpacked(path)
    with _said(path):
        return [str(found) for found in io.get_untrusted_types(file=path)]


def _check_unpacked(path: Path) -> None:
    """Refuse a zip that unpacks into far more than it is large."""
    with _said(path), zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > max(FREE_BYTES, MAX_RATIO * path.stat().st_size):
        raise InvalidValueError(f"{path} unpacks into far more than it is large; it is refused as a zip bomb.")


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say in one kind of error that a file is no skops file."""
    try:
        yield
    except (NbtrackError, OSError):
        raise
    except Exception as cause:
        problem = f"{type(cause).__name__}: {str(cause)[:200]}"
        raise InvalidValueError(f"{path} is no skops file, or is damaged: {problem}") from cause


def pickle_risks(path: Path, name: str = "") -> list[Risk]:
    """Return which names a pickle imports, packed ones and those in a zip (PyTorch) included; never loads it.

    Any pickle is a risk: the list says what can be seen, not that the rest is safe.
    """
    found: set[str] = set()
    is_complete = True
    with ExitStack() as stack:
        for source in _sources(path, stack):
            is_complete &= source is not None and _scan(_Limited(source), found)
    what = (
        "unpickling imports and may call"
        if is_complete
        else "unpickling runs code that could not be read to its end; it names"
    )
    return [Risk(name or path.name, what, tuple(sorted(found)[:MAX_NAMES]))]


def code_risks(folder: Path, relative: str) -> list[Risk]:
    """Return what a code folder (or the one file) has, all of which can be imported; a folder without any file is a risk as well.

    Python imports more than ``.py`` files: compiled ones, libraries, folders behind links. So whatever is there is named, and being put on
    the path is the risk.
    """
    root = folder / relative
    if not root.exists():
        return []
    files = [root] if root.is_file() else [file for file in sorted(root.rglob("*")) if not file.is_dir()]
    files += [] if root.is_file() else [link for link in sorted(root.rglob("*")) if link.is_symlink() and link.is_dir()]
    names = tuple(file.relative_to(folder).as_posix() for file in files[:MAX_NAMES])
    return [Risk(relative, "Python code of the model is imported", names)]


def is_dangerous(name: str) -> bool:
    """Say whether importing this name in a pickle is a sign of an attack."""
    module, _, attribute = name.replace("__builtin__.", "builtins.").rpartition(".")
    return name in _DANGEROUS or module.partition(".")[0] in _DANGEROUS or f"{module}.{attribute}" in _DANGEROUS


def _sources(path: Path, stack: ExitStack) -> list[IO[bytes] | None]:
    """Return the pickles in a file, opened; None stands for one that cannot be."""
    if zipfile.is_zipfile(path):
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            names = [member for member in archive.namelist() if member.endswith((".pkl", ".pickle"))]
            more = [None] if len(names) > MAX_NAMES else []
            return [*(stack.enter_context(archive.open(member)) for member in names[:MAX_NAMES]), *more]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
            return [None]
    return [stack.enter_context(unpacked(path))]


def unpacked(path: Path) -> IO[bytes]:
    """Open a file that may be packed, whatever its name says."""
    with path.open("rb") as file:
        start = file.read(8)
    unpack: Callable[..., IO[bytes]] = next(
        (opener for magic, opener in _PACKED.items() if start.startswith(magic)), open
    )
    return unpack(path, "rb")


def _scan(source: Any, found: set[str]) -> bool:
    """Follow the instructions of one pickle and add the names it imports; False when not all could be read."""
    stack = _Texts()
    try:
        for count, (opcode, arg, _) in enumerate(pickletools.genops(source)):
            name = stack.take(opcode.name, arg)
            if name:
                found.add(name)
            if count > MAX_OPCODES:
                return False
    except Exception:  # noqa: BLE001 - damaged on purpose, perhaps: pickle would have run what comes before
        return False
    return True


class _Texts:
    """Follows the texts on a pickle's stack as far as needed to know which names it imports."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._memo: dict[int, str] = {}
        self._last = "?"

    def take(self, name: str, arg: Any) -> str:
        """Follow one instruction and return the name that it imports, or ""."""
        if name == "MEMOIZE":
            self._memo[len(self._memo)] = self._last
        elif name in _PUT:
            self._memo[int(arg)] = self._last
        if name not in _KEEP:
            self._last = self._text(name, arg)
        if name in ("GLOBAL", "INST"):
            return str(arg).replace(" ", ".", 1)[:200]
        if name == "STACK_GLOBAL":
            return ".".join(self._texts[-2:] if len(self._texts) > 1 else ("?", "?"))[:200]
        return f"copyreg.extension({arg})" if name.startswith("EXT") else ""

    def _text(self, name: str, arg: Any) -> str:
        if name in _TEXTS:
            text = str(arg)[:200]
        elif name in _GET:
            text = self._memo.get(int(arg), "?")
        else:
            return "?"
        self._texts = [*self._texts[-3:], text]
        return text


class _Limited:
    """A stream that gives up after so many bytes, and never unpacks more than is left at once."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._left = MAX_READ

    def read(self, n: int = -1) -> bytes:
        """Return `n` bytes."""
        if n < 0 or n > self._left:
            raise EOFError
        self._left -= n
        return self._source.read(n)

    def readline(self) -> bytes:
        """Return a line of at most 10,000 bytes."""
        line = self._source.readline(min(self._left, 10_000) + 1)
        self._left -= len(line)
        if self._left < 0:
            raise EOFError
        return line
