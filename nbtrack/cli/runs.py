"""``nbtrack runs``: list, show, stop, delete, restore and tag runs."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack import config
from nbtrack.cli import experiments, options
from nbtrack.cli.output import clean, console, say, show, show_json
from nbtrack.cli.progress import fold
from nbtrack.cli.units import count
from nbtrack.entities import LifecycleStage, Run, ViewType
from nbtrack.errors import NotFoundError
from nbtrack.names import check_key

if TYPE_CHECKING:
    from nbtrack.store.protocol import RunColumns, RunQuery, Store

app = typer.Typer(
    help="Runs: list, show, stop, delete, restore, tag.",
    epilog="Example: nbtrack runs show 12",
    no_args_is_help=True,
)


@app.command(
    "list",
    epilog=(
        "Example: nbtrack runs list --filter 'metrics.accuracy > 0.9' --order-by 'metrics.accuracy DESC'\n\n"
        "Example: nbtrack runs list --experiment digits --columns name,metrics.loss.min,params.lr\n\n"
        "Example: nbtrack runs list --json"
    ),
)
def list_runs(
    filter_string: options.Filter = "",
    order_by: options.OrderBy = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option(
            "--experiment",
            metavar="EXPERIMENT",
            help="Only runs of this one (name or id); give it again for more. "
            "NBTRACK_EXPERIMENT, else all, when not given.",
            show_default=False,
        ),
    ] = None,
    all_experiments: Annotated[
        bool, typer.Option("--all-experiments", help="All experiments, whatever NBTRACK_EXPERIMENT says.")
    ] = False,
    deleted: options.Deleted = False,
    limit: options.Limit = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="These columns, as in name,metrics.loss.min,params.lr,tags.owner.",
            show_default=False,
        ),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """List runs, the newest first.

    ✓ finished, ● running, ✗ failed, ■ killed. Without --columns the table shows the metrics (last values) and
    params that differ between the runs, as many as there is room for; what is the same in all of them is said below it.
    """
    from nbtrack.store.protocol import RunQuery  # noqa: PLC0415 - help is quick

    if experiment and all_experiments:
        raise typer.BadParameter("Say one of --experiment and --all-experiments.", param_hint="--all-experiments")
    opened = options.open_store(store)
    n_rows = options.rows_wanted(limit, as_json=as_json)
    query = RunQuery(
        filter_string=filter_string,
        experiment_ids=None if all_experiments else _experiment_ids(opened, experiment),
        order_by=tuple(order_by or ()),
        view=ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
        max_results=None if n_rows is None else n_rows + 1,
    )
    if as_json:
        show_json(_as_objects(opened, query, n_rows, columns))
    else:
        _show_table(opened, query, n_rows, columns)


@app.command("show", epilog="Example: nbtrack runs show calm-otter-12")
def show_run(run: options.Run, store: options.Store = None, as_json: options.Json = False) -> None:
    """Show one run: times, note, metrics, params, tags, datasets, artifacts."""
    from nbtrack.tracking.downloads import walk  # noqa: PLC0415

    opened = options.open_store(store)
    found = opened.get_run(opened.resolve_run(run))
    files = list(walk(opened, found.info.run_id))
    if as_json:
        show_json({**found.to_dictionary(), "artifacts": files})
        return
    from nbtrack.cli.card import card  # noqa: PLC0415 - brings rich's tables
    from nbtrack.views.stale import stale_marks  # noqa: PLC0415

    stale = [each.text for each in stale_marks(opened, found.info.run_id)]
    show(card(found, files, _parent_name(opened, found), time.time() * 1000, console().width, stale))


@app.command(epilog="Example: nbtrack runs delete 12 13 calm-otter-14")
def delete(runs: options.Runs, store: options.Store = None, as_json: options.Json = False) -> None:
    """Put runs in the trash; `nbtrack runs restore` brings them back, `nbtrack purge` deletes them for good."""
    _set_stage(options.open_store(store), runs, LifecycleStage.DELETED, as_json=as_json)


@app.command(epilog="Example: nbtrack runs restore 12 13")
def restore(runs: options.Runs, store: options.Store = None, as_json: options.Json = False) -> None:
    """Take runs out of the trash."""
    _set_stage(options.open_store(store), runs, LifecycleStage.ACTIVE, as_json=as_json)


@app.command(epilog="Example: nbtrack runs stop 12")
def stop(runs: options.Runs, store: options.Store = None, as_json: options.Json = False) -> None:
    """Stop running runs at their next log call; they end as FINISHED, with all that they logged."""
    from nbtrack.views.live import order  # noqa: PLC0415

    opened = options.open_store(store)
    found = _find(opened, runs)
    for run in found:
        order(opened, {"do": "stop"}, run)
    if as_json:
        show_json({"asked_to_stop": [_brief(run) for run in found]})
    else:
        say(f"Asked to stop: {_named(found)}.")


@app.command(
    epilog=(
        "Example: nbtrack runs tag 12 13 stage=candidate reviewed-\n\n"
        "Example: nbtrack runs tag 12 mlflow.runName=baseline mlflow.note.content='the one of the paper'"
    )
)
def tag(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... KEY=VALUE|KEY-...",
            help="Runs, then what to change: KEY=VALUE sets a tag, KEY- removes it.",
            show_default=False,
        ),
    ],
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Set and remove tags of runs.

    The first word is a run; the runs end where the first KEY=VALUE or KEY- is. The tag mlflow.runName is the name
    of a run, mlflow.note.content its note.
    """
    names, new, gone = _split(words)
    opened = options.open_store(store)
    found = _find(opened, names)
    missing = [key for key in gone if not any(key in run.data.tags for run in found)]
    if missing:
        known = {key for run in found for key in run.data.tags}
        raise NotFoundError("Tag", missing[0], known, where="these runs" if len(found) > 1 else "this run")
    for run in found:
        has = [key for key in gone if key in run.data.tags]
        changes: list[Any] = [("tags", run.info.run_id, new, None)] if new else []
        changes += [("untag", run.info.run_id, None, {"keys": has})] if has else []
        if changes:
            opened.append(*changes)
    if as_json:
        show_json({"runs": [_brief(run) for run in found], "set": new, "removed": gone})
    else:
        done = [f"set {', '.join(new)}"] if new else []
        done += [f"removed {', '.join(gone)}"] if gone else []
        told = " and ".join(done)
        say(f"{told[0].upper()}{told[1:]} on {_named(found)}.")
    fold(opened)


def _split(words: list[str]) -> tuple[list[str], dict[str, str], list[str]]:
    """Part the words into runs, tags to set and tags to remove."""
    first = next((i for i, word in enumerate(words) if i and ("=" in word or word.endswith("-"))), len(words))
    new: dict[str, str] = {}
    gone: list[str] = []
    for word in words[first:]:
        key, equals, value = word.partition("=")
        if equals:
            new[check_key(key, "Tag key")] = value
        elif word.endswith("-") and len(word) > 1:
            gone.append(word[:-1])
        else:
            raise typer.BadParameter(
                f"{word!r} is neither KEY=VALUE nor KEY-; runs come first.", param_hint="KEY=VALUE"
            )
    if not new and not gone:
        raise typer.BadParameter("Say what to change: KEY=VALUE sets a tag, KEY- removes it.", param_hint="KEY=VALUE")
    return words[:first], new, gone


def _set_stage(store: "Store", names: list[str], stage: LifecycleStage, *, as_json: bool) -> None:
    found = _find(store, names)
    changes = [run for run in found if run.info.lifecycle_stage != stage]
    if changes:
        store.append(*(("state", run.info.run_id, None, {"lifecycle_stage": str(stage)}) for run in changes))
    is_deleted = stage == LifecycleStage.DELETED
    if as_json:
        show_json({"deleted" if is_deleted else "restored": [_brief(run) for run in found]})
    elif is_deleted:
        numbers = " ".join(str(run.info.number or run.info.run_id) for run in found)
        say(f"In the trash: {_named(found)}. `nbtrack runs restore {numbers}` brings back.")
    else:
        say(f"Back from the trash: {_named(found)}.")
    fold(store)


def _find(store: "Store", names: list[str]) -> list[Run]:
    """Return the runs that are meant, each once; nothing is changed when one of them is not there."""
    ids = dict.fromkeys(store.resolve_run(name) for name in names)
    return [store.get_run(run_id) for run_id in ids]


def _brief(run: Run) -> dict[str, Any]:
    return {"run_id": run.info.run_id, "number": run.info.number, "name": run.info.run_name}


def _named(runs: list[Run]) -> str:
    shown = ", ".join(f"#{run.info.number} {run.info.run_name}" for run in runs[:8])
    return shown + (f" and {len(runs) - 8} more" if len(runs) > 8 else "")  # noqa: PLR2004 - what fits a line


def _parent_name(store: "Store", run: Run) -> str | None:
    if not run.info.parent_run_id:
        return None
    try:
        parent = store.get_run(run.info.parent_run_id).info
    except NotFoundError:
        return run.info.parent_run_id
    return f"#{parent.number} {parent.run_name}"


def _experiment_ids(store: "Store", names: list[str] | None) -> tuple[str, ...] | None:
    """Return the ids of the experiments named here, else in the environment; None is all."""
    if not names:
        default = config.experiment_name()
        names = [default] if default != config.DEFAULT_EXPERIMENT else []
    return tuple(experiments.find(store, name).experiment_id for name in names) or None


def _as_objects(store: "Store", query: "RunQuery", n_rows: int | None, names: list[str] | None) -> list[Any]:
    if not names:
        return store.search_runs(query)[:n_rows]
    from nbtrack.cli.columns import named, split_names  # noqa: PLC0415

    found = store.run_columns(query)
    columns = {name: named(found, name, 0.0).values for name in split_names(names, found)} if len(found) else {}
    return [{name: values[i] for name, values in columns.items()} for i in range(len(found))][:n_rows]


def _show_table(store: "Store", query: "RunQuery", n_rows: int | None, names: list[str] | None) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from nbtrack.cli import columns, table  # noqa: PLC0415 - brings rich's tables

    found = store.run_columns(query)
    if n_rows is not None and len(found) > n_rows:
        more = ", and there are more: --limit 0 shows all"
        found = store.run_columns(replace(query, max_results=n_rows))
    else:
        more = ""
    now, width = time.time() * 1000, console().width
    remarks = []
    if not len(found):
        say(_nothing(store, query), "dim")
        return
    if names:
        show(table.build_named(found, columns.split_names(names, found), width, now))
    else:
        choice = table.choose(found, width, now, " ".join((query.filter_string, *query.order_by)))
        show(table.build(found, choice.shown, width))
        remarks = table.remarks(choice)
    trash = " in the trash" if query.view == ViewType.DELETED_ONLY else ""
    say(f"{_counted(found)}{trash} in {store.title}{more}", "dim")
    for remark in remarks:
        console().print(remark, style="dim")


def _counted(found: "RunColumns") -> str:
    names = {str(name) for name in found.attributes["experiment"]}
    where = f" of {clean(names.pop())}" if len(names) == 1 else f" of {len(names)} experiments"
    return count(len(found), "run") + where


def _nothing(store: "Store", query: "RunQuery") -> str:
    what = "in the trash" if query.view == ViewType.DELETED_ONLY else "here"
    why = " that match" if query.filter_string else ""
    return f"No runs{why} {what} ({store.uri})."
