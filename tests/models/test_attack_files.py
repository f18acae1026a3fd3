"""Model folders and files that were made to harm, in ways that need no pickle: found when everything here was attacked in turn."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

import nbtrack
from nbtrack.errors import InvalidValueError, UntrustedModelError
from nbtrack.models.archive import is_archive, unpack
from nbtrack.models.flavors.onnx import FLAVOR as ONNX
from nbtrack.models.trust import Trust, pickle_risks
from nbtrack.models.yaml_text import parse_yaml
from tests.models import kit

if TYPE_CHECKING:
    from pathlib import Path


def skops_folder(path: Path, native: Any, files: dict[str, bytes] | None = None, **conf: Any) -> Path:
    """Write a model folder whose model needs no leave."""
    flavors = {
        "sklearn": {"pickled_model": "model.skops", "serialization_format": "skops", **conf},
        "python_function": {"loader_module": "mlflow.sklearn", "model_path": "model.skops", **conf},
    }
    model = kit.folder(path, flavors, files)
    skops.io.dump(native, model / "model.skops")
    return model


@pytest.mark.parametrize("file", ["wave.pyc", "wave.so", "wave/__init__.pyc", "wave.txt", ""])
@pytest.mark.parametrize("load", [nbtrack.pyfunc.load_model, nbtrack.sklearn.load_model])
def test_a_folder_of_code_asks_for_leave_whatever_is_in_it(tmp_path: Path, file: str, load: Any):
    """Python imports compiled files and libraries as well; being put on the path is enough."""
    model = skops_folder(tmp_path / "m", LinearRegression(), {f"code/{file}": b""} if file else {}, code="code")
    (model / "code").mkdir(exist_ok=True)
    with pytest.raises(UntrustedModelError, match="code"):
        load(model)
    assert str(model / "code") not in sys.path


def test_code_behind_a_link_asks_for_leave(tmp_path: Path):
    model = skops_folder(tmp_path / "m", LinearRegression(), {"data/evil.py": b""}, code="code")
    (model / "code").mkdir()
    (model / "code" / "pkg").symlink_to(model / "data")
    with pytest.raises(UntrustedModelError, match="code/pkg"):
        nbtrack.pyfunc.load_model(model)


@pytest.mark.parametrize("method", ["tofile", "dump", "__class__", "shape", "resize"])
def test_data_in_place_of_an_estimator_does_nothing(tmp_path: Path, method: str):
    model = skops_folder(tmp_path / "m", np.arange(3.0), predict_fn=method)
    with pytest.raises(InvalidValueError, match="no way to predict"):
        nbtrack.pyfunc.load_model(model)


@pytest.mark.parametrize(
    "text",
    ["a: 1" + ":1" * 50_000, "a: -1" + ":59" * 50_000 + ".5", "{" + ",".join(f"{i * (2**61 - 1)}: 0" for i in range(10**4)) + "}"],
    ids=["base 60", "base 60 fraction", "keys of one hash"],
)  # fmt: skip
def test_numbers_in_yaml_take_no_time(text: str):
    with pytest.raises(InvalidValueError, match="bomb"):
        parse_yaml(text, "MLmodel")


def test_a_header_of_a_tar_file_is_not_taken_into_memory(tmp_path: Path):
    path = tmp_path / "m.tar.gz"
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 64 << 20
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(header.size))
    assert is_archive(path)
    with pytest.raises(InvalidValueError, match="bomb"):
        unpack(path, tmp_path)


def zipped(**members: str) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)
    return found.getvalue()


NODE = '{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "protocol": 2, "content": ['
DAMAGED = {
    "empty": b"",
    "junk": b"\x00" * 50,
    "half a zip": b"PK\x03\x04" + b"x" * 100,
    "end of a zip": b"PK\x05\x06" + b"\x01" * 18,
    "no schema": zipped(),
    "a list": zipped(schema_json="[1]"),
    "deep": zipped(schema_json=NODE * 20_000 + "]}" * 20_000),
    "unknown loader": zipped(schema_json=NODE.replace("ListNode", "Nope") + "]}"),
    "no loader": zipped(schema_json='{"protocol": 2}'),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused_in_words(tmp_path: Path, name: str):
    model = skops_folder(tmp_path / "m", LinearRegression())
    (model / "model.skops").write_bytes(DAMAGED[name])
    for load in (nbtrack.pyfunc.load_model, lambda m: nbtrack.sklearn.load_model(m, trust=True)):
        with pytest.raises(InvalidValueError, match=r"no skops file|damaged"):
            load(model)
    assert pickle_risks(model / "model.skops")


def test_a_skops_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbtrack.models.trust.FREE_BYTES", 1 << 20)
    path = tmp_path / "m.skops"
    path.write_bytes(zipped(schema_json="{}", zeros_npy="0" * (8 << 20)))
    with pytest.raises(InvalidValueError, match="bomb"):
        Trust(everything=True).load_skops(path)


def test_a_pipe_in_place_of_a_model_is_not_waited_for(tmp_path: Path):
    model = skops_folder(tmp_path / "m", LinearRegression())
    (model / "model.skops").unlink()
    os.mkfifo(model / "model.skops")
    with pytest.raises(InvalidValueError, match="pipe"):
        nbtrack.pyfunc.load_model(model)


@pytest.mark.parametrize(
    "conf",
    [
        {"providers": [["TensorrtExecutionProvider", {"trt_extra_plugin_lib_paths": "/tmp/evil.so"}]]},
        {"providers": [["QNNExecutionProvider", {"device_id": 0, "backend_path": "evil.so"}], "CPUExecutionProvider"]},
        {"onnx_session_options": {"extra_session_config": {"session.model_external_initializers_file_folder_path": "/"}}},
    ],
)  # fmt: skip
def test_settings_of_onnx_runtime_that_name_files_ask_for_leave(tmp_path: Path, conf: dict[str, Any]):
    (risk,) = ONNX.risks(tmp_path, conf)
    assert "libraries" in str(risk)
    harmless = {
        "providers": ["CPUExecutionProvider", ["CUDAExecutionProvider", {"device_id": 1}]],
        "onnx_session_options": None,
    }
    assert ONNX.risks(tmp_path, harmless) == []
    assert ONNX.risks(tmp_path, {"providers": "CPUExecutionProvider"}) == []
