"""What a server remembers of registered models is what the database has, whoever changed them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from nbtrack.store import registry_reading as looking
from nbtrack.store.registry_protocol import ModelQuery, NewVersion
from tests.store.kit import start

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.store.postgres.served import ServedDatabase
    from nbtrack.store.shelf import Shelf

    Server = Callable[[str], ServedDatabase]

NEW = NewVersion("s3://bucket/model", None, None, None)


def of_memory(store: ServedDatabase) -> Shelf:
    shelf = store.registry._shelf
    assert shelf is not None
    assert shelf.is_fresh()
    return shelf


def compare(store: ServedDatabase, name: str) -> None:
    """Compare what a server remembers of a model with a look."""
    shelf = of_memory(store)
    with store.reading(is_fresh=True) as reader:
        look = looking.Look(reader.con)
        assert shelf.get(name) == look.get(name)
        assert (shelf.last_time, shelf.settings) == (look.last_time, look.settings)


def test_a_server_remembers_the_registry_as_the_database_has_it(server: Server):
    one, two = server("one"), server("two")
    one.registry.create("M", tags={"a": "1"})
    number = one.registry.create_version("M", NEW).version
    compare(one, "M")
    news = one.database.puller.news
    one.registry.set_alias("M", "champion", number)
    compare(one, "M")
    assert one.database.puller.news == news, "what it writes itself is no news to it"
    assert two.registry.create_version("M", NEW).version == number + 1
    two.registry.set_alias("M", "champion", number + 1)
    compare(two, "M")
    assert one.registry.get("M").aliases == {"champion": number + 1}
    one.registry.describe("M", "text")
    news = one.database.puller.news_of_models
    start(two)  # type: ignore[arg-type]
    one.mark()
    assert one.registry.get("M").description == "text"
    of_memory(one)
    assert one.database.puller.news_of_models == news, "a run is no news of a model"


def test_a_change_that_was_taken_back_is_not_remembered(server: Server):
    one = server("one")
    one.registry.create("M")

    def change_and_fail() -> None:
        with one.numbers.changing_models():
            one.registry.create_version("M", NEW)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_and_fail()
    assert one.registry.search_versions(ModelQuery("name = 'M'")) == []
    assert one.registry.create_version("M", NEW).version == 1
    compare(one, "M")
    one.fold()
    compare(one, "M")


def test_threads_that_change_one_model_get_a_number_each(server: Server):
    one, two = server("one"), server("two")
    one.registry.create("M")
    with ThreadPoolExecutor(6) as threads:
        made = [threads.submit(s.registry.create_version, "M", NEW) for s in (one, two) for _ in range(6)]
    assert sorted(each.result().version for each in made) == [*range(1, 13)]
    one.registry.comment("M", "done")
    compare(one, "M")
