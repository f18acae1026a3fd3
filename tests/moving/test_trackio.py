from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.moving.importing import take_in
from nbtrack.moving.trackio import Trackio
from nbtrack.store.protocol import RunQuery
from tests.moving.other_sources import history, nothing_new, runs, taken, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.entities import Run
    from nbtrack.store.local import LocalStore


def test_runs_of_the_present_version(tmp_path: Path) -> None:
    store, tally = taken(Trackio(unpack("trackio", tmp_path)), tmp_path)
    run = runs(store)["first"]
    assert run.info.experiment_name == "digits"
    assert run.data.params == {"lr": "0.1", "model.depth": "3"}
    assert run.data.tags["trackio.group"] == "g"
    assert history(store, run, "loss") == [*((i, 1 / (i + 1)) for i in range(4)), (20, 0.01)]
    assert history(store, run, "odd") == [(i, "NaN") for i in range(4)]
    assert history(store, run, "far") == [(i, float("-inf")) for i in range(4)]
    assert history(store, run, "deep.er") == [(i, i) for i in range(4)]
    assert tally.notes == ["texts and lists are not moved (4 in first)"]
    assert nothing_new(take_in(Trackio(tmp_path / "trackio" / "digits.db"), store))


def test_runs_of_older_versions_are_known_by_their_names(tmp_path: Path) -> None:
    """0.1 had one file for all projects, and no steps; later ones had a file a project, and no ids."""
    with sqlite3.connect(tmp_path / "trackio.db") as con:
        con.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, project_name TEXT, run_name TEXT, metrics TEXT)"
        )
        con.execute(
            "CREATE TABLE configs (id INTEGER PRIMARY KEY, project_name TEXT, run_name TEXT, config TEXT, created_at TEXT)"
        )
        for project in ("one", "two"):
            con.execute(
                "INSERT INTO configs VALUES (NULL, ?, 'a', ?, '2025-07-01T10:00:00')",
                (project, json.dumps({"p": project})),
            )
            for i in range(2):
                row = (f"2025-07-01T10:00:0{i}", project, json.dumps({"loss": i}))
                con.execute("INSERT INTO metrics VALUES (NULL, ?, ?, 'a', ?)", row)
    (tmp_path / "media" / "new" / "b" / "0").mkdir(parents=True)
    (tmp_path / "media" / "new" / "b" / "0" / "x.png").write_bytes(b"png")
    with sqlite3.connect(tmp_path / "new.db") as con:
        con.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)"
        )
        con.execute("CREATE TABLE system_metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, metrics TEXT)")
        con.execute("INSERT INTO system_metrics VALUES (NULL, '2025-09-01T10:00:00', 'b', '{\"gpu\": 5}')")
        picture = {"_type": "trackio.image", "file_path": "new/b/0/x.png"}
        outside = {"_type": "trackio.image", "file_path": "../../../etc/passwd"}
        con.execute(
            "INSERT INTO metrics VALUES (NULL, '2025-09-01T10:00:00+00:00', 'b', 7, ?)",
            (json.dumps({"acc": 0.5, "see": picture, "no": outside}),),
        )
        con.execute("INSERT INTO metrics VALUES (NULL, '2025-09-01T10:00:00+00:00', 'c', 0, 'no json')")
    store, tally = taken(Trackio(tmp_path, has_stats=True), tmp_path)
    found = _by_place(store)
    assert found["one/a"].data.params == {"p": "one"}
    assert history(store, found["two/a"], "loss") == [(0, 0.0), (1, 1.0)]
    assert found["one/a"].info.start_time == 1_751_364_000_000
    assert history(store, found["new/b"], "acc") == [(7, 0.5)]
    assert history(store, found["new/b"], "system/gpu") == [(0, 5.0)]
    assert store.artifact_file(found["new/b"].info.run_id, "media/see/0-x.png").read_bytes() == b"png"
    assert tally.files == 1
    assert tally.skipped[0][0] == "new.db: c"
    assert "trackio.image are not moved (1 in b)" in tally.notes


def test_places_without_databases_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="TRACKIO_DIR"):
        Trackio(tmp_path / "nowhere")
    (tmp_path / "other.db").write_bytes(b"nothing of SQLite's")
    with pytest.raises(InvalidValueError, match="no database of Trackio"):
        Trackio(tmp_path)


def _by_place(store: LocalStore) -> dict[str, Run]:
    return {f"{run.info.experiment_name}/{run.info.run_name}": run for run in store.search_runs(RunQuery())}
