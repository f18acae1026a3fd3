"""Signatures from the type hints of ``predict``, and input brought into their form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.models.python_model import TypeHints
    from nbtrack.models.signature import ModelSignature


def signature_of(hints: TypeHints) -> ModelSignature | None:
    """Return the signature that type hints say."""
    return None


def convert(data: Any, hint: Any) -> Any:
    """Return data in the form of a type hint."""
    return data
