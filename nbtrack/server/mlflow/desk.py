"""What the routes work with: one store, and what a server remembers of it so that most requests open no database.

Remembered is what only this process changes: each record that it writes is applied at once (:class:`Desk` follows the store), and when
another process has written anything, all of it is forgotten. A run that is open in another process is never remembered: it may die without
a word.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from fastapi import Depends
from starlette.requests import Request

from nbtrack.entities import Experiment, LifecycleStage, RunStatus, ViewType
from nbtrack.errors import NotFoundError
from nbtrack.registry.registry import Registry
from nbtrack.server.mlflow.errors import RestError, missing
from nbtrack.server.mlflow.known import KnownFile, KnownRun, Link
from nbtrack.server.mlflow.lists import Lists
from nbtrack.tracking import logged_models

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from nbtrack.store.protocol import Record
    from nbtrack.store.served import ServedStore
    from nbtrack.tracking.logged_models import LoggedModel

T = TypeVar("T")

MAX_RUNS, MAX_MODELS, MAX_ANSWERS = 4096, 4096, 512
LOCKS = 64
LOCATION = "mlflow.artifactLocation"
"""Tag of an experiment whose artifacts the clients keep elsewhere."""
PROXY = "mlflow-artifacts:"
REST = {"holder": "rest"}
"""Said of runs that were begun or opened here: they have no process, and are running until somebody ends them."""


class Remembered(OrderedDict[str, T], Generic[T]):
    """The things that were asked for last."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: str, value: T) -> T:
        """Remember one; the one that was asked for longest ago goes."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
        return value


class Desk:
    """A store, and what is remembered of it.

    Parameters
    ----------
    store : ServedStore
    """

    def __init__(self, store: ServedStore) -> None:
        self.store = store
        self.registry = Registry(store)
        self._locks = [threading.RLock() for _ in range(LOCKS)]
        self._mark: Hashable = None
        self._runs: Remembered[KnownRun] = Remembered(MAX_RUNS)
        self._rest: set[str] = set()
        self._lists = Lists()
        self._has_links: bool | None = None
        self._models: Remembered[LoggedModel] = Remembered(MAX_MODELS)
        self._experiments: dict[str, Experiment] | None = None
        self._registered: Remembered[Any] = Remembered(MAX_ANSWERS)
        self.changes = 0
        """Grows with each change of experiments and models: what was read before one is not remembered after it."""
        store.followers.append(self)

    def close(self) -> None:
        """Hear no more of the store."""
        self.store.followers.remove(self)

    # -- runs --------------------------------------------------------------------------------------------------------

    @contextmanager
    def run(self, run_id: str, *, is_active: bool = False) -> Iterator[KnownRun]:
        """Give the state of a run, and let nobody else here change it meanwhile.

        Raises
        ------
        NotFoundError
            There is no such run.
        RestError
            It is in the trash, and `is_active` was said.
        """
        with self._locks[hash(run_id) % LOCKS]:
            self.look()
            known = self._runs.get(run_id) or self._load(run_id)
            if is_active and known.stage != LifecycleStage.ACTIVE:
                raise RestError(f"The run {run_id} must be in the 'active' state. Current state is {known.stage}.")
            yield known

    def begin(self, known: KnownRun, *records: Record) -> None:
        """Write the records that a new run begins with."""
        with self._locks[hash(known.run_id) % LOCKS]:
            self._rest.add(known.run_id)
            self.store.append(*records)
            self._runs.keep(known.run_id, known)

    def listed(self, key: Hashable) -> tuple[list[dict[str, Any]], bool] | None:
        """Return a page of runs, and whether another one follows; None when it is not remembered."""
        self.look()
        found = self._lists.get(key)
        if found is None:
            return None
        told, roots = [], self.roots
        for run_id in found[0]:
            with self._locks[hash(run_id) % LOCKS]:
                known = self._runs.get(run_id)
                if known is None:
                    return None
                told.append(known.told(roots[known.experiment_id]))
        return told, found[1]

    @contextmanager
    def listing(self, key: Hashable, limit: int) -> Iterator[list[KnownRun]]:
        """Remember the page of runs that the block puts into the list: a page of `limit`, and one more when another page follows."""
        self.look()
        before, found = self._mark, list[KnownRun]()
        with self._lists.watching() as watch:
            yield found
            page = found[:limit]
            if any(r.status == RunStatus.RUNNING and r.run_id not in self._rest for r in page):
                return  # another process may lead it, and die without a word
            for known in page:
                if known.run_id not in watch.written and known.run_id not in self._runs and self._mark == before:
                    self._runs.keep(known.run_id, known)
            if self._mark == before:
                self._lists.keep(key, [r.run_id for r in page], watch, has_more=len(found) > limit)

    def files(self, known: KnownRun) -> dict[str, KnownFile]:
        """Return the files of a run by path; called while the run is held."""
        if known.files is None:
            rows = self.store.rows("SELECT path, sha256, size, mime FROM artifacts WHERE run_id = ?", [known.run_id])
            known.files = {path: KnownFile(sha, int(size), mime or "") for path, sha, size, mime in rows}
        return known.files

    def _load(self, run_id: str) -> KnownRun:
        before, changes = self._mark, self.changes
        with self.store.one_look():
            run = self.store.get_run(run_id)
            known = KnownRun.of(run, self.links([run_id], changes).get(run_id, []))
            is_ours = known.status != RunStatus.RUNNING or run_id in self._rest or self._is_rest(run_id)
        if is_ours and self._mark == before:
            self._runs.keep(run_id, known)
        return known

    def links(self, run_ids: Sequence[str], before: int) -> dict[str, list[Link]]:
        """Return which models runs used and made; called in a look, with the `changes` before it.

        Most stores have none, and that is remembered.
        """
        if self._has_links is None:
            found = bool(self.store.rows(logged_models.ANY_LINK))
            if self.changes == before:
                self._has_links = found
            if not found:
                return {}
        return logged_models.links_of(self.store, run_ids) if self._has_links is not False else {}

    def _is_rest(self, run_id: str) -> bool:
        found = self.store.rows("SELECT writer FROM runs WHERE run_id = ?", [run_id]) == [("rest",)]
        if found:
            self._rest.add(run_id)
        return found

    # -- models of runs ----------------------------------------------------------------------------------------------

    def model(self, model_id: str, *, with_deleted: bool = False) -> LoggedModel:
        """Return a logged model; raises the error of MLflow when there is none."""
        self.look()
        found = self._models.get(model_id)
        if found is None:
            before = self.changes
            try:
                found = logged_models.find(self.store, model_id)
            except NotFoundError:
                raise missing(f"Logged model with ID '{model_id}' not found.") from None
            if self.changes == before:
                self._models.keep(model_id, found)
        if found.is_deleted and not with_deleted:
            raise missing(f"Logged model with ID '{model_id}' not found.")
        return found

    def of_registry(self, load: Callable[..., T], *asked: Any) -> T:
        """Return what the registry says; asked the same once more, and nothing changed, it is not asked again."""
        self.look()
        key = repr((load.__qualname__, asked))
        known: T | None = self._registered.get(key)
        if known is None:
            before = self.changes
            known = load(*asked)
            if self.changes == before:
                self._registered.keep(key, known)
        return known

    # -- experiments -------------------------------------------------------------------------------------------------

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by id, those in the trash included."""
        self.look()
        known = self._experiments
        if known is None:
            before = self.changes
            known = {e.experiment_id: e for e in self.store.search_experiments(view=ViewType.ALL)}
            if self.changes == before:
                self._experiments = known
        return known

    def experiment(self, experiment_id: str) -> Experiment:
        """Return an experiment; raises ``NotFoundError``."""
        if not (experiment_id.isascii() and experiment_id.isdigit()):
            raise RestError(f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.")
        found = self.experiments.get(str(int(experiment_id)))
        if found is None:
            raise NotFoundError("Experiment", experiment_id)
        return found

    @property
    def roots(self) -> dict[str, str]:
        """Where the artifacts of experiments are, each asked for once: for one answer."""
        return _Roots(self)

    def root(self, experiment_id: str) -> str:
        """Return where the artifacts of an experiment are, for its clients."""
        found = self.experiments.get(experiment_id)
        return (found and found.tags.get(LOCATION)) or f"{PROXY}/{experiment_id}"

    # -- following ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Forget what is remembered when another process has written to the store."""
        mark = self.store.others.mark()
        if mark != self._mark:
            self._runs.clear()
            self._models.clear()
            self._registered.clear()
            self._lists.forget()
            self._has_links = self._has_links or None
            self._experiments = None
            self.changes += 1
            self._mark = mark

    def records(self, records: Sequence[Record]) -> None:
        """Take what this process has just written."""
        for kind, run_id, texts, body in records:
            self._lists.note(kind, run_id)
            if kind in ("experiment", "registry", "model"):
                self._forget(kind, body)
            if run_id is not None and (known := self._runs.get(run_id)) is not None:
                known.take(kind, texts, body)
                if kind == "forget" or (kind == "resume" and body != REST):
                    self._rest.discard(run_id)  # another process may lead it from now on
                    self._runs.pop(run_id, None)

    def _forget(self, kind: str, body: Any) -> None:
        self.changes += 1
        if kind == "experiment":
            self._experiments = None
        elif kind == "registry":
            self._registered.clear()
        else:
            self._has_links = self._has_links or None
            self._models.pop(body.get("model_id") or "", None)

    def points(self, run_id: str, points: Sequence[tuple[int, int, dict[str, float]]]) -> None:
        """Take metric points that this process has just written."""
        self._lists.note("m", run_id)
        known = self._runs.get(run_id)
        if known is not None:
            known.take_points(points)


class _Roots(dict[str, str]):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def __missing__(self, experiment_id: str) -> str:
        self[experiment_id] = found = self._desk.root(experiment_id)
        return found


async def desk_of(request: Request) -> Desk:
    """Return the desk of the application."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def as_json(found: Any) -> bytes:
    """Return strict JSON; half a surrogate pair, which no encoding has, becomes a question mark."""
    return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
