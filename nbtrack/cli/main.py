"""The command ``nbtrack``: its commands, and how their errors are told."""

import sys
import warnings
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from nbtrack.cli import (
    artifacts,
    demo,
    doctor,
    experiments,
    export,
    models,
    moving,
    moving_others,
    purge,
    reproduce,
    run,
    runs,
    server,
    serving,
    slices,
    sql,
    sync,
    ui,
)
from nbtrack.cli.output import complain, fail
from nbtrack.errors import NbtrackError, NbtrackWarning
from nbtrack.version import __version__

# The class is typer's or click's own, as the version of typer has it.
UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])
INTERRUPTED = 130
ORDER = [
    "run",
    "runs",
    "experiments",
    "artifacts",
    "models",
    "ui",
    "server",
    "sql",
    "sync",
    "reproduce",
    "slice",
    "import",
    "export",
    "merge",
    "copy",
    "backup",
    "doctor",
    "purge",
    "demo",
]


class Door(TyperGroup):
    """Says errors in one message: exit code 1 for nbtrack's, 2 for a command that cannot be understood."""

    def main(self, args: Any = None, *more: Any, **options: Any) -> Any:
        """Run the command line; with ``--json`` a usage error is JSON too."""
        words = list(sys.argv[1:] if args is None else args)
        if not wants_json(words) or not options.get("standalone_mode", True):
            return super().main(words, *more, **options)
        code: object = None
        try:
            code = super().main(words, *more, **{**options, "standalone_mode": False})
        except UsageError as error:
            fail("UsageError", cast("Any", error).format_message(), 2, as_json=True)
            code = 2
        except typer.Abort:
            fail("Abort", "Interrupted.", INTERRUPTED, as_json=True)
            code = INTERRUPTED
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; errors that have a message for the user end here."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = message_of(error)
            if told is None:
                raise
            fail(type(error).__name__, told, 1, as_json=wants_json(sys.argv[1:] if ctx.obj is None else ctx.obj))
            raise typer.Exit(1) from error

    def list_commands(self, ctx: Any) -> list[str]:
        """List the nouns first, then what is done now and then."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def make_context(self, info_name: Any, args: list[str], *more: Any, **options: Any) -> Any:
        """Keep the words, so that an error can be told as they ask for."""
        return super().make_context(info_name, args, *more, **{**options, "obj": list(args)})


def wants_json(words: list[str]) -> bool:
    """Say whether ``--json`` is among the options."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def message_of(error: Exception) -> str | None:
    """Return what the user should read of an error; None for one that is nbtrack's own fault."""
    if isinstance(error, NbtrackError):
        return str(error)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    return f"DuckDB: {error}" if is_duckdb(error) else None


def is_duckdb(error: Exception) -> bool:
    """Say whether DuckDB raised an error; duckdb itself is imported in the store only."""
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")


app = typer.Typer(
    name="nbtrack",
    cls=Door,
    help="Look at, tidy up and look after the runs that your notebooks recorded.",
    epilog="Example: nbtrack runs list --filter 'metrics.accuracy > 0.9'",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(runs.app, name="runs")
app.add_typer(experiments.app, name="experiments")
app.add_typer(artifacts.app, name="artifacts")
serving.register(models.app)
app.add_typer(models.app, name="models")
export.register(moving.exporting)
for noun in (run, ui, server, slices, sql, sync, moving, moving_others, doctor, purge, reproduce, demo):
    noun.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nbtrack {__version__}")
        raise typer.Exit


@app.callback()
def nbtrack(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Look at, tidy up and look after the runs that your notebooks recorded."""


def main() -> None:
    """Run ``nbtrack``, as the console script and ``python -m nbtrack`` do."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows a question mark, not a traceback
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    app()


def _show_warning(message: Any, category: type[Warning], *place: Any) -> None:
    if issubclass(category, NbtrackWarning):
        complain("Warning", "yellow", str(message))
    elif not issubclass(category, DeprecationWarning):
        print(f"{category.__name__}: {message}", file=sys.stderr)
    del place
