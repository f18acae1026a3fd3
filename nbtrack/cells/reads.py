"""Which files a cell reads, as its code names them: no code is run to find out."""

from __future__ import annotations

import ast
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from nbtrack.cells.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

READERS = ("read", "load", "scan_", "imread", "genfromtxt", "fromfile", "memmap", "open_dataset", "open_zarr", "File")
_PATHS = ("Path", "PurePath", "PosixPath", "WindowsPath", "str", "fspath", "expanduser", "resolve", "absolute")
LONGEST = 1000
MOST_FILES = 50


def files_read(source: str, names: Mapping[str, Any]) -> list[str]:
    """Return the paths that calls such as ``pd.read_csv(FOLDER / "x.csv")`` or ``open("x")`` read, as they stand there.

    Parameters
    ----------
    source : str
        A cell as typed.
    names : mapping
        The notebook's variables; only texts and paths among them are looked at.
    """
    if not any(each in source for each in (*READERS, "open")):
        return []
    try:
        tree = ast.parse(plain(source))
    except (SyntaxError, ValueError):
        return []
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for each in _named(node):
                path = _path(each, names)
                if path and len(path) <= LONGEST and "://" not in path and "\n" not in path and "\0" not in path:
                    found[path] = None
    return list(found)[:MOST_FILES]


def _named(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what may be the path that a call reads: its first argument, or the path whose method it is."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if not (name.startswith(READERS) or name == "open") or _writes(call, name):
        return
    if call.args:
        yield call.args[0]
    yield from (each.value for each in call.keywords if each.arg in _KEYWORDS)
    if isinstance(function, ast.Attribute) and name in ("read_text", "read_bytes", "open"):
        yield function.value


_KEYWORDS = ("filepath_or_buffer", "path", "file", "fname", "filename", "io", "source", "path_or_buf", "filepath")


def _writes(call: ast.Call, name: str) -> bool:
    """Say whether a call opens a file to write it."""
    given = [*call.args, *(each.value for each in call.keywords if each.arg == "mode")]
    texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return name in ("open", "File", "memmap") and any(
        set(text) <= set("rwaxbtU+") and set(text) & set("wax+") for text in texts
    )


def _path(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    """Return the path that an expression stands for, from constants and the texts and paths that names hold."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        value = names.get(node.id)
        return str(value) if type(value) is str or isinstance(value, PurePath) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
        parts = [_path(node.left, names), _path(node.right, names)]
        is_folder = isinstance(node.op, ast.Div)
        return _joined(parts, is_folder=is_folder)
    if isinstance(node, ast.JoinedStr):
        values = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
        return _joined([_path(each, names) for each in values], is_folder=False)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _PATHS or name == "join":
            inner = node.args or ([node.func.value] if isinstance(node.func, ast.Attribute) else [])
            return _joined([_path(each, names) for each in inner], is_folder=True)
    return None


def _joined(parts: list[str | None], *, is_folder: bool) -> str | None:
    texts = [part for part in parts if part is not None]
    if not texts or len(texts) < len(parts):
        return None
    return str(PurePath(*texts)) if is_folder else "".join(texts)
