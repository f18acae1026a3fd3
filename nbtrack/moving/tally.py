"""What has been moved, what was there already, and what was left out and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MAX_NAMED = 1000


@dataclass(slots=True)
class Count:
    """How many of one kind."""

    new: int = 0
    changed: int = 0
    known: int = 0


@dataclass(slots=True)
class Tally:
    """Counts by kind; `points`, `files` and `bytes` are of what is new.

    Attributes
    ----------
    skipped : list of (what, why)
        Left out, the first thousand of them; `n_skipped` counts all.
    notes : list of str
        What came differently than it was, such as versions under another number.
    """

    experiments: Count = field(default_factory=Count)
    runs: Count = field(default_factory=Count)
    models: Count = field(default_factory=Count)
    versions: Count = field(default_factory=Count)
    points: int = 0
    files: int = 0
    bytes: int = 0
    n_skipped: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def skip(self, what: str, why: object) -> None:
        """Note that something is left out."""
        self.n_skipped += 1
        if len(self.skipped) < MAX_NAMED:
            self.skipped.append((what, str(why)))

    def note(self, text: str) -> None:
        """Note that something came differently."""
        if len(self.notes) < MAX_NAMED and text not in self.notes:
            self.notes.append(text)

    @property
    def is_nothing_new(self) -> bool:
        """Say whether all of it was there already."""
        counts = (self.experiments, self.runs, self.models, self.versions)
        return not any(each.new or each.changed for each in counts)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        found = asdict(self)
        found["skipped"] = [{"what": what, "why": why} for what, why in self.skipped]
        return found
