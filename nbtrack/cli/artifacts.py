"""``nbtrack artifacts``: the files of a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show, show_json, text
from nbtrack.cli.progress import working
from nbtrack.cli.units import count, size

if TYPE_CHECKING:
    from nbtrack.entities import ArtifactInfo

app = typer.Typer(
    help="Files of runs: list, download.", epilog="Example: nbtrack artifacts list 12", no_args_is_help=True
)
ArtifactPath = Annotated[
    str,
    typer.Argument(metavar="[PATH]", help="A folder or file of the run; all of it when not given.", show_default=False),
]


@app.command("list", epilog="Example: nbtrack artifacts list 12 plots")
def list_artifacts(
    run: options.Run, path: ArtifactPath = "", store: options.Store = None, as_json: options.Json = False
) -> None:
    """List the files of a run, with those in its folders."""
    from rich.table import Table  # noqa: PLC0415 - help is quick

    from nbtrack.names import check_artifact_path  # noqa: PLC0415
    from nbtrack.tracking.downloads import walk  # noqa: PLC0415

    opened = options.open_store(store)
    name = check_artifact_path(path.strip("/")) if path.strip("/") else ""
    files = list(walk(opened, opened.resolve_run(run), name))
    if as_json:
        show_json(files)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("path", no_wrap=True, overflow="ellipsis")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("type", style="dim", no_wrap=True, overflow="ellipsis")
    for info in files:
        table.add_row(text(info.path), size(info.file_size), text(info.mime or ""))
    if files:
        show(table)
    say(f"{count(len(files), 'file')}, {size(sum(info.file_size or 0 for info in files))}", "dim")


@app.command(
    epilog="Example: nbtrack artifacts download 12\n\nExample: nbtrack artifacts download 12 plots/loss.png --to ."
)
def download(
    run: options.Run,
    path: ArtifactPath = "",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="FOLDER", help="Where to put them; ./run-NUMBER when not given.", show_default=False
        ),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Copy files of a run into a folder, each checked against its digest; files of the same name there are replaced."""
    from nbtrack.names import check_artifact_path  # noqa: PLC0415
    from nbtrack.tracking import downloads  # noqa: PLC0415

    opened = options.open_store(store)
    info = opened.get_run(opened.resolve_run(run)).info
    name = check_artifact_path(path.strip("/")) if path.strip("/") else ""
    files = list(downloads.walk(opened, info.run_id, name))
    total = sum(file.file_size or 0 for file in files)
    folder = to or Path(f"run-{info.number or info.run_id}")
    if files:
        with working("copying", total=total) as work:

            def copied(file: "ArtifactInfo") -> None:
                work.say(f"copied {file.path}")
                work.advance(file.file_size or 0)

            downloads.download(opened, info.run_id, name, folder, copied)
    if as_json:
        show_json({"folder": str(folder.absolute()), "files": files, "bytes": total})
    elif files:
        say(f"Copied {count(len(files), 'file')}, {size(total)}, to {folder}.")
    else:
        say(f"Run #{info.number} {info.run_name} has no files.", "dim")
