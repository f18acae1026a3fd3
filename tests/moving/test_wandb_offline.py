from __future__ import annotations

import os
import shutil
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.importing import take_in
from nbtrack.moving.tally import Tally
from nbtrack.moving.wandb.log import BLOCK, Found, read_log
from nbtrack.moving.wandb.offline import WandbOffline
from tests.moving.other_sources import history, nothing_new, runs, taken, unpack

if TYPE_CHECKING:
    from pathlib import Path

HEAD = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)


def piece(kind: int, data: bytes) -> bytes:
    return struct.pack("<IHB", zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data


def test_runs_have_config_history_summary_and_files(tmp_path: Path) -> None:
    store, tally = taken(WandbOffline(unpack("wandb", tmp_path)), tmp_path)
    found = runs(store)
    first = found["first"]
    assert first.info.experiment_name == "digits"
    assert first.info.status == "FINISHED"
    assert first.data.params == {
        "lr": "0.1",
        "model.depth": "3",
        "model.act": "relu",
        "layers": "[1, 2]",
        "added": "yes",
    }
    assert history(store, first, "loss") == [(i, 1 / (i + 1)) for i in range(5)]
    assert history(store, first, "deep.er") == [(i, i) for i in range(5)]
    assert history(store, first, "odd") == [(i, "NaN" if i == 3 else float("inf")) for i in range(5)]
    assert history(store, first, "late") == [(40, 1.0)]
    assert history(store, first, "best") == [(40, 0.95)]  # of the summary only
    tags = first.data.tags
    assert tags["mlflow.note.content"] == "a note\nin two lines"
    assert (tags["wandb.tags"], tags["wandb.group"], tags["wandb.job_type"]) == ("base, cpu", "g1", "train")
    assert store.artifact_file(first.info.run_id, "model.txt").read_text() == "a model"
    assert first.info.end_time is not None
    assert 0 <= first.info.end_time - first.info.start_time < 60_000
    second = found["second"]
    assert second.info.status == "FAILED"
    assert len(second.data.params["long"]) == 70_000  # a record over three blocks of the log
    assert any("histogram" in note for note in tally.notes)
    assert tally.n_skipped == 0
    assert nothing_new(take_in(WandbOffline(tmp_path / "wandb"), store))


def test_a_run_without_an_end_goes_on_while_its_log_is_written_and_ends_with_it(tmp_path: Path) -> None:
    logs = unpack("wandb", tmp_path)
    (log,) = logs.rglob("run-plk1vf1f.wandb")
    whole = log.read_bytes()
    log.write_bytes(whole[:-200])
    store, _ = taken(WandbOffline(log.parent), tmp_path)
    assert runs(store)["first"].info.status == "RUNNING"
    os.utime(log, (1, 1))
    take_in(WandbOffline(log.parent), store)
    assert runs(store)["first"].info.status == "KILLED"
    log.write_bytes(whole)
    take_in(WandbOffline(log.parent), store)
    assert runs(store)["first"].info.status == "FINISHED"


def test_a_run_that_was_resumed_is_one(tmp_path: Path) -> None:
    logs = unpack("wandb", tmp_path)
    (log,) = logs.rglob("run-plk1vf1f.wandb")
    shutil.copytree(log.parent, logs / "offline-run-20270101_000000-plk1vf1f")
    source = WandbOffline(logs)
    assert len(source) == 2
    store, _ = taken(source, tmp_path)
    assert len(history(store, runs(store)["first"], "loss")) == 10


def test_links_that_lead_elsewhere_are_followed_on_request_only(tmp_path: Path) -> None:
    logs = unpack("wandb", tmp_path / "mine")
    (model,) = logs.rglob("model.txt")
    secret = tmp_path / "secret.txt"
    secret.write_text("key")
    model.with_name("out.txt").symlink_to(secret)
    model.with_name("near.txt").symlink_to(model)
    model.with_name("gone.txt").symlink_to(tmp_path / "gone")
    store, tally = taken(WandbOffline(logs), tmp_path)
    paths = set(store.sql("SELECT path FROM artifacts")["path"])
    assert paths == {"model.txt", "near.txt"}
    assert sorted(what.split()[1] for what, _ in tally.skipped) == ["gone.txt", "out.txt"]
    tally = take_in(WandbOffline(logs, follows_links=True), store)
    assert tally.files == 1
    assert "out.txt" in set(store.sql("SELECT path FROM artifacts")["path"])


def test_system_metrics_come_on_request(tmp_path: Path) -> None:
    logs = unpack("wandb", tmp_path)
    message = b"\x12\x02\x08\x05" + b"\x1a\x0b" + b"\x0a\x03gpu" + b"\x82\x01\x03" + b"7.5"
    for log in logs.rglob("run-plk1vf1f.wandb"):
        log.write_bytes(
            HEAD + piece(1, b"\x8a\x01\x06\x0a\x01x\x1a\x01p") + piece(1, b"\x3a" + bytes([len(message)]) + message)
        )
    for has_stats in (False, True):
        run = next(iter(WandbOffline(logs, "one", has_stats=has_stats).runs(Tally())))
        assert run.experiment == "one"
        assert run.counts == ({"system/gpu": 1} if has_stats else {})


def test_damage_costs_its_block_only(tmp_path: Path) -> None:
    path = tmp_path / "run-x.wandb"
    records = [bytes([65 + i]) * 20_000 for i in range(4)]
    body = HEAD
    for record in records:  # as the library cuts them: a piece ends with its block
        kinds: list[int] = []
        rest = record
        while rest:
            room = BLOCK - len(body) % BLOCK
            if room < 7:
                body += bytes(room)
                room = BLOCK
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if not kinds else 4) if not rest else (2 if not kinds else 3)
            kinds.append(kind)
            body += piece(kind, part)
    path.write_bytes(body)
    found = Found()
    assert [*read_log(path, found)] == records
    assert (found.records, found.damaged, found.is_torn) == (4, 0, False)
    broken = bytearray(body)
    broken[100] ^= 1
    path.write_bytes(broken)
    found = Found()
    kept = [*read_log(path, found)]
    assert records[3] in kept
    assert found.damaged >= 1
    path.write_bytes(body[:-5])
    found = Found()
    assert [*read_log(path, found)] == records[:3]
    assert found.is_torn


def test_what_is_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="wandb"):
        WandbOffline(tmp_path / "nowhere")
    with pytest.raises(InvalidValueError, match="no runs"):
        WandbOffline(tmp_path)
    for name, data in {"run-a.wandb": b"something", "run-b.wandb": HEAD[:-1] + b"\x07", "run-c.wandb": HEAD}.items():
        (tmp_path / name).write_bytes(data)
    _, tally = taken(WandbOffline(tmp_path), tmp_path)
    whys = [why for _, why in tally.skipped]
    assert "does not begin as a log of W&B does" in whys[0]
    assert "form 7" in whys[1]
    assert whys[2] == "no run begins in it"
