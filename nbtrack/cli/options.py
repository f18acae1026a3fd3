"""Options that many commands share, and the store that they name."""

from typing import TYPE_CHECKING, Annotated

import typer

from nbtrack.errors import StoreError

if TYPE_CHECKING:
    from nbtrack.store import protocol
    from nbtrack.store.local import LocalStore
    from nbtrack.store.served import ServedStore

Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PATH",
        help="The store: a .duckdb file, its folder, http://… or postgresql://…. NBTRACK_TRACKING_URI, else ./runs.duckdb, when not given.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one strict JSON document on stdout, errors too.")]
Filter = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="TEXT",
        help="Which, as in \"metrics.loss < 0.4 and params.lr = '0.01'\".",
        show_default=False,
    ),
]
OrderBy = Annotated[
    list[str] | None,
    typer.Option(
        "--order-by", metavar="FIELD [ASC|DESC]", help="In which order; give it again for ties.", show_default=False
    ),
]
Deleted = Annotated[bool, typer.Option("--deleted", help="Those in the trash instead.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=0,
        metavar="N",
        help="At most so many, 0 for all; a table shows 100, JSON all.",
        show_default=False,
    ),
]
Experiment = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Name or id.", show_default=False)]
Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Number, name (the newest of it), id, or the beginning of an id.", show_default=False
    ),
]
Runs = Annotated[
    list[str],
    typer.Argument(metavar="RUN...", help="Numbers, names, ids, or beginnings of ids.", show_default=False),
]
TABLE_ROWS = 100


def open_store(uri: str | None, *, is_new_fine: bool = False) -> "protocol.Store":
    """Return the store that was named, else that of the environment, else ``./runs.duckdb``.

    Raises
    ------
    StoreError
        There is nothing at that place yet.
    """
    from nbtrack import config  # noqa: PLC0415 - help is quick
    from nbtrack.store.opening import open_store as open_uri  # noqa: PLC0415

    named = uri or config.tracking_uri()
    return open_uri(named) if config.is_remote(named) else open_local(uri, is_new_fine=is_new_fine)


def open_local(uri: str | None, *, is_new_fine: bool = False) -> "LocalStore":
    """Return the store in a file of this machine, as above; raises ``InvalidValueError`` when a server is named."""
    from nbtrack import config  # noqa: PLC0415 - help is quick
    from nbtrack.store.opening import open_local as open_file  # noqa: PLC0415

    store = open_file(uri or config.tracking_uri())
    if not (is_new_fine or store.path.exists() or store.folder.is_dir()):
        another = "Name another" if uri else "Name one with --store"
        message = f"There is no store at {store.path}. {another}, or make one by recording a run."
        raise StoreError(message)
    return store


def open_served(uri: str | None) -> "ServedStore":
    """Return the store for a server to stand before: a file, which may be new, or a database."""
    from nbtrack import config  # noqa: PLC0415 - help is quick
    from nbtrack.store.opening import open_served as open_uri  # noqa: PLC0415

    return open_uri(uri or config.tracking_uri())


def rows_wanted(limit: int | None, *, as_json: bool) -> int | None:
    """Return how many rows to ask for: None is all of them."""
    if limit is None:
        return None if as_json else TABLE_ROWS
    return limit or None
