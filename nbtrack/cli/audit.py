"""``nbtrack server audit``: who did what on a server."""

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.tokens import DEFAULT, File
from nbtrack.cli.units import parse_span
from nbtrack.errors import InvalidValueError, NotFoundError

FIRST_BAD = 400


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("audit", epilog="Example: nbtrack server audit --store team.duckdb --user ada --since 7d")(audit)


def audit(
    store: options.Store = None,
    auth: File = DEFAULT,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only what this one did.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="Only what is newer: a span such as 7d or 90min, or a day such as 2027-01-31.",
            show_default=False,
        ),
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what did not go through.")] = False,
    limit: options.Limit = None,
    as_json: options.Json = False,
) -> None:
    """Show who did what on a server that knows its users, the newest last: changes, sign-ins and what was refused."""
    from nbtrack.server.access.audit import NAME, read  # noqa: PLC0415 - help is quick

    folder = _folder(store, auth)
    if not (folder / NAME).exists():
        raise NotFoundError("Audit log", NAME, where=str(folder), hint=" A server with --auth writes it.")
    begin = _begin(since)
    rows = options.rows_wanted(limit, as_json=as_json)
    found: deque[dict[str, Any]] = deque(maxlen=rows)
    for said in read(folder):
        is_user = user is None or said.get("user") == user
        is_bad = not refused or int(said.get("status") or 0) >= FIRST_BAD
        if is_user and is_bad and said["time"] >= begin:
            found.append(said)
    if as_json:
        show_json(list(found))
        return
    for said in found:
        say(_line(said), "red" if int(said.get("status") or 0) >= FIRST_BAD else "")
    if not found:
        say("Nothing of that is in the log.", "dim")


def _folder(store: str | None, auth: Path) -> Path:
    from nbtrack import config  # noqa: PLC0415 - help is quick
    from nbtrack.server.access.audit import place  # noqa: PLC0415

    named = store or config.tracking_uri()
    return place(named, auth if config.is_remote(named) else options.open_local(named).folder, auth)


def _begin(since: str | None) -> str:
    if since is None:
        return ""
    span = parse_span(since)
    try:
        then = datetime.now(UTC) - timedelta(seconds=span) if span is not None else datetime.fromisoformat(since)
    except (ValueError, OverflowError):
        message = f"{since!r} is no time; write a span such as 7d or 90min, or a day such as 2027-01-31."
        raise InvalidValueError(message) from None
    then = then.astimezone(UTC) if then.tzinfo else then.replace(tzinfo=UTC)
    return f"{then:%Y-%m-%dT%H:%M:%S.%fZ}"


def _line(said: dict[str, Any]) -> str:
    about = f"  {said['about']}" if said.get("about") else ""
    times = f"  {said['times']}x" if said.get("times") else ""
    who = said.get("user") or "nobody"
    return f"{said['time'][:19]}  {who}  {said.get('from')}  {said.get('status')}  {said.get('method')} {said.get('path')}{about}{times}"
