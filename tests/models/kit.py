"""Model folders for tests, harmless and booby-trapped."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path


UNSAFE = [
    "../secret",
    "a/../../secret",
    "/etc/passwd",
    "..\\secret",
    "a\\b",
    "C:/secret",
    "%2e%2e/secret",
    "%252e%252e/secret",
    "%25252e%25252e%25252fsecret",
    "a/%2e%2e/%2e%2e/secret",
    "a%5c..%5csecret",
    "a\x00b",
    "a%00b",
    "a//b",
    "./a",
    "",
    "CON",
    "a. ",
]
"""Paths that lead, or might lead, somewhere they must not."""


class Trap:
    """What touches a file when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (f"touch {self.canary}",)


def trapped(canary: Path) -> bytes:
    """Return a pickle that makes the file `canary` when it is loaded."""
    return pickle.dumps(Trap(canary))


def folder(path: Path, flavors: dict[str, Any], files: dict[str, bytes] | None = None, **more: Any) -> Path:
    """Write a model folder by hand."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors, "model_uuid": "0" * 32, **more}))
    for name, data in (files or {}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def pyfunc_conf(**more: Any) -> dict[str, Any]:
    """Return the part of ``MLmodel`` for a Python model."""
    return {"python_function": {"loader_module": "mlflow.pyfunc.model", "python_model": "python_model.pkl", **more}}
