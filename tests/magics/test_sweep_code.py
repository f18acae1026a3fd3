"""How a cell becomes a trial: whose literals give way, and what it reads."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.magics.sweep_code import cell_code
from nbtrack.magics.sweep_names import identity_of


def run(source, **params):
    body, last = cell_code(source, params).compiled("<test>")
    space = dict(params)
    exec(body, space)
    value = eval(last, space) if last is not None else None
    return value, space


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lr = 1e-3\nlr", 7),
        ("lr: float = -1e-3\nlr", 7),
        ("a, lr = 1, 2 ** 10\na + lr", 8),
        ("lr = wd = 0.5\nlr + wd", 7.5),
        ("(a, lr), b = (1, 2), 3\na + lr + b", 11),
        ("lr = 1\nlr *= 2\nlr", 14),
        ("lr = lr * 2\nlr", 14),
        ("lr = [1, 2]\nlr", 7),
        ("for step in range(2):\n    lr = lr / 2\nlr", 1.75),
        ("total = lr\nlr = 1\ntotal + lr", 14),
        ("if False:\n    lr = 2\nlr", 7),
        ("def f():\n    lr = 2\n    return lr\nf() + lr", 9),
    ],
)
def test_literals_of_swept_names_give_way_and_nothing_else(source, expected):
    assert run(source, lr=7)[0] == expected


@pytest.mark.parametrize(
    "source", ["lr = other()\nlr", "for lr in (1, 2): print(lr)", "import lr", "def lr(): ...", "with a() as lr: pass"]
)
def test_a_swept_name_that_the_cell_computes_is_refused(source):
    source = source.replace("print(lr)", "pass")
    with pytest.raises(InvalidValueError, match="The cell binds lr itself, in line 1"):
        cell_code(source, ["lr"])


def test_only_what_is_read_before_it_is_bound_counts():
    source = """
model = make(depth)
for epoch in range(epochs):
    loss = model.fit(x, rate=lr)
    done = loss + epoch
if best:
    one = 1
def score(y): return y + offset + late
with open(path) as file: text = file.read()
[y for y in rows if y != done]
{"loss": loss}
"""
    found = cell_code(source, ["lr", "depth"])
    reads = set(found.reads) - {"range", "open"}
    assert reads == {"make", "epochs", "x", "best", "offset", "late", "path", "rows"}


def test_layout_makes_no_other_cell_and_another_function_does():
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("step = 2\ndef half(x):\n    return x / step", space)
    one = identity_of(cell_code("half( lr )  # a", ["lr"]).identity, ["half"], space)
    assert one == identity_of(cell_code("\nhalf(lr)", ["lr"]).identity, ["half"], space)
    space["step"] = 3
    changed = identity_of("half(lr)", ["half"], space)
    assert changed != one
    exec("def half(x):\n\n    # a remark\n    return x / step", space)
    assert identity_of("half(lr)", ["half"], space) == changed
    exec("def half(x):\n    return x / step + 0", space)
    assert identity_of("half(lr)", ["half"], space) != changed
