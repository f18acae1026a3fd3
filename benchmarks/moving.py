"""Time and memory of moving: 10,000 runs and a run of 1,000,000 points are copied and backed up, event files of 1,000,000 scalars taken in.

Run by hand: ``python benchmarks/moving.py [--runs 10000] [--points 1000000]``.
"""

from __future__ import annotations

import argparse
import resource
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.moving.backup import back_up
from nbtrack.moving.copy import copy_store
from nbtrack.moving.crc32c import checksums, masked
from nbtrack.moving.importing import take_in
from nbtrack.moving.tensorboard.folder import TensorBoard
from nbtrack.names import new_run_id
from nbtrack.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 10_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        source = LocalStore(home / "source.duckdb")
        timed("record", lambda: record(source, wanted.runs, wanted.points))
        timed("fold", lambda: source.fold(timeout=60))
        target = LocalStore(home / "copy.duckdb")
        timed("copy", lambda: copy_store(source, target))
        timed("fold the copy", lambda: target.fold(timeout=60))
        timed("copy again", lambda: copy_store(source, target))
        timed("backup", lambda: back_up(source, home / "backup.duckdb"))
        timed("write event file", lambda: write_events(home / "logs" / "run", wanted.points))
        boards = LocalStore(home / "tb.duckdb")
        timed("tensorboard", lambda: take_in(TensorBoard(home / "logs"), boards))
        for store in (source, target, boards):
            store.close()


def timed(what: str, action: Callable[[], object]) -> None:
    """Do something; print how long it took, and the largest memory of this process so far."""
    begun, worked = time.perf_counter(), time.process_time()
    action()
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    print(
        f"{what:18} {took:8.1f} s   {worked:8.1f} s of work   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:6,} MB"
    )
    sys.stdout.flush()


def record(store: LocalStore, n_runs: int, n_points: int) -> None:
    """Record many small runs and a long one."""
    now = time.time_ns() // 1000
    experiment = store.experiment_id("many")
    for i in range(n_runs + 1):
        run_id = new_run_id()
        about = {"experiment_id": experiment, "experiment": "many", "name": f"run {i}", "number": i + 1, "user": "x"}
        store.append(("start", run_id, None, {**about, "parent": None, "start_us": now}))
        store.append(("params", run_id, {"lr": str(i / 7), "depth": str(i % 9)}, None))
        n = n_points if i == n_runs else 10
        for begin in range(0, n, BATCH):
            steps = range(begin, min(n, begin + BATCH))
            store.log_points(run_id, [(now + step, step, {"loss": 1 / (step + 1)}) for step in steps])
        store.append(("end", run_id, None, {"status": "FINISHED", "end_us": now + n, "duration_us": n, "lost": 0}))


def write_events(folder: Path, n: int) -> None:
    """Write an event file of scalars."""
    folder.mkdir(parents=True)
    with (folder / "events.out.tfevents.1700000000.vm").open("wb") as file:
        for begin in range(0, n, BATCH):
            file.write(_framed([_scalar(step) for step in range(begin, min(n, begin + BATCH))]))


def _scalar(step: int) -> bytes:
    value = b"\x0a\x04loss\x15" + struct.pack("<f", 1 / (step + 1))
    summary = b"\x0a" + bytes([len(value)]) + value
    return (
        b"\x09" + struct.pack("<d", 1.7e9 + step) + b"\x10" + _varint(step) + b"\x2a" + bytes([len(summary)]) + summary
    )


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _framed(records: list[bytes]) -> bytes:
    heads = [struct.pack("<Q", len(data)) for data in records]
    parts = [crc_of(heads), crc_of(records)]
    return b"".join(
        head + struct.pack("<I", a) + data + struct.pack("<I", b)
        for head, a, data, b in zip(heads, parts[0], records, parts[1], strict=True)
    )


def crc_of(parts: list[bytes]) -> list[int]:
    """Return the checksums of parts as TFRecord keeps them."""
    begins = [0]
    for part in parts[:-1]:
        begins.append(begins[-1] + len(part))
    found: list[int] = masked(checksums(b"".join(parts), begins, [len(part) for part in parts])).tolist()
    return found


if __name__ == "__main__":
    main()
