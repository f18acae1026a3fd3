"""``nbtrack experiments``: named groups of runs."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, say, show, show_json, text
from nbtrack.cli.progress import fold
from nbtrack.cli.sql import fetch
from nbtrack.cli.units import ago, count, moment
from nbtrack.entities import Experiment, LifecycleStage, ViewType
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store

app = typer.Typer(
    help="Named groups of runs: list, create, show, rename, delete, restore.",
    epilog="Example: nbtrack experiments list",
    no_args_is_help=True,
)


@app.command("list", epilog="Example: nbtrack experiments list --filter \"name LIKE 'digits%'\"")
def list_experiments(
    filter_string: options.Filter = "",
    order_by: options.OrderBy = None,
    deleted: options.Deleted = False,
    limit: options.Limit = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """List experiments with their number of runs and the time of the last one."""
    opened = options.open_store(store)
    n_rows = options.rows_wanted(limit, as_json=as_json)
    found = opened.search_experiments(
        filter_string,
        view=ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
        order_by=order_by or (),
        max_results=None if n_rows is None else n_rows + 1,
    )
    more = n_rows is not None and len(found) > n_rows
    found = found[:n_rows]
    used = _used(opened)
    if as_json:
        show_json([_described(e, used) for e in found])
        return
    _show_table(found, used)
    ending = ", and there are more: --limit 0 shows all" if more else ""
    say(f"{count(len(found), 'experiment')}{' in the trash' if deleted else ''} in {opened.title}{ending}", "dim")


@app.command(epilog='Example: nbtrack experiments create "digits, second try" --tag owner=mia')
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that no other has.", show_default=False)],
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="A tag; give it again for more.")
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Create an experiment; the store is made, too, when it is new."""
    wrong = [pair for pair in tag or () if not pair.partition("=")[1] or not pair.partition("=")[0]]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not KEY=VALUE.", param_hint="--tag")
    opened = options.open_store(store, is_new_fine=True)
    tags = dict(pair.split("=", maxsplit=1) for pair in tag or ())
    experiment_id = opened.create_experiment(name, tags or None)
    _changed(opened, experiment_id, f"Created experiment {name!r} with id {experiment_id}.", as_json=as_json)


@app.command("show", epilog="Example: nbtrack experiments show digits")
def show_experiment(experiment: options.Experiment, store: options.Store = None, as_json: options.Json = False) -> None:
    """Show an experiment: id, times, tags, number of runs."""
    opened = options.open_store(store)
    found = find(opened, experiment)
    described = _described(found, _used(opened))
    if as_json:
        show_json(described)
        return
    now = time.time() * 1000
    rows = {
        "id": found.experiment_id,
        "runs": f"{described['runs']:,}",
        "last run": ago(described["last_run"], now),
        "created": moment(found.creation_time) if found.creation_time else "",
        "changed": moment(found.last_update_time) if found.last_update_time else "",
        **{f"tag {key}": value for key, value in found.tags.items()},
    }
    is_deleted = found.lifecycle_stage == LifecycleStage.DELETED
    show(text(found.name + (" (in the trash)" if is_deleted else ""), "bold"))
    say("\n".join(f"{clean(name):12} {clean(value)}" for name, value in rows.items() if value))


@app.command(epilog='Example: nbtrack experiments rename digits "digits, first try"')
def rename(
    experiment: options.Experiment,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.", show_default=False)],
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Give an experiment another name."""
    opened = options.open_store(store)
    found = find(opened, experiment)
    opened.rename_experiment(found.experiment_id, name)
    _changed(opened, found.experiment_id, f"Experiment {found.name!r} is now {name!r}.", as_json=as_json)


@app.command(epilog="Example: nbtrack experiments delete digits")
def delete(experiment: options.Experiment, store: options.Store = None, as_json: options.Json = False) -> None:
    """Put an experiment with its runs in the trash; its name is free again."""
    opened = options.open_store(store)
    found = find(opened, experiment)
    opened.delete_experiment(found.experiment_id)
    back = f"`nbtrack experiments restore {found.experiment_id}` brings it back."
    _changed(opened, found.experiment_id, f"Experiment {found.name!r} is in the trash. {back}", as_json=as_json)


@app.command(epilog="Example: nbtrack experiments restore digits")
def restore(experiment: options.Experiment, store: options.Store = None, as_json: options.Json = False) -> None:
    """Take an experiment with its runs out of the trash."""
    opened = options.open_store(store)
    found = find(opened, experiment, prefer=LifecycleStage.DELETED)
    opened.restore_experiment(found.experiment_id)
    _changed(opened, found.experiment_id, f"Experiment {found.name!r} is back.", as_json=as_json)


def find(store: "Store", name: str, *, prefer: LifecycleStage = LifecycleStage.ACTIVE) -> Experiment:
    """Return the experiment that a person means: a name (in use or in the trash, as preferred), else an id.

    Raises
    ------
    NotFoundError
        The message names those there are.
    """
    every = store.search_experiments(view=ViewType.ALL)
    meant = [e for e in every if e.name == name] or [e for e in every if e.experiment_id == name]
    if not meant:
        raise NotFoundError("Experiment", name, {e.name for e in every})
    return min(meant, key=lambda e: (e.lifecycle_stage != prefer, -e.last_update_time))


def _used(store: "Store") -> dict[str, tuple[int, float]]:
    """Return the number of runs that are not in the trash, and the start of the last one, by experiment id."""
    query = (
        "SELECT experiment_id, count(*), epoch_ms(max(start_time)) FROM runs "
        "WHERE lifecycle_stage = 'active' GROUP BY experiment_id"
    )
    return {str(i): (n, last) for i, n, last in fetch(store, query)[1]}


def _described(experiment: Experiment, used: dict[str, tuple[int, float]]) -> dict[str, Any]:
    n_runs, last = used.get(experiment.experiment_id, (0, None))
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "lifecycle_stage": str(experiment.lifecycle_stage),
        "creation_time": experiment.creation_time,
        "last_update_time": experiment.last_update_time,
        "tags": experiment.tags,
        "runs": n_runs,
        "last_run": last,
    }


def _show_table(found: list[Experiment], used: dict[str, tuple[int, float]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("id", justify="right", style="dim")
    table.add_column("name", no_wrap=True, overflow="ellipsis")
    table.add_column("runs", justify="right")
    table.add_column("last run", style="dim", no_wrap=True)
    table.add_column("tags", no_wrap=True, overflow="ellipsis")
    now = time.time() * 1000
    for e in found:
        n_runs, last = used.get(e.experiment_id, (0, None))
        tags = ", ".join(f"{key}={value}" for key, value in e.tags.items())
        table.add_row(e.experiment_id, text(e.name), f"{n_runs:,}", ago(last, now) or "-", text(tags))
    show(table)


def _changed(store: "Store", experiment_id: str, message: str, *, as_json: bool) -> None:
    if as_json:
        show_json(_described(store.get_experiment(experiment_id), _used(store)))
    else:
        say(message)
    fold(store)
