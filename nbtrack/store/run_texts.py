"""Runs as JSON that the database writes itself: for a page of a thousand, objects made of rows take as long as the search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.store.run_entities import info_columns, info_of, inputs_of
from nbtrack.store.runs import find

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.entities import RunInfo, RunInputs
    from nbtrack.store.protocol import RunQuery

_NUMBER = """
CASE WHEN isfinite(value) THEN to_json(value) WHEN isnan(value) THEN to_json('NaN')
     WHEN value > 0 THEN to_json('Infinity') ELSE to_json('-Infinity') END
"""
_POINT = f"{{'key': key, 'value': {_NUMBER}, 'timestamp': epoch_ms(timestamp), 'step': step}}"
_TEXT = "{'key': key, 'value': value}"


@dataclass(frozen=True, slots=True)
class RunTexts:
    """One run; `metrics` (``{key, value, timestamp, step}``), `params` and `tags` (``{key, value}``) are JSON lists, by key, or empty."""

    info: RunInfo
    inputs: RunInputs
    metrics: str
    params: str
    tags: str


def texts(con: DuckDBPyConnection, query: RunQuery) -> list[RunTexts]:
    """Return the runs of a query; numbers that JSON has not are the texts ``NaN``, ``Infinity`` and ``-Infinity``."""
    find(con, query)
    infos = con.execute(info_columns()).fetchall()
    metrics, params, tags = (
        _lists(con, table, shape) for table, shape in (("latest", _POINT), ("params", _TEXT), ("tags", _TEXT))
    )
    inputs = inputs_of(con, len(infos))
    return [
        RunTexts(info_of(info), inputs[at], metrics.get(at, ""), params.get(at, ""), tags.get(at, ""))
        for at, info in enumerate(infos)
    ]


def _lists(con: DuckDBPyConnection, table: str, shape: str) -> dict[int, str]:
    """Return a JSON list for each hit that has rows in a narrow table, by its place."""
    rows = con.execute(
        f"SELECT h.rowid, to_json(list({shape} ORDER BY key))::VARCHAR FROM {table} JOIN hits h USING (run_id) "
        "WHERE value IS NOT NULL GROUP BY h.rowid"
    )
    return dict(rows.fetchall())
