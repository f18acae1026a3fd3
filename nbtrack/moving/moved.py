"""What is moved, wherever it comes from: a source says these nouns, :class:`nbtrack.moving.intake.Intake` puts them into a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage, RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np

    from nbtrack.entities import DatasetInput


def nothing() -> Iterable[Any]:
    """Return what there is of metrics or files where there are none."""
    return ()


@dataclass(frozen=True, slots=True)
class Points:
    """Some points of one metric of one run; a metric may come in several of these, so that none need be large.

    Attributes
    ----------
    key : str
    step : ndarray of int64, shape (n,)
    t_us : ndarray of int64, shape (n,)
        Microseconds UTC; nbtrack keeps milliseconds of it.
    value : ndarray of float64, shape (n,)
        NaN and infinities as they are.
    """

    key: str
    step: np.ndarray[Any, Any]
    t_us: np.ndarray[Any, Any]
    value: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class MovedFile:
    """A file of a run.

    Attributes
    ----------
    path : str
        Within the run, with forward slashes.
    fetch : callable
        Given a path in a scratch folder, returns a local file with the content: it may write that path and return it, or return another
        file, which is only read.
    size : int, optional
        In bytes, where that is known without fetching it.
    modified_us : int
        When it was last changed, microseconds UTC; 0 when that is not known.
    sha256 : str, optional
        Of the content, where that is known.
    """

    path: str
    fetch: Callable[[Path], Path]
    size: int | None = None
    modified_us: int = 0
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class MovedModel:
    """A logged model; its files are among those of its run, under `path`.

    Attributes
    ----------
    model_id : str
        ``m-<32 hex digits>``.
    path : str
        Where its folder is to be among the files of the run; files are given by `files`, relative to it, or are the run's own.
    metrics : sequence of (key, value, milliseconds UTC, step, data set name, digest, run id)
        What runs measured of it.
    is_alone : bool
        No run made it; the run that it is given in has nothing else and is shown by no search.
    seal : str, optional
        Of the user who logged it with nbtrack, see :mod:`nbtrack.tracking.seals`; it is good for no other run, model or files.
    """

    model_id: str
    name: str
    path: str
    status: str = "READY"
    model_type: str = ""
    created_us: int = 0
    updated_us: int = 0
    flavors: dict[str, Any] = field(default_factory=dict)
    utc_time_created: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: tuple[tuple[Any, ...], ...] = ()
    files: Callable[[], Iterable[MovedFile]] = nothing
    is_deleted: bool = False
    is_alone: bool = False
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class MovedRun:
    """A run; times in microseconds UTC.

    Attributes
    ----------
    run_id : str
        32 hexadecimal digits; kept. A source that has other names makes one of them: :func:`nbtrack.moving.ids.run_id_of`.
    experiment : str
        Name of the experiment; :meth:`Intake.experiment` may have made it, otherwise it is made.
    status : str
        RUNNING, FINISHED, FAILED or KILLED. A running one stays so until a later look at the source finds that it has ended.
    metrics : callable
        Returns the points, a few at a time; called again for another look.
    counts : dict, optional
        Number of points by metric, where the source knows them without reading the points: a run with as many is not read again.
    has_times : bool
        Whether the source says when its points were logged; otherwise those of the same step and value are the same.
    files : callable
        Returns the files.
    links : sequence of ("input" or "output", model id, step)
        Models that it used and made.
    """

    run_id: str
    experiment: str
    name: str
    start_us: int
    status: str = RunStatus.FINISHED
    end_us: int | None = None
    duration_us: int | None = None
    user: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    parent: str | None = None
    stage: str = LifecycleStage.ACTIVE
    deleted_us: int | None = None
    lost: int = 0
    metrics: Callable[[], Iterable[Points]] = nothing
    counts: dict[str, int] | None = None
    files: Callable[[], Iterable[MovedFile]] = nothing
    inputs: tuple[DatasetInput, ...] = ()
    models: tuple[MovedModel, ...] = ()
    links: tuple[tuple[str, str, int], ...] = ()
    has_times: bool = True


@dataclass(frozen=True, slots=True)
class MovedExperiment:
    """An experiment; times in milliseconds UTC, 0 when they are not known."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    created: int = 0
    stage: str = LifecycleStage.ACTIVE


@dataclass(frozen=True, slots=True)
class MovedVersion:
    """A version of a registered model; times in milliseconds UTC.

    `run_id` and `path` say where its files are among those of a run, which is moved as well; otherwise `source` does.
    """

    version: int
    source: str
    run_id: str | None = None
    path: str | None = None
    model_id: str | None = None
    run_link: str = ""
    description: str = ""
    stage: str = "None"
    user: str = ""
    created: int = 0
    updated: int = 0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MovedRegistered:
    """A registered model with its versions and the aliases that point at them (by number); times in milliseconds UTC.

    `gates` are ``(alias or None, version or None, expression)``.
    """

    name: str
    description: str = ""
    user: str = ""
    created: int = 0
    updated: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    versions: tuple[MovedVersion, ...] = ()
    aliases: dict[str, int] = field(default_factory=dict)
    gates: tuple[tuple[str | None, int | None, str], ...] = ()
