"""Searches for hyperparameters: the best of what was tried becomes child runs."""

from __future__ import annotations

import sys
import time
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.autologging import models
from nbtrack.autologging.children import Child, write
from nbtrack.autologging.fits import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbtrack.autologging.fits import Fit, Step
    from nbtrack.entities import DatasetInput

SPLIT = ("param", "split")
"""Columns of ``cv_results_`` that tell of one param, or of one split."""


def is_search(model: Any) -> bool:
    """Say whether a model tries params: grid, random, or halving."""
    module = sys.modules.get("sklearn.model_selection._search")
    return module is not None and isinstance(model, module.BaseSearchCV)


def tags_of(model: Any) -> dict[str, str]:
    """Return MLflow's tags of an estimator."""
    cls = type(model)
    return {"estimator_name": cls.__name__, "estimator_class": f"{cls.__module__}.{cls.__name__}"}


class Search:
    """A search that is done.

    Parameters
    ----------
    fit : Fit
        Where it is recorded.
    search : BaseSearchCV
    dataset : DatasetInput, optional
        What it was given: the children have been trained on it, too.
    begin_us : int
        When it began.
    """

    def __init__(self, fit: Fit, search: Any, dataset: DatasetInput | None, begin_us: int) -> None:
        self.fit = fit
        self.search = search
        self.dataset = dataset
        self.begin_us = begin_us

    def steps(self, example: Any) -> Iterator[Step]:
        """Return what is to be recorded besides what is of any estimator."""
        search, fit = self.search, self.fit
        if hasattr(search, "best_score_"):
            yield "The best score is", lambda: fit.log_metrics({"best_cv_score": search.best_score_})
        if hasattr(search, "best_params_"):
            best = {f"best_{name}": value for name, value in search.best_params_.items()}
            yield "The best params are", lambda: fit.log_params(best)
        if hasattr(search, "cv_results_"):
            for row in self._best_rows():
                yield "A child run is", partial(self._log_child, row)
            yield "cv_results.csv is", self._log_table
        if hasattr(search, "best_estimator_") and fit.settings.log_models:
            best_model = search.best_estimator_
            yield (
                "The best model is",
                lambda: models.log_model(fit, best_model, "sklearn", example, name="best_estimator"),
            )

    def _best_rows(self) -> list[int]:
        """Return the rows to keep, the best first; of several metrics the first one ranks."""
        results = self.search.cv_results_
        n = len(results["params"])
        most = self.fit.settings.max_tuning_runs
        rank = next((name for name in results if name.startswith("rank_test_")), None)
        if rank is None:
            return [*range(n)][:most]
        return np.argsort(results[rank], kind="stable")[:most].tolist()  # type: ignore[no-any-return]

    def _log_child(self, row: int) -> None:
        """Record one candidate as a run that has ended: one write for all of it."""
        results = self.search.cv_results_
        inner = self.search.estimator
        params = {**inner.get_params(deep=not is_search(inner)), **results["params"][row]}
        metrics = {
            name: float(values[row])
            for name, values in results.items()
            if not name.startswith(SPLIT) and name != "params" and isinstance(values[row], Real)
        }
        took_s = (metrics.get("mean_fit_time", 0.0) + metrics.get("mean_score_time", 0.0)) * getattr(
            self.search, "n_splits_", 1
        )
        duration_us = int(took_s * 1e6)
        child = Child(
            self.begin_us,
            duration_us,
            {str(key): text_of(value) for key, value in params.items()},
            tags_of(inner),
            {0: metrics},
            [] if self.dataset is None else [input_body(self.dataset)],
        )
        write(self.fit, child, min(self.begin_us + duration_us, time.time_ns() // 1000))

    def _log_table(self) -> None:
        import csv  # noqa: PLC0415
        import io  # noqa: PLC0415

        results = self.search.cv_results_
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(results)
        columns = [
            [text_of(each) for each in (values if isinstance(values, list) else values.tolist())]
            for values in results.values()
        ]
        rows.writerows(zip(*columns, strict=True))
        self.fit.write("cv_results.csv", out.getvalue())


def input_body(found: DatasetInput) -> dict[str, Any]:
    """Return a dataset as its record has it."""
    dataset = found.dataset
    parts = ("name", "digest", "source_type", "source", "schema", "profile")
    return {**{part: getattr(dataset, part) for part in parts}, "context": found.context, "tags": None}
