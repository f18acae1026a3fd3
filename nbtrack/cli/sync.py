"""``nbtrack sync``: sends what was recorded for a server while it did not answer."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack import config
from nbtrack.cli import options
from nbtrack.cli.output import clean, say, show_json
from nbtrack.cli.progress import working
from nbtrack.cli.units import count, size
from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from nbtrack.store.remote.store import ServerStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync", epilog="Example: nbtrack sync --store http://tracker:5000")(sync)


Server = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The server; or a store on this machine whose files go elsewhere. When not given, every server for which something waits.",
    ),
]


def sync(store: Server = None, as_json: options.Json = False) -> None:
    """Send what waits on this machine: records and files for a server, files of a store that keeps them elsewhere."""
    if store and not config.is_remote(store):
        _move(store, as_json=as_json)
        return
    from nbtrack.store.remote.store import waiting_servers  # noqa: PLC0415 - help is quick

    urls = [store] if store else waiting_servers()
    told = [_sent(_at(url)) for url in urls]
    if as_json:
        show_json(told)
    for each in [] if as_json else told:
        if each["error"]:
            say(f"{each['server']}: {size(each['waiting'])} of records wait on. {each['error']}")
        else:
            sent = f"{size(each['sent'])} of records sent, " if each["sent"] else ""
            say(f"{each['server']}: {sent}nothing waits.")
    if not as_json and not told:
        say("Nothing waits for any server.")
    if any(each["error"] for each in told):
        raise typer.Exit(1)


def _move(store: str, *, as_json: bool) -> None:
    """Bring the files of a local store to their place."""
    opened = options.open_local(store)
    places = opened.blobs.kept_at()
    n_files = 0
    if places:
        with working(f"bringing files to {places[0]}") as work:
            n_files = opened.blobs.flush(lambda done, n: work.say(f"bringing files to {places[0]}: {done:,} of {n:,}"))
    if as_json:
        show_json({"store": opened.uri, "places": places, "files": n_files})
    elif places:
        say(f"{clean(places[0])}: {count(n_files, 'file')} brought there, nothing waits.")
    else:
        say(f"{clean(opened.uri)} keeps its files beside it; nothing waits.")


def _at(url: str) -> "ServerStore":
    """Return the store at a URL, new: what this process has open is no concern here."""
    from nbtrack.store.remote.store import ServerStore  # noqa: PLC0415 - help is quick

    if config.is_database(url):
        from nbtrack.store.postgres.store import PostgresStore  # noqa: PLC0415 - only for those who have a database

        return PostgresStore(url)
    return ServerStore(url)


def _sent(store: "ServerStore") -> dict[str, Any]:
    """Send what waits for one server; what goes wrong with it keeps nothing back from the others."""
    found: dict[str, Any] = {"server": store.uri, "sent": 0, "error": None}
    try:
        with working(f"sending to {store.title}") as work:
            found["sent"] = store.sync(progress=lambda n: work.say(f"sending to {store.title}: {size(n)}"))
    except NbtrackError as error:
        found["error"] = str(error)
    found["waiting"] = store.shipper.waiting()
    store.connection.close()
    return found
