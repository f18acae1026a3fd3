"""Params from literal assignments, metrics from a dict of numbers."""

from __future__ import annotations

import ast
import math
from types import SimpleNamespace

import numpy as np
import pytest

from nbtrack.magics.capture import captured_params, cell_body, failed_line, is_scalar, literal_names, metrics_of


def names(source, **options):
    return literal_names(ast.parse(source), **options)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("lr = 1e-3", ["lr"]),
        ("lr = 1e-3; bs, name = 32, 'resnet'; epochs: int = 3", ["lr", "bs", "name", "epochs"]),
        ("(a, (b, c)) = (1, (2, x))", ["a", "b"]),
        ("[a, b] = 1, f()", ["a"]),
        ("a = b = 3", ["a", "b"]),
        ("x = -1; y = 2**10; z = 3 * 1e-4; t = True; n = None", ["x", "y", "z", "t", "n"]),
        ("lr = 0.1\nlr = 0.2", ["lr"]),
        ("epochs: int", []),
        ("computed = lr * 2", []),
        ("model = Model()", []),
        ("xs = [1, 2]; d = {'a': 1}; t = 1, 2; e = [x]", ["xs", "d", "t"]),
        ("f = f'{x}'; b = b'x'; c = 1j; e = ...", []),
        ("for i in range(3):\n    x = 1", []),
        ("if True:\n    x = 1", []),
        ("with open('f') as f:\n    x = 1", []),
        ("def f():\n    x = 1", []),
        ("class A:\n    x = 1", []),
        ("x += 1", []),
        ("obj.x = 1; d['k'] = 1", []),
        ("a, *b = 1, 2, 3", []),
        ("a, b = xy", []),
        ("_private = 1; __x = 2; _ = 3", []),
        ("(x := 1)", []),
        ("größe = 1", ["größe"]),
    ],
)
def test_names_of_literal_assignments(source, found):
    assert names(source) == found


def test_what_did_not_run_is_not_captured():
    assert names("a = 1\nb = 2\n1 / 0\nc = 3", before_line=3) == ["a", "b"]
    assert names("a = 1\nb = (\n  2 +\n  3)\nc = 1", before_line=3) == ["a"]


def test_final_values_of_scalars():
    space = {"a": 1, "b": [1], "c": np.float32(0.5), "d": np.int64(3), "e": None, "f": "x", "g": np.zeros(3), "h": True}
    assert captured_params([*space, "gone"], (), space) == {
        "a": 1,
        "b": "[1]",
        "c": 0.5,
        "d": 3,
        "e": None,
        "f": "x",
        "h": True,
    }


def test_named_params_may_be_anything():
    space = {"xs": [1, 2], "args": SimpleNamespace(lr=0.1), "cfg": {"model": {"depth": 3}}}
    assert captured_params([], ("xs", "args.lr", "cfg.model.depth", "cfg.none", "gone"), space) == {
        "xs": "[1, 2]",
        "args.lr": 0.1,
        "cfg.model.depth": 3,
    }


def test_a_long_text_is_cut_and_says_so():
    assert captured_params(["s"], (), {"s": "x" * 5000})["s"].endswith("… (cut, 5,000 characters)")


def test_an_object_whose_text_raises_is_harmless():
    class Bad:
        def __str__(self):
            raise RuntimeError

    assert captured_params([], ("bad",), {"bad": Bad()}) == {"bad": "(Bad whose text raises RuntimeError)"}


def test_numpy_scalars_are_scalars_and_arrays_not():
    assert is_scalar(np.float64(1))
    assert is_scalar(np.array(3))
    assert not is_scalar(np.zeros(1))


@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        ({"acc": 0.9, "loss": 1}, {"acc": 0.9, "loss": 1.0}),
        ({"acc": np.float32(0.5), "n": np.int64(3), "z": np.array(2.0)}, {"acc": 0.5, "n": 3.0, "z": 2.0}),
        ({"acc": math.inf}, {"acc": math.inf}),
        ({}, {}),
        ({"acc": "high"}, {}),
        ({"ok": True}, {}),
        ({1: 0.9}, {}),
        ({"acc": [0.9]}, {}),
        ({" ": 1.0}, {}),
        ([("acc", 0.9)], {}),
        (None, {}),
        (0.9, {}),
    ],
)
def test_a_dict_of_numbers_is_metrics(value, metrics):
    assert metrics_of(value) == metrics


def identity(text):
    return text


def test_the_body_of_time_is_read_and_that_of_bash_not():
    body = cell_body("get_ipython().run_cell_magic('time', '', 'lr = 1\\n')", identity)
    assert body is not None
    assert literal_names(body) == ["lr"]
    nested = "get_ipython().run_cell_magic('time', '', \"get_ipython().run_cell_magic('capture', 'o', 'a = 1')\")"
    inner = cell_body(nested, identity)
    assert inner is not None
    assert literal_names(inner) == ["a"]
    assert cell_body("get_ipython().run_cell_magic('bash', '', 'x=1')", identity) is None


def test_a_cell_that_is_no_python_has_no_body():
    assert cell_body("x = = 1", identity) is None
    assert cell_body("x = '\0'", identity) is None


def test_the_line_that_failed():
    space: dict[str, object] = {}
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("a = 1\ndef f():\n    1 / 0\nb = 2\nf()\nc = 3", "cell", "exec"), space)
    assert failed_line(caught.value, space) == 5
    assert failed_line(ValueError(), space) is None
