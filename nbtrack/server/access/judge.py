"""Says of each noun of a request whether somebody may do it to that one: runs and logged models count as their experiment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.entities import LifecycleStage
from nbtrack.errors import NbtrackError
from nbtrack.names import is_model_id, is_run_id
from nbtrack.server.mlflow.errors import RestError

if TYPE_CHECKING:
    from nbtrack.server.access.nouns import Nouns
    from nbtrack.server.access.roles import Role, User
    from nbtrack.server.mlflow.desk import Desk
    from nbtrack.store.protocol import RunQuery

NEW = "new:"
"""Before the id of a run that begins with this request."""


class Judge:
    """Decides for one user; asks the store, and so is for threads that may wait.

    Parameters
    ----------
    desk : Desk
        Where experiments of runs are looked up.
    user : User
    """

    def __init__(self, desk: Desk, user: User) -> None:
        self._desk = desk
        self._user = user

    @property
    def store(self) -> Any:
        """Return the whole store."""
        return self._desk.store

    def refuses(self, nouns: Nouns) -> str:
        """Return what the user may not use; "" when all is well. What is not there is refused as what may not be seen."""
        beginning = {run_id.removeprefix(NEW) for run_id in nouns.runs if run_id.startswith(NEW)}
        for name in nouns.experiment_names:
            if not self._user.may(nouns.role, experiment=name):
                return f"experiment {name!r}"
        for model in nouns.models:
            if not self._user.may(nouns.role, model=model):
                return f"registered model {model!r}"
        for experiment_id in nouns.experiments:
            if not self.may_id(nouns.role, experiment_id):
                return f"experiment {experiment_id}"
        for run_id in {each for each in nouns.runs if not each.startswith(NEW)} | beginning:
            found = self.experiment_of_run(run_id)
            if found is None and run_id in beginning:
                continue
            if found is None or not self.may_id(nouns.role, found):
                return f"run {run_id}"
        for model_id in nouns.logged:
            found = self._experiment_of_model(model_id)
            if found is None or not self.may_id(nouns.role, found):
                return f"logged model {model_id}"
        return ""

    def may_id(self, role: Role, experiment_id: str) -> bool:
        """Say whether the user may do this in an experiment."""
        is_number = experiment_id.isascii() and experiment_id.isdigit()
        found = self._desk.experiments.get(str(int(experiment_id))) if is_number else None
        return found is not None and self._user.may(role, experiment=found.name)

    def narrowed(self, query: RunQuery, role: Role) -> RunQuery:
        """Return a query that finds only runs of experiments of the user."""
        known = self._desk.experiments
        mine = {id_ for id_ in known if self.may_id(role, id_)}
        asked = {id_ for id_ in mine if known[id_].lifecycle_stage == LifecycleStage.ACTIVE}
        if query.experiment_ids is not None or query.experiment_names is not None:
            ids, names = set(query.experiment_ids or ()), set(query.experiment_names or ())
            asked = {id_ for id_ in mine if id_ in ids or known[id_].name in names}
        return replace(query, experiment_ids=tuple(sorted(asked)), experiment_names=None)

    def runs_with(self, sha256: str) -> set[str]:
        """Return the runs that have a file."""
        rows = self._desk.store.rows("SELECT DISTINCT run_id FROM artifacts WHERE sha256 = ?", [sha256])
        return {str(run_id) for (run_id,) in rows}

    def may_read_one(self, runs: set[str], role: Role) -> bool:
        """Say whether the user may read one of these runs."""
        found = (self.experiment_of_run(run_id) for run_id in runs)
        return any(each is not None and self.may_id(role, each) for each in found)

    def experiment_of_run(self, run_id: str) -> str | None:
        """Return the id of the experiment of a run; None when there is no such run."""
        if not is_run_id(run_id):
            return None
        try:
            with self._desk.run(run_id) as known:
                return str(known.experiment_id)
        except (NbtrackError, RestError):
            return None

    def _experiment_of_model(self, model_id: str) -> str | None:
        if not is_model_id(model_id):
            return None
        try:
            found: Any = self._desk.model(model_id, with_deleted=True)
        except (NbtrackError, RestError):
            return None
        return str(found.experiment_id)
