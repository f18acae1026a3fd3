"""``nbtrack slice``: the cells that produced a metric, as a script."""

from pathlib import Path
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.units import count

Metric = Annotated[str, typer.Argument(metavar="METRIC", help="As it was logged.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = "Example: nbtrack slice 43 acc --to train.py"
    app.command("slice", epilog=epilog)(slice_)


def slice_(
    run: options.Run,
    metric: Metric,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write the script there, not to stdout.", show_default=False),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Print the cells of a run's notebook that produced a metric, in executed order, as a script that runs by itself."""
    from nbtrack.errors import InvalidValueError  # noqa: PLC0415 - help is quick
    from nbtrack.tracking.cells import slice_run  # noqa: PLC0415

    found = slice_run(run, metric, options.open_store(store))
    if to is not None:
        if to.exists():
            raise InvalidValueError(f"{to} is there already; name another file.")
        found.save(to)
    if as_json:
        cells = [{"n": cell.n, "count": cell.count, "id": cell.id, "source": cell.source} for cell in found.cells]
        show_json(
            {
                "run_id": found.run_id,
                "metric": metric,
                "n_executed": found.n_executed,
                "cells": cells,
                "unknown": list(found.unknown),
                "script": found.script,
                "file": None if to is None else str(to.absolute()),
            }
        )
    elif to is None:
        typer.echo(found.script, nl=False)
    else:
        say(f"{count(len(found.cells), 'cell')} of {found.n_executed} produced {metric}: {to}")
