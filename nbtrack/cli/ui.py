"""``nbtrack ui``: the runs of a store in the browser."""

import os
import sys
import webbrowser
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "ui", epilog="Example: nbtrack ui\n\nExample: nbtrack ui --store study/runs.duckdb --port 8500 --no-open"
    )(ui)


def ui(
    store: options.Store = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 0,
    host: Annotated[
        str, typer.Option("--host", help="127.0.0.1, localhost or ::1: nobody else can reach it.")
    ] = "127.0.0.1",
    open_browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open a browser; asked of nobody, it opens one on a terminal with a display.",
            show_default=False,
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="NBTRACK_UI_TOKEN",
            help="What lets a browser in; a new one each time when not given.",
            show_default=False,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look at runs in the browser: the table, parallel coordinates and curves of the notebook, live, for this machine only."""
    from nbtrack.server.running import Interface  # noqa: PLC0415 - help is quick

    interface = Interface(options.open_local(store), host=host, port=port, token=token)
    if as_json:
        show_json({"url": interface.url, "store": interface.store.uri})
    else:
        say(interface.url)
        say("Ctrl+C ends it.", "dim")
    sys.stdout.flush()
    has_display = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if open_browser or (open_browser is None and has_display and sys.stdout.isatty()):
        webbrowser.open(interface.url)
    interface.run()
