"""Models that are served in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import nbtrack
from nbtrack.models import infer_signature

if TYPE_CHECKING:
    from pathlib import Path


def rows(n: int = 2) -> pd.DataFrame:
    return pd.DataFrame({"x": [float(i) for i in range(n)], "city": ["Ulm"] * n})


DOUBLING = """
import time

from nbtrack.models import set_model


def predict(model_input, params=None):
    if (model_input["city"] == "fail").any():
        raise ValueError("no such city: fail")
    if (model_input["city"] == "slow").any():
        time.sleep(1.0)
    return [x * (params or {}).get("times", 2.0) for x in model_input["x"]]


set_model(predict)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model that doubles x, fails and dawdles on request."""
    path, code = tmp_path / "doubling", tmp_path / "code" / "doubling.py"
    code.parent.mkdir()
    code.write_text(DOUBLING)
    nbtrack.pyfunc.save_model(
        path,
        python_model=str(code),
        signature=infer_signature(rows(), [0.0, 2.0], {"times": 2.0}),
        input_example=rows(),
        pip_requirements=["pandas"],
    )
    return path
