"""``kill -9`` of the server under load: what was acknowledged is there once, and the server is soon back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.faults import kills

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(180)
def test_killed_servers_lose_nothing(tmp_path: Path):
    found = kills.campaign(tmp_path, 3, n_rest=2, n_trainings=1, most_s=0.3)
    assert (found.lost, found.twice) == (0, 0), found
    assert found.acknowledged > 100
