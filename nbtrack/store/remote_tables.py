"""Tables in object stores: found by a pattern, and copied to this machine one at a time; of Parquet the footer, where that is enough."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbtrack.artifacts.remote.spool import Remote, in_nanoseconds, remote_of, spool, whole
from nbtrack.artifacts.remote.store import RemoteStore
from nbtrack.artifacts.remote.uri import is_remote, parse
from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"PAR1"
TAIL = 8
"""Bytes at the end of a Parquet file: the length of its footer, and the magic word."""
MOST_FOOTER = 256 << 20
_WILD = re.compile(r"[*?[]")
_TOKENS = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|(\[!?[^\]/]+\])|(.)", re.DOTALL)


def find(pattern: str) -> list[Remote]:
    """Return the objects that a URI or pattern names, by key.

    Parameters
    ----------
    pattern : str
        ``s3://bucket/day.parquet`` or ``s3://bucket/day=*/part-[0-9].parquet``; ``**`` spans folders.

    Raises
    ------
    NotFoundError
        There is none.
    RemoteError, InvalidValueError
    """
    uri = parse(pattern)
    wild = _WILD.search(uri.key)
    if wild is None:
        folder, name = uri.split()
        return [remote_of(RemoteStore(folder), name)]
    folder = uri.with_key(uri.key[: wild.start()].rpartition("/")[0])
    fits = matcher(uri.key)
    prefix = f"{folder.key}/" if folder.key else ""
    found = [
        Remote(uri.with_key(prefix + entry.key), entry.size, in_nanoseconds(entry.modified.timestamp()))
        for entry in RemoteStore(folder).list()
        if fits.fullmatch(prefix + entry.key)
    ]
    if not found:
        raise NotFoundError(
            "Object",
            pattern,
            where=str(folder),
            hint=" '*' stands for anything within a folder, '**' for folders, too.",
        )
    return sorted(found, key=lambda remote: remote.uri.key)


def matcher(pattern: str) -> re.Pattern[str]:
    """Return what keys fit a pattern of a shell."""

    def told(token: re.Match[str]) -> str:
        folders, anything, some, one, several, plain = token.groups()
        if several:
            return several.replace("[!", "[^", 1).replace("\\", "\\\\")
        known = ((folders, "(?:.*/)?"), (anything, ".*"), (some, "[^/]*"), (one, "[^/]"))
        return next((text for given, text in known if given), re.escape(plain or ""))

    return re.compile(_TOKENS.sub(told, pattern), re.DOTALL)


@contextmanager
def on_disk(path: str, size: int, mtime_ns: int) -> Iterator[str]:
    """Give the path of a file's rows on this machine, whether it is here or in an object store."""
    if not is_remote(path):
        yield path
        return
    with spool.file(Remote(parse(path), size, mtime_ns)) as copy:
        yield str(copy)


@contextmanager
def head_on_disk(path: str, kind: str, size: int, mtime_ns: int) -> Iterator[str]:
    """Give the path of a file that has at least the columns, types and number of rows of another, and perhaps no rows."""
    if kind != "parquet" or not is_remote(path):
        with on_disk(path, size, mtime_ns) as whole_path:
            yield whole_path
        return
    with spool.file(Remote(parse(path), size, mtime_ns), footer) as copy:
        yield str(copy)


def footer(store: RemoteStore, name: str, size: int, path: Path) -> None:
    """Fetch the footer of a Parquet file into a file of the same size that is otherwise a hole."""
    tail = store.get(name, max(0, size - TAIL), size)
    n_bytes = int.from_bytes(tail[:4], "little") + TAIL
    if len(tail) < TAIL or tail[4:] != MAGIC or n_bytes > min(size, MOST_FOOTER):
        whole(store, name, size, path)  # and DuckDB says what it thinks of it
        return
    with path.open("wb") as file:
        file.write(MAGIC)
        file.seek(size - n_bytes)
        file.write(store.get(name, size - n_bytes, size))


def check_is_writable(output: str) -> None:
    """Refuse an output that is a bucket or has a pattern in it.

    Raises
    ------
    InvalidValueError
    """
    key = parse(output).key
    if not key or _WILD.search(key):
        raise InvalidValueError(f"{output} names no object to write; use a URI such as s3://bucket/day/out.parquet.")
