"""A store whose names try to break out of a page, and an exported page read back."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import nbtrack
from tests.server.conftest import open_parcel
from tests.widgets.blob import unpack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stores import Recorded

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@dataclass
class Exported:
    """What a page holds."""

    text: str
    facts: dict[str, Any]
    runs: dict[str, list[Any]]
    answers: list[tuple[dict[str, Any], dict[str, Any], list[bytes]]]

    def asked(self, what: str) -> list[dict[str, Any]]:
        return [question for question, _, _ in self.answers if question["what"] == what]


def read_page(path: Path) -> Exported:
    """Read a page as its script does."""
    text = path.read_text(encoding="utf-8")
    (facts,) = re.findall(r'<script type="application/json" id="nbt-page">(.*?)</script>', text, re.DOTALL)
    blocks = dict(re.findall(r'<script type="text/plain" id="([\w-]+)"[^>]*>([^<]*)</script>', text))
    data = {name: gzip.decompress(base64.b64decode(block)) for name, block in blocks.items() if block}
    answers = []
    for name in sorted(data):
        if name.startswith("nbt-answers"):
            content, buffers = open_parcel(data[name])
            for entry in content["entries"]:
                own, buffers = buffers[: entry["buffers"]], buffers[entry["buffers"] :]
                answers.append((entry["question"], entry["content"], own))
    return Exported(text, json.loads(facts), unpack(data["nbt-runs"])[1] if "nbt-runs" in data else {}, answers)


def four_runs() -> None:
    """Four runs, one hostile, two with files."""
    for index, name in enumerate(["a", "b", "c", HOSTILE]):
        with nbtrack.start_run(name, params={"lr": 10.0**-index, "model": HOSTILE}, tags={"team": HOSTILE}) as run:
            for step in range(20):
                run.log_metric("acc", index + step / 100, step=step)
            if index < 2:
                run.log_text(f"I am {name}", "notes.txt")
                run.log_text("SECRET=hunter2", "environment/packages.txt")


@pytest.fixture
def store(recorded: Recorded, tmp_path: Path) -> Path:
    recorded(four_runs)
    return tmp_path
