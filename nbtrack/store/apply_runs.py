"""Applies what changes a run itself: its row in ``runs`` follows from its events in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.store.marks import REST

if TYPE_CHECKING:
    from collections.abc import Collection

    from duckdb import DuckDBPyConnection

    from nbtrack.store.late import Events

ORDER = "(t, w, q)"
"""The order of records of several writers: time, then writer, then its own sequence."""

_HOLDER = f"CASE WHEN o->>'holder' = '{REST}' THEN '{REST}' ELSE w END"
"""Whose life a run is bound to: the writer that began it, or nobody's, when it was begun over MLflow's REST."""

_START = "FILTER (k = 'start')"
_LIFE = "FILTER (k IN ('resume', 'end'))"
_NAMED = "FILTER (k = 'tags' AND p['mlflow.runName'] IS NOT NULL)"
_PARENTED = (
    "FILTER ((k = 'tags' AND p['mlflow.parentRunId'] IS NOT NULL) "
    "OR (k = 'untag' AND list_contains((o->'keys')::VARCHAR[], 'mlflow.parentRunId')))"
)
_CHANGES: dict[str, tuple[set[str], str]] = {
    "began": ({"start"}, f"arg_min({{'o': o, 'w': {_HOLDER}}}, {ORDER}) {_START}"),
    "start_t": ({"start"}, f"min(t) {_START}"),
    "life": ({"resume", "end"}, f"arg_max({{'k': k, 'o': o}}, {ORDER}) {_LIFE}"),
    "n_lost": ({"resume", "end"}, f"max(coalesce((o->>'lost')::BIGINT, 0)) {_LIFE}"),
    "resumed_by": ({"resume"}, f"arg_max({_HOLDER}, {ORDER}) FILTER (k = 'resume')"),
    "stage": ({"state"}, f"arg_max(o->>'lifecycle_stage', {ORDER}) FILTER (k = 'state')"),
    "staged": ({"state"}, "max(t) FILTER (k = 'state')"),
    "renamed": ({"tags"}, f"arg_max(p['mlflow.runName'], {ORDER}) {_NAMED}"),
    "parent": ({"tags", "untag"}, f"arg_max({{'id': p['mlflow.parentRunId']}}, {ORDER}) {_PARENTED}"),
}
"""What is asked of the records of a run, and by which kinds it is told; the others are not looked for."""

_NOTHING = {
    "began": "NULL::STRUCT(o JSON, w VARCHAR)",
    "life": "NULL::STRUCT(k VARCHAR, o JSON)",
    "parent": "NULL::STRUCT(id VARCHAR)",
    **dict.fromkeys(("resumed_by", "stage", "renamed"), "NULL::VARCHAR"),
    **dict.fromkeys(("start_t", "n_lost", "staged"), "NULL::BIGINT"),
}


def apply_runs(con: DuckDBPyConnection, base: str, kinds: Collection[str], events: Events, *, are_new: bool) -> None:
    """Make the touched runs anew in ``x_runs``: from their folded rows unless these are late or there are none, and their records."""
    found = ", ".join(
        f"{(query if needs & set(kinds) else _NOTHING[name])} AS {name}" for name, (needs, query) in _CHANGES.items()
    )
    records = "SELECT w, q, k, t, t AS last, r, p, o, false AS is_past FROM j WHERE k <> 'm'"
    points = "SELECT w, NULL, 'm', min(t), max(t), r, NULL, NULL, false FROM j WHERE k = 'm' GROUP BY r, w"
    if "m" in kinds:  # many, and only their times count
        records += f" UNION ALL {points}"
    if (
        events.has_late
    ):  # made from its records alone, but what it was folded with tells when it was seen first and last
        records += (
            " UNION ALL SELECT w, q, k, t, t, r, p, o, true FROM past"
            " UNION ALL SELECT w, NULL, 'm', first, last, r, NULL, NULL, false FROM seen"
        )
    # A run can be touched before its start is seen (a child process was folded first): such a row has no number.
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE x_runs AS
        SELECT n.run_id,
               {_first("b.number", "(began.o->>'number')::BIGINT", "NULL", are_new)} AS number,
               {_first("b.experiment_id", "(began.o->>'experiment_id')::BIGINT", "0", are_new)} AS experiment_id,
               coalesce(renamed, {_first("b.name", "began.o->>'name'", "'run ' || n.run_id[:8]", are_new)}) AS name,
               CASE life.k WHEN 'end' THEN life.o->>'status' WHEN 'resume' THEN 'RUNNING'
                    ELSE {_first("b.status", "'RUNNING'", "'RUNNING'", are_new)} END AS status,
               {_first("b.start_time", _STARTED, "make_timestamp(first_t)", are_new)} AS start_time,
               CASE life.k WHEN 'end' THEN make_timestamp((life.o->>'end_us')::BIGINT) WHEN 'resume' THEN NULL
                    ELSE {_folded("b.end_time", are_new)} END AS end_time,
               CASE life.k WHEN 'end' THEN (life.o->>'duration_us')::BIGINT / 1e6 WHEN 'resume' THEN NULL
                    ELSE {_folded("b.duration", are_new)} END AS duration,
               coalesce(stage, {_first("b.lifecycle_stage", "'active'", "'active'", are_new)}) AS lifecycle_stage,
               {_first("b.user_id", "began.o->>'user'", "NULL", are_new)} AS user_id,
               CASE WHEN parent IS NULL THEN {_first("b.parent_run_id", "began.o->>'parent'", "NULL", are_new)}
                    ELSE parent.id END AS parent_run_id,
               coalesce(resumed_by, {_first("b.writer", "began.w", "first_w", are_new)}) AS writer,
               greatest({_first("b.last_seen", "make_timestamp(start_t)", "NULL", are_new)}, make_timestamp(last_t)) AS last_seen,
               greatest({_first("b.lost", "0", "0", are_new)}, n_lost)::BIGINT AS lost,
               CASE WHEN stage IS NULL THEN {_folded("b.deleted_time", are_new)}
                    WHEN stage = 'deleted' THEN make_timestamp(staged) END AS deleted_time
        FROM (SELECT r AS run_id, min(t) AS first_t, arg_min(w, (t, w)) AS first_w,
                     max(last) FILTER (k NOT IN ('state', 'forget') AND NOT is_past) AS last_t, {found}
              FROM ({records}) WHERE r IS NOT NULL GROUP BY r) n
        {"" if are_new else f"LEFT JOIN (SELECT * FROM {base}runs SEMI JOIN settled USING (run_id)) b ON b.run_id = n.run_id"}
        """
    )


_STARTED = "make_timestamp(coalesce((began.o->>'start_us')::BIGINT, start_t))"


def _first(folded: str, started: str, unstarted: str, are_new: bool) -> str:  # noqa: FBT001 - four in a row
    """Return what a column is before changes: of a folded run, of one whose start is among the records, of any other."""
    kept = "" if are_new else f"WHEN b.run_id IS NOT NULL THEN {folded} "
    return f"CASE {kept}WHEN start_t IS NOT NULL THEN {started} ELSE {unstarted} END"


def _folded(column: str, are_new: bool) -> str:  # noqa: FBT001
    return "NULL" if are_new else column
