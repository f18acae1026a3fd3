"""``nbtrack sql``: a query over the tables of a store."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, console, say, show, show_json, text
from nbtrack.cli.units import count, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from nbtrack.store.protocol import Store

READABLE = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = (
        'Example: nbtrack sql "select status, count(*) from runs group by all"\n\n'
        "Example: nbtrack sql \"from latest where key = 'accuracy' order by value desc\" --json"
    )
    app.command("sql", epilog=epilog)(sql)


def sql(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="SQL as DuckDB has it; it can only read.", show_default=False)
    ],
    limit: options.Limit = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Query the tables: runs, params, metrics, latest, tags, artifacts, inputs, experiments, events.

    What was logged up to this moment is in them, also what no fold has brought into the DuckDB file yet. Times are UTC.
    """
    n_rows = options.rows_wanted(limit, as_json=as_json)
    names, rows = fetch(options.open_store(store), query, n_rows=None if n_rows is None else n_rows + 1)
    more = n_rows is not None and len(rows) > n_rows
    rows = rows[:n_rows]
    if as_json:
        show_json([dict(zip(_unique(names), row, strict=True)) for row in rows])
        return
    show(_table(names, rows) if _is_wide_enough(names, rows) else _records(names, rows))
    say(f"{count(len(rows), 'row')}{', and there are more: --limit 0 shows all' if more else ''}", "dim")


def fetch(
    store: "Store", query: str, values: "Sequence[Any]" = (), *, n_rows: int | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the column names and the rows of a query, as Python values: NULL is None and not NaN."""
    from nbtrack.store.local import LocalStore  # noqa: PLC0415 - brings DuckDB

    if not isinstance(store, LocalStore):
        frame = store.sql(query, values)
        known = frame.astype(object).where(frame.notna(), None)
        return [str(name) for name in frame.columns], [
            *known.head(n_rows or len(known)).itertuples(index=False, name=None)
        ]
    with store.reading() as reader:
        done = reader.run(query, values)
        names = [column[0] for column in done.description or ()]
        return names, (done.fetchall() if n_rows is None else done.fetchmany(n_rows)) if names else []


def _unique(names: list[str]) -> list[str]:
    """Return names for the keys of an object: a name that comes twice gets a number."""
    return [name if name not in names[:i] else f"{name}_{names[:i].count(name)}" for i, name in enumerate(names)]


def _is_wide_enough(names: list[str], rows: list[tuple[Any, ...]]) -> bool:
    """Say whether the columns of a table would still be readable here."""
    needs = (max(map(len, (name, *(_text(row[i]) for row in rows)))) for i, name in enumerate(names))
    return sum(min(need, READABLE) + 2 for need in needs) <= console().width


def _records(names: list[str], rows: list[tuple[Any, ...]]) -> "Table":
    """Return each row as a block of lines, one a column: what is left when a table is too wide."""
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for index, row in enumerate(rows):
        table.add_row(text(f"row {index + 1}", "bold"), "")
        for name, value in zip(names, row, strict=True):
            table.add_row(text(name, "dim"), text(_text(value), "dim" if value is None else ""))
    return table


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    from nbtrack.cli.table import fit  # noqa: PLC0415

    cells = [[_text(value) for value in row] for row in rows]
    wanted = [max(map(len, (clean(name), *(row[i] for row in cells)))) for i, name in enumerate(names)]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for index, (name, width) in enumerate(zip(names, fit(wanted, console().width), strict=True)):
        justify: Any = "right" if any(_is_number(row[index]) for row in rows) else "left"
        table.add_column(text(name), justify=justify, width=width, no_wrap=True, overflow="ellipsis")
    for row, values in zip(cells, rows, strict=True):
        table.add_row(*(text(c, "dim" if v is None else "") for c, v in zip(row, values, strict=True)))
    return table


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return number(value) if isinstance(value, float) else clean(value)
