"""A swept cell as a function of its params. It travels to other processes, so nothing here needs IPython."""

from __future__ import annotations

import builtins
import hashlib
import os
import sys
import types
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from io import BytesIO, TextIOBase
from numbers import Real
from typing import TYPE_CHECKING, Any

from nbtrack.magics import capture
from nbtrack.magics.output import Tail
from nbtrack.tracking import active
from nbtrack.tracking.named_secrets import is_secret_value
from nbtrack.tracking.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from nbtrack.magics.sweep_code import CellCode
    from nbtrack.tracking.run import ActiveRun

OUTPUT = "output/tail.txt"
MOST_FIGURES = 10
_ANCHOR = compile("None", "<nbtrack>", "exec")


class CellTrial:
    """Runs a cell with the params of a trial, in the notebook's variables, and puts these back as they were.

    Functions of the notebook read the same variables, so they see the trial's params too. What a trial changes inside an object, such as
    a list that it appends to, stays changed here; in processes of their own each has its copy.

    Parameters
    ----------
    code : CellCode
    space : dict
        The notebook's variables.
    metric : str, optional
        Taken from the variable of that name when nothing has logged it.
    names : tuple of str
        What goes along to another process.
    around : callable, optional
        Makes what is entered around each trial here.
    file : callable, optional
        Writes a file of a run here, in the background; given run, path, what makes the content, and its kind.
    """

    def __init__(
        self,
        code: CellCode,
        space: dict[str, Any],
        *,
        metric: str | None = None,
        names: tuple[str, ...] = (),
        label: str = "cell",
        around: Callable[[], AbstractContextManager[Any]] | None = None,
        file: Callable[[ActiveRun, str, Callable[[], bytes], str], None] | None = None,
    ) -> None:
        self.__qualname__ = label
        self._code = code
        self._space = space
        self._metric = metric
        self._names = names
        self._around = around
        self._file = file or _write
        self.left: dict[str, Any] | None = None
        self._compile()

    def __call__(self, params: dict[str, Any], /) -> dict[str, float]:
        """Run the cell; returns the metrics that it left without having logged them."""
        space = self._space
        before = dict(space)
        tail = Tail()
        written = _Writing(tail)
        run = active.current_run()
        try:
            with ExitStack() as around:
                around.enter_context(redirect_stdout(written))
                around.enter_context(redirect_stderr(written))
                if self._around is not None:
                    around.enter_context(self._around())
                space.update(params)
                try:
                    exec(self._body, space)  # noqa: S102 - the user's own cell
                    value = eval(self._last, space) if self._last is not None else None  # noqa: S307
                finally:
                    _keep_figures(run)
            return self._metrics(value, run)
        finally:
            if self.left is not None:
                self.left = {name: value for name, value in space.items() if before.get(name, _ANCHOR) is not value}
            secrets = _secrets(space) if tail.total else set()
            _put_back(space, before)
            if run is not None and tail.total:
                self._file(run, OUTPUT, lambda: _clean(tail.text(), secrets), "text/plain")

    def _metrics(self, value: Any, run: ActiveRun | None) -> dict[str, float]:
        logged: Any = {} if run is None else run.metrics
        found = capture.metrics_of(value)
        if not found and self._code.last_name is not None:
            found = capture.metrics_of({self._code.last_name: value})
        if self._metric is not None and self._metric not in found and self._metric not in logged:
            found |= capture.metrics_of({self._metric: self._space.get(self._metric)})
        if not found and isinstance(value, Real) and not isinstance(value, bool):
            found = {self._metric or "objective": float(value)}
        return found

    def _compile(self) -> None:
        name = f"<swept cell {hashlib.sha256(self._code.source.encode()).hexdigest()[:8]}>"
        self._body, self._last = self._code.compiled(name)

    # -- to another process ----------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Return the cell and what it reads; functions of the notebook share their variables there, as they do here."""
        anchor = types.FunctionType(_ANCHOR, self._space, "anchor")
        anchor.__module__ = "__main__"
        values = {name: self._space[name] for name in self._names if name in self._space}
        return {
            "code": self._code,
            "metric": self._metric,
            "label": self.__qualname__,
            "anchor": anchor,
            "values": values,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what another process has sent."""
        space = state["anchor"].__globals__
        space.update(state["values"])
        space.setdefault("__builtins__", builtins)
        space["__name__"] = "__main__"
        if os.environ.get("MPLBACKEND", "").startswith("module://"):
            os.environ["MPLBACKEND"] = "agg"  # the notebook's own needs the notebook
        self.__qualname__ = state["label"]
        self._code, self._metric, self._space = state["code"], state["metric"], space
        self._names, self._around, self._file, self.left = (), None, _write, None
        self._compile()


class _Writing(TextIOBase):
    """Takes what a trial prints."""

    encoding = "utf-8"

    def __init__(self, tail: Tail) -> None:
        self._tail = tail

    def write(self, text: str) -> int:
        """Keep the end of it."""
        self._tail.write(text)
        return len(text)


def _write(run: ActiveRun, path: str, content: Callable[[], bytes], mime: str) -> None:
    run.log_bytes(content(), path, mime)


def _secrets(space: dict[str, Any]) -> set[str]:
    """Return the values of variables whose names say that they are secret: printed, they look like any text."""
    return {v for k, v in space.items() if isinstance(v, str) and is_secret_value(k, v)}


def _clean(text: str, secrets: set[str]) -> bytes:
    text = redact(text)
    for secret in secrets:
        text = text.replace(secret, "…redacted")
    return text.encode("utf-8", "replace")


def _put_back(space: dict[str, Any], before: dict[str, Any]) -> None:
    for name in [name for name in space if name not in before]:
        del space[name]
    space.update(before)


def _keep_figures(run: ActiveRun | None) -> None:
    """Keep the figures that a trial drew and did not close, and close them: the next trial begins with none."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or run is None:
        return
    with suppress(Exception):  # a figure is no reason for a trial to fail
        for i, number in enumerate(pyplot.get_fignums()[:MOST_FIGURES], 1):
            content = BytesIO()
            pyplot.figure(number).savefig(content, format="png", bbox_inches="tight")
            run.log_bytes(content.getvalue(), f"figures/fig-{i}.png", "image/png")
        pyplot.close("all")
