"""Parameters of notebooks: which names they are, what may be put in, and what becomes of the source."""

import ast

import nbformat
import numpy as np
import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.projects.notebook_code import parse
from nbtrack.projects.notebook_parameters import fill, parameters_of
from nbtrack.projects.notebook_values import UNKNOWN, as_source, fitting

v4 = nbformat.v4


def notebook(*sources: str, tagged: str | None = None, language: str = "python"):
    cells = [v4.new_code_cell(source) for source in sources]
    if tagged is not None:
        cells.insert(0, v4.new_code_cell(tagged, metadata={"tags": ["parameters"]}))
    return v4.new_notebook(cells=cells, metadata={"language_info": {"name": language}})


def found(*sources: str) -> dict[str, object]:
    return {name: each.default for name, each in parameters_of(notebook(*sources)).items()}


def test_a_name_given_one_literal_is_a_parameter():
    assert found("lr = 0.1\nname: str = 'a'; n = -3", "flags = [1, 'b']\non = True\nnone = None\nshape = (2, 3)") == {
        "lr": 0.1,
        "name": "a",
        "n": -3,
        "flags": [1, "b"],
        "on": True,
        "none": None,
        "shape": (2, 3),
    }


@pytest.mark.parametrize(
    "more",
    [
        "x = 2",
        "x += 1",
        "for x in range(3): pass",
        "x, y = 1, 2",
        "import os as x",
        "with open('f') as x: pass",
        "def x(): pass",
        "def f():\n    global x\n    x = 3",
        "(x := 5)",
        "[x := i for i in range(3)]",
        "del x",
        "x.append(1)",
        "x[0] = 1",
        "if True:\n    x = 1",
        "try:\n    pass\nexcept ValueError as x:\n    pass",
    ],
)
def test_a_name_that_changes_is_none(more: str):
    assert "x" in found("x = [1]")
    assert "x" not in found("x = [1]", more)


@pytest.mark.parametrize(
    "more", ["def f():\n    x = 2", "class A:\n    x = 2", "[x for x in range(3)]", "f(x=2)", "lambda x: x", "a.x = 2"]
)
def test_the_same_name_in_another_scope_is_another_name(more: str):
    assert found("x = 1", more)["x"] == 1


@pytest.mark.parametrize("value", ["[]", "{}", "f(1)", "1 + 2j", "b'x'", "other", "f'{y}'", "..."])
def test_what_is_no_setting_is_no_parameter(value: str):
    assert found(f"x = {value}") == {}


def test_lines_of_ipython_and_other_languages_are_passed_over():
    assert found(
        "%matplotlib inline\nlr = 0.1\n!pip list \\\n   --quiet\nfiles = !ls\ndf?\nn = 2",
        "%%time\n# slow\ndepth = 3",
        "%%bash\nother = 4",
        "text = '''\n%no magic\n'''",
        "await something()\nlate = 5",
        "this is no = = python",
    ) == {"lr": 0.1, "n": 2, "depth": 3, "text": "\n%no magic\n", "late": 5}


def test_a_value_is_written_where_the_old_one_stood_and_nothing_else_changes():
    source = "%%time\nn = 'ü'; lr = 0.1  # rate\nlayers = [\n    64,\n    32,\n]\ntext = 'é'; last = 1"
    made = fill(notebook(source), {"lr": "0.5", "layers": "[8]", "last": 7, "n": "a'b"})
    assert made.notebook.cells[0].source == (
        "%%time\nn = \"a'b\"; lr = 0.5  # rate\nlayers = [8]\ntext = 'é'; last = 7"
    )
    assert made.defaults == {"text": "é"}


def test_the_notebook_itself_stays_as_it_is():
    before = notebook("x = 1")
    fill(before, {"x": 2})
    assert before.cells[0].source == "x = 1"


def test_a_tagged_cell_gets_a_cell_below_it_and_a_second_time_the_same_one():
    first = fill(notebook("y = 1\nx = 5", tagged="x = 1\nz = compute()"), {"x": "2", "z": "[1]"}).notebook
    assert [cell.source for cell in first.cells] == [
        "x = 1\nz = compute()",
        "# Parameters\nx = 2\nz = [1]",
        "y = 1\nx = 5",
    ]
    again = fill(first, {"x": "3"}).notebook
    assert [cell.source for cell in again.cells][1:] == ["# Parameters\nx = 3", "y = 1\nx = 5"]
    nbformat.validate(again)


def test_papermill_writes_the_cell_of_another_language():
    made = fill(notebook("print(x)", tagged="x <- 1", language="R"), {"x": "2", "on": "True"}).notebook
    assert "x = 2" in made.cells[1].source
    assert "on = TRUE" in made.cells[1].source
    with pytest.raises(InvalidValueError, match="tagged 'parameters', and it has none"):
        fill(notebook("x <- 1", language="R"), {"x": "2"})


@pytest.mark.parametrize(
    ("book", "says"),
    [
        (notebook("lr = 1"), r"No cell of n\.ipynb assigns a literal to 'lrr'.*There are: lr\."),
        (
            notebook("lrr = 1", "lrr = 2"),
            r"'lrr' is not a parameter of n\.ipynb: its value \(cell 1, 2\).*tagged 'parameters'",
        ),
        (notebook("lrr = 1", tagged="lr = 1"), r"not assigned in the cell of n\.ipynb that is tagged.*There are: lr\."),
    ],
)
def test_a_name_that_is_no_parameter_is_refused_with_what_there_is(book, says: str):
    with pytest.raises(InvalidValueError, match=says):
        fill(book, {"lrr": "2"}, "n.ipynb")


@pytest.mark.parametrize(
    ("default", "given", "value"),
    [
        (0.1, "1e-3", 0.001),
        (0.1, "3", 3.0),
        (0.1, "inf", float("inf")),
        (3, "7", 7),
        (3, "1e3", 1000),
        (3, np.int64(4), 4),
        (0.5, np.float32(0.25), 0.25),
        (True, "no", False),
        (True, "1", True),
        ("a", "5", "5"),
        ("a", "true", "true"),
        ("a", "$(rm -rf /) `x` '\"\n", "$(rm -rf /) `x` '\"\n"),
        (None, "5", 5),
        (None, "text", "text"),
        (UNKNOWN, "null", None),
        ([1], "[2, 3]", [2, 3]),
        ([1], (2, 3), [2, 3]),
        ((1, 2), "[2, 3]", (2, 3)),
        ({"a": 1}, '{"a": true}', {"a": True}),
    ],
)
def test_a_text_is_read_as_what_stands_in_the_notebook(default, given, value):
    assert fitting("x", given, default, "cell 1") == (value, "")
    assert type(fitting("x", given, default, "cell 1")[0]) is type(value)


@pytest.mark.parametrize(
    ("default", "given"),
    [
        (0.1, "fast"),
        (3, "fast"),
        (3, True),
        (True, "maybe"),
        (True, 1),
        ([1], "5"),
        ({"a": 1}, "[1]"),
        ("a", 5),
        (None, object()),
    ],
)
def test_a_value_of_another_type_is_refused(default, given):
    with pytest.raises(InvalidValueError, match=r"x is .* in cell 1"):
        fitting("x", given, default, "cell 1")


def test_a_whole_number_may_become_a_fraction_and_that_is_told():
    assert fitting("lr", "0.5", 1, "cell 2") == (0.5, "lr is 1 (int) in cell 2; 0.5 makes it a float.")


@pytest.mark.parametrize(
    "value",
    [float("inf"), float("-inf"), (1,), (), {"a": [float("inf")]}, {1, 2}, set(), "'\"\\\n", [None, True, -1.5]],
)
def test_what_is_written_means_the_same(value):
    assert eval(as_source(value)) == value


def test_a_cell_that_is_no_python_has_no_tree():
    assert parse("%%html\n<b>") is None
    assert parse("x = \0") is None
    tree = parse("%%capture out\nx = 1")
    assert tree is not None
    assert isinstance(tree.body[0], ast.Assign)
