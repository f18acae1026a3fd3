"""Finds the statements that produced a metric: backward from where it was logged, over what each one reads and changes."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.cells.effects import Effect, Logged
from nbtrack.cells.flow import Flow
from nbtrack.cells.plain import plain
from nbtrack.cells.world import World, dotted
from nbtrack.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbtrack.cells.log import ExecutedCell

ALWAYS = "@world"
"""What every import and file may depend on: the working folder, ``sys.path``, the environment."""
TRACKERS = ("@mod:nbtrack", "@mod:mlflow")
_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try)
_TRAINS = ("fit", "train", "train_on_batch", "fit_transform", "fit_predict", "fit_generator", "optimize")


@dataclass
class Step:
    """A statement of an executed cell.

    Attributes
    ----------
    cell : ExecutedCell
    node : ast.stmt
    effect : Effect
    around : Step or None
        The ``with`` whose body it stands in.
    is_cut : bool
        It was stopped by an error or an interrupt.
    is_head : bool
        It is such a ``with``, without its body.
    """

    cell: ExecutedCell
    node: ast.stmt
    effect: Effect = field(default_factory=Effect)
    around: Step | None = None
    is_cut: bool = False
    is_head: bool = False


@dataclass
class Slice:
    """What produced a metric.

    Attributes
    ----------
    metric : str
    steps : list of Step
        What is kept, in executed order.
    last : Step or None
        The one whose value is the metric, when it is the last value of a tracked cell.
    unknown : list of str
        Names that no cell says where they come from.
    cells : tuple of ExecutedCell
        All that were looked at.
    """

    metric: str
    steps: list[Step]
    last: Step | None
    unknown: list[str]
    cells: tuple[ExecutedCell, ...]

    @property
    def numbers(self) -> list[int]:
        """Return which executed cells it needs, by their ``n``."""
        return sorted({step.cell.n for step in self.steps})


def slice_cells(cells: Sequence[ExecutedCell], metric: str) -> Slice:
    """Return the statements that produced a metric.

    Parameters
    ----------
    cells : sequence of ExecutedCell
        All that had run, the run's own last.
    metric : str
        As it was logged.

    Raises
    ------
    NotFoundError
        No cell logged it.
    """
    steps = steps_of(cells)
    ends, last = _ends(cells, steps, metric)
    if not ends:
        raise NotFoundError("Metric", metric, where="what the run's cells logged")
    kept, unknown = _backward(steps, ends)
    return Slice(metric, kept, last, unknown, tuple(cells))


def needed(cells: Sequence[ExecutedCell], ends: set[int]) -> list[int]:
    """Return the cells that those of `ends` depend on, and these, by their ``n``."""
    steps = steps_of(cells)
    kept, _ = _backward(steps, [step for step in steps if step.cell.n in ends])
    return sorted({step.cell.n for step in kept} | ends)


def steps_of(cells: Sequence[ExecutedCell]) -> list[Step]:
    """Return every statement that ran, in that order, with what it does."""
    flow, steps = Flow(World()), []
    for cell in cells:
        flow.learned = {name: kind for name, kind in cell.wrote.items() if kind}
        mine = _statements(cell)
        for step in mine:
            step.effect = flow.header(step.node) if step.is_head else flow.run(step.node)  # type: ignore[arg-type]
            steps.append(step)
        _explain(cell, mine, flow)
        flow.world.learn({name: kind for name, kind in cell.wrote.items() if name not in flow.world.modules})
    return steps


def _statements(cell: ExecutedCell) -> list[Step]:
    text = plain(cell.source)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    body, cut = tree.body, None
    if cell.error and cell.line is not None:
        cut = next((each for each in body if (each.end_lineno or 0) >= cell.line), None)
        body = [each for each in body if (each.end_lineno or 0) < cell.line]
    steps = _flat(cell, body, None)
    if cut is not None and _first_line(cut) <= (cell.line or 0) and isinstance(cut, _BLOCKS):
        steps.append(Step(cell, cut, is_cut=True))
    return steps


def _flat(cell: ExecutedCell, body: Iterable[ast.stmt], around: Step | None) -> list[Step]:
    """Return a step a statement; the bodies of ``with start_run():`` are taken apart."""
    steps: list[Step] = []
    for node in body:
        if isinstance(node, (ast.With, ast.AsyncWith)) and _is_run_block(node):
            head = Step(cell, node, around=around, is_head=True)
            steps += [head, *_flat(cell, node.body, head)]
        else:
            steps.append(Step(cell, node, around=around))
    return steps


def _is_run_block(node: ast.With | ast.AsyncWith) -> bool:
    return node.body[0].lineno > node.lineno and all(_is_run(item.context_expr) for item in node.items)


def _is_run(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and (dotted(node.func) or [""])[-1] == "start_run"


def _first_line(node: ast.stmt) -> int:
    above: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in above)])


def _explain(cell: ExecutedCell, steps: list[Step], flow: Flow) -> None:
    """Give names that the kernel saw appear, and no statement binds, to the statements that may have bound them."""
    for step in steps:
        if step.is_cut:
            step.effect.may_bind |= step.effect.binds
            step.effect.binds = set()
    bound = set[str]().union(*(step.effect.binds | step.effect.may_bind for step in steps))
    unseen = set(cell.wrote) - bound
    for step in steps:
        if step.effect.is_opaque and unseen:
            step.effect.may_bind |= unseen
            flow.extend(unseen)


# -- where it was logged -------------------------------------------------------------------------------------------------


def _ends(cells: Sequence[ExecutedCell], steps: list[Step], metric: str) -> tuple[list[Step], Step | None]:
    """Return the statements that logged a metric, and the one whose value was taken as metrics."""
    if not cells:
        return [], None
    numbers = {cell.n for cell in cells if metric in cell.logged} or {cells[-1].n}
    ends: list[Step] = []
    last: Step | None = None
    for number in sorted(numbers):
        mine = [step for step in steps if step.cell.n == number]
        sure = [step for step in mine if any(_is_sure(each, metric) for each in step.effect.logs)]
        found = sure or [step for step in mine if step.effect.logs and _may_log(step, metric)]
        if not found and mine and isinstance(mine[-1].node, ast.Expr) and _is_value(mine[-1], metric):
            last = mine[-1]
            found = [last]
        ends += found or _trained(mine)
    ends = ends or _anywhere(steps, metric)
    for step in ends:
        _narrow(step, metric, is_value=step is last)
    return ends, last


def _is_sure(logged: Logged, metric: str) -> bool:
    return logged.key == metric or (logged.pattern is not None and re.fullmatch(logged.pattern, metric) is not None)


def _may_log(step: Step, metric: str) -> bool:
    return any(each.key is None and (each.pattern is None or _is_sure(each, metric)) for each in step.effect.logs)


def _is_value(step: Step, metric: str) -> bool:
    """Say whether the last expression of a cell is what a tracked cell takes metrics from."""
    value = step.node.value if isinstance(step.node, ast.Expr) else None
    if isinstance(value, ast.Dict):
        keys = [each.value for each in value.keys if isinstance(each, ast.Constant)]
        return metric in keys or len(keys) < len(value.keys)
    is_text = "%%track" in step.cell.source
    return is_text and isinstance(
        value, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.DictComp, ast.BinOp, ast.IfExp)
    )


def _trained(steps: list[Step]) -> list[Step]:
    """Return the statements that autologging may have heard of, else all of the cell."""
    found = []
    for step in steps:
        calls = [each for each in ast.walk(step.node) if isinstance(each, ast.Call)]
        if any(isinstance(call.func, ast.Attribute) and call.func.attr in _TRAINS for call in calls):
            found.append(step)
            step.effect.reads |= set(TRACKERS)
    return found or steps


def _anywhere(steps: list[Step], metric: str) -> list[Step]:
    sure = [step for step in steps if any(_is_sure(each, metric) for each in step.effect.logs)]
    return sure[-1:] or [step for step in steps if _may_log(step, metric)][-1:]


def _narrow(step: Step, metric: str, *, is_value: bool) -> None:
    """Leave out of a literal dict of metrics those that were not asked for."""
    node = step.node.value if isinstance(step.node, ast.Expr) else None
    if not is_value and isinstance(node, ast.Call) and (dotted(node.func) or [""])[-1] == "log_metrics" and node.args:
        node = node.args[0]
    if not isinstance(node, ast.Dict) or len(node.keys) == 1:
        return
    chosen = [i for i, key in enumerate(node.keys) if isinstance(key, ast.Constant) and key.value == metric]
    if len(chosen) != 1 or any(isinstance(each, ast.NamedExpr) for each in ast.walk(node)):
        return
    others = [each for i, each in enumerate(node.values) if i != chosen[0]]
    needed = {each.id for i in chosen for each in ast.walk(node.values[i]) if isinstance(each, ast.Name)}
    dropped = {each.id for other in others for each in ast.walk(other) if isinstance(each, ast.Name)} - needed
    around = {each.id for each in ast.walk(step.node) if isinstance(each, ast.Name)} - dropped
    if any(isinstance(each, ast.Call) for other in others for each in ast.walk(other)) and step.effect.changes:
        return
    step.effect.reads -= dropped - around
    node.keys, node.values = [node.keys[chosen[0]]], [node.values[chosen[0]]]


# -- backward ------------------------------------------------------------------------------------------------------------


def _backward(steps: list[Step], ends: list[Step]) -> tuple[list[Step], list[str]]:
    wanted: set[str] = {ALWAYS}
    kept: list[Step] = []
    heads: set[int] = set()
    chosen = {id(step) for step in ends}
    is_begun = False
    for step in reversed(steps):
        is_end = id(step) in chosen
        is_begun |= is_end
        if not is_begun:
            continue
        if is_end or id(step) in heads or _touches(step.effect, wanted):
            kept.append(step)
            wanted -= step.effect.binds
            wanted |= step.effect.reads
            if step.around is not None:
                heads.add(id(step.around))
    kept.reverse()
    return kept, sorted(name for name in wanted if not name.startswith("@"))


def _touches(effect: Effect, wanted: set[str]) -> bool:
    return bool((effect.binds | effect.may_bind | effect.changes) & wanted)
