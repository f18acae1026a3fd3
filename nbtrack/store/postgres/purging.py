"""Deletes for good what is in the trash: the journals in the database are written anew without it, and every copy begins anew."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.placed import YOUNG_S
from nbtrack.journal.record import line, text
from nbtrack.store.postgres import blobs
from nbtrack.store.postgres.pool import GLOBAL_LOCK
from nbtrack.store.purge import in_trash

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.postgres.pool import Con
    from nbtrack.store.postgres.replicated import Replicated

_RUN = re.compile(rb'"r":"([0-9a-f]{32})"')
_DIGEST = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_SIZE = "SELECT pg_total_relation_size('nbtrack.journal')"
Moment = tuple[int, str, int]
"""Time, writer and sequence number: the order of records."""


def purge(store: Replicated, *, older_than_s: float, progress: Callable[[str], None] | None = None) -> dict[str, int]:
    """Delete the runs and experiments that have been in the trash for so long; see :func:`nbtrack.store.purge.purge`.

    `store` is the copy, up to date. Deliveries wait until it is done.
    """
    report = progress or (lambda _: None)
    runs, experiments, needed = in_trash(store.path, store.folder, older_than_s)
    if needed:
        named = ", ".join(sorted({f"{name} {version}" for _, name, version in needed}))
        report(f"keeping runs that registered versions need: {named}")
    with store.pool.transaction() as con:
        con.execute("SELECT pg_advisory_xact_lock(%s)", (GLOBAL_LOCK,))
        con.execute("LOCK TABLE nbtrack.journal IN SHARE ROW EXCLUSIVE MODE")
        before = _number(con, _SIZE)
        con.execute("INSERT INTO nbtrack.purged SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (runs,))
        for table in ("orders", "states"):
            con.execute(f"DELETE FROM nbtrack.{table} WHERE run_id = ANY(%s)", (runs,))
        report(f"deleting {len(runs)} runs; writing the journals anew")
        used, dropped = _Cleaner(con, {*runs}, {*experiments}).clean()
        con.execute("UPDATE nbtrack.meta SET generation = gen_random_uuid()")
        con.execute("DELETE FROM nbtrack.writers WHERE expires < now() - interval '1 day'")
    with store.pool.connection() as con:
        con.execute("VACUUM nbtrack.journal")
        after = _number(con, _SIZE)
    freed = blobs.drop_unused(store.pool, used, dropped, older_than_s=YOUNG_S)
    freed += store.blobs.places.sweep(used, YOUNG_S)
    kept = len({run_id for run_id, _, _ in needed})
    return {
        "runs": len(runs),
        "experiments": len(experiments),
        "kept_runs": kept,
        "artifact_bytes": freed,
        "file_bytes": max(0, before - after),
    }


class _Cleaner:
    """Rewrites the journals without purged runs and experiments, and without what was taken back with ``forget``."""

    def __init__(self, con: Con, runs: set[str], experiments: set[int]) -> None:
        self._con = con
        self._runs = {run.encode() for run in runs}
        self._experiments = experiments
        self._until: dict[tuple[str, str], dict[str, Moment]] = defaultdict(dict)
        self._touched: set[bytes] = set()
        self._used: set[str] = set()
        self._dropped: set[str] = set()

    def clean(self) -> tuple[set[str], set[str]]:
        """Rewrite what has to be, and return the digests of the files that are still named, and of those that were in what went."""
        self._learn()
        last = 0
        while rows := self._con.execute(
            "SELECT id, writer, lines FROM nbtrack.journal WHERE id > %s ORDER BY id LIMIT 16", (last,)
        ).fetchall():
            for i, writer, data in rows:
                kept = b"".join([new for old in data.splitlines(keepends=True) if (new := self._kept(writer, old))])
                if kept != data:
                    self._con.execute("UPDATE nbtrack.journal SET lines = %b WHERE id = %s", (kept, i))
                last = i
        return self._used, self._dropped - self._used

    def _learn(self) -> None:
        """Note what was taken back, and until when."""
        query = 'SELECT writer, lines FROM nbtrack.journal WHERE position(\'"k":"forget"\'::bytea IN lines) > 0'
        for writer, data in self._con.execute(query).fetchall():
            for raw in data.splitlines():
                if b'"k":"forget"' in raw:
                    self._note(writer, json.loads(raw))

    def _note(self, writer: str, record: dict[str, Any]) -> None:
        moment = record["t"], writer, record["q"]
        self._touched.add(record["r"].encode())
        for field, kind in (("params", "params"), ("tags", "tags"), ("artifacts", "artifact"), ("inputs", "input")):
            names = self._until[record["r"], kind]
            for name in record["o"].get(field) or []:
                names[name] = max(names.get(name, moment), moment)

    def _kept(self, writer: str, raw: bytes) -> bytes:
        kept = self._cleaned(writer, raw)
        if b'"k":"artifact"' in raw:
            (self._used if kept else self._dropped).update(digest.decode() for digest in _DIGEST.findall(raw))
        return kept

    def _cleaned(self, writer: str, raw: bytes) -> bytes:
        run = found[1] if (found := _RUN.search(raw)) else b""
        if run in self._runs or (b'"k":"experiment"' in raw and self._is_of_purged(raw)):
            return b""
        if run in self._touched and b'"k":"m"' not in raw[:40]:
            return self._without_forgotten(writer, raw)
        return raw

    def _is_of_purged(self, raw: bytes) -> bool:
        return bool((json.loads(raw).get("o") or {}).get("experiment_id") in self._experiments)

    def _without_forgotten(self, writer: str, raw: bytes) -> bytes:
        record = json.loads(raw)
        kind = record["k"]
        names = self._until.get((record["r"], kind), {})
        moment = record["t"], writer, record["q"]
        if kind in ("artifact", "input"):
            until = names.get(record["o"].get("path" if kind == "artifact" else "name"))
            return b"" if until is not None and moment < until else raw
        gone = {name for name in record.get("p") or {} if name in names and moment < names[name]}
        if not gone:
            return raw
        record["p"] = {name: value for name, value in record["p"].items() if name not in gone}
        body = text({key: value for key, value in record.items() if key not in ("q", "c")})
        return line(record["q"], body[1:-1])


def _number(con: Con, query: str) -> int:
    found = con.execute(query).fetchone()
    assert found is not None
    return int(found[0])
