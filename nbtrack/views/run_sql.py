"""A filter as SQL, to copy: the page has no compiler of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.search.sql import show_sql

if TYPE_CHECKING:
    from nbtrack.store.protocol import TrackingStore


def answer(store: TrackingStore, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Answer ``{what: "run-sql", where, experiments: [id, …], deleted}`` with ``sql``.

    Raises
    ------
    SearchSyntaxError
        ``where`` cannot be read.
    """
    del store
    # ids are numbers; whatever else a page sends stops here
    experiments = [int(each) for each in question.get("experiments") or ()]
    stage = None if question.get("deleted") else "active"
    where = str(question.get("where") or "")
    return {"sql": show_sql(where, lifecycle_stage=stage, experiment_ids=experiments)}, []
