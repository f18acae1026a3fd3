"""One literal is changed, and every other character stays."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.reruns.changing import changed, changes_from, literals, put
from nbtrack.reruns.recorded import OneCell, Recipe


def recipe(*cells, script="", arguments=()):
    nobody: object = None
    return Recipe(nobody, nobody, tuple(map(OneCell, cells)), script=script, arguments=arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "name", "value", "after"),
    [
        ("%%track a\nlr = 0.1  # é\nx = lr", "lr", 3e-4, "%%track a\nlr = 0.0003  # é\nx = lr"),
        ("é, lr = 'ä', -0.1", "lr", 1, "é, lr = 'ä', 1"),
        ("n: int = 3", "n", 5, "n: int = 5"),
        ("!ls\nx = !pwd\n%time y\nlr = 1", "lr", 2, "!ls\nx = !pwd\n%time y\nlr = 2"),
        ("layers = (64,\n  64)\nb = 1", "layers", (32,), "layers = (32,)\nb = 1"),
        ("model = SGD(lr=0.1)", "lr", 0.2, "model = SGD(lr=0.2)"),
        ("p = {'lr': 0.1, 'n': 2}", "n", "adam", "p = {'lr': 0.1, 'n': 'adam'}"),
        ("lr = 1\nlr = 2", "lr", 3, "lr = 1\nlr = 3"),
        ("if True:\n    %matplotlib inline\nlr = 1", "lr", 4, "if True:\n    %matplotlib inline\nlr = 4"),
    ],
)
def test_a_cell(cell, name, value, after):
    found, told = changed(recipe(cell), {name: value})
    assert found.cells[0].source == after
    assert told[0].startswith(f"{name} ")


def test_the_last_cell_that_assigns_it_is_meant():
    found, told = changed(recipe("lr = 1", "lr = 2", "f(lr=9)"), {"lr": 5})
    assert [cell.source for cell in found.cells] == ["lr = 1", "lr = 5", "f(lr=9)"]
    assert told == ["lr 2 → 5"]


def test_what_could_be_several_and_what_is_none_is_refused():
    with pytest.raises(InvalidValueError, match=r"lr stands 2 times in one cell \(lines 1, 2\)"):
        changed(recipe("f(lr=1)\ng(lr=2)"), {"lr": 5})
    with pytest.raises(InvalidValueError, match="can be changed: bs, lr"):
        changed(recipe("bs = 1\nlr = 2\nx = lr * 2"), {"x": 5})
    with pytest.raises(InvalidValueError, match="'lr' is no change"):
        changes_from(["lr"])
    assert changes_from(["lr=3e-4", "name=res net", "l=[1, 2]"]) == {"lr": 3e-4, "name": "res net", "l": [1, 2]}


@pytest.mark.parametrize("words", [("--lr", "0.1"), ("--lr=0.1",), ("lr=0.1", "x")])
def test_words_of_a_command_line(words):
    found, told = changed(recipe(script="pass", arguments=words), {"lr": 0.5})
    assert "0.5" in " ".join(found.arguments)
    assert "0.1" not in " ".join(found.arguments)
    assert told == ["lr 0.1 → 0.5"]


def test_code_that_is_no_python_has_no_literals():
    assert literals("for") == []
    (only,) = literals("x = 1\r\n")
    assert put("x = 1\r\n", only, 2) == "x = 2\r\n"
