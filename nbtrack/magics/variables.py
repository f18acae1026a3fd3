"""``%%track --vars``, ``%track save`` and ``%track restore``: variables kept with a run, and brought back."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbtrack.errors import NbtrackError, UntrustedModelError
from nbtrack.tracking import active
from nbtrack.tracking.starting import join
from nbtrack.tracking.variables import FOLDER, INDEX, kept_before, pickled, restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbtrack.magics.filing import Filing
    from nbtrack.magics.track import CellTracker
    from nbtrack.tracking.run import ActiveRun

_RUN = re.compile(r"#?\d+|[0-9a-f]{32}")
_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def touched_names(tree: ast.Module) -> list[str]:
    """Return the names that a cell assigns, defines, imports, or may change in place: ``x[0] = 1``, ``model.fit(x)``."""
    return list(dict.fromkeys(name for name in _touched(tree) if not name.startswith("_")))


def keep(run: ActiveRun, filing: Filing, names: Iterable[str], namespace: dict[str, Any]) -> str:
    """Keep variables with a run: pickled now, written in the background. Returns what to tell."""
    found = pickled(names, namespace)
    if found.files or found.imports or found.skipped:
        files = {f"{FOLDER}/{name}.pkl": data for name, data in found.files.items()}
        filing.add_all(run, lambda: {**files, INDEX: found.index(run.id, kept_before(run.store, run.id))})
    return found.text()


def save(tracker: CellTracker, words: list[str]) -> str:
    """``%track save [RUN] [NAME …]``: keep variables as they are now; all of the notebook's when none is named."""
    store = active.get_store()
    space = tracker.shell.user_ns
    run_id, names = _run_and_names(tracker, words)
    unknown = [name for name in names if name not in space]
    if unknown:
        message = (
            f"%track save: there is no variable {unknown[0]!r}; use %track save [RUN] [NAME …], with names of variables "
            "of this notebook. Nothing was kept."
        )
        raise UsageError(message)
    run = active.current_run()
    if run is None or run.id != run_id:
        store.get_run(run_id)
        run = join(store, run_id)
    told = keep(run, tracker.filing, names or _own(tracker.shell), space)
    tracker.filing.flush()
    return told


def restore(tracker: CellTracker, words: list[str]) -> str:
    """``%track restore RUN [NAME …] [--trust]``: bring variables back into the notebook."""
    trust = "--trust" in words
    wrong = [word for word in words if word.startswith("-") and word != "--trust"]
    if wrong:
        message = f"%track restore: unknown option {wrong[0]}; use %track restore RUN [NAME …] [--trust]"
        raise UsageError(message)
    asked = [word for word in words if word != "--trust"]
    store = active.get_store()
    run_id, names = (store.resolve_run(asked[0]), asked[1:]) if asked else _run_and_names(tracker, asked)
    tracker.filing.flush()
    run = store.get_run(run_id).info
    where = f"run #{run.number} {run.run_name}"
    try:
        found = restored(store, run_id, names, trust=trust, where=where)
    except UntrustedModelError as error:
        raise UsageError(str(error).replace("load it with trust=True", "say %track restore … --trust")) from None
    tracker.shell.push({**found.modules, **found.values})
    told = [f"{name} ({_kind(value)})" for name, value in found.values.items()]
    lines = [f"restored from {where}: {', '.join([*told, *found.modules]) or 'nothing'}"]
    lines += [f"not restored: {name}: {why}" for name, why in found.missing.items() if not names or name in names]
    return "\n".join(lines)


def _run_and_names(tracker: CellTracker, words: list[str]) -> tuple[str, list[str]]:
    is_run = bool(words) and (_RUN.fullmatch(words[0]) is not None or _names_run(tracker, words[0]))
    if is_run:
        return str(active.get_store().resolve_run(words[0])), words[1:]
    current = active.current_run()
    run_id = current.id if current else tracker.last_run_id or active.last_run_id()
    if run_id is None:
        message = "No run was recorded in this notebook yet; name one by its number: %track restore 43"
        raise UsageError(message)
    return run_id, words


def _names_run(tracker: CellTracker, word: str) -> bool:
    """Say whether a word that is no variable is the name of a run."""
    if word in tracker.shell.user_ns:
        return False
    try:
        active.get_store().resolve_run(word)
    except NbtrackError:
        return False
    return True


def _own(shell: Any) -> list[str]:
    hidden = getattr(shell, "user_ns_hidden", {})
    return [name for name, value in shell.user_ns.items() if not name.startswith("_") and hidden.get(name) is not value]


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    size = " by ".join(map(str, shape)) if isinstance(shape, tuple) else ""
    return f"{type(value).__name__}{f' {size}' if size else ''}"


def _touched(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in child.names)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif isinstance(child, (ast.Attribute, ast.Subscript)) and isinstance(child.ctx, ast.Store):
            yield from _base(child)
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            yield from _base(child.func)
        if not isinstance(child, _SCOPES):
            yield from _touched(child)


def _base(node: ast.AST) -> Iterator[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
