"""How a function gets its params, and which function it is."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.sweeps.calling import call_of, fingerprint

PARAMS = {"lr": 0.1, "depth": 2}
RUN: Any = object()


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda lr, depth: (lr, depth), (0.1, 2)),
        (lambda depth, lr, other=7: (lr, depth, other), (0.1, 2, 7)),
        (lambda **params: params, PARAMS),
        (lambda params: params, PARAMS),
        (lambda config, verbose=False: config, PARAMS),
        (lambda run, lr, depth: (run, lr, depth), (RUN, 0.1, 2)),
        (lambda run, params: (run, params), (RUN, PARAMS)),
        (lambda trial, **params: (trial, params), (RUN, PARAMS)),
        (functools.partial(lambda data, lr, depth: (data, lr), "data"), ("data", 0.1)),
    ],
)
def test_a_function_gets_its_params_as_it_wants_them(function, got):
    assert call_of(function, PARAMS)(RUN, dict(PARAMS)) == got


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda lr: lr, "has no depth"),
        (lambda lr, depth, data: lr, "needs data"),
        (lambda: 0, "has no depth, lr"),
        (lambda first, second: 0, "needs first, second"),
        ("train", "is a function"),
    ],
)
def test_a_function_that_cannot_take_them_is_refused(function, words):
    with pytest.raises(InvalidValueError, match=words):
        call_of(function, PARAMS)


def made(factor: int, note: object = None):
    return lambda x: x * factor if note is None else x


def test_a_function_is_known_by_its_source_and_what_plain_values_it_closes_over():
    assert fingerprint(made(2)) == fingerprint(made(2))
    assert fingerprint(made(2)) != fingerprint(made(3))
    assert fingerprint(made(2, object())) == fingerprint(made(2, object()))
    assert fingerprint(functools.partial(made, 2)) != fingerprint(functools.partial(made, 3))
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    exec("def f(x, y=1): return x + y", first)
    exec("def f(x, y=2): return x + y", second)
    assert fingerprint(first["f"]) != fingerprint(second["f"])
