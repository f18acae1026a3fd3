"""``nbtrack reproduce``: make a recorded run again, and say whether it comes out the same."""

from pathlib import Path
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.progress import working

DIFFERS = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "reproduce",
        epilog=(
            "Example: nbtrack reproduce 43\n\n"
            "Example: nbtrack reproduce calm-otter-12 --folder /tmp/again --env local --tolerance 1e-3"
        ),
    )(reproduce)


def reproduce(
    run: options.Run,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="FOLDER",
            help="Where to rebuild the code: new, empty, or one made for this run before. A temporary one when not given.",
            show_default=False,
        ),
    ] = None,
    env: Annotated[
        str, typer.Option("--env", metavar="uv|local", help="The recorded packages by uv, or the environment of now.")
    ] = "uv",
    tolerance: Annotated[
        float, typer.Option("--tolerance", metavar="X", help="Relative difference up to which metrics are the same.")
    ] = 1e-6,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what the code prints, on stderr.")] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make a run again from its commit, changes, code and packages, and compare metric by metric.

    Exit status: 0 when all metrics are as they were, 3 when not, 1 when the run cannot be made again at all.
    The recorded code is run as it is: reproduce what you trust.
    """
    from nbtrack.reruns.reproduce import reproduce as make_again  # noqa: PLC0415 - help is quick

    opened = options.open_store(store)
    with working(f"reproducing {run}") as work:

        def tell(line: str) -> None:
            work.say(line[:60])
            if verbose:
                typer.echo(line, err=True)

        found = make_again(run, folder, env=env, tolerance=tolerance, store=opened, progress=tell)
    if as_json:
        show_json(found.to_dict())
    else:
        say(repr(found))
    if found.error:
        raise typer.Exit(1)
    if not found.matches:
        raise typer.Exit(DIFFERS)
