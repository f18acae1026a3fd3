"""How much is measured: everything, or enough to see that the benchmark works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """How often and how much each contender does.

    Attributes
    ----------
    rounds : int
        Every contender has its turn in each round; the median of the rounds counts.
    read_rounds : int
        The same for what takes milliseconds to read.
    patience : float
        Seconds to spend on waiting for other programs to pause.
    calls, peer_calls : int
        Logging calls a round.
    runs, points : tuple of int
        Sizes of the curves.
    requests : int
        To a model server, a round.
    batch_rows : tuple of int
        Sizes of files to score.
    server_calls, server_requests : int
        To a tracking server, a round: by one client, and by many at once.
    server_runs : tuple of int
        How many runs are searched there.
    server_points : int
        Of the long history there.
    trials : int
        Of a sweep.
    peer_runs, peer_frame_runs, peer_points : int
        The largest size that peers are asked for: they take seconds where others take milliseconds.
    """

    name: str
    rounds: int
    read_rounds: int
    patience: float
    calls: int
    peer_calls: int
    empty_runs: int
    seen_points: int
    killed_points: int
    runs: tuple[int, ...]
    points: tuple[int, ...]
    tail_runs: tuple[int, ...]
    tail_points: tuple[int, ...]
    peer_runs: int
    peer_frame_runs: int
    peer_points: int
    event_file_points: int
    fold_rounds_up_to: int
    bytes_points: int
    peer_bytes_points: int
    imports: int
    models: int
    requests: int
    batch_rows: tuple[int, ...]
    cells: int
    curve_points: tuple[int, ...]
    page_runs: tuple[int, ...]
    page_rounds: int
    peer_page_runs: int
    server_calls: int
    server_runs: tuple[int, ...]
    server_points: int
    server_requests: int
    trials: int


FULL = Sizes(
    name="full",
    rounds=3,
    read_rounds=5,
    patience=240.0,
    calls=100_000,
    peer_calls=500,
    empty_runs=100,
    seen_points=100,
    killed_points=2_000,
    runs=(1_000, 3_000, 10_000, 30_000, 100_000),
    points=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000),
    tail_runs=(10, 100, 300, 1_000, 3_000),
    tail_points=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000),
    peer_runs=100_000,
    peer_frame_runs=10_000,
    peer_points=1_000_000,
    event_file_points=100_000,
    fold_rounds_up_to=300_000,
    bytes_points=1_000_000,
    peer_bytes_points=100_000,
    imports=10,
    models=5,
    requests=1_000,
    batch_rows=(1_000_000, 3_000_000, 10_000_000),
    cells=50,
    curve_points=(10_000, 100_000, 1_000_000),
    page_runs=(100, 1_000, 10_000, 100_000),
    page_rounds=3,
    peer_page_runs=10_000,
    server_calls=100,
    server_runs=(10_000, 100_000),
    server_points=1_000_000,
    server_requests=400,
    trials=200,
)

QUICK = Sizes(
    name="quick",
    rounds=1,
    read_rounds=1,
    patience=10.0,
    calls=10_000,
    peer_calls=50,
    empty_runs=20,
    seen_points=20,
    killed_points=200,
    runs=(300, 1_000, 3_000),
    points=(1_000, 10_000, 100_000),
    tail_runs=(10, 100, 300),
    tail_points=(1_000, 10_000, 30_000),
    peer_runs=3_000,
    peer_frame_runs=300,
    peer_points=10_000,
    event_file_points=10_000,
    fold_rounds_up_to=100_000,
    bytes_points=100_000,
    peer_bytes_points=20_000,
    imports=3,
    models=2,
    requests=100,
    batch_rows=(300_000, 600_000, 1_000_000),
    cells=20,
    curve_points=(1_000, 10_000),
    page_runs=(100, 1_000),
    page_rounds=1,
    peer_page_runs=1_000,
    server_calls=20,
    server_runs=(1_000, 3_000),
    server_points=30_000,
    server_requests=200,
    trials=50,
)
