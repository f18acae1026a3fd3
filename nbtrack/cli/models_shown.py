"""How registered models, their versions and their history look in a terminal."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table

from nbtrack.cli.output import clean, say, show, text
from nbtrack.cli.units import ago, moment, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.entities import ModelEvent, ModelVersion, RegisteredModel
    from nbtrack.registry.lineage import Lineage

MOST_METRICS = 4
LONGEST = 60
_RUN = re.compile("runs:/([0-9a-f]{8})[0-9a-f]{24}")


def show_models(models: Sequence[RegisteredModel]) -> None:
    """Print a table of registered models."""
    table = _table("name", "versions", "aliases", "changed", "tags")
    now = time.time() * 1000
    for model in models:
        aliases = ", ".join(f"@{alias} → {version}" for alias, version in model.aliases.items())
        changed = ago(model.last_updated_timestamp, now)
        table.add_row(text(model.name), f"{model.n_versions:,}", text(aliases), changed, text(_tags(model.tags)))
    show(table)


def show_model(
    model: RegisteredModel, versions: Sequence[ModelVersion], metrics: Mapping[str, Mapping[str, float]]
) -> None:
    """Print a registered model and a table of its versions, newest first."""
    show(text(model.name, "bold"))
    rows = {
        "description": model.description,
        "created": moment(model.creation_timestamp) + (f" by {model.user_id}" if model.user_id else ""),
        "tags": _tags(model.tags),
    }
    say("\n".join(f"{name:12} {clean(value)}" for name, value in rows.items() if value))
    for gate in model.gates:
        where = [f"@{gate.alias}"] * bool(gate.alias) + [f"version {gate.version}"] * bool(gate.version)
        say(f"{'expects':12} {gate.expression}{' (' + ', '.join(where) + ')' if where else ''}")
    keys = [*dict.fromkeys(k for found in metrics.values() for k in found if not k.startswith("system/"))][
        :MOST_METRICS
    ]
    table = _table("version", "aliases", "stage", *keys, "registered", "by", "tags")
    now = time.time() * 1000
    for version in versions:
        values = metrics.get(version.run_id or "", {})
        table.add_row(
            str(version.version),
            text(", ".join(f"@{alias}" for alias in version.aliases), "green"),
            "" if version.current_stage == "None" else version.current_stage,
            *(number(values[key]) if key in values else "-" for key in keys),
            ago(version.creation_timestamp, now),
            text(version.user_id),
            text(_tags(version.tags)),
        )
    show(table)


def show_lineage(found: Lineage) -> None:
    """Print a version and where it came from."""
    version = found.version
    show(text(f"{version.name} {version.version}", "bold"))
    rows = {
        "aliases": ", ".join(f"@{alias}" for alias in version.aliases),
        "stage": "" if version.current_stage == "None" else version.current_stage,
        "description": version.description,
        "source": version.source,
        "registered": moment(version.creation_timestamp) + (f" by {version.user_id}" if version.user_id else ""),
        "tags": _tags(version.tags),
        "run": f"#{found.run.info.number} {found.run.info.run_name}" if found.run else "",
        "metrics": ", ".join(f"{k} {number(v)}" for k, v in found.metrics.items() if not k.startswith("system/")),
        "params": ", ".join(f"{key}={value}" for key, value in found.params.items()),
        "data": ", ".join(f"{i.dataset.name} {i.dataset.digest} {i.context}".strip() for i in found.datasets),
        **{f"code {name}": value for name, value in found.source.items()},
    }
    say("\n".join(f"{name:14} {clean(value)}" for name, value in rows.items() if value))


def show_events(events: Sequence[ModelEvent], *, of_one: bool) -> None:
    """Print a table of changes."""
    table = _table("when", "who", *([] if of_one else ["model"]), "what", "from", "to", "why")
    now = time.time() * 1000
    for event in events:
        why = " · ".join(part for part in (event.comment, event.detail) if part)
        table.add_row(
            ago(event.timestamp, now),
            text(event.user_id),
            *([] if of_one else [text(event.name)]),
            text(_what(event)),
            text(_short(event.before)),
            text(_short(event.after)),
            text(why, "dim"),
        )
    for column in table.columns[:-3]:  # where there is no room, the long texts are cut, and not who did what
        column.min_width = max(map(cell_len, map(str, [column.header, *column.cells])))
    show(table)


def _what(event: ModelEvent) -> str:
    if event.op in ("alias", "unalias"):
        return f"@{event.alias}"
    of = "" if event.version is None else f" {event.version}"
    key = "" if event.key is None else f" {event.key}"
    return f"{event.op.removesuffix('_version')}{of}{key}"


def _short(value: str | None) -> str:
    found = _RUN.sub(r"runs:/\1…", value or "")
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def _table(*names: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(text(name), no_wrap=True, overflow="ellipsis")
    return table
