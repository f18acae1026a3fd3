"""Bytes a point on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import material
from benchmarks.crew import OURS, PEERS
from benchmarks.findings import Findings, Row

if TYPE_CHECKING:
    from benchmarks.crew import Crew
    from benchmarks.sizes import Sizes

GROUP = "Bytes a point"
FLOOR = 8.0
LIMIT = 12
VALUES = {
    "full": "values with 53 random bits",
    "float32": "values that were float32 once",
    "rounded": "values rounded to 4 places",
}
PLACES = {"store": "whole store", "database": "DuckDB file", "history": "history for rebuilding"}


def measure(crew: Crew, sizes: Sizes) -> Findings:
    """Log the same points into each, and weigh the files."""
    found = Findings()
    n = sizes.bytes_points
    for kind in material.KINDS:
        crew.progress.figure(f"bytes a point, {VALUES[kind]}")
        ours: dict[str, Any] = crew.ask(OURS, "bytes_on_disk", n=n, kind=kind)
        peers = {
            name: crew.ask(name, "bytes_on_disk", n=sizes.peer_bytes_points, kind=kind)["store"]
            / sizes.peer_bytes_points
            for name in crew.present(*PEERS)
        }
        for place, text in PLACES.items():
            row = Row(GROUP, f"{VALUES[kind]}, {text}", "bytes", ours[place] / n)
            if place != "history" and n >= 1_000_000:
                row.target, row.met = f"<= {LIMIT}", row.ours <= LIMIT
            if place == "store":
                row.floor, row.floor_is, row.peers = FLOOR, "the value alone", peers
            found.rows.append(row)
    found.rows[0].note = (
        f"{n:,} points 20 ms apart; peers {sizes.peer_bytes_points:,}; the store has 1 MB that is kept free for a full disk; "
        "TensorBoard keeps float32"
    )
    return found
