"""``nbtrack server``: a store for a team, over HTTP."""

import sys
from typing import Annotated

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "server",
        epilog="Example: nbtrack server --store team.duckdb\n\nExample: nbtrack server --store team.duckdb --port 5000",
    )(server)


def server(
    store: options.Store = None,
    host: Annotated[
        str, typer.Option("--host", help="127.0.0.1, localhost or ::1: nobody else can reach it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 5000,
    as_json: options.Json = False,
) -> None:
    """Serve a store to nbtrack and to the unmodified MLflow client, with the web interface beside it."""
    from nbtrack.server.serve import TeamServer  # noqa: PLC0415 - help is quick

    found = TeamServer(options.open_local(store, is_new_fine=True), host=host, port=port)
    if as_json:
        show_json({"url": found.url, "pages": found.pages_url, "store": found.store.uri})
    else:
        say(f"mlflow.set_tracking_uri({found.url!r}), nbtrack.set_tracking_uri({found.url!r})")
        say(f"Web interface: {found.pages_url}")
        say("Ctrl+C ends it.", "dim")
    sys.stdout.flush()
    found.run()
