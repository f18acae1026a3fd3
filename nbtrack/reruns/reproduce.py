"""``nbtrack.reproduce``: a recorded run, rebuilt and run again, and compared with what it was."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.entities import LifecycleStage
from nbtrack.errors import InvalidValueError
from nbtrack.reruns.executing import bench, this_python
from nbtrack.reruns.matching import changed_data, changed_params, counterpart, match_metrics
from nbtrack.reruns.recorded import recipe_of
from nbtrack.reruns.reproduction import Reproduction
from nbtrack.reruns.workspace import Workspace
from nbtrack.tracking import active

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.entities import Run
    from nbtrack.reruns.executing import Bench, Executed
    from nbtrack.reruns.recorded import Recipe
    from nbtrack.store.protocol import Store

ENVIRONMENTS = ("uv", "local")
TOLERANCE = 1e-6
REPRODUCES = "nbtrack.reproduces"


def reproduce(
    run: str | int | Run,
    folder: str | os.PathLike[str] | None = None,
    *,
    env: str = "uv",
    tolerance: float = TOLERANCE,
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reproduction:
    """Make a recorded run again, and say metric by metric whether it comes out the same.

    The code is rebuilt in a folder: the repository at the run's commit with its uncommitted changes, and the recorded cells or script. It
    runs in a process of its own. The new run has the tag ``nbtrack.reproduces``, which names the original, and lands in the same
    experiment; other runs that the code makes on its way are not kept. The recorded code is run as it is: reproduce what you trust.

    Parameters
    ----------
    run : str, int or Run
        Number, name or id.
    folder : path-like, optional
        New or empty; a temporary one, which stays, by default. Data that are not in git can be put there: a folder that was made for
        this run before is used again as it is.
    env : {"uv", "local"}
        ``uv`` makes an environment with the recorded Python and packages, ``local`` uses the one that runs here.
    tolerance : float
        Relative difference up to which metrics count as the same.
    store : Store, optional
        The one in use by default.
    progress : callable, optional
        Called with each line that the code prints.

    Returns
    -------
    Reproduction
        ``matches``, ``metrics``, ``frame``, ``run``, ``notes``.

    Raises
    ------
    NotFoundError
        There is no such run.
    InvalidValueError
        Its code was not recorded, or the folder is in use.
    """
    if env not in ENVIRONMENTS:
        raise InvalidValueError(f"env is {env!r}; use 'uv' (the recorded packages) or 'local' (this environment).")
    if not 0 <= tolerance < 1:
        raise InvalidValueError(
            f"tolerance is {tolerance!r}; use a relative difference from 0 to 1, such as {TOLERANCE:g}."
        )
    store = store or active.get_store()
    tell = progress or (lambda _: None)
    run_id = run if isinstance(run, (str, int)) else run.info.run_id
    original = store.get_run(store.resolve_run(run_id))
    recipe = recipe_of(store, original)
    target = (
        Path(folder)
        if folder is not None
        else Path(tempfile.mkdtemp(prefix=f"nbtrack-reproduce-{original.info.number}-"))
    )
    workspace = Workspace(target, recipe)
    tell(f"rebuilding the code in {workspace.folder}")
    workspace.make()
    python, told = _python(recipe, env, tell)
    sliced = recipe_of(store, original, is_sliced=True)
    first, *more = [sliced, recipe] if len(sliced.cells) < len(recipe.cells) else [recipe]
    found = _run(first, workspace, python, store, tolerance, tell)
    for whole in [] if found.matches else more:
        told.append(
            f"the {len(first.cells)} cells that seem to produce its metrics were not enough: all {len(whole.cells)} ran"
        )
        _discard(store, found.run)
        found = _run(whole, workspace, python, store, tolerance, tell)
    notes = (*recipe.missing, *workspace.notes, *told, *_differences(original, found.run))
    return replace(found, notes=notes, environment=env)


def _run(
    recipe: Recipe, workspace: Workspace, python: str, store: Store, tolerance: float, tell: Callable[[str], None]
) -> Reproduction:
    """Run a recipe, bring its run home, and compare it."""
    original = recipe.run
    with bench(original.info.experiment_name or "Default") as work:
        done = work.run(recipe, workspace.working_folder, python, script=workspace.script, tell=tell)
        found = counterpart(original, done.runs, done.of_own_cell)
        again = None if found is None else _bring(work, done, original, found, store)
    metrics = match_metrics(original, again, tolerance)
    return Reproduction(original, again, workspace.folder, metrics, error=done.error, tolerance=tolerance)


def _discard(store: Store, run: Run | None) -> None:
    """Put a run into the trash that was made with too little."""
    if run is not None:
        store.append(("state", run.info.run_id, None, {"lifecycle_stage": str(LifecycleStage.DELETED)}))


def _bring(work: Bench, done: Executed, original: Run, found: Run, store: Store) -> Run:
    """Copy the run, what it is nested in and what is nested in it; the others were only on the way."""
    work.tag(found, {REPRODUCES: original.info.run_id})
    if found.info.run_name == original.info.run_name:
        work.rename(found, f"{found.info.run_name} again")
    work.bring(family(found, done.runs), store)
    return store.get_run(found.info.run_id)


def family(run: Run, runs: Sequence[Run]) -> list[Run]:
    """Return a run with all around it and all inside it."""
    by_id = {each.info.run_id: each for each in runs}
    kept = {run.info.run_id: run}
    above = by_id.get(run.info.parent_run_id or "")
    while above is not None and above.info.run_id not in kept:
        kept[above.info.run_id] = above
        above = by_id.get(above.info.parent_run_id or "")
    inside = {run.info.run_id}
    for each in runs:  # oldest first: a parent comes before its children
        if each.info.parent_run_id in inside:
            inside.add(each.info.run_id)
            kept[each.info.run_id] = each
    return list(kept.values())


def _python(recipe: Recipe, env: str, tell: Callable[[str], None]) -> tuple[str, list[str]]:
    """Return the Python to run with, and what is to be said of it."""
    if env == "local":
        return this_python(), _other_packages(recipe)
    if not recipe.packages:
        return this_python(), ["without recorded packages it ran in the environment of now"]
    from nbtrack.environments.making import make  # noqa: PLC0415 - only with uv
    from nbtrack.environments.wanted import Wanted  # noqa: PLC0415

    tell(f"making an environment with Python {recipe.python} and {len(recipe.packages)} packages")
    info = recipe.run.info
    wanted = Wanted(recipe.python, recipe.packages, name=f"run #{info.number} {info.run_name}")
    return os.fspath(make(wanted, told=tell)), []


def _other_packages(recipe: Recipe) -> list[str]:
    """Say which of the recorded packages have another version here."""
    from nbtrack.tracking.environment import packages  # noqa: PLC0415

    here = packages()
    pairs = [line.partition("==") for line in recipe.packages]
    other = [
        f"{name} {version} → {here.get(name, 'not installed')}"
        for name, _, version in pairs
        if here.get(name) != version
    ]
    if not other:
        return []
    more = f" and {len(other) - 5} more" if len(other) > 5 else ""  # noqa: PLR2004
    return [f"{len(other)} packages are not what they were: {', '.join(other[:5])}{more}"]


def _differences(original: Run, again: Run | None) -> list[str]:
    params = changed_params(original, again)
    return [*([f"params differ: {', '.join(params[:10])}"] if params else []), *changed_data(original, again)]
