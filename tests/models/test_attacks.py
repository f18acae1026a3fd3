"""Models from a stranger: nothing of them runs, nothing outside is read, and the error says why."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValueError, NotFoundError, UntrustedModelError
from nbtrack.models import loading
from nbtrack.models.folder import check_relative, inside
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.trust import Trust, pickle_risks
from tests.models import kit
from tests.models.kit import UNSAFE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    return tmp_path


# -- pickles -------------------------------------------------------------------------------------------------------------

PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_pickle_is_not_loaded_without_leave_however_it_is_packed(tmp_path: Path, canary: Path, packing: str):
    data = PACKINGS[packing](kit.trapped(canary))
    model = kit.folder(tmp_path / "m", kit.pyfunc_conf(), {"python_model.pkl": data})
    with pytest.raises(UntrustedModelError, match=r"posix\.system \(!\)") as refused:
        nbtrack.pyfunc.load_model(model)
    assert "trust=True" in str(refused.value)
    assert not canary.exists()


def test_a_pickle_inside_a_zip_is_looked_into(tmp_path: Path, canary: Path):
    path = tmp_path / "model.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", kit.trapped(canary))
    assert any("posix.system" in risk.names for risk in pickle_risks(path))
    assert not canary.exists()


def test_a_pickle_that_cannot_be_read_to_its_end_is_said_to_be_so(tmp_path: Path, canary: Path):
    path = tmp_path / "m.pkl"
    path.write_bytes(kit.trapped(canary)[:-1] + b"\xff\xff")
    risk = pickle_risks(path)[0]
    assert "could not be read to its end" in str(risk)
    assert "posix.system" in risk.names


def test_one_door_opens_pickles_and_it_asks(tmp_path: Path, canary: Path):
    path = tmp_path / "m.pkl"
    path.write_bytes(kit.trapped(canary))
    with pytest.raises(UntrustedModelError):
        Trust().unpickle(path)
    assert not canary.exists()
    Trust(everything=True).unpickle(path)
    assert canary.exists(), "the trap works, so the tests above mean something"


@pytest.mark.parametrize(
    "look",
    [
        MLmodel.load,
        loading.risks_of,
        nbtrack.models.get_model_info,
        nbtrack.pyfunc.get_model_dependencies,
    ],
)
def test_looking_at_a_model_loads_nothing(tmp_path: Path, canary: Path, look: Callable[[Path], Any]):
    files = {"python_model.pkl": kit.trapped(canary), "requirements.txt": b"numpy\n", "code/evil.py": b"1/0"}
    model = kit.folder(tmp_path / "m", kit.pyfunc_conf(code="code"), files)
    look(model)
    assert not canary.exists()


def test_code_and_strange_loaders_are_named_before_they_run(tmp_path: Path, canary: Path):
    code = f"import pathlib; pathlib.Path({str(canary)!r}).touch()".encode()
    conf = {"python_function": {"loader_module": "evil", "data": "data.bin", "code": "code"}}
    model = kit.folder(tmp_path / "m", conf, {"code/evil.py": code, "data.bin": kit.trapped(canary)})
    with pytest.raises(UntrustedModelError) as refused:
        nbtrack.pyfunc.load_model(model)
    said = str(refused.value)
    assert "code/evil.py" in said
    assert "'evil' is imported" in said
    assert "posix.system" in said
    assert not canary.exists()


def test_a_model_from_code_is_not_run_without_leave(tmp_path: Path, canary: Path):
    conf = {"python_function": {"loader_module": "mlflow.pyfunc.model", "model_code_path": "model.py"}}
    model = kit.folder(tmp_path / "m", conf, {"model.py": f"open({str(canary)!r}, 'w')".encode()})
    with pytest.raises(UntrustedModelError, match=r"model\.py: this Python file is run"):
        nbtrack.pyfunc.load_model(model)
    assert not canary.exists()


def test_a_folder_that_was_logged_as_files_asks_for_leave_too(store: Path, canary: Path):
    model = kit.folder(store / "m", kit.pyfunc_conf(), {"python_model.pkl": kit.trapped(canary)})
    with nbtrack.start_run() as run:
        run.log_artifacts(model, "m")
    with pytest.raises(UntrustedModelError):
        nbtrack.pyfunc.load_model(f"runs:/{run.id}/m")
    assert not canary.exists()


def test_a_model_cannot_give_itself_leave(tmp_path: Path, canary: Path):
    conf = kit.pyfunc_conf(trust=True, skops_trusted_types=["posix.system"])
    model = kit.folder(
        tmp_path / "m", conf, {"python_model.pkl": kit.trapped(canary)}, trust=True, metadata={"trust": True}
    )
    with pytest.raises(UntrustedModelError):
        nbtrack.pyfunc.load_model(model)
    assert not canary.exists()


# -- YAML ----------------------------------------------------------------------------------------------------------------

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(f'*{old}' for _ in range(10))}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD_YAML = {
    "bomb": LAUGHS,
    "merged bomb": LAUGHS.replace("[", "{k: [").replace("]\n", "]}\n"),
    "recursion": "flavors: &a [*a]",
    "unknown alias": "flavors: *nobody",
    "depth": "flavors: " + "[" * 20_000,
    "block depth": "\n".join(" " * i + "a:" for i in range(300)),
    "python tag": "flavors: !!python/object/apply:os.system ['touch CANARY']",
    "python name": "flavors: !!python/name:os.system",
    "other tag": "flavors: !include /etc/passwd",
    "no mapping": "- a\n- b",
    "no YAML": "flavors: {a: [",
    "no text": "\x00\x01",
    "large number": "flavors: " + "9" * 10_000,
    "no flavors": "run_id: x",
    "flavors as list": "flavors: [1, 2]",
    "flavor as text": "flavors: {sklearn: run}",
    "signature as text": "flavors: {}\nsignature: x",
    "id as list": "flavors: {}\nmodel_id: [1]",
}


@pytest.mark.parametrize("name", BAD_YAML)
def test_bad_yaml_is_refused_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "MLmodel").write_text(BAD_YAML[name].replace("CANARY", str(tmp_path / "canary")))
    with pytest.raises(InvalidValueError, match="MLmodel"):
        MLmodel.load(tmp_path)
    assert not (tmp_path / "canary").exists()


def test_a_huge_file_is_not_read(tmp_path: Path):
    with (tmp_path / "MLmodel").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InvalidValueError, match="MiB"):
        MLmodel.load(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    (tmp_path / "MLmodel").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidValueError, match="UTF-8"):
        MLmodel.load(tmp_path)


def test_honest_anchors_are_read():
    found = MLmodel.from_yaml("env: &e {conda: c}\nflavors: {a: {env: *e}, b: {env: *e}}")
    assert found.flavors["b"]["env"] == {"conda": "c"}


# -- paths ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*UNSAFE, None, 3, ["a"]])
def test_no_path_of_a_model_leaves_its_folder(tmp_path: Path, path: Any):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "m").mkdir()
    with pytest.raises(InvalidValueError):
        inside(tmp_path / "m", path)
    with pytest.raises(InvalidValueError):
        check_relative(path)


def test_a_path_encoded_too_often_is_refused():
    text = "."
    for _ in range(12):
        text = text.replace("%", "%25").replace(".", "%2e")
    with pytest.raises(InvalidValueError, match="times"):
        check_relative(text)


@pytest.mark.parametrize("key", ["python_model", "code", "model_code_path"])
@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "%2e%2e/secret", "link", "folder/link"])
def test_what_a_model_says_it_is_loaded_from_stays_inside(tmp_path: Path, canary: Path, key: str, path: str):
    (tmp_path / "secret").write_bytes(kit.trapped(canary))
    model = kit.folder(tmp_path / "m", kit.pyfunc_conf(**{key: path}), {"python_model.pkl": b".", "folder/x": b""})
    (model / "link").symlink_to(tmp_path / "secret")
    (model / "folder" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises((InvalidValueError, NotFoundError)):
        nbtrack.pyfunc.load_model(model, trust=True)
    assert not canary.exists()


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "link"])
def test_artifacts_and_examples_stay_inside(tmp_path: Path, path: str):
    (tmp_path / "secret").write_text('{"data": [[1]]}')
    source = "import nbtrack.models\nnbtrack.models.set_model(lambda model_input: model_input)"
    conf = kit.pyfunc_conf(model_code_path="model.py", artifacts={"a": {"path": path}})
    info = {"artifact_path": path, "type": "dataframe"}
    model = kit.folder(tmp_path / "m", conf, {"model.py": source.encode()}, saved_input_example_info=info)
    (model / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidValueError):
        nbtrack.pyfunc.load_model(model, trust=True)
    from nbtrack.models.example import load_example

    with pytest.raises(InvalidValueError):
        load_example(model)


def test_a_link_in_place_of_the_description_is_not_followed(tmp_path: Path):
    (tmp_path / "real").write_text(yaml.safe_dump({"flavors": {}}))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").symlink_to(tmp_path / "real")
    with pytest.raises(NotFoundError):
        MLmodel.load(tmp_path / "m")


@pytest.mark.parametrize("name", [name for name in UNSAFE if name])
def test_no_name_of_a_logged_model_leaves_its_run(store: Path, name: str):
    with nbtrack.start_run(), pytest.raises(InvalidValueError):
        nbtrack.log_model(lambda model_input: model_input, name)


def test_links_that_lead_out_of_code_are_not_packed(tmp_path: Path):
    (tmp_path / "secret.py").write_text("password = 1")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.py").write_text("x = 1")
    (tmp_path / "lib" / "theirs.py").symlink_to(tmp_path / "secret.py")
    nbtrack.pyfunc.save_model(tmp_path / "m", lambda model_input: model_input, code_paths=[tmp_path / "lib"])
    assert sorted(p.name for p in (tmp_path / "m" / "code" / "lib").iterdir()) == ["mine.py"]
