"""``nbtrack models``: what it shows and changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import EVIL

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


@pytest.fixture
def models(empty: Desk) -> Desk:
    """Two models; `fraud` has three versions, of which 2 is champion."""
    for number, auc in enumerate((0.8, 0.9, 0.7), 1):
        run_id = empty.run(number, f"run {number}", metrics=[{"auc": auc}], params={"depth": "3"})
        empty.store.add_artifact(run_id, "model/MLmodel", b"flavors: {}")
        empty.lines("models", "register", f"runs:/{number}/model", "fraud", "--tag", f"n={number}", "-m", "new")
    for version in ("1", "2"):
        empty.lines("models", "alias", "fraud", "champion", version)
    empty.lines("models", "register", "models:/fraud/1", "price")
    return empty


def test_a_list_says_where_aliases_point(models: Desk):
    lines = models.lines("models", "list", width=120)
    assert lines[0].split() == ["name", "versions", "aliases", "changed", "tags"]
    assert lines[1].split()[:5] == ["fraud", "3", "@champion", "→", "2"]
    assert lines[-1] == "2 registered models in runs.duckdb"
    assert [m["name"] for m in models.json("models", "list", "--filter", "versions > 1")] == ["fraud"]
    assert "and there are more" in models.lines("models", "list", "--limit", "1")[-1]


def test_a_model_is_shown_with_its_versions(models: Desk):
    models.lines("models", "expect", "fraud", "auc > 0.5", "--alias", "champion", "--version", "2")
    lines = models.lines("models", "show", "fraud", width=120)
    assert lines[0] == "fraud"
    assert any(line.split() == ["expects", "auc", ">", "0.5", "(@champion,", "version", "2)"] for line in lines)
    assert any(line.split()[:3] == ["2", "@champion", "0.9"] for line in lines)
    found = models.json("models", "show", "fraud")
    assert [v["version"] for v in found["versions"]] == [3, 2, 1]
    assert found["model"]["aliases"] == {"champion": 2}


def test_a_version_is_shown_with_its_run(models: Desk):
    text = "\n".join(models.lines("models", "show", "fraud", "2", width=120))
    for part in ("fraud 2", "@champion", "#2 run 2", "auc 0.9", "depth=3", "n=2"):
        assert part in text
    assert models.json("models", "show", "fraud", "2")["metrics"] == {"auc": 0.9}
    assert "no version" not in models.call("models", "show", "fraud", "9").output
    assert models.json("models", "show", "fraud", "9", exit_code=1)["error"]["kind"] == "NotFoundError"


def test_the_history_tells_who_and_why(models: Desk):
    lines = models.lines("models", "history", "fraud", "--alias", "champion", width=120)
    assert lines[-1] == "2 changes"
    assert lines[1].split()[-3:] == ["@champion", "1", "2"]
    narrow = models.lines("models", "history", "fraud", width=60)
    assert narrow[0].split()[:3] == ["when", "who", "what"]
    assert any("version 2" in line and "runs:/" in line for line in narrow)
    assert len(models.json("models", "history")) == 8
    assert models.lines("models", "history", "--limit", "2", width=120)[-1] == "2 changes of 8; --limit 0 shows all"


def test_an_alias_is_moved_refused_forced_and_rolled_back(models: Desk):
    models.lines("models", "expect", "fraud", "auc >= champion.auc")
    refused = models.call("models", "alias", "fraud", "champion", "3")
    assert refused.exit_code == 1
    assert "0.7 >= 0.9, which does not hold" in refused.output
    assert models.lines("models", "alias", "fraud", "champion", "3", "--force", "-m", "why not")[0] == (
        "fraud@champion is version 3; it was 2."
    )
    assert models.lines("models", "rollback", "fraud")[0] == "fraud@champion is version 2 again; it was 3."
    models.lines("models", "expect", "fraud", "auc >= champion.auc", "--delete")
    assert models.lines("models", "alias", "fraud", "champion", "--delete")[0] == "fraud@champion points nowhere."
    assert models.json("models", "rollback", "fraud")["version"] == 2
    assert models.call("models", "alias", "fraud", "champion").exit_code == 2


def test_stages_and_tags(models: Desk):
    assert models.lines("models", "stage", "fraud", "3", "production")[0] == "Version 3 of fraud is in Production."
    assert models.json("models", "stage", "fraud", "1", "Production", "--archive")["current_stage"] == "Production"
    assert models.lines("models", "tag", "fraud", "team=risk", "a=b=c")[0] == "Set team, a on fraud."
    assert models.lines("models", "tag", "fraud", "n-", "x-y=1", "--version", "3")[0] == (
        "Set x-y and removed n on version 3 of fraud."
    )
    assert models.json("models", "tag", "fraud", "a-")["tags"] == {"team": "risk"}
    assert models.call("models", "tag", "fraud", "nothing-").exit_code == 1
    assert models.call("models", "tag", "fraud", "nothing").exit_code == 2


def test_deleting_asks_first(models: Desk):
    asked = models.call("models", "delete", "fraud", "2")
    assert asked.exit_code == 2
    assert "say --yes" in asked.output
    assert (
        models.lines("models", "delete", "fraud", "2", "--yes")[0] == "Deleted version 2 of fraud; its history stays."
    )
    assert models.lines("models", "delete", "fraud", "--yes")[0] == "Deleted fraud with 2 versions; its history stays."
    assert [m["name"] for m in models.json("models", "list")] == ["price"]
    assert models.call("models", "delete", "fraud", "--yes").exit_code == 1


def test_somebody_at_a_terminal_is_asked(models: Desk, monkeypatch):
    monkeypatch.setattr("nbtrack.cli.models._someone_is_there", lambda: True)
    done = models.call("models", "delete", "fraud", "2", stdin="n\n")
    assert done.exit_code == 1
    assert "Delete version 2 of fraud? @champion will point nowhere." in done.output
    assert models.call("models", "delete", "fraud", "2", stdin="y\n").exit_code == 0


def test_hostile_texts_do_no_harm(empty: Desk):
    empty.store.registry.create("evil", description=EVIL, tags={"k": EVIL})
    for words in (("list",), ("show", "evil"), ("history", "evil")):
        text = "\n".join(empty.lines("models", *words, width=200))
        assert "\x1b" not in text
        assert "\u202e" not in text
    empty.json("models", "show", "evil")
