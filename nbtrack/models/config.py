"""Settings of a model that is kept as code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator


_in_use: ContextVar[dict[str, Any] | None] = ContextVar("nbtrack_model_config", default=None)


@contextmanager
def in_use(settings: dict[str, Any]) -> Iterator[None]:
    """Give these settings to the model's file that is run inside."""
    before = _in_use.set(settings)
    try:
        yield
    finally:
        _in_use.reset(before)


class ModelConfig:
    """Settings by name, in a model's file: ``ModelConfig(development_config="config.yaml").get("threshold")``.

    When the model is loaded, what was saved with it (and given to ``load_model``) counts; while it is written, `development_config`.

    Parameters
    ----------
    development_config : mapping or path of a YAML file, optional
    """

    def __init__(self, *, development_config: Mapping[str, Any] | str | os.PathLike[str] | None = None) -> None:
        self._development = development_config

    def get(self, key: str) -> Any:
        """Return a setting; raises ``NotFoundError`` for an unknown name."""
        settings = self.to_dict()
        if key not in settings:
            raise NotFoundError("Setting", key, [str(name) for name in settings], where="the model's config")
        return settings[key]

    def to_dict(self) -> dict[str, Any]:
        """Return all settings."""
        saved = _in_use.get()
        return dict(saved) if saved else read_config(self._development)


def read_config(config: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, Any]:
    """Return settings given as a mapping or as the path of a YAML file."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return dict(config)
    if not isinstance(config, (str, os.PathLike)):
        raise InvalidValueError(f"model_config is a {type(config).__name__}; give a dict or the path of a YAML file.")
    from nbtrack.models.yaml_text import read_yaml  # noqa: PLC0415

    path = Path(config)
    if not path.is_file():
        raise NotFoundError("File", str(config), where=f"the working folder {Path.cwd()}")
    return read_yaml(path, "model_config")
