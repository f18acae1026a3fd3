"""Object stores for the tests of this room."""

from tests.artifacts.clouds import moto_url

__all__ = ["moto_url"]
