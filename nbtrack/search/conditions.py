"""Writes the condition that a tree is, for one row of ``runs r`` or ``experiments e``.

Two forms, measured on 100,000 runs x 10 params x 10 metrics (UUIDv7 ids, 2 cores, DuckDB 2.0.0, fastest of several), on
tables and on views ``run_id NOT IN (20 touched) UNION ALL touched``; filter on a metric and a param, order by another
metric, top 100:

==============================================  ======  ======
form                                            tables  views
==============================================  ======  ======
EXISTS                                          29 ms   42 ms
run_id IN (subquery)                            28 ms   41 ms
coalesce(scalar subquery, FALSE)                38 ms   61 ms
==============================================  ======  ======

Each EXISTS is a join, and planning many of them takes far longer than running them. So beyond `MAX_EXISTS` of them, each table
is read once, and all its comparisons are folded to one row a run:

=================  ==============  ===============  =================================
comparisons        2               8                200
=================  ==============  ===============  =================================
EXISTS             43 ms, 77 ms    140 ms, 221 ms   8.6 s, stopped after five minutes
one scan a table   47 ms, 79 ms    81 ms, 115 ms    0.7 s, 1.0 s
=================  ==============  ===============  =================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nbtrack.search.literals import literal, literal_time
from nbtrack.search.tables import ATTRIBUTES, LOGGED, MAY_BE_NAN, NUMBER_OF_TEXT, OWNERS, has_keys, logged_column
from nbtrack.search.tree import And, Comparison, Node, Not, Now, Or, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nbtrack.search.tables import Table

MAX_EXISTS = 3


class Writer(Protocol):
    """Puts values into SQL: as ``?``, kept in `values`, or as literals."""

    values: list[str | float]

    def value(self, value: str | float) -> str:
        """Return the text that stands for a number or text."""

    def time(self, milliseconds: float) -> str:
        """Return the text that stands for milliseconds since 1970."""


class Bound:
    """Writes ``?`` and keeps the value."""

    def __init__(self) -> None:
        self.values: list[str | float] = []

    def value(self, value: str | float) -> str:
        """Keep a number or text."""
        self.values.append(value)
        return "?"

    time = value


class Shown:
    """Writes literals, to be read by people."""

    def __init__(self) -> None:
        self.values: list[str | float] = []

    def value(self, value: str | float) -> str:
        """Return a number or text as a literal."""
        return literal(value)

    def time(self, milliseconds: float) -> str:
        """Return milliseconds since 1970 as a timestamp."""
        return literal_time(milliseconds)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a condition depends on besides the tree: goals of metrics, the moment `now`, how values are written."""

    goals: Mapping[str, str]
    now_ms: float
    make_writer: Callable[[], Writer]


def write_conditions(node: Node, settings: Settings) -> tuple[list[str], list[str | float]]:
    """Return texts that are to be joined with AND, and the values for their ``?`` in order."""
    subject = next(_comparisons(node)).field.subject
    if sum(one.field.entity != "attributes" for one in _comparisons(node)) > MAX_EXISTS:
        return _Folded(settings, OWNERS[subject]).whole(node)
    conditions = _Conditions(settings)
    terms = node.terms if isinstance(node, And) else (node,)
    return [conditions.inner(term) for term in terms], conditions.writer.values


def _comparisons(node: Node) -> Iterator[Comparison]:
    match node:
        case Comparison():
            yield node
        case Not(term):
            yield from _comparisons(term)
        case And(terms) | Or(terms):
            for term in terms:
                yield from _comparisons(term)


class _Conditions:
    """Writes each comparison with something logged as an EXISTS of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.writer = settings.make_writer()

    def write(self, node: Node, *, negated: bool = False) -> str:
        """Return the condition; inside NOT it is never NULL."""
        match node:
            case And(terms):
                return " AND ".join(self.inner(term, negated=negated) for term in terms)
            case Or(terms):
                return " OR ".join(self.inner(term, negated=negated) for term in terms)
            case Not(term):
                return f"NOT ({self.write(term, negated=True)})"
            case Comparison():
                if node.field.entity != "attributes":
                    return self.logged(node)
                condition = self.attribute(node)
                return f"coalesce({condition}, FALSE)" if negated else condition

    def inner(self, node: Node, *, negated: bool = False) -> str:
        """Return the condition, in parentheses where AND or OR would be torn apart."""
        text = self.write(node, negated=negated)
        return f"({text})" if isinstance(node, And | Or) else text

    def logged(self, node: Comparison) -> str:
        """Compare what was logged: there is a row for which the comparison is true."""
        table = LOGGED[node.field.subject, node.field.entity]
        rows = (
            f"{table.source} WHERE {table.id} = {table.owner_id(OWNERS[node.field.subject])} "
            f"AND {self.row_test(node, self.writer)}"
        )
        return f"{'NOT ' if node.operator == 'IS NULL' else ''}EXISTS (SELECT 1 FROM {rows})"

    def row_test(self, node: Comparison, writer: Writer) -> str:
        """Return the condition for one row of a table of what was logged; for ``IS NULL``, that it is not NULL."""
        column = logged_column(node.field, self.settings.goals)
        alias = LOGGED[node.field.subject, node.field.entity].alias
        key = f"{alias}.key = {writer.value(node.field.key)} AND " if has_keys(node.field) else ""
        if node.operator in ("IS NULL", "IS NOT NULL"):
            return f"{key}{column} IS NOT NULL"
        return key + self.compare(column, node, writer)

    def attribute(self, node: Comparison) -> str:
        """Compare a column of the run or experiment."""
        column = ATTRIBUTES[node.field.subject][node.field.key]
        if node.operator in ("IS NULL", "IS NOT NULL"):
            return f"{column} {node.operator}"
        if node.field.kind == "time":
            column = f"epoch_us({column}) // 1000"  # epoch_ms would round
        elif node.field.kind == "id":
            column = f"CAST({column} AS VARCHAR)"
        return self.compare(column, node, self.writer)

    def compare(self, column: str, node: Comparison, writer: Writer) -> str:
        """Return the comparison; a param is a number to numbers and a text to texts, in one list too."""
        values = [self.resolve(value) for value in node.values]
        if node.field.kind != "param":
            return _compare(column, node, values, writer)
        number = NUMBER_OF_TEXT.format(column)
        numbers = [value for value in values if not isinstance(value, str)]
        texts = [value for value in values if isinstance(value, str)]
        if not numbers or not texts:
            return _compare(number if numbers else column, node, values, writer)
        word = " OR " if node.operator == "IN" else " AND "
        return f"({_compare(number, node, numbers, writer)}{word}{_compare(column, node, texts, writer)})"

    def resolve(self, value: Value) -> str | float:
        """Return a value with `now` being what the clock says."""
        return float(self.settings.now_ms + value.offset_ms) if isinstance(value, Now) else value


@dataclass(slots=True)
class _Scan:
    """What is asked of one table: a column ``t<n>`` for each comparison, and the keys that they are about."""

    table: Table
    writer: Writer
    key_writer: Writer
    tests: list[str] = field(default_factory=list)
    keys: dict[str, None] = field(default_factory=dict)

    def join(self, owner: Table) -> str:
        """Return the join with one row for each owner that has rows."""
        table = self.table
        keys = ", ".join(self.key_writer.value(key) for key in self.keys)
        where = f" WHERE {table.alias}.key IN ({keys})" if keys else ""
        rows = f"SELECT {table.id}, {', '.join(self.tests)} FROM {table.source}{where} GROUP BY {table.id}"
        return f"LEFT JOIN ({rows}) {table.alias} ON {table.id} = {table.owner_id(owner)}"


class _Folded(_Conditions):
    """Reads each table once, whatever the number of comparisons."""

    def __init__(self, settings: Settings, owner: Table) -> None:
        super().__init__(settings)
        self.owner = owner
        self.scans: dict[str, _Scan] = {}
        self.n_tests = 0

    def whole(self, node: Node) -> tuple[list[str], list[str | float]]:
        """Return the condition as one ``IN``, and its values in the order of the text."""
        condition = self.write(node)
        joins = [scan.join(self.owner) for scan in self.scans.values()]
        values = [v for scan in self.scans.values() for v in (*scan.writer.values, *scan.key_writer.values)]
        lines = [f"SELECT {self.owner.id} FROM {self.owner.source}", *joins, f"WHERE {condition}"]
        return [f"{self.owner.id} IN (\n    " + "\n    ".join(lines) + ")"], values + self.writer.values

    def logged(self, node: Comparison) -> str:
        """Add the comparison to the scan of its table, and ask for its column."""
        entity = node.field.entity
        if entity not in self.scans:
            writers = self.settings.make_writer(), self.settings.make_writer()
            self.scans[entity] = _Scan(LOGGED[node.field.subject, entity], *writers)
        scan = self.scans[entity]
        name = f"t{self.n_tests}"
        self.n_tests += 1
        scan.tests.append(f"bool_or({self.row_test(node, scan.writer)}) AS {name}")
        if has_keys(node.field):
            scan.keys[node.field.key] = None
        found = f"coalesce({scan.table.alias}.{name}, FALSE)"
        return f"NOT {found}" if node.operator == "IS NULL" else found


def _compare(column: str, node: Comparison, values: Sequence[str | float], writer: Writer) -> str:
    write: Callable[[float], str] = writer.time if node.field.kind == "time" else writer.value
    shown = [write(value) for value in values]  # type: ignore[arg-type]  # times are numbers
    operator = node.operator
    if operator in ("IN", "NOT IN"):
        return f"{column} {operator} ({', '.join(shown)})"
    if operator in ("BETWEEN", "NOT BETWEEN"):
        # In parentheses, so that its AND is not taken for another.
        return f"({column} {operator} {shown[0]} AND {shown[1]})"
    condition = f"{column} {operator} {shown[0]}"
    # DuckDB sorts NaN above every number; here it is greater than nothing.
    return f"{condition} AND NOT isnan({column})" if operator in (">", ">=") and column in MAY_BE_NAN else condition
