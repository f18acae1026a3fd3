"""Ids for runs whose source calls them something else: the same name of the same source is the same run, whenever it is moved."""

from __future__ import annotations

import hashlib


def run_id_of(source: str, name: str) -> str:
    """Return 32 hexadecimal digits for a run; `source` is the kind of source, such as ``"wandb"``, `name` is unique within it."""
    return hashlib.sha256(f"{source}\n{name}".encode()).hexdigest()[:32]
