"""What the registry of every tracking store promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from nbtrack.store.registry_protocol import ModelQuery, NewVersion
from tests.store.kit import end, start

if TYPE_CHECKING:
    from nbtrack.store.local import LocalStore

ELSEWHERE = NewVersion("s3://bucket/model")


class RegistryStoreContract:
    """Every verb of the Protocol; ``settle`` brings what was written into the state under test."""

    @pytest.fixture
    def store(self) -> LocalStore:
        raise NotImplementedError

    def settle(self, store: LocalStore) -> None:
        raise NotImplementedError

    def test_a_model_is_made_described_tagged_and_found(self, store: LocalStore):
        made = store.registry.create("fraud", tags={"team": "risk", "gone": "1"}, description="**bold**")
        assert (made.name, made.tags, made.description) == ("fraud", {"team": "risk", "gone": "1"}, "**bold**")
        store.registry.set_tags("fraud", {"größe": "😀"})
        store.registry.delete_tag("fraud", "gone")
        store.registry.describe("fraud", "plain")
        self.settle(store)
        found = store.registry.get("fraud")
        assert (found.tags, found.description, found.n_versions) == ({"team": "risk", "größe": "😀"}, "plain", 0)
        assert found.user_id
        assert found.last_updated_timestamp >= found.creation_timestamp > 0
        with pytest.raises(NotFoundError, match=r"Registered model 'fraut'.*Did you mean 'fraud'"):
            store.registry.get("fraut")
        with pytest.raises(AlreadyExistsError, match="'fraud' already exists"):
            store.registry.create("fraud")
        with pytest.raises(NotFoundError, match="Tag 'nope'"):
            store.registry.delete_tag("fraud", "nope")

    def test_versions_are_numbered_for_ever(self, store: LocalStore):
        run_id = start(store, "trained")
        new = NewVersion(
            f"runs:/{run_id}/model", run_id, "model", "m-" + "a" * 32, "http://link", "best", {"data": "november"}
        )
        made = store.registry.create_version("fraud", new, comment="the first", makes_model=True)
        self.settle(store)
        found = store.registry.version("fraud", 1)
        assert made.version == 1
        assert (found.source, found.run_id, found.path, found.model_id) == (new.source, run_id, "model", new.model_id)
        assert (found.run_link, found.description, found.tags) == ("http://link", "best", {"data": "november"})
        assert (found.current_stage, found.status, found.aliases) == ("None", "READY", [])
        assert (made.creation_timestamp, made.user_id) == (found.creation_timestamp, found.user_id)
        assert store.registry.create_version("fraud", ELSEWHERE).version == 2
        store.registry.delete("fraud", 2)
        self.settle(store)
        assert store.registry.create_version("fraud", ELSEWHERE).version == 3
        with pytest.raises(NotFoundError, match=r"Version '2' is not in registered model 'fraud'.*1, 3"):
            store.registry.version("fraud", 2)
        with pytest.raises(NotFoundError, match="Registered model 'new'"):
            store.registry.create_version("new", ELSEWHERE)
        store.registry.delete("fraud")
        self.settle(store)
        with pytest.raises(NotFoundError):
            store.registry.version("fraud", 1)
        assert store.registry.create_version("fraud", ELSEWHERE, makes_model=True).version == 4
        store.registry.rename("fraud", "fraud two")
        assert store.registry.create_version("fraud", ELSEWHERE, makes_model=True).version == 5
        assert store.registry.create_version("fraud two", ELSEWHERE).version == 5

    def test_a_version_is_described_and_tagged(self, store: LocalStore):
        for _ in range(2):
            store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
        store.registry.describe("fraud", "better", 2)
        store.registry.set_tags("fraud", {"a": "1", "b": "2"}, 2)
        store.registry.delete_tag("fraud", "a", 2)
        store.registry.comment("fraud", "looks good", 2)
        self.settle(store)
        found = store.registry.version("fraud", 2)
        assert (found.description, found.tags) == ("better", {"b": "2"})
        assert store.registry.version("fraud", 1).tags == {}
        with pytest.raises(NotFoundError, match="registered model 'fraud', version 1"):
            store.registry.delete_tag("fraud", "a", 1)

    def test_an_alias_moves_and_is_taken_away(self, store: LocalStore):
        for _ in range(3):
            store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
        store.registry.set_alias("fraud", "champion", 1)
        store.registry.set_alias("fraud", "challenger", 3)
        store.registry.set_alias("fraud", "champion", 3)
        self.settle(store)
        assert store.registry.get("fraud").aliases == {"challenger": 3, "champion": 3}
        found = store.registry.version_by_alias("fraud", "champion")
        assert (found.version, found.aliases) == (3, ["challenger", "champion"])
        store.registry.delete_alias("fraud", "challenger")
        store.registry.delete("fraud", 3)
        self.settle(store)
        assert store.registry.get("fraud").aliases == {}
        with pytest.raises(NotFoundError, match="Alias 'champion'"):
            store.registry.version_by_alias("fraud", "champion")
        with pytest.raises(NotFoundError, match="Alias 'champion'"):
            store.registry.delete_alias("fraud", "champion")
        with pytest.raises(NotFoundError, match="Version '3'"):
            store.registry.set_alias("fraud", "champion", 3)

    def test_stages_archive_who_was_there(self, store: LocalStore):
        for _ in range(3):
            store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
        store.registry.set_stage("fraud", 1, "Production")
        store.registry.set_stage("fraud", 2, "production")
        self.settle(store)
        assert [v.version for v in store.registry.latest_versions("fraud", ["Production"])] == [2]
        store.registry.set_stage("fraud", 3, "Production", archive=True)
        self.settle(store)
        stages = {v.version: v.current_stage for v in store.registry.search_versions(ModelQuery())}
        assert stages == {1: "Archived", 2: "Archived", 3: "Production"}
        assert [v.version for v in store.registry.latest_versions("fraud")] == [2, 3]
        with pytest.raises(InvalidValueError, match="Production, not to Archived"):
            store.registry.set_stage("fraud", 1, "Archived", archive=True)

    def test_gates_are_put_up_and_taken_down(self, store: LocalStore):
        store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
        store.registry.expect("fraud", "auc > 0.8")
        store.registry.expect("fraud", "auc > 0.9", alias="champion", version=1, comment="strict")
        self.settle(store)
        gates = store.registry.get("fraud").gates
        assert [(g.expression, g.alias, g.version) for g in gates] == [
            ("auc > 0.8", None, None),
            ("auc > 0.9", "champion", 1),
        ]
        store.registry.unexpect("fraud", "auc > 0.8")
        self.settle(store)
        assert [g.expression for g in store.registry.get("fraud").gates] == ["auc > 0.9"]
        with pytest.raises(NotFoundError, match="Gate"):
            store.registry.unexpect("fraud", "auc > 0.9")

    def test_models_and_versions_are_searched(self, store: LocalStore):
        ids = [start(store, name) for name in "ab"]
        for run_id, auc in zip(ids, (0.8, 0.9), strict=True):
            store.log_metrics(run_id, 0, {"auc": auc})
            store.append(("params", run_id, {"depth": str(auc * 10)}, None))
            end(store, run_id)
            tags = {"auc": str(auc)}
            new = NewVersion(f"runs:/{run_id}/m", run_id, "m", tags=tags)
            store.registry.create_version("fraud", new, makes_model=True)
        store.registry.create("price", tags={"team": "sales"})
        store.registry.set_alias("fraud", "champion", 2)
        store.registry.set_alias("fraud", "newest", 2)
        self.settle(store)

        def versions(filter_string: str, *order: str) -> list[int]:
            return [v.version for v in store.registry.search_versions(ModelQuery(filter_string, order))]

        assert versions("name = 'fraud'", "version") == [1, 2]
        assert versions("version_number > 1") == [2]
        assert versions(f"run_id = '{ids[0]}'") == [1]
        assert versions("metrics.auc > 0.85") == versions("params.depth = 9") == versions("tags.auc = '0.9'") == [2]
        assert versions("alias = 'champion'") == versions("aliases IN ('champion', 'newest')") == [2]
        assert versions("alias IS NULL") == versions("NOT alias LIKE '%'") == [1]
        assert versions("", "metrics.auc DESC") == versions("stage = 'None'", "version DESC") == [2, 1]
        many = "metrics.auc > 0 AND tags.auc != '' AND params.depth > 0 AND metrics.auc < 0.85 AND alias IS NULL"
        assert versions(many) == [1]

        def models(filter_string: str = "", **more) -> list[str]:
            return [m.name for m in store.registry.search(ModelQuery(filter_string, **more))]

        assert models() == ["fraud", "price"]
        assert models("tags.team = 'sales'") == models("versions = 0") == models("name ILIKE 'PR%'") == ["price"]
        assert models(order_by=("last_updated_timestamp DESC",)) == ["fraud", "price"]
        assert models(order_by=("name DESC",), max_results=1, offset=1) == ["fraud"]

    def test_the_history_has_everything_in_order(self, store: LocalStore):
        store.registry.create("fraud", comment="begun")
        for _ in range(2):
            store.registry.create_version("fraud", ELSEWHERE)
        store.registry.set_alias("fraud", "champion", 1)
        store.registry.set_alias("fraud", "champion", 2, comment="better")
        store.registry.rename("fraud", "crime")
        store.registry.delete("crime", 2)
        self.settle(store)
        events = store.registry.history("crime")
        assert [e.op for e in events] == [
            "create", "version", "version", "alias", "alias", "rename", "unalias", "delete_version",
        ]  # fmt: skip
        assert [(e.before, e.after) for e in events if e.alias] == [(None, "1"), ("1", "2"), ("2", None)]
        assert (events[0].comment, events[4].comment) == ("begun", "better")
        assert all(e.user_id for e in events)
        assert [e.timestamp for e in events] == sorted(e.timestamp for e in events)
        store.registry.delete("crime")
        self.settle(store)
        assert store.registry.history("crime")[-1].op == "delete", "also of a model that is gone"
        assert store.registry.history("crime", until_ms=events[0].timestamp - 1) == []
        assert len(store.registry.history()) == len(events) + 1
        with pytest.raises(NotFoundError):
            store.registry.history("nothing")

    @pytest.mark.parametrize(
        "name", ["", " ", " a", "a/b", "a:b", "..", "a@b", "a#b", "a%41", "m-" + "0" * 32, 5, "x" * 257]
    )
    def test_names_that_no_uri_can_carry_are_refused(self, store: LocalStore, name):
        with pytest.raises(InvalidValueError, match="Registered model name"):
            store.registry.create(name)
        store.registry.create("fine")
        with pytest.raises(InvalidValueError, match="Registered model name"):
            store.registry.rename("fine", name)

    def test_what_is_wrong_changes_nothing(self, store: LocalStore):
        store.registry.create_version("fraud", ELSEWHERE, makes_model=True)
        before = store.registry.history()
        for alias in ("latest", "LATEST", "v1", "V12", "a b", "", "x" * 256, "a.b", None):
            with pytest.raises(InvalidValueError, match="Alias"):
                store.registry.set_alias("fraud", alias, 1)  # type: ignore[arg-type]
        for version in (0, -1, True, "1a", 1.5, None):
            with pytest.raises(InvalidValueError, match="version number"):
                store.registry.set_alias("fraud", "champion", version)  # type: ignore[arg-type]
        with pytest.raises(InvalidValueError, match="Stage 'prod'"):
            store.registry.set_stage("fraud", 1, "prod")
        with pytest.raises(InvalidValueError, match="comment"):
            store.registry.comment("fraud", " ")
        with pytest.raises(InvalidValueError, match="100,000"):
            store.registry.set_tags("fraud", {"a": "x" * 100_001})
        with pytest.raises(AlreadyExistsError):
            store.registry.rename("fraud", store.registry.create("other").name)
        store.registry.rename("fraud", "fraud")
        self.settle(store)
        assert [e for e in store.registry.history() if e.name != "other"] == before
