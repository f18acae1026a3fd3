"""Python models: written, read, asked; without a store."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import nbtrack
from nbtrack.errors import AlreadyExistsError, InvalidValueError, MissingPackageError, NbtrackWarning, NotFoundError
from nbtrack.models import flavors, infer_signature
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.python_model import FunctionModel, PythonModel, call, hints_of
from nbtrack.pyfunc import load_model, save_model

X = pd.DataFrame({"x": [1.0, 2.0]})


class Scaled(nbtrack.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        self.scale = float(Path(context.artifacts["scale"]).read_text())

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input["x"] * self.scale * context.model_config["k"] * (params or {}).get("times", 1)


class Short(nbtrack.pyfunc.PythonModel):
    def predict(self, model_input: Any) -> Any:
        return list(model_input)


class Streaming(nbtrack.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return [model_input]

    def predict_stream(self, context: Any, model_input: Any, params: Any = None) -> Any:
        yield from str(model_input)


def wrong(value: Any) -> Any:
    """Hide a value's type from the type checker."""
    return value


@pytest.fixture
def scale(tmp_path: Path) -> Path:
    path = tmp_path / "scale.txt"
    path.write_text("2.5")
    return path


def test_a_model_has_its_files_and_settings(tmp_path: Path, scale: Path):
    save_model(
        tmp_path / "m", Scaled(), artifacts={"scale": scale}, model_config={"k": 2}, input_example=(X, {"times": 1})
    )
    scale.unlink()
    model = load_model(tmp_path / "m", trust=True)
    assert list(model.predict(X)) == [5.0, 10.0]
    assert list(model.predict(X, {"times": 3})) == [15.0, 30.0]
    assert list(load_model(tmp_path / "m", model_config={"k": 1}, trust=True).predict(X)) == [2.5, 5.0]
    assert model.model_config == {"k": 2}
    assert type(model.unwrap_python_model()).__name__ == "Scaled"
    assert model.get_raw_model() is model.unwrap_python_model()
    assert model.loader_module == "mlflow.pyfunc.model"
    assert model.model_id is None
    assert repr(model.input_schema) == "['x': double (required)]"
    assert [spec.name for spec in model.params_schema or []] == ["times"]
    assert_frame_equal(model.input_example, X)
    assert "mlflow.pyfunc.model" in repr(model)


def test_input_is_enforced(tmp_path: Path, scale: Path):
    save_model(
        tmp_path / "m", Scaled(), artifacts={"scale": scale}, model_config={"k": 2}, input_example=(X, {"times": 1})
    )
    model = load_model(tmp_path / "m", trust=True)
    with pytest.raises(InvalidValueError, match=r"lacks 'x'.*has 'y'"):
        model.predict(pd.DataFrame({"y": [1.0]}))
    with pytest.raises(InvalidValueError, match="'times' is of type long"):
        model.predict(X, {"times": "x"})
    with pytest.warns(NbtrackWarning, match="Params other are not"):
        model.predict(X, {"other": 1})


def test_a_folder_is_complete_and_only_its_owners(tmp_path: Path, scale: Path):
    save_model(tmp_path / "m", Scaled(), artifacts={"scale": scale}, model_config={"k": 2}, metadata={"team": "x"})
    files = sorted(p.relative_to(tmp_path / "m").as_posix() for p in (tmp_path / "m").rglob("*") if p.is_file())
    assert files == [
        "MLmodel",
        "artifacts/scale.txt",
        "conda.yaml",
        "python_env.yaml",
        "python_model.pkl",
        "requirements.txt",
    ]
    assert {oct(p.stat().st_mode & 0o777) for p in (tmp_path / "m").rglob("*")} == {"0o700", "0o600"}
    found = MLmodel.load(tmp_path / "m")
    assert found.metadata == {"team": "x"}
    assert found.pyfunc is not None
    assert found.pyfunc["artifacts"] == {"scale": {"path": "artifacts/scale.txt", "uri": "scale.txt"}}
    assert found.model_size_bytes == sum((tmp_path / "m" / name).stat().st_size for name in files if name != "MLmodel")


def test_nothing_is_left_of_a_model_that_cannot_be_saved(tmp_path: Path):
    class Locked(nbtrack.pyfunc.PythonModel):
        def __init__(self) -> None:
            self.lock = threading.Lock()

        def predict(self, model_input: Any) -> Any:
            return model_input

    with pytest.raises(InvalidValueError, match="load_context"):
        save_model(tmp_path / "m", Locked())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_not_overwritten(tmp_path: Path):
    save_model(tmp_path / "m", Short())
    with pytest.raises(AlreadyExistsError, match="new or an empty folder"):
        save_model(tmp_path / "m", Short())
    (tmp_path / "empty").mkdir()
    save_model(tmp_path / "empty", Short())


def test_functions_are_models(tmp_path: Path):
    save_model(tmp_path / "f", lambda model_input: [len(model_input)], input_example=X)
    assert load_model(tmp_path / "f", trust=True).predict(X) == [2]

    def with_params(model_input: Any, params: Any = None) -> Any:
        return params

    save_model(tmp_path / "g", with_params)
    assert load_model(tmp_path / "g", trust=True).predict(1, {"a": 2}) == {"a": 2}


def test_a_model_without_context_or_params_gets_none(tmp_path: Path):
    save_model(tmp_path / "m", Short())
    assert load_model(tmp_path / "m", trust=True).predict([1, 2]) == [1, 2]


def test_models_stream(tmp_path: Path):
    save_model(tmp_path / "s", Streaming())
    save_model(tmp_path / "m", Short())
    assert list(load_model(tmp_path / "s", trust=True).predict_stream("ab")) == ["a", "b"]
    with pytest.raises(InvalidValueError, match="does not stream"):
        load_model(tmp_path / "m", trust=True).predict_stream("ab")


def test_code_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "their_helper.py").write_text("def double(x): return 2 * x")
    monkeypatch.syspath_prepend(tmp_path)
    import their_helper  # type: ignore[import-not-found]

    class Helped(nbtrack.pyfunc.PythonModel):
        def predict(self, model_input: Any) -> Any:
            return their_helper.double(model_input)

    save_model(tmp_path / "m", Helped(), code_paths=[tmp_path / "their_helper.py"])
    monkeypatch.undo()
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("their_helper")
    assert load_model(tmp_path / "m", trust=True).predict(4) == 8
    assert str(tmp_path / "m") in str(sys.modules.pop("their_helper").__file__)


def test_models_with_modules_of_the_same_name_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = "import nbtrack.models, its_rates.one\nnbtrack.models.set_model(lambda model_input: model_input * its_rates.one.RATE)"
    (tmp_path / "model.py").write_text(source)
    for rate in (2, 3):
        (tmp_path / str(rate) / "its_rates").mkdir(parents=True)
        (tmp_path / str(rate) / "its_rates" / "__init__.py").write_text("")
        (tmp_path / str(rate) / "its_rates" / "one.py").write_text(f"RATE = {rate}")
        save_model(tmp_path / f"m{rate}", tmp_path / "model.py", code_paths=[tmp_path / str(rate) / "its_rates"])
    models = [load_model(tmp_path / name, trust=True) for name in ("m2", "m3", "m2")]
    assert [model.predict(1) for model in models] == [2, 3, 2]
    for name in [name for name in sys.modules if name.startswith("its_rates")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (save_model, "python_model is missing"),
        (lambda path: save_model(path, wrong(3)), "without predict"),
        (lambda path: save_model(path, "model.txt"), "no Python file"),
        (lambda path: save_model(path, Short(), code_paths="x.py"), "give a list"),
        (lambda path: save_model(path, Short(), signature=wrong("x")), "signature is a str"),
        (lambda path: nbtrack.models.saving.save(Short(), path, "pyfunc", wrong=1), "no option wrong"),
        (lambda path: nbtrack.models.saving.save(Short(), path, "prolog"), "'prolog' is not known"),
        (lambda path: nbtrack.models.saving.save(object(), path), "No flavor is known for a builtins.object"),
    ],
)
def test_wrong_calls_are_told_what_is_right(tmp_path: Path, call: Any, problem: str):
    import nbtrack.models.saving  # noqa: F401

    with pytest.raises(InvalidValueError, match=problem):
        call(tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("option", ["artifacts", "code_paths"])
def test_files_that_are_not_there_are_named(tmp_path: Path, option: str):
    given = {"a": tmp_path / "nowhere"} if option == "artifacts" else [tmp_path / "nowhere"]
    with pytest.raises(NotFoundError, match="nowhere"):
        save_model(tmp_path / "m", Short(), **{option: given})  # type: ignore[arg-type]


def test_artifacts_of_the_same_name_stand_apart(tmp_path: Path):
    for name in ("p", "q"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)

    class Reads(nbtrack.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            self.found = [Path(context.artifacts[name]).read_text() for name in ("one", "two")]

        def predict(self, model_input: Any) -> Any:
            return self.found

    save_model(tmp_path / "m", Reads(), artifacts={"one": tmp_path / "p" / "a.txt", "two": tmp_path / "q" / "a.txt"})
    assert load_model(tmp_path / "m", trust=True).predict(0) == ["p", "q"]


def test_a_model_needs_no_nbtrack_where_it_is_loaded(tmp_path: Path):
    program = (
        "import nbtrack\n"
        "class M(nbtrack.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None): return model_input * 2\n"
        f"nbtrack.pyfunc.save_model({str(tmp_path / 'm')!r}, M())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    reader = (
        "import sys, pickle; sys.modules['nbtrack'] = None\n"
        f"model = pickle.load(open({str(tmp_path / 'm' / 'python_model.pkl')!r}, 'rb'))\n"
        "model.load_context(None); print(model.predict(None, 21), model.predict_type_hints.input)"
    )
    done = subprocess.run([sys.executable, "-c", reader], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["42", "None"]
    assert "nbtrack" not in (tmp_path / "m" / "requirements.txt").read_text()


def test_what_mlflow_pickled_is_loaded_without_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import cloudpickle

    theirs = ModuleType("mlflow.pyfunc.model")
    for module in (ModuleType("mlflow"), ModuleType("mlflow.pyfunc"), theirs):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    code = "class _FunctionPythonModel:\n    def __init__(self, f): self.func = f\n"
    exec(code, vars(theirs))
    wrapped = theirs.__dict__["_FunctionPythonModel"](lambda model_input: model_input + 1)
    data = cloudpickle.dumps(wrapped)
    save_model(tmp_path / "m", Short())
    (tmp_path / "m" / "python_model.pkl").write_bytes(data)
    for name in ("mlflow.pyfunc.model", "mlflow.pyfunc", "mlflow"):
        monkeypatch.setitem(sys.modules, name, None)
    assert load_model(tmp_path / "m", trust=True).predict(1) == 2


def test_a_missing_package_is_named(tmp_path: Path):
    save_model(tmp_path / "m", Short())
    (tmp_path / "m" / "python_model.pkl").write_bytes(b"cnowhere_to_be_found\nThing\n.")
    with pytest.raises(MissingPackageError, match="nowhere_to_be_found is needed to load this model"):
        load_model(tmp_path / "m", trust=True)


def test_strangers_are_loaded_as_mlflow_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from tests.models import kit

    monkeypatch.setattr(sys, "path", list(sys.path))
    code = b"class M:\n    def predict(self, data, params=None): return (data, params)\n\ndef _load_pyfunc(path): return M()"
    conf = {"python_function": {"loader_module": "their_own_loader", "code": "code"}}
    path = kit.folder(tmp_path / "m", conf, {"code/their_own_loader.py": code})
    model = load_model(path, trust=True)
    assert model.predict(1, None) == (1, None)
    assert model.get_raw_model().predict(2) == (2, None)
    with pytest.raises(InvalidValueError, match="no Python model"):
        model.unwrap_python_model()
    sys.modules.pop("their_own_loader")
    for wrong, problem in (("not a module!", "no name of a module"), ("nowhere_either", "not installed here")):
        conf["python_function"]["loader_module"] = wrong
        with pytest.raises(InvalidValueError, match=problem):
            load_model(kit.folder(tmp_path / "m", conf), trust=True)


def test_a_model_of_another_flavor_is_refused(tmp_path: Path):
    from nbtrack.models import loading
    from nbtrack.models.trust import Trust

    save_model(tmp_path / "m", Short())
    with pytest.raises(InvalidValueError, match="not of flavor 'sklearn'; it has python_function"):
        loading.load_native(tmp_path / "m", "sklearn", Trust(everything=True))


def test_an_example_that_fails_is_one_warning(tmp_path: Path):
    class Fails(nbtrack.pyfunc.PythonModel):
        def predict(self, model_input: Any) -> Any:
            raise RuntimeError("not today")

    with pytest.warns(NbtrackWarning, match="RuntimeError: not today"):
        save_model(tmp_path / "m", Fails(), input_example=X)
    assert MLmodel.load(tmp_path / "m").signature is None


def test_a_given_signature_is_kept_and_false_means_none(tmp_path: Path):
    wanted = infer_signature(X, [1.0])
    save_model(tmp_path / "m", Short(), signature=wanted)
    assert MLmodel.load(tmp_path / "m").get_signature() == wanted
    save_model(tmp_path / "n", Short(), signature=False, input_example=X)
    assert MLmodel.load(tmp_path / "n").signature is None


def test_calls_give_what_is_named():
    assert call(lambda context, model_input, params: (context, model_input, params), 1, 2, 3) == (1, 2, 3)
    assert call(lambda ctx, data: (ctx, data), 1, 2, 3) == (1, 2)
    assert call(lambda data, params=None: (data, params), 1, 2, 3) == (2, 3)
    assert hints_of(lambda: 1).input is None
    assert FunctionModel(len).predict_type_hints.input is None
    with pytest.raises(NotImplementedError):
        PythonModel().predict(None, 1)
    with pytest.raises(NotImplementedError):
        PythonModel().predict_stream(None, 1)


def test_flavors_are_known_by_name():
    assert flavors.names()[-1] == "pyfunc"
    assert flavors.flavor_of(len).name == "pyfunc"
    assert flavors.flavor_of("model.py").name == "pyfunc"
    assert flavors.loader_of("mlflow.pyfunc.loaders.code_model") is flavors.flavor("pyfunc")
    assert flavors.loader_of("mlflow.spark") is None


def test_what_could_never_predict_is_refused(tmp_path: Path):
    class Nothing(nbtrack.pyfunc.PythonModel):
        """Forgets what it is for."""

    with pytest.raises(InvalidValueError, match=r"the class Nothing; give an instance: Nothing\(\)"):
        nbtrack.pyfunc.save_model(tmp_path / "m", Nothing)
    with pytest.raises(InvalidValueError, match="Nothing has no predict"):
        nbtrack.pyfunc.save_model(tmp_path / "m", Nothing())
    with pytest.raises(NotFoundError, match=r"'nowhere\.py' is not in the working folder"):
        nbtrack.pyfunc.save_model(tmp_path / "m", "nowhere.py")


def test_the_description_is_asked_as_in_mlflow_and_a_signature_of_mlflow_is_taken(tmp_path: Path):
    ours = infer_signature(pd.DataFrame({"x": [1.0]}), [1.0], {"n": 1})
    theirs = type("ModelSignature", (), {"to_dict": lambda _: ours.to_dict()})()
    nbtrack.pyfunc.save_model(tmp_path / "m", lambda model_input, params: model_input, signature=theirs)
    about = nbtrack.pyfunc.load_model(tmp_path / "m", trust=True).metadata
    schemas = (about.get_input_schema(), about.get_output_schema(), about.get_params_schema())
    assert schemas == (ours.inputs, ours.outputs, ours.params)
    assert '"flavors"' in about.to_json()
