"""``nbtrack server token``: who may use a server, and for what."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.units import parse_span
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from nbtrack.server.access.roles import Role

Auth = Annotated[
    Path | None,
    typer.Option("--auth", metavar="FILE", help="Who may use it: a file that `token add` makes.", show_default=False),
]
File = Annotated[Path, typer.Option("--auth", metavar="FILE", help="The file of tokens.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a user or a program.", show_default=False)]
DEFAULT = Path("tokens.toml")
app = typer.Typer(help="Tokens: add, list, remove. A running server sees changes at once.", no_args_is_help=True)


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.add_typer(app, name="token")


@app.command(
    "add", epilog="Example: nbtrack server token add ada --role read --experiment 'vision/*=write' --expires 90d"
)
def add(
    name: Name,
    auth: File = DEFAULT,
    role: Annotated[
        str, typer.Option("--role", help="For everything: none, read, write or admin; metrics: for /metrics only.")
    ] = "none",
    experiment: Annotated[
        list[str] | None,
        typer.Option("--experiment", metavar="PATTERN=ROLE", help="More for some experiments.", show_default=False),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="PATTERN=ROLE", help="More for some registered models.", show_default=False),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="WHEN",
            help="How long it is good for, as in 90d or 12h, or until when, as in 2027-01-31; for ever when not given.",
            show_default=False,
        ),
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password instead of making a secret.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Add a token. Its secret is shown once; the file has only its hash."""
    from nbtrack.server.access import tokens  # noqa: PLC0415 - help is quick
    from nbtrack.server.access.roles import User, role_of  # noqa: PLC0415

    chosen = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    user = User(name, role_of(role), _grants(experiment), _grants(model))
    secret = tokens.add(auth, user, expires=_end(expires), password=chosen)
    if as_json:
        show_json({"name": name, "token": None if password else secret, "auth": str(auth)})
    elif password:
        say(f"MLFLOW_TRACKING_USERNAME={name}, with the password as MLFLOW_TRACKING_PASSWORD.")
    else:
        say(secret)
        say("This is shown once. Set it as NBTRACK_TRACKING_TOKEN or MLFLOW_TRACKING_TOKEN, or sign in with it.", "dim")


def _end(given: str | None) -> datetime | None:
    if given is None:
        return None
    span, now = parse_span(given), datetime.now(UTC)
    try:
        end = now + timedelta(seconds=span) if span is not None else datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        message = f"{given!r} is no time; write a span such as 90d or 12h, or a day such as 2027-01-31."
        raise InvalidValueError(message) from None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    if end <= now:
        message = f"{given!r} is over; the token would be refused from the beginning."
        raise InvalidValueError(message)
    return end


def _grants(given: list[str] | None) -> dict[str, "Role"]:
    from nbtrack.server.access.roles import role_of  # noqa: PLC0415 - help is quick

    found = {}
    for each in given or ():
        pattern, sign, role = each.rpartition("=")
        if not sign:
            message = f"{each!r} is no grant; write it as PATTERN=ROLE, such as 'vision/*=write'."
            raise InvalidValueError(message)
        found[pattern] = role_of(role)
    return found


@app.command("list", epilog="Example: nbtrack server token list --auth tokens.toml")
def list_all(auth: File = DEFAULT, as_json: options.Json = False) -> None:
    """List names, roles, how long they are good for and when they were used last."""
    from nbtrack.server.access import tokens, used  # noqa: PLC0415 - help is quick

    last = used.read(used.place(auth))
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "role": str(token.user.role),
            "experiments": {k: str(v) for k, v in token.user.experiments.items()},
            "models": {k: str(v) for k, v in token.user.models.items()},
            "expires": f"{token.expires:%Y-%m-%dT%H:%M:%SZ}" if token.expires else None,
            "is_expired": token.is_expired,
            "last_used": last.get(name),
        }
        for name, token in tokens.read(auth).items()
    ]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        grants = [f"{k} {p}={r}" for k in ("experiments", "models") for p, r in row[k].items()]
        end = "for ever" if row["expires"] is None else f"{'ended' if row['is_expired'] else 'until'} {row['expires']}"
        use = f"last used {row['last_used']}" if row["last_used"] else "never used"
        say("  ".join([str(row["name"]), str(row["role"]), end, use, *grants]))


@app.command("remove", epilog="Example: nbtrack server token remove ada")
def remove(name: Name, auth: File = DEFAULT, as_json: options.Json = False) -> None:
    """Take a token away: it is refused from then on."""
    from nbtrack.server.access import tokens  # noqa: PLC0415 - help is quick

    tokens.remove(auth, name)
    if as_json:
        show_json({"removed": name})
    else:
        say(f"{name} is no more.")
