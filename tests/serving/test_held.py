"""The model that is served, and its exchange."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from nbtrack.errors import NotFoundError
from nbtrack.serving.held import Held, Served


class Registry:
    """What an alias points at, as a test sets it."""

    def __init__(self) -> None:
        self.version = 1
        self.broken: set[int] = set()

    def resolve(self) -> str:
        return f"models:/fraud/{self.version}"

    def load(self, key: str) -> Served:
        if self.version in self.broken:
            raise NotFoundError("File", "model.pkl", where=key)
        return Served(SimpleNamespace(metadata=SimpleNamespace(signature=None)), "models:/fraud@champion", key)


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    registry = Registry()
    held = Held(registry.load, registry.resolve)
    first = held.served
    assert not held.look()
    assert held.served is first
    registry.version = 2
    assert held.look()
    assert (held.served.key, held.n_swaps) == ("models:/fraud/2", 1)
    assert first.key == "models:/fraud/1"


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_in_place() -> None:
    registry = Registry()
    held = Held(registry.load, registry.resolve)
    registry.version, registry.broken = 2, {2}
    assert not held.look()
    assert held.served.key == "models:/fraud/1"
    assert "model.pkl" in held.problem
    registry.version = 3
    assert held.look()
    assert held.problem == ""


def test_the_first_model_must_load() -> None:
    registry = Registry()
    registry.broken = {1}
    with pytest.raises(NotFoundError):
        Held(registry.load, registry.resolve)


def test_following_tells_of_each_exchange_and_ends() -> None:
    registry = Registry()
    held = Held(registry.load, registry.resolve)
    swapped = threading.Event()
    held.follow(0.01, swapped.set)
    registry.version = 2
    assert swapped.wait(30)
    held.close()
    assert held.served.key == "models:/fraud/2"
    assert "nbtrack-follow" not in {thread.name for thread in threading.enumerate()}
