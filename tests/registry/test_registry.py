"""The registry: what a change must pass, who is told, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import GateRefusedError, InvalidValueError, NbtrackWarning, NotFoundError
from nbtrack.registry import hooks
from nbtrack.registry.lineage import CELL, lineage_of
from nbtrack.registry.registry import Registry
from nbtrack.store.registry_protocol import NewVersion
from tests.store.kit import end, quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbtrack.entities import ModelEvent

ELSEWHERE = NewVersion("s3://bucket/model")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(quiet_store(tmp_path / "runs.duckdb"))


@pytest.fixture
def heard() -> Iterator[list[ModelEvent]]:
    """What a function of this process is told of."""
    found: list[ModelEvent] = []
    hooks.on_registry_change(found.append)
    yield found
    hooks.off_registry_change(found.append)


def add(registry: Registry, auc: float | None = None, name: str = "fraud") -> int:
    """Register a version whose run logged `auc`."""
    run_id = start(registry.store)  # type: ignore[arg-type]
    if auc is not None:
        registry.store.log_metrics(run_id, 0, {"auc": auc})
    end(registry.store, run_id)  # type: ignore[arg-type]
    new = NewVersion(f"runs:/{run_id}/model", run_id, "model", tags={"reviewed": "yes"}, description="d")
    return registry.add_version(name, new, makes_model=True).version


# -- gates -----------------------------------------------------------------------------------------------------------------


def test_an_alias_moves_only_when_the_gate_holds(registry: Registry):
    for auc in (0.84, 0.80, 0.836):
        add(registry, auc)
    gate = registry.expect("fraud", "auc >= champion.auc - 0.005", alias="champion", comment="never much worse")
    assert (gate.expression, gate.alias) == ("auc >= champion.auc - 0.005", "champion")
    assert registry.gates("fraud") == [gate]
    registry.set_alias("fraud", "champion", 1)
    with pytest.raises(GateRefusedError) as refused:
        registry.set_alias("fraud", "champion", "2")
    assert "fraud@champion may not move to version 2" in str(refused.value)
    assert "0.8 >= 0.835, which does not hold" in str(refused.value)
    assert (refused.value.alias, refused.value.version, len(refused.value.reasons)) == ("champion", 2, 1)
    assert registry.get("fraud").aliases == {"champion": 1}, "nothing has changed"
    registry.set_alias("fraud", "challenger", 2)
    registry.set_alias("fraud", "champion", 3)
    assert [v.holds for v in registry.check("fraud", 2)] == [False]
    assert registry.check("fraud", 2, "challenger") == []


def test_a_gate_is_overridden_with_a_reason(registry: Registry):
    add(registry, 0.8)
    registry.expect("fraud", "auc > 0.9")
    with pytest.raises(InvalidValueError, match="force=True asks for a comment"):
        registry.set_alias("fraud", "champion", 1, force=True)
    registry.set_alias("fraud", "champion", 1, force=True, comment="the regulator asks for it")
    last = registry.events("fraud")[-1]
    assert last.comment == "the regulator asks for it"
    assert last.detail == "forced past auc > 0.9 is 0.8 > 0.9, which does not hold"


def test_a_gate_of_one_version_and_tags_of_the_version(registry: Registry):
    for _ in range(2):
        add(registry, 0.8)
    registry.expect("fraud", "tags.reviewed = 'yes'")
    registry.expect("fraud", "auc > 0.9", version=2)
    registry.set_alias("fraud", "champion", 1)
    with pytest.raises(GateRefusedError):
        registry.set_alias("fraud", "champion", 2)
    registry.unexpect("fraud", "auc > 0.9", version=2)
    registry.set_alias("fraud", "champion", 2)
    registry.set_tags("fraud", {"reviewed": "no"}, 1)
    with pytest.raises(GateRefusedError, match="'no' = 'yes'"):
        registry.set_alias("fraud", "champion", 1)


def test_a_version_without_a_run_passes_no_gate_about_metrics(registry: Registry):
    registry.add_version("fraud", ELSEWHERE, makes_model=True)
    registry.expect("fraud", "auc > 0.1")
    with pytest.raises(GateRefusedError, match="version 1 has no metric 'auc'"):
        registry.set_alias("fraud", "champion", 1)
    with pytest.raises(InvalidValueError, match="cannot stand here"):
        registry.expect("fraud", "auc > ?")


# -- going back ------------------------------------------------------------------------------------------------------------


def test_a_rollback_asks_no_gate_and_goes_back_step_by_step(registry: Registry):
    for auc in (0.7, 0.8, 0.9):
        number = add(registry, auc)
        registry.set_alias("fraud", "champion", number)
    registry.expect("fraud", "auc >= champion.auc")
    assert registry.rollback("fraud", "champion", comment="alarms").version == 2
    assert registry.rollback("fraud", "champion").aliases == ["champion"]
    assert registry.get("fraud").aliases == {"champion": 1}
    with pytest.raises(NotFoundError, match="nothing to go back to"):
        registry.rollback("fraud", "champion")
    last = registry.events("fraud")[-2:]
    assert [(e.before, e.after, e.detail, e.comment) for e in last] == [
        ("3", "2", "rollback from version 3", "alarms"),
        ("2", "1", "rollback from version 2", ""),
    ]


def test_a_rollback_leaves_deleted_versions_out(registry: Registry):
    for _ in range(3):
        registry.set_alias("fraud", "champion", add(registry))
    registry.delete("fraud", 2)
    assert registry.rollback("fraud", "champion").version == 1
    registry.delete_alias("fraud", "champion")
    assert registry.rollback("fraud", "champion").version == 1
    assert registry.events("fraud")[-1].detail == "rollback"
    with pytest.raises(NotFoundError):
        registry.rollback("fraud", "nobody")


def test_who_was_champion_at_any_time(registry: Registry):
    for _ in range(2):
        registry.set_alias("fraud", "champion", add(registry), comment="c")
    first, second = registry.holders("fraud", "champion")
    assert (first.version, first.until, second.until, first.comment) == (1, second.since, None, "c")
    found = registry.at("fraud", "champion", first.since)
    assert found is not None
    assert found.version == 1
    assert registry.at("fraud", "champion", first.since - 1) is None
    now = registry.at("fraud", "champion", "now + 1d")
    assert now == second
    table = registry.history("fraud", "champion")
    assert table["after"].tolist() == ["2", "1"]
    assert set(registry.history()["op"]) == {"create", "version", "alias"}


# -- between models --------------------------------------------------------------------------------------------------------


def test_a_version_is_copied_and_promoted(registry: Registry):
    number = add(registry, 0.9, "fraud-dev")
    registry.set_alias("fraud-dev", "candidate", number)
    copy = registry.copy("models:/fraud-dev@candidate", "other")
    found = registry.version("other", copy.version)
    source = registry.version("fraud-dev", number)
    assert (found.source, found.run_id, found.path) == ("models:/fraud-dev/1", source.run_id, source.path)
    assert (found.tags, found.description, found.aliases) == (source.tags, "d", [])
    promoted = registry.promote("models:/fraud-dev/1", "fraud", alias="champion", comment="release")
    assert (promoted.version, promoted.aliases) == (1, ["champion"])
    registry.expect("fraud", "auc > 0.95", alias="champion")
    with pytest.raises(GateRefusedError):
        registry.promote("models:/fraud-dev/latest", "fraud", alias="champion")
    assert registry.get("fraud").n_versions == 1, "nothing was copied"
    forced = registry.promote(source, "fraud", alias="champion", force=True, comment="hurry")
    assert forced.version == 2
    assert registry.promote(source, "fraud").aliases == []


def test_a_uri_names_a_version(registry: Registry):
    for _ in range(3):
        add(registry)
    registry.set_alias("fraud", "champion", 2)
    registry.set_stage("fraud", 1, "Staging")
    uris = {"models:/fraud/3": 3, "models:/fraud@champion": 2, "models:/fraud/staging": 1, "models:/fraud/latest": 3}
    assert {uri: registry.find(uri).version for uri in uris} == uris
    assert registry.version_by_alias("fraud", "latest").version == 3
    assert registry.find("models:/fraud/3").uri == "models:/fraud/3"
    for uri in ("models:/fraud/Production", "models:/fraud/9", "models:/fraud@nobody", "models:/nothing/1"):
        with pytest.raises(NotFoundError):
            registry.find(uri)
    registry.create("empty")
    with pytest.raises(NotFoundError, match="has no versions"):
        registry.find("models:/empty/latest")
    for uri in (f"runs:/{'a' * 32}/m", "models:/../1", "/etc/passwd", "models:/fraud/%2e%2e", "models:/m-" + "0" * 32):
        with pytest.raises(InvalidValueError):
            registry.find(uri)


def test_results_come_in_pages(registry: Registry):
    for _ in range(5):
        registry.add_version("fraud", ELSEWHERE, makes_model=True)
    first = registry.search_versions("name = 'fraud'", 2, "version")
    second = registry.search_versions("name = 'fraud'", 2, ["version"], first.token)
    third = registry.search_versions("name = 'fraud'", 2, ["version"], second.token)
    assert [[v.version for v in page] for page in (first, second, third)] == [[1, 2], [3, 4], [5]]
    assert third.token is None
    assert len(registry.search_versions(max_results=None)) == 5
    assert [m.name for m in registry.search()] == ["fraud"]
    for wrong in (0, 1001, -1, "5"):
        with pytest.raises(InvalidValueError, match="max_results"):
            registry.search(max_results=wrong)  # type: ignore[arg-type]


# -- where it came from ----------------------------------------------------------------------------------------------------


def test_a_version_knows_where_it_came_from(registry: Registry):
    store = registry.store
    run_id = start(store, "trained")  # type: ignore[arg-type]
    tags = {"mlflow.source.name": "train.ipynb", "mlflow.source.git.commit": "abc", "nbtrack.notebook": "train.ipynb"}
    data = {"name": "november", "digest": "d1", "source_type": "code", "source": "{}", "schema": "{}", "profile": "{}"}
    store.append(
        ("tags", run_id, tags, None),
        ("params", run_id, {"depth": "3"}, None),
        ("input", run_id, None, {**data, "context": "train"}),
    )
    store.log_metrics(run_id, 0, {"auc": 0.9})
    store.add_artifact(run_id, CELL, b"model.fit(X)")
    registry.add_version("fraud", NewVersion(f"runs:/{run_id}/m", run_id, "m"), makes_model=True)
    found = lineage_of(store, registry.version("fraud", 1))
    assert found.run is not None
    assert (found.run.info.run_name, found.cell, found.metrics, found.params) == (
        "trained", "model.fit(X)", {"auc": 0.9}, {"depth": "3"},
    )  # fmt: skip
    assert found.source == {"name": "train.ipynb", "commit": "abc", "notebook": "train.ipynb"}
    assert [(i.dataset.name, i.context) for i in found.datasets] == [("november", "train")]


def test_a_version_from_elsewhere_has_no_past(registry: Registry):
    registry.add_version("fraud", ELSEWHERE, makes_model=True)
    gone = registry.add_version("fraud", NewVersion("runs:/x", "f" * 32, "m"))
    for version in (registry.version("fraud", 1), gone):
        assert lineage_of(registry.store, version).run is None
    assert lineage_of(registry.store, registry.version("fraud", add(registry))).cell is None


# -- functions -------------------------------------------------------------------------------------------------------------


def test_functions_hear_every_change(registry: Registry, heard: list[ModelEvent]):
    registry.create("fraud", {"a": 1}, "text", comment="begun")
    for _ in range(2):
        add(registry)
    registry.set_alias("fraud", "champion", 1)
    registry.set_alias("fraud", "champion", 2)
    registry.rollback("fraud", "champion")
    registry.set_stage("fraud", 1, "Staging")
    registry.set_tags("fraud", {"a": 2, "b": 3})
    registry.set_tags("fraud", {"c": 4}, 1)
    registry.delete_tag("fraud", "a")
    registry.delete_tag("fraud", "c", 1)
    registry.describe("fraud", "new")
    registry.describe("fraud", "new", 1)
    registry.comment("fraud", "hm", 1)
    registry.expect("fraud", "auc > 1")
    registry.unexpect("fraud", "auc > 1")
    registry.delete_alias("fraud", "champion")
    assert registry.rename("fraud", "crime").name == "crime"
    registry.delete("crime", 1)
    registry.delete("crime")
    assert [e.op for e in heard] == [
        "create", "version", "version", "alias", "alias", "alias", "stage", "tag", "tag", "tag_version", "untag", "untag_version",
        "describe", "describe_version", "comment", "expect", "unexpect", "unalias", "rename", "delete_version", "delete",
    ]  # fmt: skip
    kept = [e for e in registry.events("crime") if e.op in ("alias", "stage")]
    told = [e for e in heard if e.op in ("alias", "stage")]
    assert [(e.version, e.alias, e.after, e.detail) for e in told] == [
        (e.version, e.alias, e.after, e.detail) for e in kept
    ]
    assert [e.before for e in told if e.op == "alias"] == [None, "1", "2"]
    assert (heard[0].comment, heard[0].user_id) == ("begun", kept[0].user_id)


def test_functions_hear_of_each_version_that_is_archived(registry: Registry, heard: list[ModelEvent]):
    registry.create("fraud")
    for number in (1, 2, 3):
        add(registry)
        registry.set_stage("fraud", number, "Production")
    heard.clear()
    registry.set_stage("fraud", add(registry), "Production", archive_existing_versions=True)
    told = [(event.version, event.before, event.after) for event in heard if event.op == "stage"]
    assert told == [(n, "Production", "Archived") for n in (1, 2, 3)] + [(4, None, "Production")]
    registry.set_stage("fraud", 4, "Production", archive_existing_versions=True)
    assert [event.version for event in heard if event.op == "stage"] == [1, 2, 3, 4, 4]


def test_a_function_that_fails_stops_nothing(registry: Registry, heard: list[ModelEvent]):
    def broken(_: ModelEvent) -> None:
        message = "no mail server"
        raise RuntimeError(message)

    assert hooks.on_registry_change(broken) is broken
    try:
        with pytest.warns(
            NbtrackWarning, match="broken, which is called on changes of the registry, failed: RuntimeError"
        ):
            registry.create("fraud")
    finally:
        hooks.off_registry_change(broken)
        hooks.off_registry_change(broken)
    assert registry.get("fraud").name == "fraud"
    assert len(heard) == 1
