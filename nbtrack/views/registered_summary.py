"""Registered models without a kernel: a picture over time and a table."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbtrack.views import registered
from nbtrack.views.amounts import number_text
from nbtrack.views.registered_picture import model_picture, models_picture

if TYPE_CHECKING:
    from collections.abc import Collection

    from nbtrack.store.protocol import TrackingStore

MAX_ROWS = 20
MAX_METRICS = 4
_CELL = 'style="text-align:{align};padding:2px 10px"'


def summary_html(
    store: TrackingStore, model: str = "", *, names: Collection[str] | None = None, is_shared: bool = False
) -> str:
    """Return a model with its versions, or all models, as HTML that Jupyter's sanitiser lets through.

    Parameters
    ----------
    store : TrackingStore
    model : str
        "" for all of them. One that was deleted meanwhile says so.
    names : collection of str, optional
        The models that may be told of.
    is_shared : bool
        For a page that is given away: nobody is named.
    """
    models = [each for each in registered.overview(store) if names is None or each["name"] in names]
    if not model:
        return _models_html(models, registered.versions_of(store, [each["name"] for each in models]))
    if not any(each["name"] == model for each in models):
        return f"<p>There is no registered model {html.escape(model)}.</p>"
    return _model_html(registered.detail(store, model), is_shared=is_shared)


def _models_html(models: list[dict[str, Any]], versions: dict[str, list[dict[str, Any]]]) -> str:
    if not models:
        return "<p>No models are registered yet.</p>"
    rows = [
        (m["name"], m["versions"], _aliases(m["aliases"]), _tags(m["tags"]), _moment(m["updated"]))
        for m in models[:MAX_ROWS]
    ]
    more = f"<p>{len(models) - MAX_ROWS} more models</p>" if len(models) > MAX_ROWS else ""
    return models_picture(versions) + _table(("Model", "Versions", "Aliases", "Tags", "Changed"), rows, {1}) + more


def _model_html(found: dict[str, Any], *, is_shared: bool) -> str:
    model, metrics, versions = found["model"], found["metrics"][:MAX_METRICS], found["versions"]
    rows = [
        (
            v["version"],
            ", ".join(f"@{alias}" for alias in v["aliases"]),
            "" if v["stage"] == "None" else v["stage"],
            *("" if value is None else number_text(value) for value in v["metrics"][:MAX_METRICS]),
            _tags(v["tags"]),
            *([] if is_shared else [v["user"] or ""]),
            _moment(v["created"]),
        )
        for v in versions[:MAX_ROWS]
    ]
    by = () if is_shared else ("By",)
    names = ("Version", "Aliases", "Stage", *(metric["key"] for metric in metrics), "Tags", *by, "Registered")
    about = f"<p>{html.escape(model['description'][:500])}</p>" if model["description"] else ""
    right = {0, *range(3, 3 + len(metrics))}
    more = f"<p>{len(versions) - MAX_ROWS} more versions</p>" if len(versions) > MAX_ROWS else ""
    head = f"<p><strong>{html.escape(model['name'])}</strong></p>{about}"
    return f"{head}{model_picture(found)}{_table(names, rows, right)}{more}"


def _table(names: tuple[str, ...], rows: list[tuple[Any, ...]], right: set[int]) -> str:
    def cell(tag: str, place: int, text: Any) -> str:
        return f"<{tag} {_CELL.format(align='right' if place in right else 'left')}>{html.escape(str(text))}</{tag}>"

    head = "".join(cell("th", place, name) for place, name in enumerate(names))
    body = "".join(f"<tr>{''.join(cell('td', place, text) for place, text in enumerate(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _aliases(aliases: dict[str, int]) -> str:
    return ", ".join(f"@{alias} → {version}" for alias, version in aliases.items())


def _tags(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in list(tags.items())[:5])


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
