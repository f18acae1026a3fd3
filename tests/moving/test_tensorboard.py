from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.crc32c import checksums, masked
from nbtrack.moving.importing import take_in
from nbtrack.moving.protobuf import WireError, fields
from nbtrack.moving.tally import Tally
from nbtrack.moving.tensorboard.events import Found, parse, read_events
from nbtrack.moving.tensorboard.folder import TensorBoard
from tests.moving.other_sources import history, nothing_new, runs, taken, unpack


def slow_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_checksums_are_castagnolis() -> None:
    assert checksums(b"123456789", [0], [9]).tolist() == [0xE3069283]  # RFC 3720, B.4
    assert checksums(bytes(32), [0], [32]).tolist() == [0x8A9136AA]


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=70), min_size=1, max_size=8), st.integers(1000, 2200))
def test_checksums_of_many_records_are_those_of_each(parts: list[bytes], long: int) -> None:
    parts.append(bytes(i * 7 % 251 for i in range(long)))
    begins = [sum(map(len, parts[:i])) for i in range(len(parts))]
    found = checksums(b"".join(parts), begins, [len(part) for part in parts])
    assert found.tolist() == [slow_crc(part) for part in parts]


@settings(max_examples=50)
@given(st.binary(max_size=60))
def test_bytes_that_are_no_event_are_an_error_of_one_kind(data: bytes) -> None:
    for read in (parse, lambda data: [*fields(data)]):
        try:
            read(data)
        except WireError:
            continue


def test_runs_have_scalars_of_both_styles_hyperparameters_and_files(tmp_path: Path) -> None:
    store, tally = taken(TensorBoard(unpack("tensorboard", tmp_path)), tmp_path)
    found = runs(store)
    assert sorted(found) == ["exp1", "exp1/both_a", "exp1/both_b", "exp2"]
    first = found["exp1"]
    # The program went on at step 4, so what it had said from there on is void.
    losses = [1.0, 0.5, pytest.approx(1 / 3), 0.25, -4.0, -5.0, -6.0, -7.0]
    assert history(store, first, "train/loss") == [*enumerate(losses)]
    assert history(store, first, "new") == [(i, i * 1.5) for i in range(4)]
    assert history(store, first, "double") == [(i, i / 3) for i in range(4)]
    assert history(store, first, "odd") == [(0, "NaN"), (1, float("inf"))]
    assert first.data.params == {"lr": "0.1", "depth": "3", "opt": "adam"}
    assert first.data.metrics["hp/acc"] == pytest.approx(0.9)
    files = {row.path for row in store.sql("SELECT path FROM artifacts").itertuples()}
    assert files == {"images/picture/2.png", "images/several/3.png", "texts/note/text_summary/1.md"}
    assert store.artifact_file(first.info.run_id, "texts/note/text_summary/1.md").read_bytes() == b"hello **md**"
    assert store.artifact_file(first.info.run_id, "images/picture/2.png").read_bytes().startswith(b"\x89PNG")
    assert found["exp1/both_a"].info.parent_run_id == first.info.run_id
    _, times, _ = store.metric_history(found["exp2"].info.run_id, "loss")
    assert times.astype("int64").tolist() == [1_700_000_000_000 + 1000 * i for i in range(3)]
    assert history(store, found["exp2"], "loss") == [(0, 0.0), (10, 0.25), (20, 0.5)]
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert tally.notes == ["histograms are not moved (1 in exp1)"]
    assert tally.n_skipped == 0


def test_again_brings_nothing_and_what_grew_brings_that(tmp_path: Path) -> None:
    logs = unpack("tensorboard", tmp_path)
    (second,) = (logs / "exp2").iterdir()
    whole = second.read_bytes()
    second.write_bytes(whole[:-10])  # its program is writing the last record
    store, _ = taken(TensorBoard(logs), tmp_path)
    assert [step for step, _ in history(store, runs(store)["exp2"], "loss")] == [0, 10]
    second.write_bytes(whole)
    tally = take_in(TensorBoard(logs), store)
    assert (tally.runs.new, tally.runs.changed, tally.runs.known, tally.points) == (0, 1, 3, 1)
    assert [step for step, _ in history(store, runs(store)["exp2"], "loss")] == [0, 10, 20]
    moved = logs.rename(tmp_path / "elsewhere")
    assert nothing_new(take_in(TensorBoard(moved, "tensorboard"), store))


def test_a_damaged_record_is_left_out_and_told(tmp_path: Path) -> None:
    logs = unpack("tensorboard", tmp_path)
    (second,) = (logs / "exp2").iterdir()
    data = bytearray(second.read_bytes())
    data[-20] ^= 1
    second.write_bytes(data)
    store, tally = taken(TensorBoard(logs), tmp_path)
    assert [step for step, _ in history(store, runs(store)["exp2"], "loss")] == [0, 10]
    ((what, why),) = tally.skipped
    assert what.startswith("exp2/events")
    assert "checksum of record 4 is wrong" in why


def test_a_damaged_length_ends_the_file(tmp_path: Path) -> None:
    logs = unpack("tensorboard", tmp_path)
    (second,) = (logs / "exp2").iterdir()
    data = bytearray(second.read_bytes())
    (size,) = struct.unpack_from("<Q", data)
    data[12 + size + 4] ^= 1  # the length of the second record
    second.write_bytes(data)
    found = Found()
    assert len([*read_events(second, found)]) == 1
    assert "length of record 2 is damaged" in found.why


def test_a_record_of_another_kind_is_damage_not_an_end(tmp_path: Path) -> None:
    def framed(data: bytes) -> bytes:
        def crc(part: bytes) -> bytes:
            return struct.pack("<I", int(masked(checksums(part, [0], [len(part)]))[0]))

        head = struct.pack("<Q", len(data))
        return head + crc(head) + data + crc(data)

    path = tmp_path / "events.out.tfevents.1.vm"
    path.write_bytes(framed(b"\xff\xff\xff") + framed(b"\x09" + struct.pack("<d", 5.0) + b"\x10\x07"))
    found = Found()
    assert [(event.time, event.step) for event in read_events(path, found)] == [(5.0, 7)]
    assert (found.records, found.damaged, found.is_torn) == (2, 1, False)


def test_places_without_runs_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'nowhere' is not in .*\. Name what .*--logdir"):
        TensorBoard(tmp_path / "nowhere")
    with pytest.raises(InvalidValueError, match=r"is no folder\. Name what .*--logdir"):
        TensorBoard(Path(__file__))
    with pytest.raises(InvalidValueError, match="no event files"):
        TensorBoard(tmp_path)
    (tmp_path / "events.out.tfevents.1.vm").write_bytes(b"")
    tally = Tally()
    assert [*TensorBoard(tmp_path).runs(tally)] == []
    assert tally.skipped[0][1] == "its event files have no events"
