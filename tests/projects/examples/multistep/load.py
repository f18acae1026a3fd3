"""Makes a table."""

import sys
from pathlib import Path

import nbtrack

nbtrack.start_run()
Path("numbers.csv").write_text("".join(f"{n}\n" for n in range(int(float(sys.argv[2])))))
nbtrack.log_artifact("numbers.csv", "tables")
