"""What loading a file imports is read from the file, and nothing of it runs."""

from __future__ import annotations

import io
import pickle
import zipfile
from importlib import import_module
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from nbtrack.models.imports import modules_of, modules_of_code, modules_of_pickle, names_of_pickle

FUNCTION = """
def score(rows):
    import json.decoder
    from colorsys import rgb_to_hsv
    def inner():
        import wave
        return wave
    return [json, rgb_to_hsv, inner, np.mean(rows)]
"""


def modules(value, dumps=pickle.dumps):
    return modules_of_pickle(io.BytesIO(dumps(value)))


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_a_pickle_names_the_modules_of_its_classes():
    assert modules({"a": np.arange(3.0), "b": Path("x")}) >= {"numpy", "pathlib"}


def test_nothing_of_a_pickle_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps([Trap(), Trap()])
    assert {"pathlib"} <= modules_of_pickle(io.BytesIO(data))
    assert ("pathlib", "Path.touch") in names_of_pickle(data)
    assert not Path("sprung").exists()


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(protocol):
    value = {"a": [Path("x"), np.float64(2)], "b": {frozenset({1, 2}), (3,)}}
    assert modules(value, lambda v: pickle.dumps(v, protocol)) >= {"pathlib"}


def test_what_a_function_imports_when_it_runs_is_found_in_its_bytecode():
    names = {"np": np, "__name__": "__main__"}
    exec(FUNCTION, names)
    assert modules(names["score"], cloudpickle.dumps) >= {"json.decoder", "colorsys", "wave", "numpy"}


def test_a_long_function_has_arguments_of_more_than_a_byte():
    lines = [f"    x{n} = value.attribute_{n}" for n in range(400)]
    names = {"__name__": "__main__"}
    exec("\n".join(["def long(value):", *lines, "    import wave", "    return wave"]), names)
    assert "wave" in modules(names["long"], cloudpickle.dumps)


def test_joblib_puts_arrays_between_and_is_read_up_to_the_first(tmp_path):
    joblib = import_module("joblib")  # carries no types
    joblib.dump([Path("x"), np.arange(1000)], tmp_path / "a.joblib")
    assert "pathlib" in modules_of([tmp_path / "a.joblib"])


def test_what_is_no_pickle_names_nothing():
    assert modules_of_pickle(io.BytesIO(b"no pickle at all")) == set()


def test_python_code_imports_what_stands_anywhere_in_it():
    source = "import a.b\nfrom c import d\nfrom . import e\ndef f():\n  import g\n  class H:\n    from i.j import k\n"
    assert modules_of_code(source) == {"a.b", "c", "g", "i.j"}


def test_what_only_type_checkers_read_is_not_imported():
    source = "import typing\nif typing.TYPE_CHECKING:\n  import heavy\nelse:\n  import light\n"
    assert "heavy" not in modules_of_code(source)


def test_code_that_cannot_be_parsed_imports_nothing():
    assert modules_of_code("def :") == set()


def test_files_and_folders_are_read_by_what_they_are(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "part.py").write_text("import wave")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Path("x")))
    (tmp_path / "notes.txt").write_text("import os")
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        text = r'{"__class__": "A", "__module__": "sklearn.x", "content": "\"__module__\": \"forged\""}'
        archive.writestr("schema.json", text)
    with zipfile.ZipFile(tmp_path / "model.pth", "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(np.arange(2)))
    found = modules_of([tmp_path / "code", *tmp_path.iterdir()])
    assert found >= {"wave", "pathlib", "sklearn.x"}
    assert any(name.startswith("numpy") for name in found)
    assert "forged" not in found
    assert "os" not in found
