"""Object stores for the tests of this room."""

from tests.artifacts.clouds import azure, azurite_url, gcs, moto_url, s3

__all__ = ["azure", "azurite_url", "gcs", "moto_url", "s3"]
