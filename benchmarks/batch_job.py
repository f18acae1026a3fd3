"""``python -m benchmarks.batch_job WHO MODEL INPUT OUTPUT``: scores a Parquet file, in a process of its own for its peak of memory.

A JSON line says what it took. WHO is ``nbtrack``, which scores the file, or ``floor``: the bare model is asked for as many rows from one
chunk in memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import joblib  # type: ignore[import-untyped]

from benchmarks.laps import timed

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_ROWS = 1 << 17


def main(who: str, model: Path, source: Path, output: Path) -> dict[str, float]:
    """Score all rows once; return seconds and the peak of memory in bytes."""
    os.chdir(output.parent)  # where a store is made
    took = timed((_ours if who == "nbtrack" else _bare)(model, source, output))
    return {"wall": took["wall"], "cpu": took["cpu"], "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _ours(model: Path, source: Path, output: Path) -> Callable[[], Any]:
    import nbtrack.models

    with duckdb.connect() as con:  # so that what is imported when it is needed has been
        nbtrack.models.predict(str(model), con.execute("FROM read_parquet(?) LIMIT 1", [str(source)]).df(), trust=True)
    return lambda: nbtrack.models.predict(str(model), source, output, trust=True)


def _bare(model: Path, source: Path, _: Path) -> Callable[[], Any]:
    native = joblib.load(model.with_suffix(".joblib"))
    with duckdb.connect() as con:
        n_rows = con.execute("SELECT count(*) FROM read_parquet(?)", [str(source)]).fetchone()[0]  # type: ignore[index]
        chunk = con.execute("FROM read_parquet(?) LIMIT ?", [str(source), CHUNK_ROWS]).df()

    def predict() -> None:
        for first in range(0, n_rows, CHUNK_ROWS):
            native.predict(chunk.iloc[: n_rows - first])

    return predict


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], *map(Path, sys.argv[2:5]))))
