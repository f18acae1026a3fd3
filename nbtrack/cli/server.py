"""``nbtrack server``: a store for a team, over HTTP."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nbtrack.cli import audit, oidc, options, tokens
from nbtrack.cli.output import clean, say, show_json

Certificate = Annotated[
    Path | None,
    typer.Option("--ssl-certfile", metavar="FILE", help="PEM: speak TLS with this certificate.", show_default=False),
]
Key = Annotated[Path | None, typer.Option("--ssl-keyfile", metavar="FILE", help="PEM: its key.", show_default=False)]
Proxies = Annotated[
    str,
    typer.Option(
        "--behind-proxy",
        metavar="ADDRESSES",
        help="Reverse proxies whose X-Forwarded-For and -Proto are believed, as in '127.0.0.1,10.0.0.0/8'; '*': all.",
        show_default=False,
    ),
]
RootPath = Annotated[
    str,
    typer.Option("--root-path", metavar="PATH", help="Where the proxy shows it, as in /nbtrack.", show_default=False),
]
Artifacts = Annotated[
    str | None,
    typer.Option(
        "--artifacts",
        metavar="PLACE",
        help="Where files are kept: a folder, s3://bucket/path, gs://… or az://…; remembered. Beside the store when never given.",
        show_default=False,
    ),
]
Redirect = Annotated[
    bool,
    typer.Option(
        "--redirect",
        help="Send programs that ask for a file to the object store itself, with a URL signed for five minutes.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(
        invoke_without_command=True,
        callback=server,
        epilog="Example: nbtrack server --store team.duckdb\n\n"
        "Example: nbtrack server --store team.duckdb --auth tokens.toml --host 0.0.0.0\n\n"
        "Example: nbtrack server --store team.duckdb --artifacts s3://bucket/team\n\n"
        "Example: nbtrack server --store postgresql://nbtrack@db/runs --auth tokens.toml",
    )
    tokens.register(group)
    audit.register(group)
    oidc.register(group)
    app.add_typer(group, name="server")


def server(  # noqa: PLR0913, PLR0917 - options of a command
    context: typer.Context,
    store: options.Store = None,
    host: Annotated[
        str, typer.Option("--host", help="Others than 127.0.0.1, localhost and ::1 need --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes a free one.")] = 5000,
    auth: tokens.Auth = None,
    allowed_hosts: Annotated[
        str,
        typer.Option(
            "--allowed-hosts",
            metavar="NAMES",
            help="Names by which it is asked, as in 'ml.example.org,*.lab', besides those of this machine.",
            show_default=False,
        ),
    ] = "",
    ssl_certfile: Certificate = None,
    ssl_keyfile: Key = None,
    behind_proxy: Proxies = "",
    root_path: RootPath = "",
    artifacts: Artifacts = None,
    redirect: Redirect = False,
    as_json: options.Json = False,
) -> None:
    """Serve a store to nbtrack and to the unmodified MLflow client, with the web interface beside it."""
    if context.invoked_subcommand is not None:
        return
    from nbtrack.server.front import Front  # noqa: PLC0415 - help is quick
    from nbtrack.server.serve import TeamServer  # noqa: PLC0415
    from nbtrack.serving.files import raise_file_limit  # noqa: PLC0415

    front = Front(ssl_certfile, ssl_keyfile, _names(behind_proxy), root_path)
    opened = options.open_served(store)
    kept = opened.blobs.keep_at(artifacts)
    found = TeamServer(
        opened,
        host=host,
        port=port,
        auth=auth,
        allowed_hosts=_names(allowed_hosts),
        front=front,
        redirects=redirect,
    )
    if as_json:
        show_json({"url": found.url, "pages": found.pages_url, "store": found.store.uri, "artifacts": kept})
    else:
        say(f"mlflow.set_tracking_uri({found.url!r}), nbtrack.set_tracking_uri({found.url!r})")
        say(f"Web interface: {found.pages_url}")
        for place in kept[:1]:
            say(f"Files: {clean(place)}")
        say("Ctrl+C ends it.", "dim")
    sys.stdout.flush()
    raise_file_limit()
    found.run()


def _names(text: str) -> tuple[str, ...]:
    """Return what stands between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
