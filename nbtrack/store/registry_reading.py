"""Looks at the model registry of an open store: rows become entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.entities import ModelEvent, ModelGate, ModelVersion, RegisteredModel
from nbtrack.errors import NotFoundError
from nbtrack.search.parser import parse_filter, parse_order_by
from nbtrack.search.sql import compile_filter, compile_order
from nbtrack.search.tables import OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from nbtrack.search.tree import SubjectName
    from nbtrack.store.registry_protocol import ModelQuery

_VERSION = (
    "v.registry_id, v.name, v.version, epoch_us(v.creation_time) // 1000, epoch_us(v.last_update_time) // 1000, v.description, v.user_id, "
    "v.stage, v.source, v.run_id, v.path, v.model_id, v.run_link, v.status"
)
_GATE = "SELECT registry_id, name, expression, alias, version, epoch_us(timestamp) // 1000, coalesce(user_id, '') FROM model_gates"
_MODEL = "g.registry_id, g.name, epoch_us(g.creation_time) // 1000, epoch_us(g.last_update_time) // 1000, g.description, g.user_id"


def find_id(con: DuckDBPyConnection, name: str) -> str | None:
    """Return the id of the model with this name, or None."""
    rows = con.execute(
        "SELECT registry_id FROM registered_models WHERE name = ? ORDER BY creation_time LIMIT 1", [str(name)]
    )
    found = rows.fetchall()
    return str(found[0][0]) if found else None


def id_of(con: DuckDBPyConnection, name: str) -> str:
    """Return the id of the model with this name; raises ``NotFoundError`` with the names there are."""
    found = find_id(con, name)
    if found is None:
        known = [n for (n,) in con.execute("SELECT name FROM registered_models").fetchall()]
        raise NotFoundError("Registered model", name, known)
    return found


def last_number(con: DuckDBPyConnection, registry_id: str, name: str) -> int:
    """Return the largest version number that was ever given to a model or under its name."""
    return int(
        con.execute(
            "SELECT coalesce(max(version), 0) FROM model_events WHERE op = 'version' AND (registry_id = ? OR name = ?)",
            [registry_id, name],
        ).fetchall()[0][0]
    )


def numbers(con: DuckDBPyConnection, registry_id: str) -> set[int]:
    """Return the numbers of the versions of a model."""
    rows = con.execute("SELECT version FROM model_versions WHERE registry_id = ?", [registry_id]).fetchall()
    return {number for (number,) in rows}


def last_time(con: DuckDBPyConnection) -> int:
    """Return when the registry was last changed, in microseconds UTC; 0 before the first time."""
    return int(con.execute("SELECT coalesce(epoch_us(max(timestamp)), 0) FROM model_events").fetchall()[0][0])


def get(con: DuckDBPyConnection, name: str) -> RegisteredModel:
    """Return a registered model; raises ``NotFoundError``."""
    return _models(con, "g.registry_id = ?", [id_of(con, name)])[0]


def version(con: DuckDBPyConnection, name: str, number: int) -> ModelVersion:
    """Return a version; raises ``NotFoundError`` with the numbers there are."""
    registry_id = id_of(con, name)
    found = _versions(con, "v.registry_id = ? AND v.version = ?", [registry_id, int(number)])
    if not found:
        known = con.execute("SELECT version FROM model_versions WHERE registry_id = ?", [registry_id]).fetchall()
        raise no_version(name, number, [n for (n,) in known])
    return found[0]


def no_version(name: str, number: int, known: Sequence[int]) -> NotFoundError:
    """Return the error of a version that is not there; it names those that are."""
    shown = ", ".join(str(n) for n in sorted(known)[-5:])
    hint = (
        f" The last ones are {shown}."
        if len(known) > 1
        else f" There is only {shown}."
        if known
        else " It has no versions."
    )
    return NotFoundError("Version", str(number), where=f"registered model {name!r}", hint=hint)


def version_by_alias(con: DuckDBPyConnection, name: str, alias: str) -> ModelVersion:
    """Return the version at which an alias points; raises ``NotFoundError`` with the aliases there are."""
    registry_id = id_of(con, name)
    where = (
        "v.registry_id = ? AND v.version = (SELECT max(version) FROM model_aliases WHERE registry_id = ? AND alias = ?)"
    )
    found = _versions(con, where, [registry_id, registry_id, str(alias)])
    if not found:
        known = con.execute("SELECT alias FROM model_aliases WHERE registry_id = ?", [registry_id]).fetchall()
        raise NotFoundError("Alias", str(alias), [a for (a,) in known], where=f"registered model {name!r}")
    return found[0]


def models(con: DuckDBPyConnection, query: ModelQuery) -> list[RegisteredModel]:
    """Return the models that match."""
    return _models(con, *_search(query, "model"))


def versions(con: DuckDBPyConnection, query: ModelQuery) -> list[ModelVersion]:
    """Return the versions that match."""
    return _versions(con, *_search(query, "model version"))


def _search(query: ModelQuery, subject: SubjectName) -> tuple[str, list[Any]]:
    """Return what stands after WHERE, and its values."""
    where = compile_filter(parse_filter(query.filter_string, subject=subject), {})
    order = compile_order(parse_order_by(list(query.order_by), subject=subject), {}, subject=subject)
    limit = "" if query.max_results is None else f" LIMIT {int(query.max_results)}"
    text = f"{where.text} ORDER BY {order.text}{limit} OFFSET {int(query.offset)}"
    return text, [*where.values, *order.values]


def _models(con: DuckDBPyConnection, where: str, values: list[Any]) -> list[RegisteredModel]:
    rows = con.execute(f"SELECT {_MODEL} FROM {OWNERS['model'].source} WHERE {where}", values).fetchall()
    ids = [row[0] for row in rows]
    tags = _by_model(con, "SELECT registry_id, key, value FROM registered_model_tags", ids)
    aliases = _by_model(con, "SELECT registry_id, alias, version FROM model_aliases", ids)
    counts = dict(
        con.execute(
            "SELECT registry_id, count(*) FROM model_versions WHERE list_contains(?, registry_id) GROUP BY ALL", [ids]
        ).fetchall()
    )
    gates = con.execute(f"{_GATE} WHERE list_contains(?, registry_id) ORDER BY timestamp, expression", [ids]).fetchall()
    newest: dict[str, list[ModelVersion]] = {}
    latest = (
        "list_contains(?, v.registry_id) QUALIFY v.version = max(v.version) OVER (PARTITION BY v.registry_id, v.stage) "
        "ORDER BY v.name, v.version"
    )
    for found in _versions(con, latest, [ids]):
        newest.setdefault(found.name, []).append(found)
    return [
        RegisteredModel(
            name=row[1],
            creation_timestamp=row[2],
            last_updated_timestamp=row[3],
            description=row[4] or "",
            user_id=row[5] or "",
            tags=dict(tags.get(row[0], ())),
            aliases=dict(aliases.get(row[0], ())),
            latest_versions=newest.get(row[1], []),
            gates=[ModelGate(*gate[1:]) for gate in gates if gate[0] == row[0]],
            n_versions=counts.get(row[0], 0),
        )
        for row in rows
    ]


def _by_model(con: DuckDBPyConnection, query: str, ids: list[str]) -> dict[str, list[tuple[str, Any]]]:
    found: dict[str, list[tuple[str, Any]]] = {}
    for registry_id, key, value in con.execute(
        f"{query} WHERE list_contains(?, registry_id) ORDER BY ALL", [ids]
    ).fetchall():
        found.setdefault(registry_id, []).append((key, value))
    return found


def _versions(con: DuckDBPyConnection, where: str, values: list[Any]) -> list[ModelVersion]:
    rows = con.execute(f"SELECT {_VERSION} FROM {OWNERS['model version'].source} WHERE {where}", values).fetchall()
    ids = list({row[0] for row in rows})
    tags = _by_version(
        con.execute(
            "SELECT registry_id, version, key, value FROM model_version_tags WHERE list_contains(?, registry_id) ORDER BY ALL",
            [ids],
        ).fetchall()
    )
    aliases = _by_version(
        con.execute(
            "SELECT registry_id, version, alias FROM model_aliases WHERE list_contains(?, registry_id) ORDER BY ALL",
            [ids],
        ).fetchall()
    )
    return [
        ModelVersion(
            name=row[1],
            version=row[2],
            creation_timestamp=row[3],
            last_updated_timestamp=row[4],
            description=row[5] or "",
            user_id=row[6] or "",
            current_stage=row[7],
            source=row[8] or "",
            run_id=row[9],
            path=row[10],
            model_id=row[11],
            run_link=row[12] or "",
            status=row[13],
            tags=dict(tags.get((row[0], row[2]), ())),
            aliases=[alias for (alias,) in aliases.get((row[0], row[2]), ())],
        )
        for row in rows
    ]


def _by_version(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
    found: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    for registry_id, number, *rest in rows:
        found.setdefault((registry_id, number), []).append(tuple(rest))
    return found


def history(con: DuckDBPyConnection, name: str | None, until_ms: int | None) -> list[ModelEvent]:
    """Return events, oldest first: of the model that has a name now and of those that had it when they were deleted, or of all."""
    conditions = ["true"]
    values: list[Any] = []
    if name is not None:
        conditions.append(
            "registry_id IN (SELECT registry_id FROM model_events GROUP BY registry_id HAVING arg_max(name, number) = ?)"
        )
        values.append(str(name))
    if until_ms is not None:
        conditions.append("epoch_us(timestamp) < ?")
        values.append((int(until_ms) + 1) * 1000)
    rows = con.execute(
        "SELECT name, epoch_us(timestamp) // 1000, coalesce(user_id, ''), op, version, alias, stage, key, before, after, comment, detail "
        f"FROM model_events WHERE {' AND '.join(conditions)} ORDER BY timestamp, registry_id, number",
        values,
    ).fetchall()
    if name is not None and not rows and until_ms is None:
        id_of(con, name)
    return [ModelEvent(*row) for row in rows]


def run_values(con: DuckDBPyConnection, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the last metric values, params and tags by run, for those runs there are."""
    ids = [*dict.fromkeys(run_ids)]
    known = con.execute("SELECT run_id FROM runs WHERE list_contains(?, run_id)", [ids]).fetchall()
    found: dict[str, dict[str, Any]] = {run_id: {"metrics": {}, "params": {}, "tags": {}} for (run_id,) in known}
    for what, table in (("metrics", "latest"), ("params", "params"), ("tags", "tags")):
        query = f"SELECT run_id, key, value FROM {table} WHERE list_contains(?, run_id)"
        for run_id, key, value in con.execute(query, [[*found]]).fetchall():
            found[run_id][what][key] = value
    return found


class Look:
    """What a change of the registry asks of an open store; :class:`nbtrack.store.shelf.Shelf` answers the same from memory."""

    def __init__(self, con: DuckDBPyConnection) -> None:
        self._con = con

    @property
    def last_time(self) -> int:
        """Return when the registry was last changed, in microseconds UTC."""
        return last_time(self._con)

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings of the store."""
        return dict(self._con.execute("SELECT name, value FROM settings").fetchall())

    def find_id(self, name: str) -> str | None:
        """Return the id of the model with this name, or None."""
        return find_id(self._con, name)

    def id_of(self, name: str) -> str:
        """Return the id of the model with this name."""
        return id_of(self._con, name)

    def last_number(self, registry_id: str, name: str) -> int:
        """Return the largest version number that was ever given to a model or under its name."""
        return last_number(self._con, registry_id, name)

    def get(self, name: str) -> RegisteredModel:
        """Return a registered model."""
        return get(self._con, name)

    def version(self, name: str, number: int) -> ModelVersion:
        """Return a version."""
        return version(self._con, name, number)

    def numbers(self, registry_id: str) -> set[int]:
        """Return the numbers of the versions of a model."""
        return numbers(self._con, registry_id)
