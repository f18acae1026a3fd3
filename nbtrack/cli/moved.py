"""What the commands that move runs say of several sources, and what an interruption leaves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from nbtrack.cli.moving import LEFT_OUT, tell
from nbtrack.cli.output import note, say, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbtrack.moving.tally import Tally

INTERRUPTED = 130


@contextmanager
def interruptible() -> Iterator[None]:
    """Let somebody interrupt the block, and say what is left then."""
    try:
        yield
    except KeyboardInterrupt:
        note("Interrupted. What has come stays; the same command goes on from there.")
        raise typer.Exit(INTERRUPTED) from None


def tell_all(tallies: Mapping[str, Tally], *, as_json: bool, is_dry: bool) -> None:
    """Say what came of each source; exit with 3 when something was left out."""
    if as_json:
        show_json([{"source": source, "dry_run": is_dry, **tally.as_dict()} for source, tally in tallies.items()])
    for source, tally in () if as_json else tallies.items():
        say(f"{source}:")
        try:
            tell(tally, as_json=False, is_dry=is_dry)
        except typer.Exit:
            continue
    if any(tally.n_skipped for tally in tallies.values()):
        raise typer.Exit(LEFT_OUT)
