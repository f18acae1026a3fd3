"""``python -m benchmarks``: measure, and write down what was found; figures that are left out stay as they were."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.book import Book, Facts
from benchmarks.crew import EVERYONE, OURS, PEERS, Crew
from benchmarks.figures import FIGURES
from benchmarks.progress import Progress
from benchmarks.report import verdicts, write_report
from benchmarks.sizes import FULL, QUICK

if TYPE_CHECKING:
    from benchmarks.sizes import Sizes

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / "build" / "bench"


def main(arguments: list[str] | None = None) -> int:
    """Measure; the exit status says whether everything could be measured, not whether targets are met."""
    options = _options().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers are ended
    sizes = QUICK if options.quick else FULL
    only = _chosen(options.only.split(",")) if options.only else list(FIGURES)
    names = (OURS, "floor") if options.alone else EVERYONE
    is_kept = not options.quick and not options.alone
    out = ROOT / "benchmarks" if is_kept else SCRATCH / "report"
    data = SCRATCH / "data"
    shutil.rmtree(data, ignore_errors=True)
    os.nice(options.nice)
    progress, failed = Progress(), {}
    book = Book.read(out) if is_kept else Book()
    try:
        with Crew(ROOT, data, names, progress, patience=sizes.patience) as crew:
            progress.figure("start")
            versions = crew.start()
            for name in only:
                try:
                    _measure(name, crew, sizes, book, versions, options.nice)
                except Exception:  # noqa: BLE001 - the others can still be measured
                    failed[name] = traceback.format_exc()
                progress.done()
                write_report(out, book)
    finally:
        progress.done()
        if not options.keep:
            shutil.rmtree(data, ignore_errors=True)
    print("", *verdicts(book.findings), f"\n{out / 'RESULTS.md'}", sep="\n")
    for name, error in failed.items():
        print(f"\n{name} could not be measured:\n{error}", file=sys.stderr)
    return 1 if failed else 0


def _measure(name: str, crew: Crew, sizes: Sizes, book: Book, versions: dict[str, str], nice: int) -> None:
    begin, waited, load = time.monotonic(), machine.waited(), machine.load()
    findings = FIGURES[name](crew, sizes)
    seconds = time.monotonic() - begin
    facts = Facts(
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        mode=sizes.name,
        revision=machine.revision(ROOT),
        machine=machine.describe(ROOT),
        versions=versions,
        minutes=seconds / 60,
        load_before=load,
        load_after=machine.load(),
        pressure=None if waited is None else ((machine.waited() or 0.0) - waited) / seconds,
        nice=nice,
    )
    book.put(name, findings, facts)


def _chosen(names: list[str]) -> list[str]:
    """Return the figures of these names: `server` is also `server-postgres`."""
    return [*dict.fromkeys(f for name in names for f in FIGURES if f == name or f.startswith(f"{name}-"))] or names


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, under three minutes; nothing is judged by size"
    )
    parser.add_argument("--only", metavar="A,B", help=f"some of {', '.join(FIGURES)}")
    parser.add_argument("--alone", action="store_true", help=f"without {', '.join(PEERS)}")
    parser.add_argument(
        "--nice", type=int, default=0, metavar="N", help="priority of every contender; below 0 as root only"
    )
    parser.add_argument("--keep", action="store_true", help="leave the data in build/bench/data")
    return parser


if __name__ == "__main__":
    sys.exit(main())
