"""Fitted models of XGBoost, LightGBM, PyTorch, ONNX and statsmodels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.roundtrips import data

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Case:
    """A fitted model, what it predicts for, and what it should predict."""

    flavor: str
    model: Any
    given: Any
    expected: Any


def _fitted(flavor: str, model: Any, target: Any) -> Case:
    model.fit(data.numbers(), target)
    return Case(flavor, model, data.numbers(), model.predict(data.numbers()))


def xgboost_classifier() -> Case:
    import xgboost

    return _fitted("xgboost", xgboost.XGBClassifier(n_estimators=4), data.classes())


def xgboost_regressor() -> Case:
    import xgboost

    return _fitted("xgboost", xgboost.XGBRegressor(n_estimators=4), data.target())


def xgboost_booster() -> Case:
    import xgboost

    table = xgboost.DMatrix(data.numbers(), data.target())
    booster = xgboost.train({"max_depth": 3}, table, 4)
    return Case("xgboost", booster, data.numbers(), booster.predict(table))


def lightgbm_classifier() -> Case:
    import lightgbm

    return _fitted("lightgbm", lightgbm.LGBMClassifier(n_estimators=4, verbose=-1), data.classes())


def lightgbm_booster() -> Case:
    import lightgbm

    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(data.numbers(), data.target()), 4)
    return Case("lightgbm", booster, data.numbers(), booster.predict(data.numbers()))


def pytorch_eager() -> Case:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))
    return _torch_case(model)


def pytorch_scripted() -> Case:
    import torch

    torch.manual_seed(0)
    return _torch_case(torch.jit.trace(torch.nn.Linear(4, 2), torch.zeros(3, 4)))


def _torch_case(model: Any) -> Case:
    import torch

    given = data.numbers().to_numpy("float32")
    with torch.no_grad():
        return Case("pytorch", model, given, model.eval()(torch.from_numpy(given)).numpy())


def onnx_logistic() -> Case:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(data.numbers().to_numpy(), data.classes())
    given = data.numbers().to_numpy("float32")
    graph = to_onnx(model, given, options={"zipmap": False})
    return Case("onnx", graph, given, {"label": model.predict(given), "probabilities": model.predict_proba(given)})


def statsmodels_ols() -> Case:
    import statsmodels.api as sm

    return _statsmodels(sm.OLS(data.target(), data.numbers()).fit())


def statsmodels_logit() -> Case:
    import statsmodels.api as sm

    noisy = (data.target() + data.numbers()["b"].to_numpy() * 3 > 0).astype(int)
    return _statsmodels(sm.Logit(noisy, data.numbers()).fit(disp=False))


def _statsmodels(fitted: Any) -> Case:
    return Case("statsmodels", fitted, data.numbers(), fitted.predict(data.numbers()))


def statsmodels_series() -> Case:
    import pandas as pd
    from statsmodels.tsa.arima.model import ARIMA

    fitted = ARIMA(data.target(), order=(1, 0, 0)).fit()
    return Case("statsmodels", fitted, pd.DataFrame({"start": [120], "end": [125]}), fitted.predict(start=120, end=125))


CASES: dict[str, Callable[[], Case]] = {
    make.__name__: make
    for make in (
        xgboost_classifier,
        xgboost_regressor,
        xgboost_booster,
        lightgbm_classifier,
        lightgbm_booster,
        pytorch_eager,
        pytorch_scripted,
        onnx_logistic,
        statsmodels_ols,
        statsmodels_logit,
        statsmodels_series,
    )
}
