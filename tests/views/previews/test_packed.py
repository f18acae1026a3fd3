"""Archives, pickles and tensors: their contents are listed, never unpacked, never run."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nbtrack.views.previews import archive
from nbtrack.views.previews import pickle as room

if TYPE_CHECKING:
    from pathlib import Path

    from tests.views.previews.conftest import Look


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def names(facts: Any) -> dict[str, bool]:
    return {f"{each['module']}.{each['name']}": each["risky"] for each in facts["globals"]}


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_tells_what_it_would_import_and_nothing_runs(look: Look, tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "ran"
    data = pickle.dumps([Evil(f"touch {mark}"), OrderedDict(a=1), dt.date(2026, 1, 1)], protocol)
    facts = look("m.pkl", data)
    assert facts["view"] == "pickle"
    found = names(facts)
    found.pop("_codecs.encode", None)  # how old protocols write bytes
    assert found == {f"{os.system.__module__}.system": True, "collections.OrderedDict": False, "datetime.date": False}
    assert facts["globals"][0]["risky"], "what can do harm stands first"
    assert not mark.exists()


def test_names_that_come_from_the_memo_are_found(look: Look) -> None:
    data = pickle.dumps([np.arange(3), np.arange(4), np.float64(1)], 4)
    found = names(look("m.pkl", data))
    assert "?.?" not in found
    assert {name.rpartition(".")[2] for name in found} >= {"dtype", "ndarray", "scalar"}


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "open"])
def test_builtins_that_do_harm_are_marked(name: str) -> None:
    assert room.is_risky("builtins", name)
    assert not room.is_risky("builtins", "list")
    assert room.is_risky("os.path", "join")


def test_a_cut_pickle_shows_what_was_there(look: Look) -> None:
    data = pickle.dumps({"a": OrderedDict(), "b": list(range(1000))}, 4)
    facts = look("m.pkl", data[:-50])
    assert names(facts) == {"collections.OrderedDict": False}
    assert "Not all of it" in facts["notes"][0]


def test_a_giant_length_in_a_pickle_reads_nothing(look: Look) -> None:
    facts = look("m.pkl", b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x")
    assert facts["view"] in ("binary", "text", "pickle")


def test_pytorch_files_are_looked_into(look: Look) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        bundle.writestr("model/data.pkl", pickle.dumps(OrderedDict(w=1), 2))
    facts = look("model.pt", out.getvalue())
    assert (facts["inner"], names(facts)) == ("model/data.pkl", {"collections.OrderedDict": False})


def test_a_zip_bomb_is_listed_with_a_warning(look: Look) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../etc/<b>passwd</b>", b"\0" * 20_000_000)
    facts = look("a.zip", out.getvalue())
    assert facts["entries"][0]["path"] == "../../etc/<b>passwd</b>"
    assert facts["unpacked"] == 20_000_000
    assert "times as large" in facts["notes"][-1]


def test_long_archives_are_cut(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_LISTED", 3)
    packed, plain = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle, tarfile.open(fileobj=plain, mode="w") as tape:
        for index in range(5):
            bundle.writestr(f"{index}.txt", "x")
            tape.addfile(tarfile.TarInfo(f"{index}.txt"))
    for name, data in (("a.zip", packed.getvalue()), ("a.tar", plain.getvalue())):
        facts = look(name, data)
        assert len(facts["entries"]) == 3
        assert "first 3" in facts["notes"][0]


def test_a_table_of_contents_of_gigabytes_is_not_read(look: Look) -> None:
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 60_000, 60_000, 2**31, 0, 0)
    facts = look("a.zip", b"PK\x03\x04" + b"\0" * 100 + end)
    assert "too long" in facts["notes"][0]


def test_safetensors_show_their_header(look: Look) -> None:
    tensors = {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
    header = json.dumps(tensors).encode()
    facts = look("m.safetensors", struct.pack("<Q", len(header)) + header + b"\0" * 24)
    assert facts["tensors"] == [{"name": "w", "dtype": "F32", "shape": [2, 3], "size": 24}]
    assert (facts["values"], facts["metadata"]) == (6, {"format": "pt"})


def test_unknown_bytes_are_shown_as_bytes(look: Look) -> None:
    facts = look("weights.xyz", bytes(range(256)) * 4)
    assert (facts["view"], len(facts["buffers"][0])) == ("binary", 512)
    assert facts["notes"] == ["The first 512 of 1,024 bytes."]
