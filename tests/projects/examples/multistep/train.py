"""Adds the numbers of a table."""

import sys
from pathlib import Path

import nbtrack

table, factor = Path(sys.argv[1]), float(sys.argv[2])
with nbtrack.start_run():
    nbtrack.log_metric("sum", factor * sum(map(int, table.read_text().split())))
