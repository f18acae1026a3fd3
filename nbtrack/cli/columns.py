"""What can stand in a column of the runs table: an attribute, a param, a tag or a statistic of a metric, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.cli.output import clean
from nbtrack.cli.units import ago, duration, number
from nbtrack.errors import NotFoundError
from nbtrack.wire import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.store.protocol import RunColumns

STATS = ("last", "min", "max", "step", "count", "nans")
MISSING = "-"
TIMES = ("start_time", "end_time", "last_seen")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `cells` are texts, `values` what they show, None where a run has nothing."""

    id: str
    title: str
    group: str
    cells: tuple[str, ...]
    values: tuple[Any, ...]
    is_number: bool = False

    @property
    def is_constant(self) -> bool:
        """Say whether every run has the same here."""
        return len(set(self.cells)) <= 1


def metric_columns(found: RunColumns) -> list[Column]:
    """Return the last value of each metric."""
    return [_metric(found, key, "last") for key in found.metrics]


def param_columns(found: RunColumns) -> list[Column]:
    """Return each param."""
    return [_texts(f"params.{key}", key, "params", values) for key, values in found.params.items()]


def attribute(found: RunColumns, name: str, now_ms: float) -> Column:
    """Return an attribute: times as how long ago, the duration in its units."""
    values = [_plain(v) for v in found.attributes[name]]
    if name in TIMES:
        values = [None if v is None else _ms(v) for v in found.attributes[name]]
        cells = [MISSING if v is None else ago(v, now_ms) for v in values]
    elif name == "duration":
        cells = [MISSING if v is None else duration(v) for v in values]
    else:
        cells = [MISSING if v is None else clean(number(v) if isinstance(v, float) else v) for v in values]
    return Column(
        name, name, "attributes", tuple(cells), tuple(values), is_number=name in ("number", "duration", "lost")
    )


def named(found: RunColumns, name: str, now_ms: float) -> Column:
    """Return the column that a person means by ``metrics.loss.min``, ``params.lr``, ``number`` or ``loss``.

    Raises
    ------
    NotFoundError
        No run has it; the message names what there is.
    """
    group, _, key = name.partition(".")
    key = key.strip("`")
    stat = "last"
    if group == "metrics" and key not in found.metrics and key.rpartition(".")[2] in STATS:
        key, _, stat = key.rpartition(".")
        key = key.strip("`")
    if name in found.attributes:
        return attribute(found, name, now_ms)
    if group == "metrics" and key in found.metrics:
        return _metric(found, key, stat)
    if name in found.metrics:
        return _metric(found, name, "last")
    for kind, columns in (("params", found.params), ("tags", found.tags)):
        for asked in (key if group == kind else name, name):
            if asked in columns:
                return _texts(f"{kind}.{asked}", asked, kind, columns[asked])
    raise NotFoundError("Column", name, _known(found), where="these runs")


def split_names(names: Iterable[str], found: RunColumns) -> list[str]:
    """Return the names in ``name,metrics.loss``; a name that has a comma itself is given alone."""
    known = set(_known(found))
    return [part.strip() for name in names for part in ([name] if name in known else name.split(",")) if part.strip()]


def _known(found: RunColumns) -> list[str]:
    keyed = (("metrics", found.metrics), ("params", found.params), ("tags", found.tags))
    return [*found.attributes, *(f"{kind}.{key}" for kind, columns in keyed for key in columns)]


def _metric(found: RunColumns, key: str, stat: str) -> Column:
    parts = found.metrics[key]
    values = [v.item() if n else None for v, n in zip(parts[stat], parts["count"], strict=True)]
    cells = [MISSING if v is None else number(v) for v in values]
    title = key if stat == "last" else f"{key}.{stat}"
    return Column(f"metrics.{title}", title, "metrics", tuple(map(clean, cells)), tuple(values), is_number=True)


def _texts(id_: str, key: str, group: str, values: Iterable[Any]) -> Column:
    found = tuple(values)
    cells = tuple(MISSING if v is None else clean(v) for v in found)
    return Column(id_, key, group, cells, found, is_number=all(v is None or _is_number(v) for v in found))


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _ms(time: Any) -> float | None:
    text = str(time.astype("datetime64[ms]").astype("int64"))
    return None if str(time) == "NaT" else float(text)


def _plain(value: Any) -> Any:
    if value is None or str(value) in ("NaT", "nan"):
        return None
    bare = value.item() if hasattr(value, "item") else value
    if isinstance(bare, float) and bare.is_integer() and abs(bare) < 2**53:
        return int(bare)
    return plain(bare)
