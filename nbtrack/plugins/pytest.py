"""Notebooks as tests: ``pytest --nbtrack train.ipynb`` runs each cell, and each ``%track expect`` in it, as a test.

The notebook runs in a kernel in its own folder, cell by cell, and its runs land in the store in use. A cell fails as it raises; an
expectation fails as :func:`nbtrack.check` would. What comes after a cell that failed is not run, and says so. Reports, JUnit's among them,
come from pytest. Needs ``nbclient`` and ``ipykernel``.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.deps import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIME = "application/vnd.nbtrack.expectation+json"
PLAIN, SKIP = "text/plain", "nbtrack-skip"
_EXPECT = re.compile(r"^[ \t]*%track[ \t]+expect[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_OPTIONS = re.compile(r"(?:^|\s)--(?:baseline|run)(?:=|\s+)\S+|(?:^|\s)--raise(?=\s|$)|\s#\s[^'`]*$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--nbtrack`` and ``--nbtrack-timeout``."""
    group = parser.getgroup("nbtrack", "notebooks as tests")
    group.addoption(
        "--nbtrack", action="store_true", help="Run notebooks (.ipynb): each cell and each %%track expect is a test."
    )
    group.addoption(
        "--nbtrack-timeout",
        type=int,
        default=None,
        metavar="SECONDS",
        help="How long one cell may take; as long as it likes by default.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark that keeps the tests of a notebook in one process of pytest-xdist."""
    config.addinivalue_line("markers", "xdist_group(name): tests that --dist=loadgroup runs in one process")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect notebooks when they are asked for; copies that Jupyter keeps are none."""
    is_wanted = parent.config.getoption("--nbtrack") and file_path.suffix == ".ipynb"
    if not is_wanted or ".ipynb_checkpoints" in file_path.parts:
        return None
    found: pytest.Collector = Notebook.from_parent(parent, path=file_path)
    return found


class BrokenError(Exception):
    """Something in a notebook did not go well; its text is the report."""


class Notebook(pytest.File):
    """A notebook: runs as far as it is asked for, once."""

    kernel: Kernel

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each cell of code, and one for each expectation in it."""
        notebook = _read(self.path)
        self.kernel = Kernel(notebook, self.path.parent, self.config.getoption("--nbtrack-timeout"))
        number = 0
        for place, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] != "code" or not cell["source"].strip() or SKIP in cell["metadata"].get("tags", []):
                continue
            number += 1
            name = f"cell {number}"
            yield CellItem.from_parent(self, name=f"{name} {_title(cell['source'])}".strip(), place=place)
            seen: dict[str, int] = {}
            for written in _EXPECT.findall(cell["source"]):
                text = _OPTIONS.sub("", written).strip()
                nth = seen[text] = seen.get(text, -1) + 1
                more = f" ({nth + 1})" if nth else ""
                yield ExpectItem.from_parent(
                    self, name=f"{name} expect {text}{more}", place=place, expression=text, nth=nth
                )

    def teardown(self) -> None:
        """Stop the kernel when the last of the notebook's tests is done."""
        if hasattr(self, "kernel"):
            self.kernel.stop()
        super().teardown()


class _Item(pytest.Item):
    parent: Notebook

    def __init__(self, *, place: int, **options: Any) -> None:
        super().__init__(**options)
        self.place = place
        self.add_marker(pytest.mark.xdist_group(str(self.parent.path)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what the notebook says, not pytest's frames."""
        return str(excinfo.value) if isinstance(excinfo.value, BrokenError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the test in reports."""
        return self.path, self.place, self.name


class CellItem(_Item):
    """One cell runs without an error."""

    def runtest(self) -> None:
        """Run the notebook up to this cell."""
        ran = self.parent.kernel.run_to(self.place)
        if ran.error:
            raise BrokenError(ran.error)


class ExpectItem(_Item):
    """One expectation of a cell holds."""

    def __init__(self, *, expression: str, nth: int, **options: Any) -> None:
        super().__init__(**options)
        self.expression = expression
        self.nth = nth

    def runtest(self) -> None:
        """Look how the expectation came out in its cell: the worst, when it stands in a loop."""
        ran = self.parent.kernel.run_to(self.place)
        found = [each for each in ran.outcomes if each.get("expression") == self.expression]
        if not found:
            raise BrokenError(ran.error or f"The cell ended without judging {self.expression!r}.")
        if self.nth < len(found) and all(each["status"] != "failed" for each in found):
            found = [found[self.nth]]
        worst = min(found, key=lambda each: ["failed", "noise", "new", "held"].index(each["status"]))
        self.user_properties += [("nbtrack.run_id", worst["run_id"]), ("nbtrack.expect", worst["status"])]
        text = "; ".join(worst["reasons"])
        told = f"{worst['run']} {worst['status']}, expected {self.expression}: {text}\n{worst['difference']}".rstrip()
        if worst["status"] == "failed":
            raise BrokenError(told)
        self.add_report_section("call", "nbtrack", told)


@dataclass
class Ran:
    """How a cell went: its error as text, and the outcomes of its expectations."""

    error: str = ""
    outcomes: tuple[dict[str, Any], ...] = ()


class Kernel:
    """Runs the cells of one notebook in order, and each once.

    Parameters
    ----------
    notebook : NotebookNode
    folder : Path
        Where the kernel works.
    timeout_s : int, optional
        For each cell.
    """

    def __init__(self, notebook: Any, folder: Path, timeout_s: int | None) -> None:
        self._notebook = notebook
        self._folder = folder
        self._timeout_s = timeout_s
        self._client: Any = None
        self._context: Any = None
        self._next = 0
        self._ran: dict[int, Ran] = {}
        self._broken = ""

    def run_to(self, place: int) -> Ran:
        """Run what was not run yet, up to a cell; return how that one went."""
        while self._next <= place:
            self._ran[self._next] = self._run(self._next)
            self._next += 1
        return self._ran[place]

    def stop(self) -> None:
        """Shut the kernel down."""
        if self._context is not None:
            self._context.__exit__(None, None, None)
            self._context = self._client = None

    def _run(self, place: int) -> Ran:
        cell = self._notebook["cells"][place]
        if cell["cell_type"] != "code" or SKIP in cell["metadata"].get("tags", []):
            return Ran()
        if self._broken:
            return Ran(f"Not run: {self._broken}")
        errors = import_module("nbclient.exceptions")
        try:
            self._start()
            self._client.execute_cell(cell, place)
        except errors.CellExecutionError as error:
            self._broken = f"cell at place {place + 1} failed with {error.ename}: {error.evalue}"
            return Ran(_COLOUR.sub("", error.traceback), _outcomes(cell))
        except (errors.CellTimeoutError, errors.DeadKernelError, RuntimeError) as error:
            self._broken = f"cell at place {place + 1} ended the kernel: {error}"
            return Ran(f"{type(error).__name__}: {error}", _outcomes(cell))
        return Ran("", _outcomes(cell))

    def _start(self) -> None:
        if self._client is not None:
            return
        client = require("nbclient", "to run notebooks as tests").NotebookClient
        options = {"timeout": self._timeout_s, "resources": {"metadata": {"path": os.fspath(self._folder)}}}
        self._client = client(self._notebook, **options)
        self._context = self._client.setup_kernel(cwd=os.fspath(self._folder))
        self._context.__enter__()


def _outcomes(cell: Any) -> tuple[dict[str, Any], ...]:
    shown = [output.get("data", {}).get(MIME) for output in cell.get("outputs", [])]
    return tuple(json.loads(each) if isinstance(each, str) else dict(each) for each in shown if each is not None)


def _read(path: Path) -> Any:
    nbformat = require("nbformat", "to run notebooks as tests")
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        message = f"{path} cannot be read as a notebook: {type(error).__name__}: {str(error)[:200]}"
        raise pytest.Collector.CollectError(message) from error


def _title(source: str) -> str:
    """Return a name that ``%%track`` gives the cell, else nothing: names of tests are best short and steady."""
    found = re.match(r"%%track[ \t]+(\w[\w-]*)[ \t]*(?:$|\s)", source)
    return found[1] if found else ""
