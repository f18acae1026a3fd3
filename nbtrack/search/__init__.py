"""Search: a filter becomes a tree, a tree becomes SQL with bound values; nothing here touches a database."""

from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.sql import Sql, compile_filter, compile_order, show_sql
from nbtrack.search.tree import (
    And,
    Comparison,
    Field,
    Node,
    Not,
    Now,
    Or,
    OrderTerm,
)

__all__ = [
    "And",
    "Comparison",
    "Field",
    "Node",
    "Not",
    "Now",
    "Or",
    "OrderTerm",
    "Sql",
    "compile_filter",
    "compile_order",
    "parse_filter",
    "parse_order_by",
    "show_sql",
]
