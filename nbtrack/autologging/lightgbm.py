"""LightGBM: ``train`` and its estimators, by a callback. Tested with LightGBM 4.7."""

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

LIBRARY = "lightgbm"
TESTED = ((4, 7), (4, 7))
NO_PARAMS = ("params", "train_set", "valid_sets", "valid_names", "feval", "init_model", "callbacks")
"""Arguments of ``train`` that are data, functions, or logged otherwise."""
IMPORTANCES = ("split", "gain")

_hooks = Hooks()


def turn_on() -> None:
    """Stand before ``lightgbm.train``, and before the ``fit`` of its estimators."""
    modules = {name: sys.modules[name] for name in ("lightgbm.engine", "lightgbm", "lightgbm.sklearn")}
    stand_before(modules["lightgbm.engine"].train, _train, modules, "train")
    base = modules["lightgbm.sklearn"].LGBMModel
    for cls in vars(modules["lightgbm.sklearn"]).values():
        if isinstance(cls, type) and issubclass(cls, base):
            _hooks.put(cls, "fit", _fit)


def turn_off() -> None:
    """Give every class back what it had."""
    _hooks.remove()


class LogRounds:
    """Logs each round; LightGBM calls it after the user's callbacks, and before the one that may end the training early."""

    before_iteration = False

    def __init__(self, rounds: Rounds) -> None:
        self.order = 25
        self._rounds = rounds

    def __call__(self, env: Any) -> None:
        """Log what has been evaluated."""
        found = env.evaluation_result_list or []
        if self._rounds.log({f"{each[0]}-{each[1]}": each[2] for each in found}, env.iteration):
            raise sys.modules["lightgbm.callback"].EarlyStopException(env.iteration, found)


def _fit(original: Any, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Train an estimator; `_train`, which it calls, adds the callback."""
    recorder: list[Any] = []

    def before(fit: Fit) -> list[Step]:
        from nbtrack.autologging.boosting import Boosted  # noqa: PLC0415 - needs numpy

        def finish(trained: Any, rounds: Rounds) -> Iterator[Step]:
            return _finished(fit, trained.booster_, rounds)

        recorder.append(Boosted(fit, model, original, args, kwargs, flavor=LIBRARY, finish=finish))
        fit.rounds = recorder[0].rounds
        return [
            *recorder[0].before(),
            ("The evaluation sets are", lambda: _log_eval_set(recorder[0], original, args, kwargs)),
        ]

    return fits.train(LIBRARY, lambda: original(*args, **kwargs), before, lambda _, __: recorder[0].after(), model)


def _log_eval_set(recorder: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    from nbtrack.autologging.data import Given, describe  # noqa: PLC0415

    if not recorder.fit.settings.log_datasets:
        return
    given = Given(original, args, kwargs)
    pairs = given.get("eval_set", ())
    if given.get("eval_X") is not None:  # in place of eval_set since 4.7
        tables, targets = given.get("eval_X"), given.get("eval_y")
        is_many = isinstance(tables, tuple)
        pairs = [*zip(tables, targets, strict=True)] if is_many else [(tables, targets)]
    for index, pair in enumerate([pairs] if isinstance(pairs, tuple) and pairs else pairs):
        recorder.fit.log_dataset(describe(pair[0], "eval", pair[1], f"valid_{index}"))


def _train(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Train a booster: as a training of its own, or as what an estimator's ``fit`` does, which gets the callback only."""
    around = fits.current()
    if around is not None:
        if around.library != LIBRARY or around.rounds is None:
            return function(*args, **kwargs)
        rounds, around.rounds = around.rounds, None
        return _call(function, args, kwargs, rounds)
    native: list[Any] = []
    example: list[Any] = []

    def before(fit: Fit) -> list[Step]:
        from nbtrack.autologging.boosting import Rounds  # noqa: PLC0415
        from nbtrack.autologging.data import Given, head  # noqa: PLC0415

        native.append(Rounds(fit))
        given = Given(function, args, kwargs)
        example.append(head(getattr(given.get("train_set"), "data", None)))  # LightGBM lets go of the data soon
        return list(_begun(fit, given))

    def original() -> Any:
        return _call(function, args, kwargs, native[0]) if native else function(*args, **kwargs)

    def after(fit: Fit, booster: Any) -> Iterator[Step]:
        from nbtrack.autologging.models import log_model  # noqa: PLC0415

        yield from _finished(fit, booster, native[0])
        if fit.settings.log_models:
            yield "The model is", lambda: log_model(fit, booster, LIBRARY, example[0])

    return fits.train(LIBRARY, original, before, after)


def _call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], rounds: Rounds) -> Any:
    """Train with one more callback; the user's list stays as it is."""
    names = [*fits.names_of(function)]
    at = names.index("callbacks")
    if len(args) > at:
        return function(*args[:at], [*(args[at] or ()), LogRounds(rounds)], *args[at + 1 :], **kwargs)
    return function(*args, **{**kwargs, "callbacks": [*(kwargs.get("callbacks") or ()), LogRounds(rounds)]})


def _begun(fit: Fit, given: Any) -> Iterator[Step]:
    params = {key: value for key, value in given.defaults().items() if key not in NO_PARAMS}
    yield "The params are", lambda: fit.log_params({**params, **dict(given.get("params", {}))})
    if fit.settings.log_datasets:
        train_set, sets, names = given.get("train_set"), given.get("valid_sets", []), given.get("valid_names", [])
        yield "The dataset is", lambda: _log_data(fit, train_set, "train")
        sets = sets if isinstance(sets, (list, tuple)) else [sets]
        names = [names] if isinstance(names, str) else names
        for index, data in enumerate(sets):
            name = names[index] if index < len(names) else None
            if data is not train_set:
                yield "A dataset is", partial(_log_data, fit, data, "eval", name)


def _log_data(fit: Fit, data: Any, context: str, name: str | None = None) -> None:
    from nbtrack.autologging.data import describe  # noqa: PLC0415

    raw = getattr(data, "data", None)
    if raw is not None and not isinstance(raw, (str, bytes)) and not hasattr(raw, "__fspath__"):
        fit.log_dataset(describe(raw, context, data.label, name))


def _finished(fit: Fit, booster: Any, rounds: Rounds) -> Iterator[Step]:
    if booster.best_iteration > 0:
        yield "The best round is", lambda: rounds.best(int(booster.best_iteration), 1)
    for kind in IMPORTANCES:
        yield "The importance of features is", partial(_log_importance, fit, booster, kind)


def _log_importance(fit: Fit, booster: Any, kind: str) -> None:
    from nbtrack.autologging.boosting import log_importance  # noqa: PLC0415

    values = booster.feature_importance(importance_type=kind).tolist()
    log_importance(fit, kind, dict(zip(booster.feature_name(), values, strict=True)))
