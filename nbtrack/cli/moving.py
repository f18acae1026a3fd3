"""``nbtrack import`` and ``nbtrack export mlflow``: what other trackers have kept comes in, and goes out."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from nbtrack.cli import options
from nbtrack.cli.output import note, say, show_json
from nbtrack.cli.progress import Work, working
from nbtrack.cli.units import count, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.moving.tally import Tally

LEFT_OUT = 3
"""Exit code when all went well but something had to be left out."""
SHOWN = 20
HTML = "html"

importing = typer.Typer(
    help="Take in what others have kept; ids and times stay, and what is here already is not taken twice.",
    no_args_is_help=True,
)
Experiments = Annotated[
    list[str] | None,
    typer.Option(
        "--experiment",
        metavar="NAME",
        help="Only this one; give it again for more. All when not given.",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would come.")]


class PagesFirst(TyperGroup):
    """``nbtrack export FILE`` is ``nbtrack export html FILE``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual word in front of what is none of the others."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [HTML, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """List the usual one first."""
        return sorted(super().list_commands(ctx), key=lambda name: (name != HTML, name))


exporting = typer.Typer(
    cls=PagesFirst,
    help="Write runs into one HTML file, or as MLflow keeps them. `nbtrack export FILE` is `nbtrack export html FILE`.",
    epilog="Example: nbtrack export best.html --filter 'metrics.accuracy > 0.9'",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(importing, name="import")
    app.add_typer(exporting, name="export")


@importing.command("mlflow", epilog="Example: nbtrack import mlflow ./mlruns --experiment iris --dry-run")
def import_mlflow(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A mlruns folder, sqlite:///mlflow.db, postgresql://…, mysql://…, or http://… of a tracking server.",
            show_default=False,
        ),
    ],
    experiment: Experiments = None,
    artifacts: Annotated[
        str | None,
        typer.Option(
            "--artifacts",
            metavar="PLACE",
            help="Where artifacts are, when not where MLflow says nor beside it: a folder, or s3://…, gs://…, az://….",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take in runs, metrics with their history, artifacts, models and registered models of MLflow.

    Run it again to go on after an interruption, or for what is new.
    """
    from nbtrack.moving.mlflow import importing  # noqa: PLC0415 - help is quick

    into = options.open_store(store, is_new_fine=True)
    with working(f"reading {source.rpartition('@')[2]}") as work:
        tally = importing.import_mlflow(
            source, into, experiments=experiment or (), artifacts=artifacts, is_dry=dry_run, progress=bar(work)
        )
        if not dry_run and not tally.is_nothing_new:
            work.say("folding journals")
            into.fold(timeout=60.0, progress=lambda n: work.say(f"folding journals: {n:,} records"))
    tell(tally, as_json=as_json, is_dry=dry_run)


def bar(work: Work) -> "Callable[[str, int, int], None]":
    """Return what shows words, and how much is done of how much; of 0 where nobody knows."""

    def show(words: str, done: int, total: int) -> None:
        work.say(f"{done:,}{f' of {total:,}' if total else ''} runs · {words}")
        work.reach(done, total or None)

    return show


def tell(tally: "Tally", *, as_json: bool, is_dry: bool = False, did: str = "Came") -> None:
    """Say what came, what was there already, and what was left out; exit with 3 when something was."""
    if as_json:
        show_json({"dry_run": is_dry, **tally.as_dict()})
    else:
        say(_summary(tally, "Would come" if is_dry else did))
        for text in tally.notes[:SHOWN]:
            note(text)
        for what, why in tally.skipped[:SHOWN]:
            note(f"Left out: {what}: {why}")
        if tally.n_skipped > SHOWN:
            note(f"… and {tally.n_skipped - SHOWN:,} more; --json has up to 1,000 of them.")
    if tally.n_skipped:
        raise typer.Exit(LEFT_OUT)


def _summary(tally: "Tally", did: str) -> str:
    runs, known = tally.runs, tally.runs.known
    if tally.is_nothing_new and not tally.n_skipped:
        return (
            f"Nothing new: {count(known, 'run')} and {count(tally.versions.known, 'model version')} are there already."
        )
    parts = [count(runs.new, "new run")]
    parts += [f"{runs.changed:,} with something new"] if runs.changed else []
    parts += [f"{known:,} known"] if known else []
    lines = [f"{did}: {', '.join(parts)}"]
    files = f"{count(tally.files, 'file')} ({size(tally.bytes)})"
    lines.append(f"{count(tally.points, 'point')}, {files}, {count(tally.experiments.new, 'new experiment')}")
    versions = tally.versions.new
    if versions or tally.models.new:
        lines.append(f"{count(tally.models.new, 'new registered model')}, {count(versions, 'new version')}")
    if tally.n_skipped:
        lines.append(f"{tally.n_skipped:,} left out")
    return "\n".join(lines)


@exporting.command("mlflow", epilog="Example: nbtrack export mlflow ./mlruns --experiment iris")
def export_mlflow(
    dest: Annotated[
        str,
        typer.Argument(
            metavar="DEST", help="A folder as MLflow's mlruns, or http://… of a tracking server.", show_default=False
        ),
    ],
    experiment: Experiments = None,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Only this one: number, name or id; give it again for more.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Write runs, metrics with their history, artifacts, models and registered models as MLflow keeps them; what is there stays."""
    from nbtrack.moving.mlflow import exporting  # noqa: PLC0415 - help is quick

    out_of = options.open_store(store)
    with working(f"writing {dest.rpartition('@')[2]}") as work:
        tally = exporting.export_mlflow(
            out_of, dest, experiments=experiment or (), runs=run or (), is_dry=dry_run, progress=bar(work)
        )
    tell(tally, as_json=as_json, is_dry=dry_run, did="Wrote")
