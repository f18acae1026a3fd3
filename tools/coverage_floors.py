"""Fail when the tests ran too few lines of a room; the floors are in pyproject.toml, ``tool.nbtrack``."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import coverage

ROOT = Path(__file__).parents[1]


def lines_of(data: coverage.Coverage, path: Path) -> tuple[int, list[int]]:
    """Return how many statements a file has, and the lines that no test ran."""
    _, statements, _, missing, _ = data.analysis2(str(path))
    return len(statements), missing


def main() -> int:
    """Print one line per room and return 1 if one is below its floor."""
    project = ROOT / "pyproject.toml"
    floors: dict[str, float] = tomllib.loads(project.read_text())["tool"]["nbtrack"]["coverage-floors"]
    data = coverage.Coverage(config_file=str(project))
    data.load()
    too_low = False
    for room, floor in floors.items():
        place = ROOT / room
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        counted = {path: lines_of(data, path) for path in files}
        n_lines = sum(n for n, _ in counted.values())
        if not n_lines:  # a room still to be built
            continue
        share = 100 * (1 - sum(len(missing) for _, missing in counted.values()) / n_lines)
        print(f"coverage {share:5.1f} % of {room} (floor {floor:g} %)")
        if share < floor:
            too_low = True
            for path, (_, missing) in counted.items():
                if missing:
                    print(f"    {path.relative_to(ROOT)}: lines {', '.join(map(str, missing))}")
    return int(too_low)


if __name__ == "__main__":
    sys.exit(main())
