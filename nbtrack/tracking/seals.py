"""Seals of logged models: how this user's own models are told from others' that lie in the same store, or in a store from elsewhere.

What a store says of itself can be written by whoever wrote the store. So ``log_model`` leaves a seal beside the model's record: a HMAC of
the model's id and the checksums of its files, with a key that only this user has (``~/.nbtrack/key``). A model with a good seal is loaded
without asking; any other one is a stranger's, however the store came to have it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import warn

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY_BYTES = 32


def seal(run_id: str, model_id: str | None, files: Iterable[tuple[str, str]]) -> str:
    """Return the seal of a model.

    Parameters
    ----------
    run_id, model_id : str
    files : pairs of str
        Name within the model's folder, and SHA-256.
    """
    told = json.dumps([run_id, model_id, sorted(files)])
    return hmac.new(_key(key_path()), told.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def is_ours(found: object, run_id: str, model_id: str | None, files: Iterable[tuple[str, str]]) -> bool:
    """Say whether a seal is of these very files and made with this user's key."""
    return isinstance(found, str) and hmac.compare_digest(found.encode(), seal(run_id, model_id, files).encode())


def key_path() -> Path:
    """Return where this user's key is kept."""
    return Path.home() / ".nbtrack" / "key"


@lru_cache(maxsize=4)
def _key(path: Path) -> bytes:
    """Return the key, made when there is none; one for this process only where it cannot be kept."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".key-{secrets.token_hex(8)}")
        if not path.exists():
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(fresh, path)  # of several processes that make one, one wins, and all read the same
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        found = path.read_bytes()
    except OSError as error:
        warn(
            f"{path} cannot be kept ({error.strerror}): models logged now ask for trust=True when another process loads them."
        )
        return secrets.token_bytes(KEY_BYTES)
    if len(found) != KEY_BYTES:
        warn(f"{path} is damaged and is not used; delete it for a new one.")
        return secrets.token_bytes(KEY_BYTES)
    return found
