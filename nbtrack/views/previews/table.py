"""Tables: CSV, TSV, Parquet, Arrow, JSON lines, lists of JSON records and what ``log_table`` writes, a page at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from nbtrack.artifacts.kinds import TABLE
from nbtrack.store.tables import SAMPLE_ROWS, is_number, open_table
from nbtrack.views.previews.file import MB, Answer, File, Part, UnreadableError, clip, whole_number
from nbtrack.views.previews.sorts import is_records
from nbtrack.views.previews.text import decode

if TYPE_CHECKING:
    from nbtrack.store.tables import TableFile

PAGE = 100
MAX_PAGE = 1000
MAX_COUNTED = 128 * MB
MAX_JSON = 64 * MB
MAX_ARROW = 512 * MB
MAX_OFFSET = 10**12
MAX_NAME = 200
MAX_LINE = 2 * MB

_FORMS = {".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_BY_MIME = {
    "application/jsonl": "jsonl",
    "application/vnd.apache.parquet": "parquet",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
}


def preview(file: File, part: Part) -> Answer:
    """Return ``{columns, rows, offset, n_rows}``; columns are ``{name, type, numeric, nulls, distinct, min, max, bins}``.

    ``part`` is ``{"offset", "limit", "sort", "descending"}``; its answer has only the rows.
    """
    form, frame = _form(file)
    encoding = "utf-8" if frame is not None or form in ("json", "parquet") else _encoding(file)
    with open_table(file.local, form, frame, encoding) as table:
        if form == "json" and table.columns == [("json", "JSON")]:
            message = "not all its items are records."
            raise UnreadableError(message)
        offset = whole_number(part, "offset", 0, 0, MAX_OFFSET)
        limit = whole_number(part, "limit", PAGE, 1, MAX_PAGE)
        sort = part.get("sort")
        rows = table.page(
            offset,
            limit,
            sort if isinstance(sort, int) and not isinstance(sort, bool) else None,
            is_descending=bool(part.get("descending")),
        )
        found: dict[str, Any] = {"rows": rows, "offset": offset}
        if part:
            return found, []
        head = _head(file, table, form, len(rows))
        head["notes"] += [f"Read as {encoding}; it is not valid UTF-8."] if encoding != "utf-8" else []
        return found | head, []


def _head(file: File, table: TableFile, form: str, n_shown: int) -> dict[str, Any]:
    n_profiled, profile = table.profile()
    is_counted = form in ("parquet", "frame") or file.size <= MAX_COUNTED
    is_all = n_profiled < SAMPLE_ROWS
    n_rows = n_profiled if is_all else table.count() if is_counted else None
    columns = [
        {"name": clip(name, MAX_NAME), "type": clip(kind, 60), "numeric": is_number(kind), **facts}
        for (name, kind), facts in zip(table.columns, profile, strict=True)
    ]
    cut = table.n_columns - len(columns)
    notes = [
        f"{cut:,} more columns are not shown." if cut else "",
        "" if is_all else f"Nulls, ranges and bars are of the first {n_profiled:,} rows.",
        "Some lines do not fit the first ones; all is read as text." if table.is_lenient else "",
    ]
    return {
        "columns": columns,
        "n_rows": n_rows,
        "n_columns": table.n_columns,
        "page": max(n_shown, PAGE),
        "notes": notes,
    }


def _form(file: File) -> tuple[str, Any]:
    """Return how a file is read, and the table itself where DuckDB cannot read the file."""
    if file.mime == TABLE:
        return "frame", _logged(file)
    if is_records(file):
        return "json", None
    if file.suffix in (".arrow", ".feather") or file.mime == "application/vnd.apache.arrow.file":
        return "frame", _arrow(file)
    return _FORMS.get(file.suffix) or _BY_MIME.get(file.mime, "csv"), None


def _encoding(file: File) -> str:
    """Return how lines are written; raise for what DuckDB would take long to find out: no text, or lines without end."""
    head = file.head(2 * MAX_LINE)
    encoding = decode(head[: head.rfind(b"\n") + 1] or head)[1]
    if b"\x00" in head and encoding != "utf-16":
        message = "it has NUL bytes, so it is no text."
        raise UnreadableError(message)
    if len(head) > MAX_LINE and max(map(len, head.split(b"\n"))) > MAX_LINE:
        message = "it has lines longer than 2 MB."
        raise UnreadableError(message)
    return encoding


def _logged(file: File) -> pd.DataFrame:
    """Return what ``log_table`` wrote, each column numbers, bools or texts."""
    table = json.loads(file.whole(MAX_JSON, "The table view"))
    if not isinstance(table, dict) or not {"columns", "data"} <= table.keys():
        message = "it is not JSON with 'columns' and 'data'."
        raise UnreadableError(message)
    names, rows = [str(name) for name in table["columns"]], table["data"]
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows) or len(set(names)) < len(names):
        message = "its rows are not as long as its columns, or a column is there twice."
        raise UnreadableError(message)
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pd.DataFrame({name: _series(values) for name, values in zip(names, columns, strict=True)})


def _series(values: tuple[Any, ...]) -> pd.Series[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(abs(value or 0) < 2**63 for value in values):
        return pd.Series(values, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series([None if value is None else float(value) for value in values], dtype="float64")
    return pd.Series([value if isinstance(value, str) else _text(value) for value in values], dtype=object)


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _arrow(file: File) -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import feather, ipc  # noqa: PLC0415
    except ImportError as cause:
        message = "pyarrow is needed to read Arrow files: pip install pyarrow."
        raise UnreadableError(message) from cause
    if file.size > MAX_ARROW:
        message = "Arrow files up to 512 MB are shown; load this one in Python."
        raise UnreadableError(message)
    magic = file.head(6)
    if magic[:4] == b"FEA1":
        return feather.read_table(str(file.local))
    with pa.memory_map(str(file.local)) as source:
        return (ipc.open_file(source) if magic == b"ARROW1" else ipc.open_stream(source)).read_all()
