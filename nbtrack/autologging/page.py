"""An estimator as an HTML page: what it is made of, and the params of each part; small, and made in a millisecond."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from nbtrack.autologging.fits import changed_params, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PARTS = 100
MOST_TEXT = 300
STYLE = """
:root { color-scheme: light dark; --line: #8a8a9255; --own: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --own: #56b4e9; } }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; padding: .3rem .7rem; }
summary { cursor: pointer; font-weight: 600; } summary small { font-weight: 400; opacity: .7; }
td { padding: .05rem .9rem .05rem 0; vertical-align: top; font-family: ui-monospace, monospace; font-size: 12px; }
tr.own td { color: var(--own); font-weight: 600; }
"""


def page_of(model: Any) -> str:
    """Return a complete page; params that differ from their defaults stand out."""
    left = [MOST_PARTS]
    name = escape(type(model).__name__)
    head = f'<meta charset="utf-8"><title>{name}</title><style>{STYLE}</style>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{"".join(_part("", model, left))}</body></html>\n'
    )


def _part(label: str, model: Any, left: list[int]) -> Iterator[str]:
    left[0] -= 1
    if left[0] < 0:
        return
    cls, own = type(model), changed_params(model)
    name = f"{escape(label)}: {escape(cls.__name__)}" if label else escape(cls.__name__)
    yield f"<details open><summary>{name} <small>{escape(cls.__module__)}</small></summary><table>"
    parts = [*_parts(model)]
    inside = {id(part) for _, part in parts}
    for key, value in model.get_params(deep=False).items():
        if id(value) not in inside and key not in ("steps", "transformers", "estimators", "transformer_list"):
            mark = ' class="own"' if key in own else ""
            yield f"<tr{mark}><td>{escape(key)}</td><td>{escape(text_of(value)[:MOST_TEXT])}</td></tr>"
    yield "</table>"
    for part_label, part in parts:
        yield from _part(part_label, part, left)
    yield "</details>"


def _parts(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the models that a model is made of, as its params name them."""
    for key, value in model.get_params(deep=False).items():
        if isinstance(value, (list, tuple)):
            for each in value:
                named = each if isinstance(each, tuple) and len(each) > 1 else (key, each)
                if _is_model(named[1]):
                    yield str(named[0]), named[1]
        elif _is_model(value):
            yield key, value


def _is_model(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)
