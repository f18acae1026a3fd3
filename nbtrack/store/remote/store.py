"""A store on a server, used as one on this machine: what is recorded waits for nobody, what is asked is answered there."""

from __future__ import annotations

import hashlib
import os
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import ArtifactInfo, Experiment, Run, ViewType
from nbtrack.errors import NbtrackError, StoreError, UnreachableError, warn
from nbtrack.journal.segments import list_segments
from nbtrack.journal.writer import Writer
from nbtrack.names import check_artifact_path, check_name
from nbtrack.store.recording import Recording
from nbtrack.store.remote.blobs import FetchedBlobs
from nbtrack.store.remote.connection import Connection
from nbtrack.store.remote.following import FollowerThere
from nbtrack.store.remote.registry import RegistryThere
from nbtrack.store.remote.shipper import Shipper
from nbtrack.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    import pandas as pd

    from nbtrack.artifacts.blobs import Blobs
    from nbtrack.journal.control import Order
    from nbtrack.store.live import Curves
    from nbtrack.store.protocol import CurveQuery, CurveRows, Record, RunColumns, RunQuery, Store
    from nbtrack.store.registry_protocol import RegistryStore
    from nbtrack.store.remote.way import Way

GOODBYE_S = 10.0
"""How long the end of a process waits until its last records have arrived; they wait on after it."""
ROOT = "NBTRACK_OUTBOX"
NOTE = "server"
"""The file of an outbox that names its server."""


def outboxes() -> Path:
    """Return the folder in which records for servers wait: NBTRACK_OUTBOX, or one of the user's own."""
    named = os.environ.get(ROOT)
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "nbtrack" / "outbox"


def waiting_servers() -> list[str]:
    """Return the URLs of the servers for which something waits on this machine."""
    notes = sorted(outboxes().glob(f"*/{NOTE}"))
    return [note.read_text().strip() for note in notes if list_segments(note.parent / "w")]


class ServerStore(Recording):
    """Runs kept by ``nbtrack server``.

    Parameters
    ----------
    url : str
        Of the server.
    connection : Way, optional
        What leads to where they are kept, when it is something else.
    """

    def __init__(self, url: str, connection: Way | None = None) -> None:
        self.connection: Way = connection or Connection(url)
        self.folder = outboxes() / hashlib.sha256(self.connection.url.encode()).hexdigest()[:16]
        self.blobs: Blobs = FetchedBlobs(self.folder, self.connection)
        self.writer = Writer(self.folder, __version__, self._stir)
        self.shipper = Shipper(self.folder, self.writer, self.blobs, self.connection)
        self.registry: RegistryStore = RegistryThere(self)

    def one_look(self) -> AbstractContextManager[object]:
        """See :meth:`TrackingStore.one_look`; each question to a server is a look of its own there."""
        return nullcontext()

    @property
    def uri(self) -> str:
        """Return the URL of the server, without a login."""
        return self.connection.url

    @property
    def title(self) -> str:
        """Return what the store is called where there is little room."""
        return self.connection.url.partition("://")[2]

    # -- writing -----------------------------------------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes to this process's journal, from where they are sent; see :class:`TrackingStore`."""
        self.make_folder()
        self.shipper.exchange.hear(records)
        self.writer.events(records)

    def log_metrics(self, run_id: str, step: int, values: dict[str, float], t_us: int | None = None) -> None:
        """Write the metric values of one step."""
        self.writer.metrics(run_id, step, values, t_us)

    def log_points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Write many metric records, each ``(t_us, step, values)``."""
        self.writer.points(run_id, points)

    def next_run_number(self) -> int | None:
        """Return a number for a new run; None when the server does not answer, which gives one when the run arrives there."""
        found = self._at_once("next_run_number")
        return None if found is None else int(found)

    def experiment_id(self, name: str) -> int | None:
        """Return the id of an experiment, creating it on first use; None when the server does not answer, as above."""
        check_name(name, "Experiment name")
        found = self._at_once("experiment_id", name)
        return None if found is None else int(found)

    def _at_once(self, verb: str, *arguments: Any) -> Any:
        """Ask what a run can begin without; a server that does not answer is waited for once, until it has taken something again."""
        if self.shipper.is_cut:
            return None
        try:
            return self.connection.call(verb, *arguments)
        except UnreachableError:
            self.shipper.is_cut = True
            return None

    def post_order(self, run_id: str, order: Order) -> None:
        """Ask something of a run that is open somewhere."""
        self._ask("post_order", run_id, order)

    # -- experiments -------------------------------------------------------------------------------------------------

    def create_experiment(self, name: str, tags: dict[str, str] | None = None, *, created: int | None = None) -> str:
        """Create an experiment and return its id; raises ``AlreadyExistsError``."""
        return str(self._ask("create_experiment", name, tags, **({} if created is None else {"created": created})))

    def rename_experiment(self, experiment_id: str, name: str) -> None:
        """Give an experiment another name."""
        self._ask("rename_experiment", experiment_id, name)

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment in the trash."""
        self._ask("delete_experiment", experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        self._ask("restore_experiment", experiment_id)

    def set_experiment_tags(self, experiment_id: str, tags: dict[str, str]) -> None:
        """Set tags of an experiment."""
        self._ask("set_experiment_tags", experiment_id, tags)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment."""
        self._ask("delete_experiment_tag", experiment_id, key)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment by id, also from the trash; raises ``NotFoundError``."""
        found: Experiment = self._ask("get_experiment", experiment_id)
        return found

    def search_experiments(
        self,
        filter_string: str = "",
        *,
        view: ViewType = ViewType.ACTIVE_ONLY,
        order_by: Sequence[str] = (),
        max_results: int | None = None,
    ) -> list[Experiment]:
        """Return the experiments that match a filter."""
        found: list[Experiment] = self._ask(
            "search_experiments", filter_string, view=view, order_by=[*order_by], max_results=max_results
        )
        return found

    # -- reading -----------------------------------------------------------------------------------------------------

    def get_run(self, run_id: str) -> Run:
        """Return one run, also from the trash; raises ``NotFoundError``."""
        found: Run = self._ask("get_run", run_id)
        return found

    def search_runs(self, query: RunQuery) -> list[Run]:
        """Return runs as entities."""
        found: list[Run] = self._ask("search_runs", query)
        return found

    def run_columns(self, query: RunQuery) -> RunColumns:
        """Return runs as columns."""
        found: RunColumns = self._ask("run_columns", query)
        return found

    def resolve_run(self, name: str | int) -> str:
        """Return the id of the run that a person means."""
        return str(self._ask("resolve_run", name))

    def metric_history(
        self, run_id: str, key: str
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return every point of one metric of one run."""
        step, timestamp, value = self._ask("metric_history", run_id, key)
        return step, timestamp, value

    def metric_buckets(self, run_id: str, key: str, n_buckets: int) -> dict[str, np.ndarray[Any, Any]]:
        """Return a thinned history, spikes kept."""
        found: dict[str, np.ndarray[Any, Any]] = self._ask("metric_buckets", run_id, key, n_buckets)
        return found

    def curves(self, run_id: str, n_buckets: int) -> Curves:
        """Return all metrics of one run, thinned, and how far into the journals they reach."""
        found: Curves = self._ask("curves", run_id, n_buckets)
        return found

    def live_state(self, run_id: str) -> dict[str, Any]:
        """Return what an open run says of itself; {} when it says nothing."""
        found: dict[str, Any] = self._ask("live_state", run_id)
        return found

    def metric_curves(self, query: CurveQuery) -> CurveRows:
        """Return the histories of several runs and metrics, those with many points thinned."""
        found: CurveRows = self._ask("metric_curves", query)
        return found

    def sparks(self, run_ids: Sequence[str], key: str, n_points: int) -> np.ndarray[Any, Any]:
        """Return the outline of one metric for each run."""
        found: np.ndarray[Any, Any] = self._ask("sparks", [*run_ids], key, n_points)
        return found

    def list_artifacts(self, run_id: str, path: str = "") -> list[ArtifactInfo]:
        """Return the files and folders of a run directly under `path`."""
        found: list[ArtifactInfo] = self._ask("list_artifacts", run_id, path)
        return found

    def artifact_file(self, run_id: str, path: str) -> Path:
        """Return a local file with the content of an artifact; only for reading."""
        return self.blobs.path_of(str(self._ask("artifact_digest", run_id, check_artifact_path(path))))

    def settings(self) -> dict[str, str]:
        """Return the settings of the store by name."""
        found: dict[str, str] = self._ask("settings")
        return found

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query over the tables of the store; it may take a minute, and look at nothing else of the server."""
        found: pd.DataFrame = self._ask("sql", query, [*values])
        return found

    def write_parquet(self, runs: Sequence[str], folder: Path, hidden_tags: Sequence[str] = ()) -> dict[str, int]:
        """Write the tables of some runs into Parquet files; return their bytes by name."""
        found: dict[str, bytes] = self._ask("parquet", [*runs], [*hidden_tags])
        for name, data in found.items():
            (folder / Path(name).name).write_bytes(data)
        return {name: len(data) for name, data in found.items()}

    def follow(self, run_id: str, cut: dict[str, int]) -> FollowerThere:
        """Return who reads what is logged in a run from now on."""
        return FollowerThere(self._ask, run_id, cut)

    def is_writer_alive(self, writer: str) -> bool:
        """Say whether the process behind a writer lives, as far as the server knows."""
        return bool(self._ask("is_writer_alive", writer))

    def signature(self) -> Hashable:
        """Return something that changes when anything that could be read changes; the last one known when the server does not answer."""
        with suppress(UnreachableError):
            self._signature = str(self.connection.call("signature"))
        return self._signature

    _signature = ""

    # -- keeping -----------------------------------------------------------------------------------------------------

    def sync(self, *, progress: Callable[[int], None] | None = None) -> int:
        """Send what waits, also what earlier processes left, and return how many bytes of journals went; raises ``UnreachableError``."""
        self.connection.wake()
        return self.shipper.flush(progress=progress)

    def fold(self, *, timeout: float = 0.0, progress: Callable[[int], None] | None = None) -> int | None:  # noqa: ARG002
        """Nothing is folded here: the server does that."""
        return None

    def purge(self, *, older_than_s: float = 0.0, progress: Callable[[str], None] | None = None) -> dict[str, int]:  # noqa: ARG002
        """Refused: what is deleted for good is deleted on the server."""
        message = f"The trash of {self.uri} is emptied on the server: nbtrack purge --store … there."
        raise StoreError(message)

    def close(self) -> None:
        """Send what is left; what cannot be sent now waits for the next process, or for `nbtrack sync`."""
        had_records = self.writer.has_segment
        self.shipper.close(patience_s=GOODBYE_S)
        self.writer.close()
        if had_records:
            try:
                self.connection.hurry(GOODBYE_S)
                self.shipper.flush(for_s=GOODBYE_S)
            except (NbtrackError, OSError) as error:
                warn(f"{error} {self.shipper.waiting():,} bytes of records wait in {self.folder}.")
        self.connection.close()

    def make_folder(self) -> None:
        """Make the outbox, with the note that `nbtrack sync` finds it by; raises ``StoreError`` where that is not possible."""
        note = self.folder / NOTE  # a file that is captured before the first record makes the folder without it
        if note.exists():
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = note.with_suffix(f".{self.writer.id}")
            written.write_text(self.uri)
            written.replace(note)
        except OSError as cause:
            message = f"{self.folder} cannot be made ({cause.strerror}); name another folder in {ROOT}."
            raise StoreError(message) from cause

    def _ask(self, verb: str, *arguments: Any, **options: Any) -> Any:
        """Ask the server, which has seen by then what this process has written."""
        if self.writer.has_segment:
            self.shipper.flush()
        return self.connection.call(verb, *arguments, **options)

    def _stir(self) -> None:
        self.shipper.wake()


def _fits(store: ServerStore) -> Store:
    return store
