"""The parameters of a notebook, and a copy of it that has other values.

A notebook with a cell tagged ``parameters`` says itself what they are; the values go into a cell of their own right below it, tagged
``injected-parameters``, as papermill does. In any other notebook of Python each name that is given exactly one value, by a literal on the
top level of a cell (``lr = 0.1``, ``layers: list = [64, 32]``), is a parameter, and a new value is written in the place of the old one.
Names that are assigned again, counted up or changed in place (``history = []``) are none: another first value would not mean what it seems
to. Nothing of the notebook is run to find them.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError
from nbtrack.projects.notebook_code import parse, place
from nbtrack.projects.notebook_values import UNKNOWN, as_source, fitting, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TAG, INJECTED = "parameters", "injected-parameters"
LONGEST_KEPT = 250
CHANGES = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "sort",
        "update",
    }
)

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name of the notebook that can be given another value.

    Attributes
    ----------
    name : str
    default : object
        What stands there; :data:`~nbtrack.projects.notebook_values.UNKNOWN` when only running would tell.
    cell : int
        Index of the cell.
    start, end : int
        Where the value stands in the cell's source.
    """

    name: str
    default: Any
    cell: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A copy of a notebook with values in it.

    Attributes
    ----------
    notebook : NotebookNode
    defaults : dict
        The parameters that nobody gave, as far as their values are known and short.
    notes : list of str
        What the user should be told.
    """

    notebook: Any
    defaults: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def parameters_of(notebook: Any) -> dict[str, Parameter]:
    """Return the parameters of a notebook of Python by name; see the module's docstring for what they are."""
    at = _tagged(notebook, TAG)
    if at is not None:
        return {each.name: each for each in _assignments(at, notebook.cells[at].source)}
    settled = _settled(notebook)
    found = (each for i, source in _code(notebook) for each in _assignments(i, source))
    return {each.name: each for each in found if each.name in settled and _is_setting(each.default)}


def fill(notebook: Any, given: Mapping[str, Any], name: str = "the notebook") -> Filled:
    """Return a copy of a notebook in which `given` are the values.

    Parameters
    ----------
    notebook : NotebookNode
        Format 4; it stays as it is.
    given : mapping
        Values by name; texts are read as what stands in the notebook.
    name : str
        Of the notebook, for errors.

    Raises
    ------
    InvalidValueError
        The notebook has no such parameter, or the value is of another type.
    """
    if language(notebook) != "python":
        return _fill_other(notebook, given, name)
    known = parameters_of(notebook)
    values: dict[str, Any] = {}
    notes: list[str] = []
    for key, value in given.items():
        if key not in known:
            raise InvalidValueError(_no_such(notebook, key, known, name))
        where = f"cell {known[key].cell + 1} of {name}"
        values[key], note = fitting(key, value, known[key].default, where)
        notes += [note] if note else []
    at = _tagged(notebook, TAG)
    filled = _with_cell(notebook, at, values) if at is not None else _rewritten(notebook, known, values)
    kept = {key: each.default for key, each in known.items() if key not in given and _is_short(each.default)}
    return Filled(filled, kept, notes)


def language(notebook: Any) -> str:
    """Return the language that the notebook says it is of, in lower case; Python when it says nothing."""
    metadata = notebook.metadata
    found = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    return str(found or "python").lower()


# -- a cell of parameters ------------------------------------------------------------------------------------------------


def _with_cell(notebook: Any, at: int, values: Mapping[str, Any]) -> Any:
    """Put the values into a cell below the one at `at`, or in the place of the one that an earlier run left."""
    made = copy.deepcopy(notebook)
    if not values:
        return made
    v4 = require("nbformat.v4", "to run notebooks", package="nbformat", extra="notebooks")
    lines = [f"{name} = {as_source(value)}" for name, value in values.items()]
    cell = v4.new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": [INJECTED]})
    if (made.nbformat, made.nbformat_minor) < (4, 5):
        cell.pop("id", None)  # cells have ids since 4.5
    before = _tagged(made, INJECTED)
    if before is None:
        made.cells.insert(at + 1, cell)
    else:
        made.cells[before] = cell
    return made


def _fill_other(notebook: Any, given: Mapping[str, Any], name: str) -> Filled:
    """Let papermill write the cell in the notebook's language; texts are read as literals where they are any."""
    if not given:
        return Filled(copy.deepcopy(notebook))
    if _tagged(notebook, TAG) is None:
        raise InvalidValueError(
            f"{name} is a notebook of {language(notebook)}; its parameters must stand in a cell tagged {TAG!r}, and it has none."
        )
    values = {key: fitting(key, value, UNKNOWN, name)[0] for key, value in given.items()}
    parameterize = require("papermill.parameterize", "to run notebooks", package="papermill", extra="notebooks")
    made = copy.deepcopy(notebook)
    made.metadata.setdefault("papermill", {})
    for cell in made.cells:
        cell.metadata.setdefault("tags", [])
    said = made.metadata.get("language_info", {}).get("name") or made.metadata.kernelspec.language
    kernel = made.metadata.get("kernelspec", {}).get("name") or said
    try:
        return Filled(parameterize.parameterize_notebook(made, values, kernel_name=kernel, language=said))
    except Exception as error:
        raise InvalidValueError(f"papermill cannot put parameters into {name}: {error}") from error


# -- literals ------------------------------------------------------------------------------------------------------------


def _rewritten(notebook: Any, known: Mapping[str, Parameter], values: Mapping[str, Any]) -> Any:
    made = copy.deepcopy(notebook)
    for each in sorted((known[name] for name in values), key=lambda each: (each.cell, each.start), reverse=True):
        cell = made.cells[each.cell]
        cell.source = cell.source[: each.start] + as_source(values[each.name]) + cell.source[each.end :]
    return made


def _assignments(index: int, source: str) -> Iterator[Parameter]:
    """Yield what the top level of a cell assigns to one name each; the last one of a name stands."""
    tree = parse(source)
    for statement in tree.body if tree else []:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                yield Parameter(name, literal(value), index, *place(source, value))


def _settled(notebook: Any) -> set[str]:
    """Return the names that the notebook binds exactly once, and changes nowhere."""
    times: dict[str, int] = {}
    changed: set[str] = set()
    for _, source in _code(notebook):
        tree = parse(source)
        if tree is not None:
            for name in _bound(tree):
                times[name] = times.get(name, 0) + 1
            changed.update(_changed(tree))
    return {name for name, n in times.items() if n == 1 and name not in changed}


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield each name as often as the notebook's own scope binds it."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((each.asname or each.name.split(".")[0]) for each in names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
        if isinstance(child, _SCOPES):
            yield from _bound_from_inside(child)
        elif isinstance(child, _COMPREHENSIONS):
            yield from (each.target.id for each in ast.walk(child) if isinstance(each, ast.NamedExpr))
        else:
            yield from _bound(child)


def _bound_from_inside(scope: ast.AST) -> Iterator[str]:
    """Yield the scope's own name, and what it says ``global`` of."""
    name = getattr(scope, "name", None)
    yield from [name] if name else []
    for each in ast.walk(scope):
        if isinstance(each, ast.Global):
            yield from each.names


def _changed(tree: ast.AST) -> Iterator[str]:
    """Yield the names whose value is changed in place, in any scope."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)) if verb in CHANGES:
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name


def _is_setting(default: Any) -> bool:
    """Say whether a literal is something to turn: an empty container is there to be filled by the notebook."""
    return default is not UNKNOWN and default not in ([], {}, (), set())


def _is_short(default: Any) -> bool:
    return default is not UNKNOWN and len(str(default)) <= LONGEST_KEPT


# -- looking -------------------------------------------------------------------------------------------------------------


def _code(notebook: Any) -> Iterator[tuple[int, str]]:
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            yield i, cell.source


def _tagged(notebook: Any, tag: str) -> int | None:
    tags = (cell.get("metadata", {}).get("tags", ()) for cell in notebook.cells)
    return next((i for i, found in enumerate(tags) if tag in found), None)


def _no_such(notebook: Any, key: str, known: Iterable[str], name: str) -> str:
    """Say why a name is not a parameter, and what there is."""
    names = sorted(known)
    there = f" There are: {', '.join(names)}." if names else ""
    cells = [each.cell for i, source in _code(notebook) for each in _assignments(i, source) if each.name == key]
    if _tagged(notebook, TAG) is not None:
        return f"{key!r} is not assigned in the cell of {name} that is tagged {TAG!r}.{there}"
    if not cells:
        return f"No cell of {name} assigns a literal to {key!r}, as in `{key} = 1`.{there}"
    places = ", ".join(str(cell + 1) for cell in sorted(set(cells)))
    return (
        f"{key!r} is not a parameter of {name}: its value (cell {places}) is no literal, is set again or changed later, or is a container "
        f"to be filled. Put it in a cell tagged {TAG!r} to set it all the same.{there}"
    )
