"""``nbtrack purge``: deletes for good what is in the trash, and gives the disk space back."""

import sys
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, say, show_json
from nbtrack.cli.progress import fold, working
from nbtrack.cli.sql import fetch
from nbtrack.cli.units import count, parse_span, size

_TRASH = (
    "SELECT (SELECT count(*) FROM runs WHERE lifecycle_stage = 'deleted' OR experiment_id IN "
    "(SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'deleted')), "
    "(SELECT count(*) FROM experiments WHERE lifecycle_stage = 'deleted')"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("purge", epilog="Example: nbtrack purge --older-than 30d --yes")(purge)


def purge(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="TIME",
            help="Only what has been in the trash for so long: 30d, 12h, 1d12h, 45min.",
            show_default=False,
        ),
    ] = "0s",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Delete for good the runs and experiments in the trash: rows, history, and files that no other run has."""
    seconds = parse_span(older_than)
    if seconds is None:
        raise typer.BadParameter(
            f"{older_than!r} is no time span; use 30d, 12h, 1d12h or 45min.", param_hint="--older-than"
        )
    opened = options.open_local(store)
    if not yes:
        _ask(older_than if seconds else "", str(opened.path), *fetch(opened, _TRASH)[1][0], as_json=as_json)
    opened.check_writable()
    fold(opened)
    with working("purging") as work:
        done = opened.purge(older_than_s=seconds, progress=work.say)
    if as_json:
        show_json(done)
        return
    freed = size(done["artifact_bytes"] + done["file_bytes"])
    what = f"{count(done['runs'], 'run')} and {count(done['experiments'], 'experiment')}"
    say(f"Deleted {what} for good; {freed} are free again.")
    if done["kept_runs"]:
        is_one = done["kept_runs"] == 1
        told = (
            "stays in the trash: registered versions need it"
            if is_one
            else "stay in the trash: registered versions need them"
        )
        say(f"{count(done['kept_runs'], 'run')} {told} (`nbtrack models list`).")


def _ask(older_than: str, place: str, n_runs: int, n_experiments: int, *, as_json: bool) -> None:
    if as_json or not _someone_is_there():
        raise typer.BadParameter("Nobody is there to be asked; say --yes.", param_hint="--yes")
    trash = f"{count(n_runs, 'run')} and {count(n_experiments, 'experiment')}"
    which = f"what has been in the trash for {older_than} or longer" if older_than else "what is in the trash"
    question = f"Delete {which} of {clean(place)} for good? The trash has {trash}."
    typer.confirm(question, abort=True, err=True)


def _someone_is_there() -> bool:
    return sys.stdin.isatty()
