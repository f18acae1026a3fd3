"""One run as a card: what it was, what was set, what came out, what it left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nbtrack.cli.output import clean, text
from nbtrack.cli.table import SYMBOLS
from nbtrack.cli.units import ago, count, duration, moment, number, size
from nbtrack.entities import LifecycleStage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from nbtrack.entities import ArtifactInfo, Run

MAX_WIDTH = 100
MANY = 40
MAX_KEY = 32
LONGEST = 400
NOTE, ERROR = "mlflow.note.content", "nbtrack.error"
OWN_TAGS = ("mlflow.", "nbtrack.")


def card(
    run: Run,
    artifacts: Sequence[ArtifactInfo],
    parent: str | None,
    now_ms: float,
    width: int,
    stale: Sequence[str] = (),
) -> Panel:
    """Return the card of a run; `parent` is the name of the run that it is nested in, `stale` says what has changed since."""
    parts: list[RenderableType] = [_facts(run, parent, now_ms)]
    if stale:
        parts.append(Padding(_lines("\n".join(f"⚠ {each}" for each in stale), "yellow"), (1, 0, 0, 0)))
    if run.data.tags.get(NOTE):
        parts.append(Padding(_lines(run.data.tags[NOTE]), (1, 0, 0, 0)))
    if run.data.tags.get(ERROR):
        parts.append(Padding(_lines(run.data.tags[ERROR], "red"), (1, 0, 0, 0)))
    parts += [
        Padding(section, (1, 0, 0, 0))
        for section in (_metrics(run), _params(run), _tags(run), _datasets(run), _files(artifacts))
        if section is not None
    ]
    sign, colour = SYMBOLS.get(run.info.status, ("?", ""))  # type: ignore[call-overload]
    status = (
        f"{run.info.status.lower()}{', in the trash' if run.info.lifecycle_stage == LifecycleStage.DELETED else ''}"
    )
    title = Text.assemble(
        (f"#{run.info.number} " if run.info.number else "", "dim"),
        (clean(run.info.run_name), "bold not dim"),
        (f"  {sign} {status}", f"{colour} not dim"),
    )
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim", width=min(width, MAX_WIDTH))


def _facts(run: Run, parent: str | None, now_ms: float) -> Table:
    info = run.info
    facts = _grid()
    rows = {
        "id": info.run_id,
        "experiment": info.experiment_name,
        "child of": parent or "",
        "started": f"{moment(info.start_time)} ({ago(info.start_time, now_ms)})",
        "took": duration(info.duration),
        "user": info.user_id,
        "not recorded": count(info.lost, "call") if info.lost else "",
    }
    for name, value in rows.items():
        if value:
            facts.add_row(text(name, "dim"), text(value))
    return facts


def _metrics(run: Run) -> Table | None:
    table = _table("Metrics", "cyan", "last", "min", "max", "points")
    for key, found in list(run.data.summaries.items())[:MANY]:
        points = f"{found.count:,}" + (f" ({found.nans} NaN)" if found.nans else "")
        values = [text(number(value)) for value in (found.last, found.min, found.max)]
        table.add_row(text(key), *values, text(points, "dim"))
    return _rest(table, len(run.data.summaries))


def _params(run: Run) -> Table | None:
    return _pairs("Params", "magenta", run.data.params)


def _tags(run: Run) -> Table | None:
    return _pairs("Tags", "blue", {k: v for k, v in run.data.tags.items() if not k.startswith(OWN_TAGS)})


def _pairs(title: str, style: str, pairs: dict[str, str]) -> Table | None:
    table = _two_columns(title, style, pairs)
    for key, value in list(pairs.items())[:MANY]:
        table.add_row(text(key), _folded(value))
    return _rest(table, len(pairs))


def _datasets(run: Run) -> Table | None:
    table = _two_columns("Datasets", "yellow", [used.dataset.name for used in run.inputs.dataset_inputs])
    for used in run.inputs.dataset_inputs:
        about = f"{used.context}, " if used.context else ""
        table.add_row(text(used.dataset.name), _folded(f"{about}digest {used.dataset.digest}"))
    return _rest(table, len(run.inputs.dataset_inputs))


def _files(artifacts: Sequence[ArtifactInfo]) -> Table | None:
    table = _table("Artifacts", "green", "")
    for info in artifacts[:MANY]:
        table.add_row(text(info.path), text(size(info.file_size), "dim"))
    return _rest(table, len(artifacts))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _table(title: str, style: str, *more: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(Text(title, style=f"bold not dim {style}"), overflow="ellipsis", no_wrap=True)
    for name in more:
        table.add_column(name, justify="right", overflow="ellipsis", no_wrap=True)
    return table


def _two_columns(title: str, style: str, keys: Iterable[str]) -> Table:
    """Return a table of names and values: names keep their room, long values go on in the next line."""
    table = _table(title, style, "")
    longest = max((cell_len(clean(key)) for key in keys), default=0)
    table.columns[0].min_width = min(longest, MAX_KEY)
    table.columns[1].justify, table.columns[1].no_wrap, table.columns[1].overflow = "left", False, "fold"
    return table


def _folded(value: str) -> Text:
    short = value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"
    return Text(clean(short), overflow="fold")


def _rest(table: Table, n_all: int) -> Table | None:
    if n_all > MANY:
        table.add_row(text(f"… and {n_all - MANY} more (--json has all)", "dim"))
    return table if n_all else None


def _lines(value: str, style: str = "") -> Text:
    """Return a text of several lines, each cleaned."""
    return Text("\n".join(clean(line) for line in value.splitlines()), style=style)
