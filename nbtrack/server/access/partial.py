"""A store as somebody sees it who has roles by pattern: runs of some experiments, some registered models, and nothing else.

The pages of the web interface ask a store for whatever they show; this one has only the verbs that pages use, and each holds what it is
asked for against the roles. A verb that is not here is not there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import is_run_id
from nbtrack.server.access.partial_registry import PartialRegistry
from nbtrack.server.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from nbtrack.entities import Run
    from nbtrack.server.access.judge import Judge
    from nbtrack.server.access.roles import User
    from nbtrack.store.protocol import CurveQuery, Record, RunColumns, RunQuery, Store

OF_ONE_RUN = frozenset(
    {"artifact_file", "curves", "follow", "list_artifacts", "live_state", "metric_buckets", "metric_history"}
)
"""Verbs that look at the run that is their first argument."""
FREE = frozenset({"is_writer_alive", "one_look", "settings", "signature", "title", "uri"})
"""What tells of no run: names of saved views and better directions of metrics are for all."""


class PartialStore:
    """A store for one user.

    Parameters
    ----------
    store : Store
        All of it.
    judge : Judge
        Of the user.
    user : User
    """

    def __init__(self, store: Store, judge: Judge, user: User) -> None:
        self._store = store
        self._judge = judge
        self._user = user
        self._experiments: dict[str, str] = {}
        self.registry = PartialRegistry(store.registry, self._may_model, self._may_see)

    def __getattr__(self, verb: str) -> Any:
        """Return a verb that looks at one run, or at nothing that is anybody's."""
        if verb in FREE:
            return getattr(self._store, verb)
        if verb in OF_ONE_RUN:
            return partial(self._look_at, verb)
        if verb.startswith("_"):
            raise AttributeError(verb)
        message = f"{verb!r} is about everything in the store, and {self._user.name!r} may see some of it."
        raise InvalidValueError(message)

    def _look_at(self, verb: str, run_id: str, *arguments: Any, **options: Any) -> Any:
        self._check([run_id])
        return getattr(self._store, verb)(run_id, *arguments, **options)

    # -- looking -----------------------------------------------------------------------------------------------------

    def get_run(self, run_id: str) -> Run:
        """See :class:`TrackingStore`, as for all verbs here."""
        self._check([run_id])
        return self._store.get_run(run_id)

    def search_runs(self, query: RunQuery) -> list[Run]:
        """Return runs of experiments that the user may see."""
        return self._store.search_runs(self._judge.narrowed(query, Role.READ))

    def run_columns(self, query: RunQuery) -> RunColumns:
        """Return the same as columns."""
        return self._store.run_columns(self._judge.narrowed(query, Role.READ))

    def metric_curves(self, query: CurveQuery) -> Any:
        """Return histories of runs."""
        self._check(run_id for run_id, _ in query.series)
        return self._store.metric_curves(query)

    def sparks(self, run_ids: Sequence[str], key: str, n_points: int) -> Any:
        """Return outlines of one metric."""
        self._check(run_ids)
        return self._store.sparks(run_ids, key, n_points)

    def write_parquet(self, runs: Sequence[str], folder: Path, hidden_tags: Sequence[str] = ()) -> dict[str, int]:
        """Write the tables of runs."""
        self._check(runs)
        return self._store.write_parquet(runs, folder, hidden_tags)

    def sql(self, query: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query of ours, as views have them, about the runs that its values name; no question of a page carries SQL."""
        named = [each for each in _flat(values) if is_run_id(each)]
        if not named:
            message = "SQL can see everything in the store, and you may see some of it."
            raise InvalidValueError(message)
        self._check(named)
        return self._store.sql(query, values)

    # -- changing ----------------------------------------------------------------------------------------------------

    def append(self, *records: Record) -> None:
        """Write changes of runs that the user may change."""
        runs = [run_id for _, run_id, _, _ in records]
        if None in runs and not self._user.may(Role.WRITE):
            message = "This is kept for all who use the store: it needs the role 'write' for everything."
            raise InvalidValueError(message)
        self._check((run_id for run_id in runs if run_id is not None), Role.WRITE)
        self._store.append(*records)

    def post_order(self, run_id: str, order: Any) -> None:
        """Ask something of a run that the user may change."""
        self._check([run_id], Role.WRITE)
        self._store.post_order(run_id, order)

    # -- roles -------------------------------------------------------------------------------------------------------

    def _check(self, run_ids: Iterable[str], role: Role = Role.READ) -> None:
        """Raise for a run that the user may not see, as for one that is not there, or may not change."""
        for run_id in dict.fromkeys(run_ids):
            if not self._may_see(run_id):
                raise NotFoundError("Run", str(run_id))
            if not self._may_see(run_id, role):
                message = f"This needs the role {str(role)!r} for the experiment of the run, which {self._user.name!r} does not have."
                raise InvalidValueError(message)

    def _may_see(self, run_id: str, role: Role = Role.READ) -> bool:
        if not is_run_id(run_id):
            return False
        if run_id not in self._experiments:
            found = self._judge.experiment_of_run(run_id)
            if found is None:
                return False
            self._experiments[run_id] = found  # a run stays in its experiment
        return self._judge.may_id(role, self._experiments[run_id])

    def _may_model(self, name: str, role: Role) -> bool:
        return self._user.may(role, model=name)


def _flat(values: Any) -> Iterator[Any]:
    for each in values:
        if isinstance(each, (list, tuple)):
            yield from _flat(each)
        else:
            yield each
