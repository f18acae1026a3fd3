"""``nbtrack server oidc``: whether sign-ins elsewhere will work, told before somebody tries."""

from pathlib import Path
from typing import Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.tokens import DEFAULT, File
from nbtrack.errors import NbtrackError, NotFoundError

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("oidc", epilog="Example: nbtrack server oidc --auth tokens.toml")(oidc)


def oidc(auth: File = DEFAULT, as_json: options.Json = False) -> None:
    """Check the sign-ins of a file of tokens: [oidc] for people, [workloads.NAME] for jobs; each issuer is asked once."""
    found = check(auth)
    if as_json:
        show_json(found)
    else:
        for each in found:
            _show(each)
    if any(each["problem"] for each in found):
        raise typer.Exit(1)


def check(auth: Path) -> list[dict[str, Any]]:
    """Return what is known of each issuer, and what is wrong with it."""
    from nbtrack.server.access import tokens  # noqa: PLC0415 - help is quick
    from nbtrack.server.access.bearers import Bearers  # noqa: PLC0415
    from nbtrack.server.access.oidc import settings  # noqa: PLC0415

    read = settings.read(tokens.tables(auth), auth)
    if not read:
        raise NotFoundError("A sign-in", "[oidc]", where=str(auth), hint=" docs/sign-in.md tells how one is written.")
    known = Bearers(read)
    found = [_about(known, source) for source in known.sources()]
    if read.login is not None:
        found[0] |= {"redirect_uri": read.login.back_url, "has_secret": bool(read.login.client_secret)}
    return found


def _about(known: Any, source: Any) -> dict[str, Any]:
    problem = ""
    try:
        said = known.issuer(source).about()
        missing = [name for name in NEEDED if not said.get(name) and (not source.label or name == "jwks_uri")]
        problem = f"{source.host} does not name its {', '.join(missing)}." if missing else ""
    except NbtrackError as error:
        problem = str(error)
    return {
        "table": f"workloads.{source.label}" if source.label else "oidc",
        "issuer": source.issuer,
        "audiences": list(source.audiences),
        "name": source.name,
        "grants": [_grant(grant) for grant in source.grants],
        "problem": problem,
    }


def _grant(grant: Any) -> dict[str, Any]:
    by_name = {kind: {k: str(v) for k, v in getattr(grant, kind).items()} for kind in ("experiments", "models")}
    return {
        "who": [f"{name} = {' | '.join(patterns)}" for name, patterns in grant.wanted],
        "role": str(grant.role),
        **by_name,
    }


def _show(each: dict[str, Any]) -> None:
    say(f"[{each['table']}] {each['issuer']}", "bold")
    say(f"  {each['problem']}" if each["problem"] else "  answers", "red" if each["problem"] else "green")
    if each.get("redirect_uri"):
        say(f"  register there as redirect URI: {each['redirect_uri']}")
        say(
            f"  {'with a client secret' if each['has_secret'] else 'as a public client, without a secret'}, code flow with PKCE (S256)"
        )
    else:
        say(f"  audience of tokens: {', '.join(each['audiences'])}")
    say(f"  people are known by {each['name']}" if each.get("redirect_uri") else f"  jobs are known by {each['name']}")
    for grant in each["grants"]:
        more = [
            f"{kind} {pattern}={role}" for kind in ("experiments", "models") for pattern, role in grant[kind].items()
        ]
        roles = [*([] if grant["role"] == "none" else [grant["role"]]), *more]
        say(f"  {' and '.join(grant['who'])}: {', '.join(roles)}")
