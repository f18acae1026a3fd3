"""``nbtrack sync``: sends what was recorded for a server while it did not answer."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.progress import working
from nbtrack.cli.units import size
from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from nbtrack.store.remote.store import ServerStore


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync", epilog="Example: nbtrack sync --store http://tracker:5000")(sync)


Server = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="The server; every one for which something waits, when not given."),
]


def sync(store: Server = None, as_json: options.Json = False) -> None:
    """Send records and files that wait on this machine for a server; without --store, for every server there is something for."""
    from nbtrack.store.remote.store import ServerStore, waiting_servers  # noqa: PLC0415 - help is quick

    urls = [store] if store else waiting_servers()
    told = [_sent(ServerStore(url)) for url in urls]
    if as_json:
        show_json(told)
    for each in [] if as_json else told:
        if each["error"]:
            say(f"{each['server']}: {size(each['waiting'])} of records wait on. {each['error']}")
        else:
            say(f"{each['server']}: {size(each['sent'])} of records sent, nothing waits.")
    if not as_json and not told:
        say("Nothing waits for any server.")
    if any(each["error"] for each in told):
        raise typer.Exit(1)


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
