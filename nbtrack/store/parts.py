"""Where the rows of one run are: in the folded tables, or in those that the tail touches.

A view over both costs each search a join with all runs that are touched, which for one run takes longer than to find it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from duckdb import DuckDBPyConnection

    from nbtrack.store.apply import Rows

MOST = 10_000
"""Ids of so many touched runs are remembered."""


@dataclass(slots=True)
class Parts:
    """The tables of a look, under the names by which one run is found in them.

    Attributes
    ----------
    prefix : str
        Of the folded tables.
    touched : collection of str
        The runs of the tail.
    changed : collection of str
        The tables that it changes.
    experiments : dict
        Names by id; filled by who needs them.
    is_filled : dict
        Whether there is any row in a folded table; filled by who needs it.
    """

    prefix: str
    touched: Collection[str] = ()
    changed: Collection[str] = ()
    experiments: dict[int, str] = field(default_factory=dict)
    is_filled: dict[str, bool] = field(default_factory=dict)

    def table(self, name: str, run_id: str) -> str:
        """Return where the rows of a run are; not of a table that only grows."""
        return f"x_{name}" if name in self.changed and run_id in self.touched else f"{self.prefix}{name}"

    def has_any(self, con: DuckDBPyConnection, table: str) -> bool:
        """Say whether there is anything in a table; asked once for each content of the file."""
        if table not in self.is_filled:
            self.is_filled[table] = bool(con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())
        return self.is_filled[table]

    def experiment(self, con: DuckDBPyConnection, experiment_id: int) -> str:
        """Return the name of an experiment, empty when it has none."""
        if not self.experiments:
            self.experiments |= dict(con.execute("SELECT experiment_id, name FROM experiments").fetchall())
        return self.experiments.get(experiment_id) or ""


def parts_of(con: DuckDBPyConnection, prefix: str, rows: Rows) -> Parts | None:
    """Return the tables of a look; None when the tail touches too many runs to remember them."""
    if "runs" not in rows:
        return Parts(prefix)
    touched = con.execute(f"SELECT run_id FROM touched LIMIT {MOST + 1}").fetchall()
    return None if len(touched) > MOST else Parts(prefix, {run_id for (run_id,) in touched}, {*rows})
