"""What is inferred to be required is all that a fresh process needs to load the model and predict, and nothing more."""

from __future__ import annotations

import json
import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from nbtrack.errors import NbtrackWarning
from nbtrack.models.distributions import Distribution, canonical, named
from tests.roundtrips import other_models, sklearn_models
from tests.roundtrips.fresh import run

LOAD_AND_PREDICT = """
import json, sys
from pathlib import Path

folder, given, hidden = sys.argv[1:]
hidden = set(json.loads(Path(hidden).read_text()))

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
import nbtrack.pyfunc
model = nbtrack.pyfunc.load_model(folder, trust=True)
given = json.loads(Path(given).read_text())
if "frame" in given:
    import pandas
    data = pandas.DataFrame(given["frame"])
else:
    import numpy
    data = numpy.array(given["array"], dtype=given["dtype"])
model.predict(data)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

OF_NBTRACK = ("nbtrack", "pyyaml", "packaging")
"""What is there wherever nbtrack loads a model."""

CASES: dict[str, Any] = {
    **{
        name: sklearn_models.MODELS[name]
        for name in ("pipeline_columns_logistic", "pipeline_columns_forest", "pipeline_text")
    },
    **{
        name: other_models.CASES[name]
        for name in (
            "xgboost_booster",
            "xgboost_classifier",
            "lightgbm_classifier",
            "pytorch_eager",
            "onnx_logistic",
            "statsmodels_ols",
        )
    },
}


def installed() -> dict[str, Distribution]:
    found = [Distribution(info) for folder in sys.path if folder for info in Path(folder).glob("*.dist-info")]
    return {canonical(one.name): one for one in reversed(found)}


def tops_of(names: set[str], there: dict[str, Distribution]) -> set[str]:
    """Return the names that can be imported of some distributions."""
    lines = [line for name in names for line in there[name].record.splitlines()]
    return {found[1] for line in lines if (found := re.match(r"(\w+)(?:/|\.py,|\.[\w-]+\.so,)", line))}


def closure(roots: set[str]) -> set[str]:
    """Return all that is installed when these are."""
    seen: set[str] = set()
    left = [canonical(name) for name in roots]
    while left:
        name = left.pop()
        if name not in seen and (found := named(name)) is not None:
            seen.add(name)
            left += found.requires
    return seen


def plain(given: Any) -> dict[str, Any]:
    """Return data without anything in it that would have to be imported."""
    if hasattr(given, "columns"):
        return {"frame": json.loads(given.to_json(orient="records"))}
    return {"array": given.tolist(), "dtype": "object" if given.dtype.kind not in "if" else str(given.dtype)}


@pytest.mark.parametrize("name", CASES)
def test_a_fresh_process_needs_what_is_required_and_nothing_else(name, tmp_path):
    made = CASES[name]()
    model, given = (made.model, made.given) if isinstance(made, other_models.Case) else made
    flavor = made.flavor if isinstance(made, other_models.Case) else "sklearn"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbtrackWarning)
        import_module(f"nbtrack.{flavor}").save_model(model, tmp_path / "m")
    lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
    assert all(str(Requirement(line).specifier).startswith("==") for line in lines)
    required = {canonical(Requirement(line).name) for line in lines} - {"mlflow"}

    there = installed()
    allowed = tops_of(closure(required | set(OF_NBTRACK)) & set(there), there) | {"nbtrack"}
    (tmp_path / "hidden").write_text(json.dumps(sorted(tops_of(set(there), there) - allowed)))
    (tmp_path / "given").write_text(json.dumps(plain(given)))
    imported = set(run(LOAD_AND_PREDICT, tmp_path / "m", tmp_path / "given", tmp_path / "hidden", folder=tmp_path))
    unused = {name for name in required if not tops_of({name}, there) & imported}
    assert not unused, "something is required that is not imported"
