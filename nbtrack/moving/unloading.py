"""Files and logged models of runs that are moved: fetched, kept, and told in records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.artifacts.kinds import mime_of
from nbtrack.errors import InvalidValueError, NbtrackError, UnreachableError
from nbtrack.journal.writer import now_us
from nbtrack.moving import lines
from nbtrack.moving.moved import nothing
from nbtrack.names import check_artifact_path
from nbtrack.tracking.logged_models import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from nbtrack.moving.moved import MovedFile, MovedModel, MovedRun
    from nbtrack.moving.shipment import Shipment
    from nbtrack.moving.tally import Tally

Known = dict[str, tuple[str, int, int]]
"""SHA-256, size and time of the record, by path."""


class Unloading:
    """Brings files into a store and tells of them.

    Parameters
    ----------
    shipment : Shipment
    tally : Tally
    scratch : Path
        Folder for files on their way.
    is_dry : bool
        Only count.
    """

    def __init__(self, shipment: Shipment, tally: Tally, scratch: Path, *, is_dry: bool) -> None:
        self.shipment = shipment
        self.tally = tally
        self.is_dry = is_dry
        self._scratch = scratch
        self._places: dict[str, str] = {}

    # -- files -------------------------------------------------------------------------------------------------------

    def files(self, run: MovedRun, known: Known | None = None, kept: Mapping[str, str] | None = None) -> Iterator[str]:
        """Yield the records of a run's files that are not known, those of its models included; models of `kept` stay where they are."""
        own = list(self._sound(run.run_id, run.files()))
        yield from self._brought(run, [("", each) for each in own], known or {})
        sizes = {each.path: each.size for each in own}
        taken: set[str] = set()
        self._places = {}
        for model in sorted(run.models, key=lambda model: -model.created_us):
            inside = list(self._sound(run.run_id, model.files()))
            place = (kept or {}).get(model.model_id) or _place(model, inside, sizes, taken)
            taken.add(place)
            self._places[model.model_id] = place
            if not _is_there(place, inside, sizes):
                yield from self._brought(run, [(f"{place}/", each) for each in inside], known or {})

    def look(self, run: MovedRun) -> None:
        """Count what a new run would bring; for a dry run."""
        for _ in self.files(run):
            pass
        counts = run.counts
        if counts is None:
            self.tally.points += sum(len(block.value) for block in run.metrics())
        else:
            self.tally.points += sum(counts.values())

    def _sound(self, run_id: str, files: Iterable[MovedFile]) -> Iterator[MovedFile]:
        for each in files:
            try:
                check_artifact_path(each.path)
            except InvalidValueError as error:
                self.tally.skip(f"file of run {run_id}", error)
            else:
                yield each

    def _brought(self, run: MovedRun, files: list[tuple[str, MovedFile]], known: Known) -> Iterator[str]:
        for folder, each in files:
            path = folder + each.path
            here = known.get(path)
            if here is not None and _is_same(each, here):
                continue
            if self.is_dry:
                self.tally.files += 1
                self.tally.bytes += each.size or 0
                continue
            try:
                record = self._bring(run, path, each, here)
            except UnreachableError:
                raise
            except (NbtrackError, OSError) as error:
                self.tally.skip(f"file {path} of run {run.run_id}", error)
                continue
            if record:
                yield record

    def _bring(self, run: MovedRun, path: str, each: MovedFile, here: tuple[str, int, int] | None) -> str:
        into = self._scratch / "file"
        try:
            blob = self.shipment.file(each.fetch(into), each.sha256)
        finally:
            into.unlink(missing_ok=True)
        if here is not None and here[0] == blob.sha256:
            return ""
        self.tally.files += 1
        self.tally.bytes += blob.size
        now = now_us()
        t = now if here is not None else min(now, max(each.modified_us, run.start_us))
        return lines.file(run.run_id, path, blob.sha256, blob.size, mime_of(path), t)

    # -- models ------------------------------------------------------------------------------------------------------

    def models(self, run: MovedRun) -> Iterator[str]:
        """Yield the records of a new run's models, and of those that it used."""
        for model in run.models:
            yield from self.model(run, model)
        for side, model_id, step in run.links:
            yield lines.link(run.run_id, side, model_id, step, run.start_us)

    def model(self, run: MovedRun, model: MovedModel) -> Iterator[str]:
        """Yield the records of a model that is new."""
        yield from lines.model(run.run_id, model, self._places.get(model.model_id, model.path))
        t = max((point[2] * 1000 for point in model.metrics), default=0)
        yield from lines.measured(model.model_id, model.metrics, run.run_id, max(t, model.created_us, model.updated_us))


def _place(model: MovedModel, inside: list[MovedFile], own: Mapping[str, int | None], taken: set[str]) -> str:
    """Return the folder of a model: where its files are already, else its name; where that is taken, as nbtrack keeps older ones."""
    if model.files is nothing:  # its files are the run's own
        return model.path
    aside = f"{KEPT}/{model.model_id}"
    for place in (model.path, aside):
        if place not in taken and _is_there(place, inside, own):
            return place
    is_taken = model.path in taken or any(path.startswith(f"{model.path}/") for path in own)
    return aside if is_taken or model.path in own else model.path


def _is_there(place: str, inside: list[MovedFile], own: Mapping[str, int | None]) -> bool:
    """Say whether files are among those of the run itself: servers of nbtrack tell them in both ways."""
    return bool(inside) and all(own.get(f"{place}/{each.path}", -1) == each.size for each in inside)


def _is_same(each: MovedFile, here: tuple[str, int, int]) -> bool:
    sha256, size, at = here
    if each.sha256 is not None:
        return each.sha256 == sha256
    return each.size == size and each.modified_us <= at
