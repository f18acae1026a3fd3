"""Merges stores on this machine into one of them, also while somebody records into it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nbtrack.moving.copy import copy_store, refuse_missing, refuse_same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbtrack.moving.tally import Tally
    from nbtrack.store.protocol import Store


def merge_stores(
    into: Store,
    sources: Sequence[Store],
    *,
    is_dry: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Tally]:
    """Bring what several stores have into one; all of them are looked at before anything is brought, and each is brought once.

    Runs are known by their ids, experiments by their names, files by their contents. Where both have a registered model of one name, the
    versions of the second come after those of the first, and aliases that point elsewhere already stay as they are: the notes say so.

    Returns
    -------
    dict of Tally
        By the path of the source.
    """
    sources = list({source.uri: source for source in sources}.values())
    for source in sources:
        refuse_missing(source)
        refuse_same(source, into)
    told = progress or (lambda *_: None)
    return {
        source.uri: copy_store(source, into, is_dry=is_dry, progress=partial(_of, told, source.title))
        for source in sources
    }


def _of(told: Callable[[str, int, int], None], title: str, text: str, done: int, total: int) -> None:
    told(f"{title}: {text}", done, total)
