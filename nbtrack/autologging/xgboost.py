"""XGBoost: ``train`` and its estimators, by a callback of its own kind. Tested with XGBoost 3.2."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from nbtrack.autologging import fits
from nbtrack.autologging.hooks import Hooks, stand_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbtrack.autologging.boosting import Rounds
    from nbtrack.autologging.fits import Fit, Step

LIBRARY = "xgboost"
TESTED = ((3, 2), (3, 2))
NO_PARAMS = ("params", "dtrain", "evals", "obj", "custom_metric", "evals_result", "xgb_model", "callbacks")
"""Arguments of ``train`` that are data, functions, or logged otherwise."""
MOST_CELLS = 20_000_000
"""A DMatrix with more is not copied to be described."""

_hooks = Hooks()


def turn_on() -> None:
    """Stand before ``xgboost.train``, and before the ``fit`` of its estimators."""
    modules = {name: sys.modules[name] for name in ("xgboost.training", "xgboost", "xgboost.sklearn")}
    stand_before(modules["xgboost.training"].train, _train, modules, "train")
    base = modules["xgboost.sklearn"].XGBModel
    for cls in (base, *vars(modules["xgboost.sklearn"]).values()):
        if isinstance(cls, type) and issubclass(cls, base):
            _hooks.put(cls, "fit", _fit)


def turn_off() -> None:
    """Give every class back what it had."""
    _hooks.remove()


def _fit(original: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Train an estimator; `_train`, which it calls, adds the callback."""
    recorder: list[Any] = []

    def before(fit: Fit) -> list[Step]:
        from nbtrack.autologging.boosting import Boosted  # noqa: PLC0415 - needs numpy

        def finish(trained: Any, rounds: Rounds) -> Iterator[Step]:
            return _finished(fit, trained.get_booster(), rounds)

        recorder.append(Boosted(fit, model, original, args, kwargs, flavor=LIBRARY, finish=finish))
        fit.rounds = recorder[0].rounds
        return [
            *recorder[0].before(),
            ("The evaluation sets are", lambda: _log_eval_set(recorder[0], original, args, kwargs)),
        ]

    return fits.train(LIBRARY, lambda: original(*args, **kwargs), before, lambda _, __: recorder[0].after(), model)


def _log_eval_set(recorder: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    from nbtrack.autologging.data import Given, describe  # noqa: PLC0415

    if recorder.fit.settings.log_datasets:
        for index, pair in enumerate(Given(original, args, kwargs).get("eval_set", ())):
            recorder.fit.log_dataset(describe(pair[0], "eval", pair[1], f"validation_{index}"))


def _train(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Train a booster: as a training of its own, or as what an estimator's ``fit`` does, which gets the callback only."""
    around = fits.current()
    if around is not None:
        if around.library != LIBRARY or around.rounds is None:
            return function(*args, **kwargs)
        rounds, around.rounds = around.rounds, None
        return function(*args, **_with_callback(kwargs, rounds))
    native: list[Any] = []

    def before(fit: Fit) -> list[Step]:
        from nbtrack.autologging.boosting import Rounds  # noqa: PLC0415
        from nbtrack.autologging.data import Given  # noqa: PLC0415

        native.append(Rounds(fit))
        return list(_begun(fit, Given(function, args, kwargs)))

    def original() -> Any:
        return function(*args, **(_with_callback(kwargs, native[0]) if native else kwargs))

    def after(fit: Fit, booster: Any) -> Iterator[Step]:
        yield from _finished(fit, booster, native[0])
        if fit.settings.log_models:
            data = args[1] if len(args) > 1 else kwargs.get("dtrain")
            yield "The model is", lambda: _log_model(fit, booster, data)

    return fits.train(LIBRARY, original, before, after)


def _with_callback(kwargs: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
    """Add the callback to those of the user, whose list stays as it is."""
    base = sys.modules["xgboost.callback"].TrainingCallback

    class LogRounds(base):  # type: ignore[misc, valid-type]  # xgboost may come later than this file
        def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, dict[str, list[Any]]]) -> bool:
            del model
            last = {f"{data}-{name}": values[-1] for data, found in evals_log.items() for name, values in found.items()}
            return rounds.log(last, epoch)

    return {**kwargs, "callbacks": [*(kwargs.get("callbacks") or ()), LogRounds()]}


def _begun(fit: Fit, given: Any) -> Iterator[Step]:
    params = {key: value for key, value in given.defaults().items() if key not in NO_PARAMS}
    yield "The params are", lambda: fit.log_params({**params, **dict(given.get("params", {}))})
    if fit.settings.log_datasets:
        yield "The dataset is", lambda: _log_data(fit, given.get("dtrain"), "train")
        for data, name in given.get("evals", ()):
            if data is not given.get("dtrain"):
                yield "A dataset is", partial(_log_data, fit, data, "eval", name)


def _log_data(fit: Fit, data: Any, context: str, name: str | None = None) -> None:
    from nbtrack.autologging.data import describe  # noqa: PLC0415

    if data is not None and data.num_row() * data.num_col() <= MOST_CELLS:
        fit.log_dataset(describe(data.get_data(), context, data.get_label(), name))


def _finished(fit: Fit, booster: Any, rounds: Rounds) -> Iterator[Step]:
    best = getattr(booster, "best_iteration", None)
    if best is not None:
        yield "The best round is", lambda: rounds.best(int(best))
    for kind in fit.settings.importance_types or ("weight",):
        yield "The importance of features is", partial(_log_importance, fit, booster, kind)


def _log_importance(fit: Fit, booster: Any, kind: str) -> None:
    from nbtrack.autologging.boosting import log_importance  # noqa: PLC0415

    found = booster.get_score(importance_type=kind)
    log_importance(fit, kind, {name: _number(value) for name, value in found.items()})


def _number(value: Any) -> float:
    """Return an importance; of one for each class their sum."""
    return float(sum(value)) if isinstance(value, (list, tuple)) else float(value)


def _log_model(fit: Fit, booster: Any, data: Any) -> None:
    from nbtrack.autologging.models import log_model  # noqa: PLC0415

    example = _example(booster, data) if fit.settings.log_model_signatures or fit.settings.log_input_examples else None
    matrix = sys.modules["xgboost"].DMatrix
    log_model(
        fit,
        booster,
        LIBRARY,
        example,
        predict=lambda rows: booster.predict(matrix(rows)),
        model_format=fit.settings.model_format,
    )


def _example(booster: Any, data: Any) -> Any:
    """Return the first rows of a DMatrix as a table; None for one that cannot be cut."""
    from nbtrack.autologging.data import EXAMPLE_ROWS  # noqa: PLC0415

    try:
        import pandas as pd  # noqa: PLC0415

        rows = data.slice([*range(min(EXAMPLE_ROWS, data.num_row()))]).get_data().toarray()
        return pd.DataFrame(rows, columns=booster.feature_names)
    except Exception:  # noqa: BLE001 - made from a file, or quantized
        return None
