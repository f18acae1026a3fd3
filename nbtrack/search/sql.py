"""Turns filters and order_by into SQL for the tables in ARCHITECTURE.md: fixed names in the text, all else bound."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.search.conditions import Bound, Settings, Shown, Writer, write_conditions
from nbtrack.search.literals import literal
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.tables import ATTRIBUTES, LOGGED, MAY_BE_NAN, NUMBER_OF_TEXT, OWNERS, TIE_BREAK, logged_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.search.tree import Field, Node, OrderTerm, SubjectName


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with ``?`` for each of `values`, in their order."""

    text: str
    values: tuple[str | float, ...] = ()


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
    if node is None:
        return Sql("TRUE")
    texts, values = write_conditions(node, Settings(goals or {}, _moment(now_ms), Bound))
    return Sql(" AND ".join(texts), tuple(values))


def compile_order(
    terms: Sequence[OrderTerm], goals: Mapping[str, str] | None = None, *, subject: SubjectName = "run"
) -> Sql:
    """Return what stands after ``order by``.

    Missing values come last in both directions, NaN just before them; params that are numbers come before those that
    are not; ties go by start time (creation time), latest first, then by id.
    """
    writer = Bound()
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
    node, terms = parse_filter(filter_string, subject=subject), parse_order_by(order_by, subject=subject)
    owner, alias = OWNERS[subject].source, OWNERS[subject].alias
    conditions = _scope(alias, lifecycle_stage, experiment_ids)
    if node is not None:
        conditions += write_conditions(node, Settings(goals or {}, _moment(now_ms), Shown))[0]
    lines = [f"SELECT {alias}.*", f"FROM {owner}"]
    lines += [f"{'  AND' if i else 'WHERE'} {condition}" for i, condition in enumerate(conditions)]
    lines += [f"ORDER BY {_order(terms, goals or {}, subject, Shown())}"]
    return "\n".join(lines + ([f"LIMIT {int(limit)}"] if limit is not None else []))


def _scope(alias: str, lifecycle_stage: str | None, experiment_ids: Sequence[int | str]) -> list[str]:
    conditions = [] if lifecycle_stage is None else [f"{alias}.lifecycle_stage = {literal(lifecycle_stage)}"]
    if experiment_ids:
        conditions.append(f"{alias}.experiment_id IN ({', '.join(str(int(one)) for one in experiment_ids)})")
    return conditions


def _moment(now_ms: float | None) -> float:
    return time.time() * 1000 // 1 if now_ms is None else now_ms


def _order(terms: Sequence[OrderTerm], goals: Mapping[str, str], subject: SubjectName, writer: Writer) -> str:
    keys = [key for term in terms for key in _order_keys(term, goals, writer)]
    return ", ".join([*keys, TIE_BREAK[subject]])


def _order_keys(term: OrderTerm, goals: Mapping[str, str], writer: Writer) -> list[str]:
    """Return a scalar subquery for each thing that a term sorts by; ``max`` makes it one row whatever the table holds."""
    field, direction = term.field, " DESC" if term.descending else ""
    if field.entity == "attributes":
        return [f"{ATTRIBUTES[field.subject][field.key]}{direction} NULLS LAST"]
    column = logged_column(field, goals)
    keys = []
    number = NUMBER_OF_TEXT.format(column) if field.kind == "param" else column
    if number in MAY_BE_NAN:
        # DuckDB sorts NaN above every number and minus NaN too: with the sign turned, NaN is last in both directions.
        sign = "-" if term.descending else ""
        keys.append(f"(SELECT max({sign}{number}) FROM {_rows(field, writer)}) NULLS LAST")
    if column not in MAY_BE_NAN:
        keys.append(f"(SELECT max({column}) FROM {_rows(field, writer)}){direction} NULLS LAST")
    return keys


def _rows(field: Field, writer: Writer) -> str:
    table, owner = LOGGED[field.subject, field.entity], OWNERS[field.subject]
    return (
        f"{table.source} WHERE {table.id} = {table.owner_id(owner)} AND {table.alias}.key = {writer.value(field.key)}"
    )
