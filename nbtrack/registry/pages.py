"""Results page by page."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.errors import InvalidValueError
from nbtrack.store.registry_protocol import ModelQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Page(list[T]):
    """One page of results: a list, and the `token` that asks for the next one (None after the last)."""

    token: str | None = None

    @classmethod
    def of(cls, found: Sequence[T], limit: int, offset: int) -> Page[T]:
        """Return the first `limit` of what was found; one more says that another page follows."""
        page = cls(found[:limit])
        if len(found) > limit:
            page.token = token_of(offset + limit)
        return page


def token_of(offset: int) -> str:
    """Return the token of the page that begins at `offset`."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token: str | None) -> int:
    """Return where a page begins; raises ``InvalidValueError`` for a token that no page gave."""
    if not token:
        return 0
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
    except (ValueError, KeyError, TypeError):
        offset = None
    if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset < 2**31:
        raise InvalidValueError("This page_token is of no page; use the `token` of an earlier result.")
    return offset


def query_of(
    filter_string: str | None, limit: int, order_by: Sequence[str] | None, page_token: str | None
) -> tuple[ModelQuery, int]:
    """Return what to ask the store for one page: one result more than it has, and where it begins."""
    offset = offset_of(page_token)
    terms = (order_by,) if isinstance(order_by, str) else tuple(order_by or ())
    return ModelQuery(filter_string or "", terms, limit + 1, offset), offset


def limit_of(max_results: Any, most: int) -> int:
    """Return how many results a page has; raises ``InvalidValueError`` when that is no number up to `most`."""
    if max_results is None:
        return most
    if isinstance(max_results, bool) or not isinstance(max_results, int) or not 1 <= max_results <= most:
        raise InvalidValueError(f"max_results is {max_results!r}; use a number from 1 to {most:,}.")
    return max_results
