"""The trained model as a part of its run, with what it takes and gives."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.autologging.fits import Fit

NAME = "model"


def log_model(
    fit: Fit, model: Any, flavor: str, example: Any, *, name: str = NAME, predict: Any = None, **options: Any
) -> Any:
    """Log a model as the settings say.

    Parameters
    ----------
    example : object
        The first rows of the training data; None for no signature.
    predict : callable, optional
        Called with a copy of them for what the model gives; its ``predict``, else its ``transform``, by default.
    """
    settings = fit.settings
    signature = _signature(fit, model, example, predict) if settings.log_model_signatures else False
    registered = settings.registered_model_name if name == NAME else None
    shown = example if settings.log_input_examples else None
    return fit.run.log_model(
        model,
        name,
        flavor=flavor,
        signature=signature or False,
        input_example=shown,
        registered_model_name=registered,
        **options,
    )


def _signature(fit: Fit, model: Any, example: Any, predict: Any) -> Any:
    from nbtrack.models.signature import infer_signature  # noqa: PLC0415 - only for those who log models

    predict = predict or getattr(model, "predict", None) or getattr(model, "transform", None)
    if example is None or predict is None:
        return None
    with fit.troubles.guard("The signature of the model is"):
        return infer_signature(example, predict(copy.deepcopy(example)))
    return None
