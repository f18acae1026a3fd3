"""``nbtrack sql``: a query over the tables of a store."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbtrack.cli import options
from nbtrack.cli.output import clean, console, say, show, show_json, text
from nbtrack.cli.units import count, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from nbtrack.store.local import LocalStore


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
    show(_table(names, rows))
    say(f"{count(len(rows), 'row')}{', and there are more: --limit 0 shows all' if more else ''}", "dim")


def fetch(
    store: "LocalStore", query: str, values: "Sequence[Any]" = (), *, n_rows: int | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the column names and the rows of a query, as Python values: NULL is None and not NaN."""
    with store.reading() as reader:
        done = reader.con.execute(query, list(values))
        names = [column[0] for column in done.description or ()]
        return names, (done.fetchall() if n_rows is None else done.fetchmany(n_rows)) if names else []


def _unique(names: list[str]) -> list[str]:
    """Return names for the keys of an object: a name that comes twice gets a number."""
    return [name if name not in names[:i] else f"{name}_{names[:i].count(name)}" for i, name in enumerate(names)]


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for index, name in enumerate(names):
        is_number = any(isinstance(row[index], (int, float)) for row in rows)
        table.add_column(text(name), justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
    width = console().width
    for row in rows:
        table.add_row(*(_cell(value, width) for value in row))
    return table


def _cell(value: Any, width: int) -> Any:
    if value is None:
        return text("NULL", "dim")
    return text(number(value) if isinstance(value, float) else clean(value)[:width])
