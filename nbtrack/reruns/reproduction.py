"""The answer of a reproduction: metric by metric, and what could not be rebuilt; as text, DataFrame, HTML and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.reruns.matching import CLOSE, EQUAL, TIMING, MetricMatch
from nbtrack.views.amounts import change_text, number_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from nbtrack.entities import Run

_SIGNS = {EQUAL: "✓", CLOSE: "≈", TIMING: "·"}
_COLOURS = {EQUAL: "var(--jp-success-color1,#238636)", CLOSE: "var(--jp-success-color1,#238636)", TIMING: "inherit"}
_BAD = "var(--jp-error-color1,#d1453b)"


@dataclass(frozen=True, slots=True, repr=False)
class Reproduction:
    """A run, made again, and whether it came out the same.

    Attributes
    ----------
    original : Run
        The run that was asked for.
    run : Run or None
        What it became; None when the code recorded no run.
    folder : Path
        Where the code was rebuilt and run.
    metrics : tuple of MetricMatch
    notes : tuple of str
        What was not recorded, could not be rebuilt, or is another than it was.
    error : str
        What failed, or "".
    tolerance : float
        Relative.
    environment : str
        ``uv`` or ``local``.
    """

    original: Run
    run: Run | None
    folder: Path
    metrics: tuple[MetricMatch, ...]
    notes: tuple[str, ...] = ()
    error: str = ""
    tolerance: float = 0.0
    environment: str = "local"

    @property
    def matches(self) -> bool:
        """Say whether every metric is as it was, within the tolerance; a run without any metric matches when it did not fail."""
        return not self.error and self.run is not None and all(m.result in _SIGNS for m in self.metrics)

    @property
    def frame(self) -> pd.DataFrame:
        """Return a DataFrame of metrics: ``metric``, ``before``, ``after``, ``change``, ``result``."""
        import pandas as pd  # noqa: PLC0415 - text and JSON need none

        rows = [[m.key, m.before, m.after, m.change, m.result] for m in self.metrics]
        return pd.DataFrame(rows, columns=["metric", "before", "after", "change", "result"])

    def to_dict(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {
            "matches": self.matches,
            "original": _brief(self.original),
            "run": None if self.run is None else _brief(self.run),
            "folder": str(self.folder),
            "environment": self.environment,
            "tolerance": self.tolerance,
            "metrics": [
                {"metric": m.key, "before": m.before, "after": m.after, "result": m.result, "points": list(m.points)}
                for m in self.metrics
            ],
            "notes": list(self.notes),
            "error": self.error,
        }

    def verdict(self) -> str:
        """Say in one sentence how it came out."""
        name = f"#{self.original.info.number} {self.original.info.run_name}"
        if self.error:
            return f"{name} could not be made again: {self.error}"
        if self.run is None:
            return f"{name} could not be made again: its code ran and recorded no run"
        again = f"run #{self.run.info.number}"
        judged = [m for m in self.metrics if m.result != TIMING]
        bad = [m.key for m in judged if m.result not in _SIGNS]
        if bad:
            shown = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")  # noqa: PLR2004
            return f"{name} came out differently as {again}: {shown}"
        close = sum(m.result == CLOSE for m in judged)
        has_failed = self.run.info.status == self.original.info.status == RunStatus.FAILED
        if not judged:
            ran = f"{name} failed again, as {again}" if has_failed else f"{name} ran again as {again}"
            return f"{ran}; it has no metrics to compare"
        how = "equal" if not close else f"equal, {close} of them within {self.tolerance:g}"
        return f"{name} reproduced as {again}: {len(judged)} metric{'s' if len(judged) > 1 else ''} {how}"

    def __repr__(self) -> str:
        """Show the verdict, the metrics as a table, and the notes."""
        cells = [[_sign(m), m.key, _number(m.before), _number(m.after), _change(m), m.result] for m in self.metrics]
        head = ["", "metric", "before", "after", "change", ""]
        widths = [max(len(row[i]) for row in [head, *cells]) for i in range(len(head))]
        lines = [self.verdict()]
        if cells:
            lines += [
                "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
                for row in [head, *cells]
            ]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join([*lines, f"folder: {self.folder}"])

    def _repr_html_(self) -> str:
        """Show the same as HTML that needs no script and no style sheet."""
        colour = _COLOURS[EQUAL] if self.matches else _BAD
        rows = "".join(
            f'<tr><td style="color:{_COLOURS.get(m.result, _BAD)}">{_sign(m)}</td><td style="text-align:left">{escape(m.key)}</td>'
            f"<td>{_number(m.before)}</td><td>{_number(m.after)}</td><td>{_change(m)}</td>"
            f'<td style="text-align:left">{m.result}</td></tr>'
            for m in self.metrics
        )
        heads = "".join(f"<th>{head}</th>" for head in ("", "metric", "before", "after", "change", ""))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        told = f'<ul style="opacity:.75">{notes}</ul>' if notes else ""
        where = f'<div style="opacity:.75">{escape(str(self.folder))}</div>'
        return f'<div><b style="color:{colour}">{escape(self.verdict())}</b>{table}{told}{where}</div>'


def _brief(run: Run) -> dict[str, Any]:
    info = run.info
    return {"run_id": info.run_id, "number": info.number, "name": info.run_name, "status": str(info.status)}


def _sign(match: MetricMatch) -> str:
    return _SIGNS.get(match.result, "✗")


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value, 6)


def _change(match: MetricMatch) -> str:
    return "" if not match.change else change_text(match.change)
