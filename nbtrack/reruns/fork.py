"""``nbtrack.fork``: a run's code once more with another literal, in a process of its own, as a run that names where it came from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.reruns.changing import changed
from nbtrack.reruns.executing import bench, this_python
from nbtrack.reruns.matching import DIFFERS, MISSING, counterpart, match_metrics
from nbtrack.reruns.recorded import recipe_of
from nbtrack.reruns.reproduce import TOLERANCE, family
from nbtrack.tracking import active
from nbtrack.tracking.git_state import git_state
from nbtrack.views.amounts import change_text, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbtrack.entities import Run
    from nbtrack.reruns.matching import MetricMatch
    from nbtrack.reruns.recorded import Recipe
    from nbtrack.store.protocol import Store

FORKED_FROM, CHANGES = "nbtrack.forked_from", "nbtrack.fork.changes"


@dataclass(frozen=True, slots=True, repr=False)
class Fork:
    """A run made from another one.

    Attributes
    ----------
    original, run : Run
        Where it came from, and what it became (None when the code recorded no run).
    changes : tuple of str
        ``("lr 0.1 → 0.0003",)``.
    metrics : tuple of MetricMatch
        Before and after.
    notes : tuple of str
    error : str
        What failed, or "".
    """

    original: Run
    run: Run | None
    changes: tuple[str, ...]
    metrics: tuple[MetricMatch, ...]
    notes: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_same(self) -> bool:
        """Say whether every metric came out as it was."""
        return not self.error and self.run is not None and not any(m.result in (DIFFERS, MISSING) for m in self.metrics)

    def __repr__(self) -> str:
        """Say what became of it."""
        source = f"#{self.original.info.number} {self.original.info.run_name}"
        changes = f" with {', '.join(self.changes)}" if self.changes else " without a change"
        if self.error or self.run is None:
            return "\n".join(
                [f"{source}{changes} failed: {self.error or 'the code ran and recorded no run'}", *self._notes()]
            )
        moved = [*_failed(self.original, self.run), *(_moved(match) for match in self.metrics)]
        name = self.run.info.run_name
        is_said = bool(self.changes) and name.endswith(", ".join(self.changes))
        head = f"#{self.run.info.number} {name} from {source}{'' if is_said else changes}"
        return "\n".join([f"{head}: {', '.join(moved)}" if moved else head, *self._notes()])

    def _repr_html_(self) -> str:
        """Show the same as HTML."""
        return f'<div style="white-space:pre-line">{escape(repr(self))}</div>'

    def _notes(self) -> list[str]:
        return [f"note: {note}" for note in self.notes]


def fork(
    run: str | int | Run,
    changes: Mapping[str, Any] | None = None,
    *,
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fork:
    """Run a recorded run's code again with other literals, such as ``fork(42, {"lr": 3e-4})``.

    The cells that produced the run's metrics, or all that its notebook had executed when those do not do, run in their order in a fresh
    process, in this environment and in the working folder of now, so that data and modules are found; variables of this notebook are
    neither seen nor changed. The new run has the tag ``nbtrack.forked_from``. Without a change it comes out as the original did, if
    modules and data are what they were.

    Parameters
    ----------
    run : str, int or Run
        Number, name or id.
    changes : mapping, optional
        Value by name: of an assignment such as ``lr = 0.1``, an argument ``SGD(lr=0.1)``, a key ``{"lr": 0.1}``, or an option of a script.
    store : Store, optional
        The one in use by default.
    progress : callable, optional
        Called with each line that the code prints.

    Returns
    -------
    Fork

    Raises
    ------
    NotFoundError
        There is no such run.
    InvalidValueError
        Its code was not recorded; no literal has such a name.
    """
    store = store or active.get_store()
    tell = progress or (lambda _: None)
    name = run if isinstance(run, (str, int)) else run.info.run_id
    original = store.get_run(store.resolve_run(name))
    whole, told = changed(recipe_of(store, original), changes or {})
    expected = _as_changed(original, changes or {})
    recipe = _sliced(store, original, changes or {}, len(whole.cells))
    run_made, error = _run(recipe or whole, expected, told, store, tell)
    if recipe is not None and (error or run_made is None):
        run_made, error = _run(whole, expected, told, store, tell)
    metrics = match_metrics(original, run_made, TOLERANCE)
    return Fork(original, run_made, tuple(told), metrics, tuple(_notes(whole)), error)


def _sliced(store: Store, original: Run, changes: Mapping[str, Any], n_cells: int) -> Recipe | None:
    """Return the changed cells that produced the run's metrics; None when that is all of them, or what changes is elsewhere."""
    try:
        recipe, _ = changed(recipe_of(store, original, is_sliced=True), changes)
    except InvalidValueError:
        return None
    return recipe if len(recipe.cells) < n_cells else None


def _run(
    recipe: Recipe, expected: Run, told: list[str], store: Store, tell: Callable[[str], None]
) -> tuple[Run | None, str]:
    """Run changed code, bring its run home, and say what failed."""
    with (
        bench(expected.info.experiment_name or "Default") as work,
        tempfile.TemporaryDirectory(prefix="nbtrack-fork-") as folder,
    ):
        script, paths = _script(recipe, Path(folder))
        done = work.run(recipe, Path.cwd(), this_python(), script=script, tell=tell, paths=paths)
        found = counterpart(expected, done.runs, done.of_own_cell)
        if found is None or done.error:
            return None, done.error
        work.tag(found, {FORKED_FROM: expected.info.run_id, CHANGES: ", ".join(told)})
        if found.info.run_name == expected.info.run_name:
            work.rename(found, f"{found.info.run_name}, {', '.join(told) or 'again'}")
        work.bring(family(found, done.runs), store)
        return store.get_run(found.info.run_id), ""


def _script(recipe: Recipe, folder: Path) -> tuple[Path, list[Path]]:
    """Write a changed script, and return it with the folder that its modules come from: the one in which it was."""
    path = folder / Path(recipe.script_path or "script.py").name
    if not recipe.script:
        return path, []
    path.write_text(recipe.script, encoding="utf-8", errors="surrogateescape")
    recorded = Path(recipe.carrier.data.tags.get("mlflow.source.name", "")).parent
    return path, [recorded if recorded.is_dir() else Path.cwd()]


def _as_changed(original: Run, changes: Mapping[str, Any]) -> Run:
    """Return the original with the params that it would have, to find its counterpart by."""
    params = {key: str(changes.get(key, value)) for key, value in original.data.params.items()}
    return replace(original, data=replace(original.data, params=params))


def _notes(recipe: Recipe) -> list[str]:
    now = git_state().commit
    notes = [
        note for note in recipe.missing if "only the run's own cell" in note or "were not recorded, because" in note
    ]
    if recipe.commit and now and now != recipe.commit:
        notes.append(f"the repository is at {now[:10]}, the run was made at {recipe.commit[:10]}")
    return notes


def _failed(original: Run, again: Run) -> list[str]:
    """Say that a run failed: the code goes on where it did before, so that alone is no error."""
    if again.info.status != RunStatus.FAILED:
        return []
    return ["failed, as it did before" if original.info.status == RunStatus.FAILED else "failed"]


def _moved(match: MetricMatch) -> str:
    if match.before is None or match.after is None:
        return f"{match.key} {'is gone' if match.after is None else 'is new'}"
    change = match.after - match.before
    shown = f"{match.key} {number_text(match.after)}"
    return f"{shown} ({change_text(change)})" if change else f"{shown} (equal)"
