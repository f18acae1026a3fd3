"""What loading would run, and the leave to do so."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING

import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from nbtrack.errors import UntrustedModelError
from nbtrack.models import trust
from nbtrack.models.trust import Risk, Trust, is_dangerous, pickle_risks

if TYPE_CHECKING:
    from pathlib import Path


class Odd:
    """A type that skops does not know."""


@pytest.mark.parametrize("protocol", range(6))
def test_names_are_seen_in_every_protocol(tmp_path: Path, protocol: int):
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps([OrderedDict(a=1), Odd(), Odd()], protocol=protocol))
    (risk,) = pickle_risks(path)
    assert "collections.OrderedDict" in risk.names
    assert f"{Odd.__module__}.Odd" in risk.names


def test_a_name_that_comes_from_the_memo_is_seen(tmp_path: Path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93.")
    assert pickle_risks(path)[0].names == ("os.system",)


def test_short_forms_of_names_are_said_to_be_such(tmp_path: Path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x02\x82\x01.")
    assert pickle_risks(path)[0].names == ("copyreg.extension(1)",)


def test_reading_gives_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(list(range(1000))))
    for limit in ("MAX_OPCODES", "MAX_READ"):
        with monkeypatch.context() as patch:
            patch.setattr(trust, limit, 20)
            assert "not be read to its end" in pickle_risks(path)[0].what
    path.write_bytes(b"c" + b"x" * 200)
    monkeypatch.setattr(trust, "MAX_READ", 100)
    assert "not be read to its end" in pickle_risks(path)[0].what


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "__builtin__.exec", "subprocess.Popen", "posix.open"])
def test_signs_of_an_attack_stand_first(name: str):
    assert is_dangerous(name)
    assert str(Risk("m.pkl", "runs", ("a.b", name))) == f"m.pkl: runs: {name} (!), a.b"


def test_many_names_are_counted():
    assert str(Risk("m", "runs", tuple(f"a.{i:02}" for i in range(20)))).endswith("a.11, … 8 more")
    assert not is_dangerous("sklearn.tree.DecisionTreeClassifier")


def test_skops_needs_leave_only_for_strange_types(tmp_path: Path):
    skops.io.dump(LinearRegression(), tmp_path / "plain.skops")
    skops.io.dump([Odd()], tmp_path / "odd.skops")
    name = f"{Odd.__module__}.Odd"
    assert Trust().skops_risks(tmp_path / "plain.skops") == []
    assert Trust().skops_risks(tmp_path / "odd.skops", "model.skops")[0].names == (name,)
    assert isinstance(Trust().load_skops(tmp_path / "plain.skops"), LinearRegression)
    with pytest.raises(UntrustedModelError, match="Odd"):
        Trust().load_skops(tmp_path / "odd.skops")
    for given in (Trust.given(name), Trust.given([name]), Trust.given(trust=True)):
        assert type(given.load_skops(tmp_path / "odd.skops")[0]).__name__ == "Odd"


def test_leave_for_types_is_none_for_pickles(tmp_path: Path):
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(1))
    with pytest.raises(UntrustedModelError) as refused:
        Trust.given(["builtins.int"], "Model x").unpickle(path)
    assert refused.value.where == "Model x"
    assert Trust.given(trust=True).unpickle(path) == 1


def test_code_is_listed_file_by_file(tmp_path: Path):
    (tmp_path / "code" / "p").mkdir(parents=True)
    (tmp_path / "code" / "p" / "a.py").write_text("")
    (tmp_path / "one.py").write_text("")
    assert trust.code_risks(tmp_path, "code")[0].names == ("code/p/a.py",)
    assert trust.code_risks(tmp_path, "one.py")[0].names == ("one.py",)
    assert trust.code_risks(tmp_path, "nothing") == []
