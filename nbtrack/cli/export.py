"""``nbtrack export html``, or without that word: runs as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.progress import working
from nbtrack.errors import InvalidValueError


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = "Example: nbtrack export html best.html --filter 'metrics.accuracy > 0.9' --title 'Best of May'"
    app.command("html", epilog=epilog)(export)


def export(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="The page to write, such as demo.html.", show_default=False)
    ],
    filter_string: options.Filter = "",
    views: Annotated[
        str, typer.Option("--views", metavar="NAMES", help="Which views, as in runs,parallel,curves,artifacts.")
    ] = "runs,parallel,curves",
    title: Annotated[
        str, typer.Option("--title", help="Heading; the name of the store when not given.", show_default=False)
    ] = "",
    notes: Annotated[
        Path | None,
        typer.Option("--notes", metavar="FILE", help="Markdown to show on top; - reads stdin.", show_default=False),
    ] = None,
    history_points: Annotated[
        int | None,
        typer.Option(
            "--history-points",
            min=2,
            help="Points of a curve; as many as there is room for when not given.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[bool, typer.Option("--folder", help="Write a folder with index.html, for large stores.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is no page of nbtrack.")] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Write runs into one HTML file that needs neither Python nor a network: filter, sort, brush and select work in it."""
    from nbtrack.exports.html import export as write  # noqa: PLC0415 - help is quick
    from nbtrack.tracking import active  # noqa: PLC0415

    active.set_tracking_uri(options.open_store(store).uri)
    with working("reading runs") as work:
        done = write(
            path,
            filter_string or None,
            views=[name.strip() for name in views.split(",") if name.strip()],
            title=title,
            notes=_notes(notes),
            history_points=history_points,
            folder=folder,
            overwrite=overwrite,
            progress=work.say,
        )
    if as_json:
        show_json({"path": str(done.path), "bytes": done.bytes, "runs": done.runs, "left_out": done.left_out})
    else:
        say(f"Wrote {done}")


def _notes(file: Path | None) -> str:
    if file is None:
        return ""
    if str(file) == "-":
        return typer.get_text_stream("stdin").read()
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{file} is no UTF-8 text: {error.reason} at byte {error.start}."
        raise InvalidValueError(message) from error
