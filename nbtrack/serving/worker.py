"""One serving process: loads the model and answers; made by uvicorn in each worker, or called in this very process."""

from __future__ import annotations

import logging
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING

from nbtrack.serving.app import Limits, ModelApp
from nbtrack.serving.held import Held, Served
from nbtrack.serving.hosts import LocalNames
from nbtrack.serving.key import key_of
from nbtrack.serving.meter import Meter
from nbtrack.serving.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from nbtrack.serving.recorder import Recorder
    from nbtrack.tracking.run import ActiveRun

PARENT_S = 1.0

log = logging.getLogger(__name__)


def make_app() -> ASGIApp:
    """Return the application of a worker; called by name."""
    settings = Settings.from_environment()
    speak()
    if settings.parent:
        threading.Thread(target=_end_with, args=(settings.parent,), name="nbtrack-parent", daemon=True).start()
    return guarded(build(settings).app(), settings)


def speak() -> None:
    """Tell the terminal what happens, such as the exchange of the model. A notebook would show it in red, so nobody does it there."""
    told = logging.getLogger("nbtrack.serving")
    told.setLevel(logging.INFO)
    told.addHandler(logging.StreamHandler())


def guarded(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Return the application behind what looks at the names that it is asked by."""
    return LocalNames(app, settings.allow_hosts) if settings.is_local else app


def build(settings: Settings) -> ModelApp:
    """Load the model, and return what answers with it."""
    from nbtrack.tracking import active, models  # noqa: PLC0415 - a worker is quick to say that it is there

    if settings.store_uri:
        active.set_tracking_uri(settings.store_uri)

    def load(key: str) -> Served:
        return Served.of(models.load_pyfunc(key, trust=settings.trust), settings.model_uri, key)

    held = Held(load, lambda: key_of(settings.model_uri))
    meter = Meter()
    if settings.follow_s:
        n_swaps = 0

        def told() -> None:
            nonlocal n_swaps
            is_new = held.n_swaps > n_swaps
            meter.holds(held, is_new=is_new)
            n_swaps = held.n_swaps
            if is_new:
                log.info("%s is %s from here on.", settings.model_uri, held.served.key)
            elif held.problem:
                log.error("%s stays in use: the next one cannot be loaded. %s", held.served.key, held.problem)

        held.follow(settings.follow_s, told)
    limits = Limits(settings.timeout_s, settings.max_bytes, settings.n_threads)
    return ModelApp(held, meter, limits, _recorder(settings, held.served))


def _recorder(settings: Settings, served: Served) -> Recorder | None:
    if not settings.experiment:
        return None
    from nbtrack.serving.recorder import Recorder  # noqa: PLC0415
    from nbtrack.tracking.starting import start_run  # noqa: PLC0415

    tags = {"nbtrack.model": served.key, "nbtrack.model_uri": served.uri, "nbtrack.process": str(os.getpid())}

    def start() -> ActiveRun:
        run = start_run(f"serving {served.key}", experiment=settings.experiment, tags=tags)
        run.on_look.clear()  # what a notebook does for the run of its cell, such as showing it below
        return run

    # a notebook that serves goes on with runs of its own: this one is active in the thread that it was started in, and nowhere else
    with ThreadPoolExecutor(1) as apart:
        return Recorder(apart.submit(Context().run, start).result())


def _end_with(parent: int) -> None:
    """End this worker when the process that started it is gone, however it went: nobody would stop it otherwise."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(PARENT_S)
    os.kill(os.getpid(), signal.SIGTERM)
