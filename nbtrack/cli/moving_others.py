"""``nbtrack import tensorboard|wandb-offline|trackio|csv|parquet``, ``nbtrack merge``, ``nbtrack copy``, ``nbtrack backup``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.moved import interruptible, tell_all
from nbtrack.cli.moving import DryRun, bar, importing, tell
from nbtrack.cli.output import complain, say, show_json
from nbtrack.cli.progress import fold, working
from nbtrack.cli.units import count, size
from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from nbtrack.moving.importing import Source
    from nbtrack.moving.tables import Columns, Form
    from nbtrack.store.protocol import Store

Into = Annotated[
    str | None,
    typer.Option(
        "--experiment",
        metavar="NAME",
        help="The experiment into which all runs come; what the source says when not given.",
        show_default=False,
    ),
]
System = Annotated[bool, typer.Option("--system", help="System metrics too, as system/….")]
NameColumn = Annotated[
    str, typer.Option("--name", metavar="COLUMN", help="Column with the name of the run.", show_default=False)
]
Params = Annotated[
    str,
    typer.Option("--params", metavar="COLUMNS", help="Columns that are params, as in lr,depth.", show_default=False),
]
Metrics = Annotated[
    str,
    typer.Option("--metrics", metavar="COLUMNS", help="Columns that are metrics, as in loss,acc.", show_default=False),
]
Tags = Annotated[
    str, typer.Option("--tags", metavar="COLUMNS", help="Columns that are tags, as in note.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands, those of ``nbtrack import`` too."""
    for name, command, example in _COMMANDS:
        words = name.removeprefix("import ")
        (importing if words != name else app).command(words, epilog=f"Example: nbtrack {name} {example}")(command)


# -- import --------------------------------------------------------------------------------------------------------------


def tensorboard(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="As `tensorboard --logdir` takes it.", show_default=False)
    ],
    experiment: Into = None,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take TensorBoard's logs in as runs: scalars, hyperparameters, images, sounds and texts. Again brings what is new."""
    from nbtrack.moving.tensorboard.folder import TensorBoard  # noqa: PLC0415 - help is quick

    _take(TensorBoard(folder, experiment), str(folder), store, is_dry=dry_run, as_json=as_json)


def wandb_offline(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder `wandb`, or one run of it.", show_default=False)
    ],
    experiment: Into = None,
    system: System = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Also files that W&B only links to, elsewhere on this machine.")
    ] = False,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take in the runs that W&B recorded on disk (offline-run-*): config, history, summary, files, tags, notes."""
    from nbtrack.moving.wandb.offline import WandbOffline  # noqa: PLC0415 - help is quick

    source = WandbOffline(folder, experiment, has_stats=system, follows_links=follow_links)
    _take(source, str(folder), store, is_dry=dry_run, as_json=as_json)


def trackio(
    place: Annotated[
        Path, typer.Argument(metavar="DB|DIR", help="A database of Trackio, or the folder of them.", show_default=False)
    ],
    experiment: Into = None,
    system: System = False,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take in the runs of Trackio's databases: config, metrics, media."""
    from nbtrack.moving.trackio import Trackio  # noqa: PLC0415 - help is quick

    _take(Trackio(place, experiment, has_stats=system), str(place), store, is_dry=dry_run, as_json=as_json)


def csv(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="With a row of names at its top.", show_default=False)],
    params: Params = "",
    metrics: Metrics = "",
    tags: Tags = "",
    name: NameColumn = "",
    experiment: Into = None,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take in a CSV file: a row a run (columns params.…, metrics.…, tags.…, or as named), or a row a step (run, step, …)."""
    _table(file, "csv", _columns(params, metrics, tags, name), experiment, store, is_dry=dry_run, as_json=as_json)


def parquet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As for csv.", show_default=False)],
    params: Params = "",
    metrics: Metrics = "",
    tags: Tags = "",
    name: NameColumn = "",
    experiment: Into = None,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take in a Parquet file: a row a run, or a row a step, as for csv."""
    _table(file, "parquet", _columns(params, metrics, tags, name), experiment, store, is_dry=dry_run, as_json=as_json)


def _columns(params: str, metrics: str, tags: str, name: str) -> "Columns":
    from nbtrack.moving.tables import Columns  # noqa: PLC0415 - help is quick

    return Columns(_names(params), _names(metrics), _names(tags), name)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _table(
    file: Path,
    form: "Form",
    columns: "Columns",
    experiment: str | None,
    store: str | None,
    *,
    is_dry: bool,
    as_json: bool,
) -> None:
    from nbtrack.moving.tables import Table  # noqa: PLC0415 - help is quick

    _take(Table(file, form, experiment, columns), str(file), store, is_dry=is_dry, as_json=as_json)


def _take(source: "Source", title: str, store: str | None, *, is_dry: bool, as_json: bool) -> None:
    from nbtrack.moving.importing import take_in  # noqa: PLC0415 - help is quick

    into = options.open_store(store, is_new_fine=True)
    with interruptible(), working(f"reading {title}") as work:
        tally = take_in(source, into, is_dry=is_dry, progress=bar(work))
    _settle(into, is_dry=is_dry or tally.is_nothing_new)
    tell(tally, as_json=as_json, is_dry=is_dry)


# -- whole stores --------------------------------------------------------------------------------------------------------


def merge(
    into: Annotated[
        str, typer.Argument(metavar="INTO", help="The store that gets everything; made if need be.", show_default=False)
    ],
    sources: Annotated[
        list[str], typer.Argument(metavar="FROM...", help="The stores to take it from; they stay.", show_default=False)
    ],
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Bring the runs, files and models of several stores into one, also while somebody records there."""
    from nbtrack.moving.merge import merge_stores  # noqa: PLC0415 - help is quick

    target = options.open_store(into, is_new_fine=True)
    found = [options.open_store(source) for source in sources]
    with interruptible(), working(f"merging into {target.title}") as work:
        tallies = merge_stores(target, found, is_dry=dry_run, progress=bar(work))
    _settle(target, is_dry=dry_run)
    tell_all(tallies, as_json=as_json, is_dry=dry_run)


def copy(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A .duckdb file, http://… or postgresql://…", show_default=False)
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="Another one; a file is made if need be.", show_default=False)
    ],
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="RUN", help="Number, name or id; give it again for more.", show_default=False),
    ] = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="NAME", help="Its runs; give it again for more.", show_default=False),
    ] = None,
    where: Annotated[
        str,
        typer.Option(
            "--where", metavar="TEXT", help='Runs that match, as in "metrics.loss < 0.4".', show_default=False
        ),
    ] = "",
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Copy runs with histories, files and models from one store into another, in any direction; again brings what is new."""
    from nbtrack.moving.copy import copy_store  # noqa: PLC0415 - help is quick
    from nbtrack.moving.stored import Chosen  # noqa: PLC0415

    ours, theirs = options.open_store(source), options.open_store(destination, is_new_fine=True)
    chosen = Chosen(run or (), experiment or (), where)
    with interruptible(), working(f"copying to {theirs.title}") as work:
        tally = copy_store(ours, theirs, chosen, is_dry=dry_run, progress=bar(work))
    _settle(theirs, is_dry=dry_run or tally.is_nothing_new)
    tell(tally, as_json=as_json, is_dry=dry_run)


def backup(
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="A folder, or a .duckdb or .zip file to be made.", show_default=False)
    ],
    zipped: Annotated[bool, typer.Option("--zip", help="One zip file instead of a file and a folder.")] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make a backup while others record; it is looked through when it is done, and is a store of its own."""
    from nbtrack.moving.backup import back_up  # noqa: PLC0415 - help is quick

    opened = options.open_store(store)
    with interruptible(), working("backing up") as work:
        made = back_up(opened, destination, is_zipped=zipped, progress=work.say)
    if as_json:
        show_json(made.as_dict())
    else:
        rows = f"{count(made.counts.get('runs', 0), 'run')}, {count(made.counts.get('metrics', 0), 'point')}"
        say(f"{made.path}: {rows}, {size(made.size)}.")
    for problem in [] if as_json else made.problems:
        complain("Problem", "red", problem)
    if made.problems:
        raise typer.Exit(1)


def _settle(store: "Store", *, is_dry: bool) -> None:
    """Bring what came into the tables now; where that is not possible, the next look does."""
    if not is_dry:
        try:
            fold(store)
        except NbtrackError as error:
            complain("Note", "yellow", str(error))


_COMMANDS = (
    ("import tensorboard", tensorboard, "logs/"),
    ("import wandb-offline", wandb_offline, "wandb/ --system"),
    ("import trackio", trackio, "~/.cache/huggingface/trackio"),
    ("import csv", csv, "results.csv --params lr,depth --metrics loss,acc --name id"),
    ("import parquet", parquet, "runs.parquet --experiment sweeps"),
    ("merge", merge, "runs.duckdb alices.duckdb bobs.duckdb"),
    ("copy", copy, "runs.duckdb http://tracker:5000 --experiment digits"),
    ("backup", backup, "/mnt/backups --zip"),
)
