"""``nbtrack doctor``: what is in a store, what is wrong with it, and its DuckDB file made anew."""

from typing import Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, complain, say, show_json
from nbtrack.cli.progress import working
from nbtrack.cli.units import count, size


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog="Example: nbtrack doctor\n\nExample: nbtrack doctor --rebuild")(doctor)


def doctor(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the DuckDB file anew from the history; the old one is kept.")
    ] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Look at every part of a store and say what is wrong; the exit code is 1 when something is."""
    from nbtrack.store import health  # noqa: PLC0415 - brings DuckDB

    opened = options.open_local(store)
    found: dict[str, Any] = {}
    if rebuild:
        opened.check_writable()
        with working("rebuilding") as work:
            found["rebuilt"] = health.rebuild(opened.path, opened.folder, work.say)
    with working("looking at the store"):
        found |= health.examine(opened.path, opened.folder, opened.blobs)
    if as_json:
        show_json(found)
    else:
        _tell(found)
    if found["problems"]:
        raise typer.Exit(1)


def _tell(found: dict[str, Any]) -> None:
    if "rebuilt" in found:
        kept = found["rebuilt"]["kept"]
        aside = f"; the old file is {kept}" if kept else ""
        say(f"Made anew from {count(found['rebuilt']['records'], 'record')}{aside}.")
    held = found["bytes"]
    rows = {
        "store": found["store"],
        "duckdb": found["duckdb"],
        "holds": ", ".join(f"{n:,} {name}" for name, n in found["counts"].items()),
        "on disk": f"{size(held['file'])} tables, {size(held['history'])} history, {size(held['journals'])} journals",
        "files": _files(found["files"]),
        "writing now": count(found["writers_alive"], "process", "processes"),
        "quarantine": ", ".join(found["quarantined"]),
    }
    say("\n".join(f"{name:12} {clean(value)}" for name, value in rows.items() if value))
    for problem in found["problems"]:
        complain("Problem", "red", problem)
    if not found["problems"]:
        say("All is well.", "green")


def _files(told: dict[str, Any]) -> str:
    """Return where files are, when it is not beside the store."""
    if not told["places"]:
        return ""
    if "there" not in told:
        return str(told["places"][0])
    waiting = f", {told['waiting']:,} wait here (nbtrack sync)" if told["waiting"] else ""
    return f"{told['there']:,} in {told['places'][0]}{waiting}"
