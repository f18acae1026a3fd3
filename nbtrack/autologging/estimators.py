"""What a training of a scikit-learn estimator leaves in its run."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.autologging import answers, data, later, models, pictures, scores, searches
from nbtrack.autologging.importance import importance_of
from nbtrack.autologging.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.autologging.fits import Fit, Step
    from nbtrack.entities import DatasetInput

MOST_DRAWN_CLASSES = 40


class Estimator:
    """An estimator before and after its training.

    Parameters
    ----------
    fit : Fit
        Where it is recorded.
    model : estimator
    original : callable
        Its own method, with `args` and `kwargs`.
    """

    flavor = "sklearn"
    has_page = True

    def __init__(
        self, fit: Fit, model: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        given = data.Given(original, args, kwargs)
        self.fit = fit
        self.model = model
        self.x, self.y, self.weights = given.nth(0), given.nth(1), given.get("sample_weight")
        self.is_search = searches.is_search(model)
        self.begin_us = time.time_ns() // 1000
        self.example: Any = None
        self.dataset: DatasetInput | None = None
        self.found = scores.Scores()

    # -- before ------------------------------------------------------------------------------------------------------

    def before(self) -> Iterator[Step]:
        """Return what is known before the training."""
        yield "The params are", lambda: self.fit.log_params(self.model.get_params(deep=not self.is_search))
        yield "The tags are", lambda: self.fit.run.set_tags(searches.tags_of(self.model))
        if self.fit.settings.log_datasets and not hasattr(self.x, "__next__"):
            yield "The dataset is", self._log_dataset
        if self.fit.settings.log_models:
            yield "The input example is", self._keep_example

    def _log_dataset(self) -> None:
        self.dataset = data.describe(self.x, "train", self.y)
        self.fit.log_dataset(self.dataset)

    def _keep_example(self) -> None:
        self.example = data.head(self.x)

    # -- after -------------------------------------------------------------------------------------------------------

    def after(self) -> Iterator[Step]:
        """Return what is known after the training."""
        if self.y is not None and not hasattr(self.x, "__next__"):
            yield "The training metrics are", self._log_scores
            yield "The training score is", self._log_score
            yield "A picture of the training is", self._log_pictures
        yield "The importance of features is", self._log_importance
        if self.has_page:
            yield "estimator.html is", self._log_page
        if self.is_search:
            yield from searches.Search(self.fit, self.model, self.dataset, self.begin_us).steps(self.example)
        info: list[Any] = []
        if self.fit.settings.log_models:
            yield "The model is", lambda: info.append(self._log_model())
        if self.fit.settings.log_post_training_metrics:
            yield "Later metrics are", lambda: later.know(self.model, self.fit, *(each.model_id for each in info))

    def _log_model(self) -> Any:
        settings = self.fit.settings
        options: dict[str, Any] = {}
        if self.flavor == "xgboost":
            options["model_format"] = settings.model_format
        elif self.flavor == "sklearn" and settings.serialization_format:
            options["serialization_format"] = settings.serialization_format
        return models.log_model(self.fit, self.model, self.flavor, self.example, **options)

    def _log_scores(self) -> None:
        base = sys.modules["sklearn.base"]
        if not hasattr(self.model, "predict"):
            return
        if base.is_classifier(self.model):
            self._score_classes()
        elif base.is_regressor(self.model):
            self.found = scores.of_numbers(self.y, self.model.predict(self.x), self.weights)
        self.fit.log_metrics(self.found.metrics)

    def _score_classes(self) -> None:
        if np.ndim(self.y) > 1 and np.shape(self.y)[1] > 1:
            return  # several targets a row: their score is all that is common to them
        predicted, chances = answers.of(self.model, self.x)
        self.found = scores.of_classes(self.y, predicted, self.weights, self.fit.settings.pos_label)
        if chances is not None:
            scores.add_probabilities(self.found, self.y, chances, self.weights)

    def _log_score(self) -> None:
        if not hasattr(self.model, "score"):
            return
        known = {"ClassifierMixin": "accuracy_score", "RegressorMixin": "r2_score"}.get(_scorer(self.model), "")
        value = self.found.metrics.get(scores.PREFIX + known)
        if value is None:
            taken = data.Given(self.model.score, (), {}).names
            more = {"sample_weight": self.weights} if self.weights is not None and "sample_weight" in taken else {}
            value = float(self.model.score(self.x, self.y, **more))
        self.fit.log_metrics({f"{scores.PREFIX}score": value})

    def _log_pictures(self) -> None:
        found, write = self.found, self.fit.write
        if found.confusion is not None and len(found.labels) <= MOST_DRAWN_CLASSES:
            write("training_confusion_matrix.svg", partial(pictures.confusion, found.confusion, found.labels))
        if found.roc is not None:
            title = f"ROC curve, area {found.metrics['training_roc_auc']:.4f}"
            names = "False positive rate", "True positive rate"
            write("training_roc_curve.svg", partial(pictures.line, *found.roc, title, *names, has_diagonal=True))
        if found.precision_recall is not None:
            picture = partial(pictures.line, *found.precision_recall, "Precision and recall", "Recall", "Precision")
            write("training_precision_recall_curve.svg", picture)

    def _log_importance(self) -> None:
        found = self.importance()
        if found:
            self.fit.write("feature_importance.json", json.dumps(found, indent=2))
            self.fit.write("feature_importance.svg", partial(pictures.bars, found, "Feature importance"))

    def importance(self) -> dict[str, float]:
        """Return how much each feature counts."""
        return importance_of(self.model)

    def _log_page(self) -> None:
        self.fit.write("estimator.html", page_of(self.model))


def _scorer(model: Any) -> str:
    """Return the class that defines how a model is scored, looked for behind pipelines and searches that leave it to others."""
    while True:
        if hasattr(model, "steps") and model.steps:
            model = model.steps[-1][1]
        elif searches.is_search(model) and model.scoring is None and hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            break
    owner = next((cls for cls in type(model).__mro__ if "score" in cls.__dict__), object)
    return owner.__name__ if owner.__module__ == "sklearn.base" else ""
