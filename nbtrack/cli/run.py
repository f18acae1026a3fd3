"""``nbtrack run``: a project, a script or a notebook as a run."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import note, say, show_json
from nbtrack.cli.progress import working
from nbtrack.errors import InvalidValueError, ProjectFailedError

EXAMPLE = "Example: nbtrack run https://github.com/mlflow/mlflow-example -P alpha=0.4"
ENDED = 128 + signal.SIGTERM


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", epilog=EXAMPLE)(run)


Uri = Annotated[
    str,
    typer.Argument(
        metavar="URI",
        help="A folder, a git repository (https, ssh, file://), a zip file, each with #subdir; a script or notebook.",
        show_default=False,
    ),
]
EntryPoint = Annotated[
    str, typer.Option("--entry-point", "-e", metavar="ENTRY", help="Of the MLproject file, or a script in it.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param-list", "-P", metavar="NAME=VALUE", help="A parameter; again for more.", show_default=False),
]
Version = Annotated[
    str | None, typer.Option("--version", "-v", metavar="VERSION", help="Branch, tag or commit.", show_default=False)
]
EnvManager = Annotated[
    str | None,
    typer.Option(
        "--env-manager",
        metavar="uv|local",
        help="Who makes the environment; uv when the project wants packages, else this Python.",
        show_default=False,
    ),
]
Experiment = Annotated[
    str | None,
    typer.Option("--experiment", "--experiment-name", metavar="NAME", help="Where the run goes.", show_default=False),
]
RunName = Annotated[
    str | None, typer.Option("--run-name", metavar="NAME", help="What the run is called.", show_default=False)
]
Backend = Annotated[str, typer.Option("--backend", "-b", metavar="NAME", help="local, dask, slurm or kubernetes.")]
BackendConfig = Annotated[
    str | None,
    typer.Option("--backend-config", "-c", metavar="FILE", help="Its settings, in JSON.", show_default=False),
]
DockerArgs = Annotated[
    list[str] | None,
    typer.Option("--docker-args", "-A", metavar="NAME=VALUE", help="An option of docker run.", show_default=False),
]
AllowUrls = Annotated[
    bool, typer.Option("--allow-urls", help="Requirements may be fetched from addresses and other indexes.")
]


def run(  # noqa: PLR0913, PLR0917 - options
    uri: Uri,
    entry_point: EntryPoint = "main",
    parameters: Parameters = None,
    version: Version = None,
    env_manager: EnvManager = None,
    experiment: Experiment = None,
    run_name: RunName = None,
    backend: Backend = "local",
    backend_config: BackendConfig = None,
    docker_args: DockerArgs = None,
    allow_urls: AllowUrls = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Run a project, script or notebook, and record it: parameters, code, environment, output, and what it logs."""
    from nbtrack.projects.launching import run as start  # noqa: PLC0415 - help is quick
    from nbtrack.tracking import active  # noqa: PLC0415

    given = pairs(parameters or [], "-P", "alpha=0.5")
    for_docker = {name: value if has_value else True for name, value, has_value in _split(docker_args or [])}
    active.set_tracking_uri(options.open_store(store, is_new_fine=True).uri if store else None)
    failed: ProjectFailedError | None = None
    with _ends_with_us(), _stdout_is_json(as_json), contextlib.ExitStack() as shown:
        work = shown.enter_context(working("the project"))
        try:
            going = start(
                uri,
                entry_point,
                version,
                given,
                for_docker,
                experiment=experiment,
                backend=backend,
                backend_config=backend_config,
                run_name=run_name,
                env_manager=env_manager,
                allow_urls=allow_urls,
                told=lambda line: work.say(line) if line else shown.close(),
            )
            run_id, exit_code = going.run_id, going.exit_code
        except ProjectFailedError as error:
            failed, run_id, exit_code = error, error.run_id, error.exit_code
    _report(run_id, exit_code, failed, as_json=as_json)


def _report(run_id: str, exit_code: int | None, failed: ProjectFailedError | None, *, as_json: bool) -> None:
    from nbtrack.tracking import active  # noqa: PLC0415

    found = active.get_store().get_run(run_id)
    if as_json:
        show_json(
            {
                "run_id": run_id,
                "run_number": found.info.number,
                "run_name": found.info.run_name,
                "experiment": found.info.experiment_name,
                "status": failed.status if failed else str(found.info.status),
                "exit_code": exit_code,
                "params": dict(found.data.params),
                "metrics": dict(found.data.metrics),
            }
        )
    elif failed is None:
        say(f"Run #{found.info.number} {found.info.run_name} FINISHED  {run_id}")
    if failed is not None:
        if as_json:
            note(str(failed))
            raise typer.Exit(1)
        raise failed


def pairs(texts: list[str], option: str, example: str) -> dict[str, str]:
    """Return ``name=value`` texts as a mapping; raises ``InvalidValueError`` for one without a name, or twice the same."""
    found: dict[str, str] = {}
    for text, (name, value, has_value) in zip(texts, _split(texts), strict=True):
        if not has_value or not name:
            raise InvalidValueError(f"{option} {text[:80]!r} is no name=value; write {option} {example}.")
        if name in found:
            raise InvalidValueError(f"{option} {name[:80]} is given twice: {found[name][:80]!r} and {value[:80]!r}.")
        found[name] = value
    return found


def _split(texts: list[str]) -> list[tuple[str, str, bool]]:
    parts = [text.partition("=") for text in texts]
    return [(name.strip(), value, bool(mark)) for name, mark, value in parts]


@contextlib.contextmanager
def _ends_with_us() -> Iterator[None]:
    """Let a SIGTERM end the project as an interrupt does, instead of leaving it behind."""

    def leave(*_: Any) -> None:
        raise SystemExit(ENDED)

    try:
        before = signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stdout_is_json(as_json: bool) -> contextlib.AbstractContextManager[object]:
    """Send what the project prints to stderr when stdout is one JSON document."""
    return contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
