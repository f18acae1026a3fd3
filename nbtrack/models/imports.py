"""Which modules loading a model imports, read from its files without loading it.

A pickle names the classes and functions that it needs; they are read by Python's own unpickler, to which every name is given as an empty
stand-in, so that nothing of the model runs. Functions that cloudpickle has taken along bring their bytecode, and Python files their syntax
tree: what they import, even inside a function, is in there. A skops file has a table of its types.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import io
import pickle
import re
import zipfile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SKOPS_NAMES = re.compile(rb'(?<!\\)"(?:__module__|module_path)":\s*"([\w.]+)"')
_PICKLES = (".pkl", ".pickle", ".joblib", ".statsmodels", ".pth", ".pt", ".skops")
_IMPORT, _EXTENDED = dis.opmap["IMPORT_NAME"], dis.opmap["EXTENDED_ARG"]
_CODE_BYTES, _CODE_NAMES = 6, 8
"""Where bytecode and names stand among the arguments of ``types.CodeType``, since Python 3.8."""


def modules_of(paths: Iterable[Path]) -> set[str]:
    """Return the dotted names of all modules that loading files of a model imports.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders: pickles, skops files, PyTorch's zip files, Python code. Others import nothing.
    """
    found: set[str] = set()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            found |= _of_file(file)
    return found


def _of_file(file: Path) -> set[str]:
    if file.suffix == ".py":
        return modules_of_code(file.read_text(encoding="utf-8", errors="replace"))
    if file.suffix not in _PICKLES:
        return set()
    if not zipfile.is_zipfile(file):
        with file.open("rb") as stream:
            return modules_of_pickle(stream)
    with zipfile.ZipFile(file) as archive:
        return {name for member in archive.namelist() for name in _of_member(archive, member)}


def _of_member(archive: zipfile.ZipFile, member: str) -> set[str]:
    name = member.rpartition("/")[2]
    if name == "schema.json":
        return {found.decode() for found in _SKOPS_NAMES.findall(archive.read(member))}
    if name == "data.pkl":
        with archive.open(member) as stream:
            return modules_of_pickle(stream)
    return set()


def modules_of_code(source: str) -> set[str]:
    """Return what a Python file imports, wherever in it, but for what only type checkers read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    return set(_imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                yield node.module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        else:
            yield from _imports(node)


def modules_of_pickle(stream: IO[bytes]) -> set[str]:
    """Return what a pickle imports, and what functions that it brings along import when they run; damaged ones as far as they go."""
    reader = _Reader(stream)
    with contextlib.suppress(Exception):  # arrays that joblib puts between the instructions, for instance
        reader.load()
    return reader.modules


def names_of_pickle(data: bytes) -> set[tuple[str, str]]:
    """Return module and name of everything that a pickle names."""
    reader = _Reader(io.BytesIO(data))
    reader.load()
    return set(reader.known)


class _Reader(pickle.Unpickler):
    """Follows a pickle with stand-ins in place of everything that it names."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream)
        self.modules: set[str] = set()
        self.known: dict[tuple[str, str], type[_StandIn]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Note the module, give a class that does nothing."""
        self.modules.add(module)
        key = module, name
        if key not in self.known:
            self.known[key] = type("StandIn", (_StandIn,), {"reader": self, "called": name})
        return self.known[key]

    def persistent_load(self, pid: Any) -> Any:
        """Give something in place of what lies outside, such as PyTorch's storages."""
        for part in pid if isinstance(pid, tuple) else ():
            if isinstance(part, _StandIn):
                return part
        return _StandIn()

    def note_call(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Note modules that are named by a call's arguments: those of cloudpickle's own import, and in bytecode."""
        if name in ("subimport", "import_module", "__import__") and arguments and isinstance(arguments[0], str):
            self.modules.add(arguments[0])
        elif len(arguments) > _CODE_NAMES and isinstance(arguments[_CODE_BYTES], bytes):
            self.modules.update(modules_of_bytecode(arguments[_CODE_BYTES], arguments[_CODE_NAMES]))


class _StandIn:
    """Takes whatever a pickle does to an object, and does nothing."""

    reader: _Reader | None = None
    called = ""

    def __new__(cls, *arguments: Any, **_: Any) -> Any:
        if cls.reader is not None:
            cls.reader.note_call(cls.called, arguments)
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything."""

    def __call__(self, *arguments: Any, **_: Any) -> _StandIn:
        if self.reader is not None:
            self.reader.note_call("", arguments)
        return self

    def __setstate__(self, state: Any) -> None:
        """Take a state."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Take an item."""

    def append(self, value: Any) -> None:
        """Take a value."""

    def extend(self, values: Any) -> None:
        """Take values."""

    def add(self, value: Any) -> None:
        """Take a value."""


def modules_of_bytecode(code: bytes, names: Iterable[Any]) -> set[str]:
    """Return what a function imports when it runs."""
    known, found, high = list(names), set(), 0
    for operation, low in zip(code[::2], code[1::2], strict=False):
        index = high | low
        high = index << 8 if operation == _EXTENDED else 0
        if operation == _IMPORT and index < len(known) and isinstance(known[index], str):
            found.add(known[index])
    return found
