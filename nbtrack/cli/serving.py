"""``nbtrack models predict | serve | env | generate-dockerfile | build-docker``: models at work."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import say, show_json
from nbtrack.cli.progress import working
from nbtrack.cli.units import count
from nbtrack.errors import InvalidValueError

ModelUri = Annotated[
    str,
    typer.Option(
        "--model-uri",
        "-m",
        metavar="URI",
        help="models:/fraud@champion, runs:/RUN/model, a folder, or s3://bucket/folder.",
        show_default=False,
    ),
]
Trust = Annotated[bool, typer.Option("--trust", help="Load it although you did not log it: its code runs here.")]
ALL = "0.0.0.0"  # noqa: S104 - said, never the default


def register(app: typer.Typer) -> None:
    """Add the commands to ``nbtrack models``."""
    app.command(
        "predict", epilog="Example: nbtrack models predict -m models:/price@champion -i 'in/*.parquet' -o out.parquet"
    )(predict)
    app.command("serve", epilog="Example: nbtrack models serve -m models:/fraud@champion --port 5001 --follow")(serve)
    app.command("env", epilog="Example: nbtrack models env -m models:/fraud/3 -d fraud-env")(env)
    app.command(
        "generate-dockerfile", epilog="Example: nbtrack models generate-dockerfile -m models:/fraud/3 -d image"
    )(generate_dockerfile)
    app.command("build-docker", epilog="Example: nbtrack models build-docker -m models:/fraud/3 -n fraud:3")(
        build_docker
    )


def predict(  # noqa: PLR0913, PLR0917 - options
    model_uri: ModelUri,
    source: Annotated[
        str,
        typer.Option(
            "--input", "-i", metavar="PATH", help="CSV, Parquet or JSON lines, s3://… as well; a pattern for several."
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="Rows with predictions; the suffix says the kind.")
    ],
    params: Annotated[
        str, typer.Option("--params", metavar="JSON", help="Such as '{\"threshold\": 0.7}'.", show_default=False)
    ] = "",
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="A,B", help="Input columns to copy; all by default, '' for none.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or dask to spread the work over a cluster.")
    ] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Of the Dask cluster; one on this machine by default."),
    ] = None,
    rows_per_part: Annotated[
        int | None,
        typer.Option(
            "--rows-per-part", metavar="N", min=1, help="What an interruption costs at most.", show_default=False
        ),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away the parts of an interrupted job.")] = False,
    trust: Trust = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Score files of any size; what was interrupted goes on where it stopped when it is run again."""
    from nbtrack.serving.predicting import predict as score  # noqa: PLC0415 - help is quick

    _use(store, model_uri)
    with working(f"scoring {source}", total=1.0) as work:
        found = score(
            model_uri,
            source,
            output,
            params=_params(params),
            keep=None if keep is None else [name for name in keep.split(",") if name],
            engine=engine,
            scheduler=scheduler,
            piece_rows=rows_per_part,
            restart=restart,
            trust=trust,
            progress=_told_to(work),
        )
    if as_json:
        show_json({"output": str(found.path), "rows": found.n_rows, "model": found.model, "run_id": found.run_id})
    else:
        say(f"{count(found.n_rows, 'row')} scored with {found.model} → {found.path}")


def serve(  # noqa: PLR0913, PLR0917 - options
    model_uri: ModelUri,
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0 takes a free one.")] = 5000,
    host: Annotated[
        str, typer.Option("--host", "-h", help=f"{ALL} lets other machines in; there is no password.")
    ] = "127.0.0.1",
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=1, help="Processes, each with a copy of the model.")
    ] = 1,
    timeout: Annotated[float, typer.Option("--timeout", "-t", min=0.001, help="Seconds a prediction may take.")] = 60.0,
    max_bytes: Annotated[int, typer.Option("--max-bytes", min=1, help="Of the body of a request.")] = 64 << 20,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Predictions at the same time, in each worker.")] = 4,
    follow: Annotated[bool, typer.Option("--follow", help="Exchange the model when the alias or stage moves.")] = False,
    record: Annotated[
        str,
        typer.Option(
            "--record", metavar="EXPERIMENT", help="Record requests and predictions there.", show_default=False
        ),
    ] = "",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="Of a proxy that asks by its own name.", show_default=False),
    ] = None,
    trust: Trust = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Answer requests for predictions, in MLflow's protocol, until Ctrl+C."""
    from nbtrack.serving import running  # noqa: PLC0415
    from nbtrack.serving.settings import Settings  # noqa: PLC0415

    uri = _use(store, model_uri)
    hosts = tuple(allow_host or ())
    settings = Settings(
        model_uri, uri, timeout, max_bytes, threads, 2.0 if follow else 0.0, record, trust, allow_hosts=hosts
    )

    def told(url: str) -> None:
        if as_json:
            show_json({"url": url, "model": model_uri})
        else:
            say(f"{model_uri} at {url}")
            say("Ctrl+C ends it.", "dim")
        sys.stdout.flush()

    if workers > 1:
        running.run_workers(settings, workers, host=host, port=port, told=told)
        return
    serving = running.Serving(settings, host=host, port=port)
    from nbtrack.serving.worker import speak  # noqa: PLC0415

    speak()
    told(serving.url)
    serving.run()


def env(
    model_uri: ModelUri,
    folder: Annotated[Path, typer.Option("--folder", "-d", metavar="FOLDER", help="New; gets the environment.")],
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Requirements may be fetched from addresses.")
    ] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make an environment with the Python and the packages of a model (needs uv)."""
    from nbtrack.serving.image import make_environment  # noqa: PLC0415

    _use(store, model_uri)
    _done(make_environment(folder, model_uri, allow_urls=allow_urls), "python", as_json=as_json)


Nbtrack = Annotated[
    str | None,
    typer.Option(
        "--nbtrack",
        metavar="REQUIREMENT",
        help="What the image installs: a requirement or a wheel; by default this version, or a wheel of it where no registry has it.",
    ),
]


def generate_dockerfile(
    folder: Annotated[Path, typer.Option("--folder", "-d", metavar="FOLDER", help="New; gets Dockerfile and model.")],
    model_uri: Annotated[
        str | None, typer.Option("--model-uri", "-m", metavar="URI", help="Without one the image serves /opt/ml/model.")
    ] = None,
    nbtrack: Nbtrack = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Write a Dockerfile that serves a model on port 8080, with the model beside it."""
    from nbtrack.serving.image import write_dockerfile  # noqa: PLC0415

    _use(store, model_uri)
    _done(write_dockerfile(folder, model_uri, nbtrack=nbtrack), "dockerfile", as_json=as_json)


def build_docker(
    name: Annotated[str, typer.Option("--name", "-n", metavar="IMAGE", help="Such as fraud:3.")],
    model_uri: Annotated[
        str | None, typer.Option("--model-uri", "-m", metavar="URI", help="Without one the image serves /opt/ml/model.")
    ] = None,
    nbtrack: Nbtrack = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Build an image that serves a model on port 8080 (needs Docker)."""
    from nbtrack.serving.image import build, write_dockerfile  # noqa: PLC0415

    _use(store, model_uri)
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-image-"))
    write_dockerfile(folder, model_uri, nbtrack=nbtrack)
    build(folder, name)
    if as_json:
        show_json({"image": name, "folder": str(folder)})
    else:
        say(f"docker run --rm -p 8080:8080 {name}")


def _use(store: str | None, model_uri: str | None) -> str:
    """Look models up in this store from here on; returns its URI. A model in a folder or an object store needs none."""
    from nbtrack.models.uri import UriKind, parse  # noqa: PLC0415
    from nbtrack.tracking import active  # noqa: PLC0415

    needs_none = model_uri is None or parse(model_uri).kind in (UriKind.PATH, UriKind.REMOTE)
    opened = options.open_store(store, is_new_fine=needs_none)
    active.set_tracking_uri(opened.uri)
    return opened.uri


def _done(path: Path, key: str, *, as_json: bool) -> None:
    if as_json:
        show_json({key: str(path)})
    else:
        say(str(path))


def _told_to(work: Any) -> Any:
    """Return what tells a progress bar of rows."""
    before = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal before
        share = done / max(total, 1)
        work.say(f"{done:,} of {count(total, 'row')}")
        work.advance(share - before)
        before = share

    return progress


def _params(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidValueError(
            f"--params is not JSON: {error}. An object is expected, such as '{{\"threshold\": 0.7}}'."
        ) from error
    if not isinstance(found, dict):
        raise InvalidValueError(
            f"--params is {text[:60]}; a JSON object is expected, such as '{{\"threshold\": 0.7}}'."
        )
    return found
