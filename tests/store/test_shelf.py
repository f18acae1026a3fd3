"""What a process remembers of the registry is what a look at the store says, whoever changed it."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import AlreadyExistsError, NotFoundError
from nbtrack.store import registry_reading as looking
from nbtrack.store.local import LocalStore
from nbtrack.store.registry_protocol import NewVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW = NewVersion("s3://bucket/model", None, None, None, description="d", tags={"b": "2", "a": "1"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    found = LocalStore(tmp_path / "runs.duckdb")
    yield found
    found.close()


def compare(store: LocalStore, name: str) -> None:
    """Compare what is remembered of a model with a look."""
    shelf = store.registry._shelf
    assert shelf is not None
    assert shelf.is_fresh()
    with store.reading(is_fresh=True) as reader:
        look = looking.Look(reader.con)
        assert shelf.get(name) == look.get(name)
        for number in look.numbers(look.id_of(name)):
            assert shelf.version(name, number) == look.version(name, number)
        assert shelf.last_number(shelf.id_of(name), name) == look.last_number(look.id_of(name), name)
        assert (shelf.last_time, shelf.settings) == (look.last_time, look.settings)


def test_each_change_is_known_as_the_store_has_it(store: LocalStore):
    registry = store.registry
    registry.create("M", tags={"z": "1", "a": "2"}, description="text")
    changes = [
        lambda: registry.create_version("M", NEW),
        lambda: registry.create_version("M", NEW),
        lambda: registry.set_alias("M", "champion", 1),
        lambda: registry.set_alias("M", "best", 2),
        lambda: registry.set_stage("M", 1, "Production"),
        lambda: registry.set_stage("M", 2, "Production", archive=True),
        lambda: registry.set_tags("M", {"k": "v"}, 1),
        lambda: registry.delete_tag("M", "k", 1),
        lambda: registry.describe("M", "other", 2),
        lambda: registry.expect("M", "auc > 0.9", alias="champion"),
        lambda: registry.expect("M", "f1 > 0.5"),
        lambda: registry.delete_alias("M", "best"),
        lambda: registry.delete("M", 1),
        lambda: registry.create_version("M", NEW),
    ]
    for change in changes:
        change()
        compare(store, "M")
    assert registry.version_by_alias("M", "champion") if "champion" in registry.get("M").aliases else True
    registry.rename("M", "N")
    compare(store, "N")
    assert [v.version for v in registry.latest_versions("N", ["None"])] == [3]
    store.fold()
    registry.set_alias("N", "champion", 3)
    compare(store, "N")
    assert registry.version_by_alias("N", "champion").version == 3


def test_what_is_not_there_is_told_as_a_look_tells_it(store: LocalStore):
    registry = store.registry
    registry.create("M")
    registry.create_version("M", NEW)
    registry.set_alias("M", "champion", 1)
    with store.reading(is_fresh=True) as reader:
        for name, ask in {
            "get": lambda kept: kept.get("Mm"),
            "version": lambda kept: kept.version("M", 7),
            "version_by_alias": lambda kept: kept.version_by_alias("M", "champ"),
        }.items():
            with pytest.raises(NotFoundError) as remembered:
                ask(registry)
            with pytest.raises(NotFoundError) as looked:
                ask(looking.Look(reader.con) if name != "version_by_alias" else _Alias(reader.con))
            assert str(remembered.value) == str(looked.value)
    with pytest.raises(AlreadyExistsError):
        registry.create("M")
    registry.delete("M")
    with pytest.raises(NotFoundError):
        registry.get("M")
    registry.create("M")
    assert registry.create_version("M", NEW).version == 2
    compare(store, "M")


class _Alias:
    def __init__(self, con) -> None:
        self._con = con

    def version_by_alias(self, name: str, alias: str):
        return looking.version_by_alias(self._con, name, alias)


def test_what_others_change_is_seen(store: LocalStore):
    store.registry.create("M")
    store.registry.create_version("M", NEW)
    program = """if True:
        import sys
        from pathlib import Path
        from nbtrack.store.local import LocalStore
        from nbtrack.store.registry_protocol import NewVersion
        store = LocalStore(Path(sys.argv[1]))
        store.registry.create_version("M", NewVersion("s3://other", None, None, None))
        store.registry.set_alias("M", "theirs", 2)
        store.append(("setting", None, None, {"name": "goal/auc", "value": "max"}))
        store.close()
    """
    subprocess.run([sys.executable, "-c", program, str(store.path)], check=True)
    assert store.registry.get("M").aliases == {"theirs": 2}
    assert store.registry.create_version("M", NEW).version == 3
    assert store.registry.settings_seen == {"goal/auc": "max"}
    compare(store, "M")


def test_settings_and_strange_records_of_this_process_are_not_missed(store: LocalStore):
    store.registry.create("M")
    store.append(("setting", None, None, {"name": "webhook/1", "value": "{}"}))
    store.registry.set_tags("M", {"a": "b"})
    assert store.registry.settings_seen == {"webhook/1": "{}"}
    compare(store, "M")
    with store.reading() as reader:
        registry_id = looking.id_of(reader.con, "M")
    store.append(("registry", None, None, {"op": "describe", "id": registry_id, "name": "M", "description": "by hand"}))
    assert store.registry.get("M").description == "by hand"
    store.registry.set_tags("M", {"c": "d"})
    compare(store, "M")


def test_many_at_once(store: LocalStore):
    registry = store.registry
    registry.create("M")

    def work() -> None:
        for _ in range(3):
            registry.create_version("M", NEW)
            store.append(("setting", None, None, {"name": "x", "value": "y"}))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    registry.set_tags("M", {"last": "one"})
    assert sorted(v.version for v in (registry.version("M", n) for n in range(1, 13))) == [*range(1, 13)]
    compare(store, "M")
