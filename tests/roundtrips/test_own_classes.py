"""Transformers of the user's own: of the notebook, and in files that are taken along."""

from __future__ import annotations

from tests.roundtrips.fresh import run

SAVE_FROM_MAIN = """
import json, sys, warnings
import numpy as np, pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
import nbtrack.sklearn

class Ratio(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.columns_ = list(X.columns)
        return self
    def transform(self, X):
        import pandas
        return pandas.DataFrame({"ratio": X["a"] / X["b"], "a": X["a"]})

frame = pd.DataFrame({"a": np.arange(1.0, 9.0), "b": np.arange(9.0, 1.0, -1.0)})
model = make_pipeline(Ratio(), Ridge()).fit(frame, np.arange(8.0))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    nbtrack.sklearn.save_model(model, sys.argv[1], input_example=frame)
lines = open(sys.argv[1] + "/requirements.txt").read().split()
print(json.dumps({"predictions": model.predict(frame).tolist(), "said": [str(w.message) for w in said], "lines": lines}))
"""

SAVE_FROM_FILE = """
import json, sys, warnings
sys.path.insert(0, sys.argv[2])
import numpy as np, pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
import nbtrack.sklearn
from ratios.parts import Ratio

frame = pd.DataFrame({"a": np.arange(1.0, 9.0), "b": np.arange(9.0, 1.0, -1.0)})
model = make_pipeline(Ratio(), Ridge()).fit(frame, np.arange(8.0))
options = {"code_paths": [sys.argv[2] + "/ratios"]} if sys.argv[3] == "with code" else {}
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    nbtrack.sklearn.save_model(model, sys.argv[1], input_example=frame, **options)
lines = open(sys.argv[1] + "/requirements.txt").read().split()
print(json.dumps({"predictions": model.predict(frame).tolist(), "said": [str(w.message) for w in said], "lines": lines}))
"""

LOAD = """
import json, sys
import numpy as np, pandas as pd
frame = pd.DataFrame({"a": np.arange(1.0, 9.0), "b": np.arange(9.0, 1.0, -1.0)})
found = {}
for package, options in (("mlflow", {}), ("nbtrack", {"trust": True})):
    for flavor in ("pyfunc", "sklearn"):
        load = __import__(f"{package}.{flavor}", fromlist=["load_model"]).load_model
        found[f"{package}.{flavor}"] = load(sys.argv[1], **options).predict(frame).tolist()
print(json.dumps(found))
"""

RATIOS = """
from ratios.names import COLUMNS
from sklearn.base import BaseEstimator, TransformerMixin

class Ratio(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self
    def transform(self, X):
        import pandas
        return pandas.DataFrame({"ratio": X[COLUMNS[0]] / X[COLUMNS[1]], "a": X["a"]})
"""


def names(lines):
    return [line.partition("==")[0] for line in lines]


def test_a_class_of_the_notebook_is_taken_along_and_it_is_said(tmp_path):
    saved = run(SAVE_FROM_MAIN, tmp_path / "m", folder=tmp_path)
    [line] = saved["said"]
    assert "saved with cloudpickle" in line
    assert "classes or functions of this notebook" in line or "skops does not trust" in line
    assert names(saved["lines"]) == ["mlflow", "cloudpickle", "numpy", "pandas", "scikit-learn", "scipy"]
    loaded = run(LOAD, tmp_path / "m", folder=tmp_path)
    assert all(found == saved["predictions"] for found in loaded.values())
    assert len(loaded) == 4


def test_code_that_is_taken_along_is_found_where_the_model_is_loaded(tmp_path):
    package = tmp_path / "project" / "ratios"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "names.py").write_text('COLUMNS = ("a", "b")\n')
    (package / "parts.py").write_text(RATIOS)
    saved = run(SAVE_FROM_FILE, tmp_path / "m", package.parent, "with code", folder=tmp_path)
    assert names(saved["lines"]) == ["mlflow", "cloudpickle", "numpy", "pandas", "scikit-learn", "scipy"]
    package.rename(tmp_path / "elsewhere")
    loaded = run(LOAD, tmp_path / "m", folder=tmp_path)
    assert all(found == saved["predictions"] for found in loaded.values())


def test_code_that_is_left_behind_is_named(tmp_path):
    package = tmp_path / "project" / "ratios"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "names.py").write_text('COLUMNS = ("a", "b")\n')
    (package / "parts.py").write_text(RATIOS)
    saved = run(SAVE_FROM_FILE, tmp_path / "m", package.parent, "without", folder=tmp_path)
    assert any("code_paths" in line and str(package) in line for line in saved["said"])
    assert "pandas" in names(saved["lines"])
