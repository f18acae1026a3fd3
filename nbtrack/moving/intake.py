"""Puts what is moved into a store: ids and times are kept, what is there is not put there twice, and what was interrupted goes on.

A run that the store does not know is put there as a whole. One that it knows gets what is new in the source; what somebody has changed in
the store since then stays. So moving the same source again changes nothing, moving one that has grown brings what it has grown by, and a
move that was killed is finished by the next one.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nbtrack.entities import LifecycleStage, ViewType
from nbtrack.errors import AlreadyExistsError, InvalidValueError, NbtrackError, UnreachableError
from nbtrack.moving import lines
from nbtrack.moving.checking import sound
from nbtrack.moving.growth import Growth
from nbtrack.moving.known import known_ids, look
from nbtrack.moving.moved import MovedExperiment
from nbtrack.moving.registering import Registering
from nbtrack.moving.shipment import Shipment, scratch
from nbtrack.moving.tally import Tally
from nbtrack.moving.unloading import Unloading
from nbtrack.names import check_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from nbtrack.moving.moved import MovedRegistered, MovedRun, Points
    from nbtrack.store.protocol import Store

    Progress = Callable[[str], None]

AT_ONCE = 1000


class Intake:
    """Takes runs and models into a store. A context manager: what is on the way is delivered when the block ends, also by an error.

    Parameters
    ----------
    store : Store
        A file, a server or a database.
    source : str
        Where it comes from, in a few words without secrets: it stands in the history of registered models.
    is_dry : bool
        Only count what would come.
    progress : callable, optional
        Called with a few words now and then.

    Attributes
    ----------
    tally : Tally
        What was new, known and left out so far.
    """

    def __init__(self, store: Store, *, source: str, is_dry: bool = False, progress: Progress | None = None) -> None:
        self.store = store
        self.tally = Tally()
        self.is_dry = is_dry
        self._progress = progress or (lambda _: None)
        self._shipment = Shipment(store)
        self._scratch = scratch()
        self._unloading = Unloading(self._shipment, self.tally, Path(self._scratch.name), is_dry=is_dry)
        self._registering = Registering(store, self.tally, source, is_dry=is_dry)
        self._known = known_ids(store) if _exists(store) else set()
        self._experiments: dict[str, int] | None = None
        self._in_trash: list[int] = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deliver what is on the way."""
        try:
            if not isinstance(error, UnreachableError):
                self._shipment.close()
            if error is None:
                for experiment_id in self._in_trash:
                    self.store.delete_experiment(str(experiment_id))
        finally:
            self._scratch.cleanup()

    # -- experiments -------------------------------------------------------------------------------------------------

    def experiment(self, moved: MovedExperiment) -> None:
        """Take in an experiment: the one of this name gets the tags that it lacks; without any, it is made."""
        known = self._names()
        if moved.name not in known:
            self.tally.experiments.new += 1
            known[moved.name] = -1 if self.is_dry else self._make(moved)
            return
        self.tally.experiments.known += 1
        if not self.is_dry and known[moved.name] >= 0 and moved.tags:
            self._add_tags(known[moved.name], moved.tags)

    def _make(self, moved: MovedExperiment) -> int:
        self.store.make_folder()
        made = int(self.store.create_experiment(moved.name, moved.tags or None, created=moved.created or None))
        if moved.stage == LifecycleStage.DELETED:
            self._in_trash.append(made)
        return made

    def _add_tags(self, experiment_id: int, tags: dict[str, str]) -> None:
        found = self.store.search_experiments(view=ViewType.ALL)
        here = next((each.tags for each in found if each.experiment_id == str(experiment_id)), {})
        new = {key: value for key, value in tags.items() if key not in here}
        if new and (experiment_id or any(each.experiment_id == "0" for each in found)):
            self.store.set_experiment_tags(str(experiment_id), new)

    def _names(self) -> dict[str, int]:
        """Return the experiments by name; of two of one name the one in use counts, not the one in the trash."""
        if self._experiments is None:
            self._experiments = {"Default": 0}
            found = self.store.search_experiments(view=ViewType.ALL) if _exists(self.store) else []
            for each in sorted(found, key=lambda each: each.lifecycle_stage == LifecycleStage.ACTIVE):
                self._experiments[each.name] = int(each.experiment_id)
        return self._experiments

    # -- runs --------------------------------------------------------------------------------------------------------

    def runs(self, moved: Iterable[MovedRun]) -> Iterator[MovedRun]:
        """Take in runs, one after the other, and yield each that has been taken in, also one that was known."""
        source = iter(moved)
        while batch := list(islice(source, AT_ONCE)):
            twice = [run.run_id for run in batch if run.run_id in self._known]
            if twice:
                self._shipment.flush()
            known = look(self.store, twice) if twice else {}
            for run in batch:
                try:
                    if run.run_id in known:
                        grown = Growth(self.store, self._unloading, known[run.run_id], sound(run, self.tally))
                        self._note(run, grown.take())
                    elif run.run_id in self._known:
                        self.tally.skip(f"run {run.run_id}", "it is in this source more than once")
                        continue
                    else:
                        self._new(sound(run, self.tally))
                except UnreachableError:
                    raise
                except (NbtrackError, OSError, ValueError) as error:
                    self.tally.skip(f"run {run.run_id}", error)
                    continue
                yield run

    def run(self, moved: MovedRun) -> None:
        """Take in one run; many at once are quicker with :meth:`runs`."""
        for _ in self.runs([moved]):
            pass

    def _note(self, run: MovedRun, is_new: bool) -> None:  # noqa: FBT001
        if run.stage == LifecycleStage.CARRIER:
            return
        if is_new:
            self.tally.runs.changed += 1
        else:
            self.tally.runs.known += 1

    def _new(self, run: MovedRun) -> None:
        if run.experiment not in self._names():
            self._implied(run.experiment)
        self._known.add(run.run_id)
        if self.is_dry:
            self._unloading.look(run)
        else:
            files = list(self._unloading.files(run))
            self._shipment.add(lines.begun(run, self._names()[run.experiment]))
            self._shipment.add(lines.points(run.run_id, self._counted(run)))
            self._shipment.add(files)
            self._shipment.add(self._unloading.models(run))
            self._shipment.add(lines.ended(run))
        self.tally.runs.new += run.stage != LifecycleStage.CARRIER  # which no search shows
        self._progress(f"{self.tally.runs.new:,} runs, {self.tally.points:,} points")

    def _implied(self, name: str) -> None:
        self.experiment(MovedExperiment(name))

    def _counted(self, run: MovedRun) -> Iterator[Points]:
        for block in run.metrics():
            try:
                check_key(block.key, "Metric key")
            except InvalidValueError as error:
                self.tally.skip(f"metric of run {run.run_id}", error)
                continue
            self.tally.points += len(block.value)
            yield block

    # -- models ------------------------------------------------------------------------------------------------------

    def registered(self, moved: MovedRegistered) -> None:
        """Take in a registered model with its versions and aliases; the runs that it names come first."""
        self._shipment.flush()
        try:
            self._registering.take(moved)
        except (InvalidValueError, AlreadyExistsError) as error:
            self.tally.skip(f"registered model {moved.name}", error)

    def skip(self, what: str, why: object) -> None:
        """Note that something of the source is left out."""
        self.tally.skip(what, why)


def _exists(store: Store) -> bool:
    """Say whether there is anything in a store: looking at one that is not there makes nothing."""
    path = getattr(store, "path", None)
    return path is None or path.exists() or store.folder.is_dir()
