"""How hard the random tests try: ``EFFORT=10 make test-python`` tries ten times as many examples, for a night without a hurry."""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("EFFORT", "1"))


def tries(n: int) -> int:
    """Return how many examples to try where `n` are enough for every day."""
    return n * EFFORT
