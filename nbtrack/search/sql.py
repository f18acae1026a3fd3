"""Turns trees into SQL for the tables in ARCHITECTURE.md: fixed names in the text, every key and value bound.

Each metric, param, tag and dataset is one ``EXISTS`` over its narrow table. On 100,000 runs x 10 params x 10 metrics
(UUIDv7 ids, 2 cores, DuckDB 2.0.0, fastest of 7), filter on a metric and a param, order by another metric, top 100:

===================================  ======  ==============================================
form                                 tables  views ``run_id NOT IN (20) UNION ALL touched``
===================================  ======  ==============================================
EXISTS, order by scalar subquery     29 ms   42 ms
run_id IN (subquery), same order     28 ms   41 ms
scalar subqueries in the filter      38 ms   61 ms
EXISTS, order by a joined table      30 ms   39 ms
===================================  ======  ==============================================

EXISTS and scalar subqueries need no join from the caller, so they are used. ``max`` in a subquery makes it one row
whatever the table holds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nbtrack.search.cursor import refuse_field
from nbtrack.search.fields import no_goal
from nbtrack.search.literals import literal, literal_time
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.tree import And, Comparison, Field, Node, Not, Now, Or, OrderTerm, SubjectName, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Every table and column that a search can reach. `r` is the run, `e` the experiment that is looked at.
_OWNER = {"run": "r.run_id", "experiment": "e.experiment_id"}
_TABLES = {
    ("run", "metrics"): "latest m WHERE m.run_id = r.run_id",
    ("run", "params"): "params p WHERE p.run_id = r.run_id",
    ("run", "tags"): "tags t WHERE t.run_id = r.run_id",
    ("run", "datasets"): "inputs i WHERE i.run_id = r.run_id",
    ("experiment", "tags"): "experiment_tags t WHERE t.experiment_id = e.experiment_id",
}
_ALIASES = {"metrics": "m", "params": "p", "tags": "t"}
_STAT_COLUMNS = {"last": "m.value", "min": "m.min", "max": "m.max", "count": "m.count", "step": "m.step"}
_DATASET_COLUMNS = {"name": "i.name", "digest": "i.digest", "context": "i.context"}
_EXPERIMENT_NAME = "(SELECT max(x.name) FROM experiments x WHERE x.experiment_id = r.experiment_id)"
_ATTRIBUTES = {
    "run": {
        "run_id": "r.run_id",
        "name": "r.name",
        "status": "r.status",
        "user_id": "r.user_id",
        "artifact_uri": "('runs:/' || r.run_id)",
        "start_time": "r.start_time",
        "end_time": "r.end_time",
        "duration": "r.duration",
        "number": "r.number",
        "experiment_id": "r.experiment_id",
        "experiment": _EXPERIMENT_NAME,
        "lifecycle_stage": "r.lifecycle_stage",
        "parent_run_id": "r.parent_run_id",
    },
    "experiment": {
        "name": "e.name",
        "experiment_id": "e.experiment_id",
        "creation_time": "e.creation_time",
        "last_update_time": "e.last_update_time",
        "lifecycle_stage": "e.lifecycle_stage",
    },
}
_TIE_BREAK = {
    "run": "r.start_time DESC NULLS LAST, r.run_id",
    "experiment": "e.creation_time DESC NULLS LAST, e.experiment_id",
}
_MAY_BE_NAN = ("m.value", "m.min", "m.max")


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with ``?`` for each of `values`, in their order."""

    text: str
    values: tuple[str | float, ...] = ()


class Writer(Protocol):
    """Puts a value into SQL: as ``?`` or, to show it, as a literal."""

    def value(self, value: str | float) -> str:
        """Return the text that stands for a number or text."""

    def time(self, milliseconds: float) -> str:
        """Return the text that stands for milliseconds since 1970."""


class _Bound:
    def __init__(self) -> None:
        self.values: list[str | float] = []

    def value(self, value: str | float) -> str:
        self.values.append(value)
        return "?"

    time = value


class _Shown:
    def value(self, value: str | float) -> str:
        return literal(value)

    def time(self, milliseconds: float) -> str:
        return literal_time(milliseconds)


def compile_filter(node: Node | None, goals: Mapping[str, str] | None = None, *, now_ms: float | None = None) -> Sql:
    """Return the condition of ``select … from runs r where …`` (or ``from experiments e``).

    Parameters
    ----------
    node : Node or None
        What `parse_filter` returned; None is true of everything.
    goals : mapping of str to {"min", "max"}
        The better direction of each metric, for ``.best``.
    now_ms : float, optional
        The moment that `now` means, in milliseconds since 1970; by default this one.

    Raises
    ------
    SearchSyntaxError
        ``.best`` of a metric that has no goal.
    """
    writer = _Bound()
    text = "TRUE" if node is None else _Conditions(writer, goals or {}, _moment(now_ms)).write(node)
    return Sql(text, tuple(writer.values))


def compile_order(
    terms: Sequence[OrderTerm], goals: Mapping[str, str] | None = None, *, subject: SubjectName = "run"
) -> Sql:
    """Return what stands after ``order by``.

    Missing values come last in both directions, NaN just before them; params that are numbers come before those that
    are not; ties go by start time (creation time), latest first, then by id.
    """
    writer = _Bound()
    text = _order(terms, goals or {}, subject, writer)
    return Sql(text, tuple(writer.values))


def show_sql(
    filter_string: str = "",
    order_by: Sequence[str] | str | None = None,
    goals: Mapping[str, str] | None = None,
    *,
    subject: SubjectName = "run",
    lifecycle_stage: str | None = "active",
    experiment_ids: Sequence[int | str] = (),
    limit: int | None = None,
    now_ms: float | None = None,
) -> str:
    """Return the whole search as SQL to read, copy and run: one statement, with every value written as a literal.

    Parameters
    ----------
    filter_string, order_by, goals, subject, now_ms
        As for `parse_filter`, `parse_order_by` and `compile_filter`.
    lifecycle_stage : {"active", "deleted"} or None
        Which rows are looked at; None takes both.
    experiment_ids : sequence of int or str
        Only runs of these experiments; empty takes all.
    limit : int, optional
        How many rows at most.

    Raises
    ------
    SearchSyntaxError
        The filter or order_by cannot be read.
    """
    writer = _Shown()
    node, terms = parse_filter(filter_string, subject=subject), parse_order_by(order_by, subject=subject)
    alias = _OWNER[subject][0]
    conditions = _scope(alias, lifecycle_stage, experiment_ids)
    if node is not None:
        write = _Conditions(writer, goals or {}, _moment(now_ms))
        conditions += [write.inner(term) for term in (node.terms if isinstance(node, And) else (node,))]
    lines = [f"SELECT {alias}.*", f"FROM {subject}s {alias}"]
    lines += [f"{'  AND' if i else 'WHERE'} {condition}" for i, condition in enumerate(conditions)]
    lines += [f"ORDER BY {_order(terms, goals or {}, subject, writer)}"]
    return "\n".join(lines + ([f"LIMIT {int(limit)}"] if limit is not None else []))


def _scope(alias: str, lifecycle_stage: str | None, experiment_ids: Sequence[int | str]) -> list[str]:
    conditions = [] if lifecycle_stage is None else [f"{alias}.lifecycle_stage = {literal(lifecycle_stage)}"]
    if experiment_ids:
        conditions.append(f"{alias}.experiment_id IN ({', '.join(str(int(one)) for one in experiment_ids)})")
    return conditions


def _moment(now_ms: float | None) -> float:
    return time.time() * 1000 // 1 if now_ms is None else now_ms


class _Conditions:
    """Writes the condition of each node."""

    def __init__(self, writer: Writer, goals: Mapping[str, str], now_ms: float) -> None:
        self.writer = writer
        self.goals = goals
        self.now_ms = now_ms

    def write(self, node: Node, *, negated: bool = False) -> str:
        """Return the condition; inside NOT it is never NULL."""
        match node:
            case And(terms):
                return " AND ".join(self.inner(term, negated=negated) for term in terms)
            case Or(terms):
                return " OR ".join(self.inner(term, negated=negated) for term in terms)
            case Not(term):
                return f"NOT ({self.write(term, negated=True)})"
            case Comparison(field):
                if field.entity != "attributes":
                    return self.exists(node)
                condition = self.attribute(node)
                return f"coalesce({condition}, FALSE)" if negated else condition

    def inner(self, node: Node, *, negated: bool = False) -> str:
        """Return the condition, in parentheses where AND or OR would be torn apart."""
        text = self.write(node, negated=negated)
        return f"({text})" if isinstance(node, And | Or) else text

    def exists(self, node: Comparison) -> str:
        """Compare something that was logged: there is a row with the key for which the comparison is true."""
        rows = _rows(node.field, self.writer)
        column = _column(node.field, self.goals)
        if node.operator == "IS NULL":
            return f"NOT EXISTS (SELECT 1 FROM {rows} AND {column} IS NOT NULL)"
        return f"EXISTS (SELECT 1 FROM {rows} AND {self.test(column, node)})"

    def attribute(self, node: Comparison) -> str:
        column = _ATTRIBUTES[node.field.subject][node.field.key]
        if node.operator in ("IS NULL", "IS NOT NULL"):
            return f"{column} {node.operator}"
        if node.field.kind == "time":
            column = f"epoch_us({column}) // 1000"  # epoch_ms would round
        elif node.field.kind == "id":
            column = f"CAST({column} AS VARCHAR)"
        return self.test(column, node)

    def test(self, column: str, node: Comparison) -> str:
        if node.operator == "IS NOT NULL":
            return f"{column} IS NOT NULL"
        values = [self.resolve(value) for value in node.values]
        if node.field.kind != "param":
            return self.compare(column, node, values)
        number = f"TRY_CAST({column} AS DOUBLE)"
        numbers = [value for value in values if not isinstance(value, str)]
        texts = [value for value in values if isinstance(value, str)]
        if not numbers or not texts:
            return self.compare(number if numbers else column, node, values)
        word = " OR " if node.operator == "IN" else " AND "
        return f"({self.compare(number, node, numbers)}{word}{self.compare(column, node, texts)})"

    def compare(self, column: str, node: Comparison, values: Sequence[str | float]) -> str:
        write: Callable[[float], str] = self.writer.time if node.field.kind == "time" else self.writer.value
        shown = [write(value) for value in values]  # type: ignore[arg-type]  # times are numbers
        operator = node.operator
        if operator in ("IN", "NOT IN"):
            return f"{column} {operator} ({', '.join(shown)})"
        if operator in ("BETWEEN", "NOT BETWEEN"):
            # In parentheses, so that its AND is not taken for another.
            return f"({column} {operator} {shown[0]} AND {shown[1]})"
        condition = f"{column} {operator} {shown[0]}"
        # DuckDB sorts NaN above every number; here it is greater than nothing.
        may_be_nan = column in _MAY_BE_NAN or column.startswith("TRY_CAST")
        return f"{condition} AND NOT isnan({column})" if operator in (">", ">=") and may_be_nan else condition

    def resolve(self, value: Value) -> str | float:
        return float(self.now_ms + value.offset_ms) if isinstance(value, Now) else value


def _order(terms: Sequence[OrderTerm], goals: Mapping[str, str], subject: SubjectName, writer: Writer) -> str:
    keys = [key for term in terms for key in _order_keys(term, goals, writer)]
    return ", ".join([*keys, _TIE_BREAK[subject]])


def _order_keys(term: OrderTerm, goals: Mapping[str, str], writer: Writer) -> list[str]:
    field, direction = term.field, " DESC" if term.descending else ""
    if field.entity == "attributes":
        return [f"{_ATTRIBUTES[field.subject][field.key]}{direction} NULLS LAST"]
    column = _column(field, goals)
    keys = []
    number = column if column in _MAY_BE_NAN else f"TRY_CAST({column} AS DOUBLE)" if field.kind == "param" else None
    if number:
        # DuckDB sorts NaN above every number and minus NaN too: with the sign turned, NaN is last in both directions.
        sign = "-" if term.descending else ""
        keys.append(f"(SELECT max({sign}{number}) FROM {_rows(field, writer)}) NULLS LAST")
    if column not in _MAY_BE_NAN:
        keys.append(f"(SELECT max({column}) FROM {_rows(field, writer)}){direction} NULLS LAST")
    return keys


def _rows(field: Field, writer: Writer) -> str:
    table = _TABLES[field.subject, field.entity]
    return (
        table if field.entity == "datasets" else f"{table} AND {_ALIASES[field.entity]}.key = {writer.value(field.key)}"
    )


def _column(field: Field, goals: Mapping[str, str]) -> str:
    if field.entity == "datasets":
        return _DATASET_COLUMNS[field.key]
    if field.entity == "metrics":
        return _STAT_COLUMNS[_best(field, goals) if field.stat == "best" else field.stat]
    return f"{_ALIASES[field.entity]}.value"


def _best(field: Field, goals: Mapping[str, str]) -> str:
    goal = goals.get(field.key)
    if goal not in ("min", "max"):
        refuse_field(field, no_goal(field.key))
    return goal
