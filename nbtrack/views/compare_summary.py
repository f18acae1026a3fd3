"""A comparison without a kernel: the sentence, what differs, and a picture of the metrics."""

from __future__ import annotations

import html
import math
import time
from typing import TYPE_CHECKING

from nbtrack.views import svg
from nbtrack.views.amounts import change_text, duration_text, number_text, percent_text
from nbtrack.views.compare_sentence import text_of
from nbtrack.views.goals import goal_of, headlines, is_better

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.views.compare_row import CompareRow, Value
    from nbtrack.views.compare_rows import Comparison
    from nbtrack.views.compare_sentence import Part

MAX_RUNS, MAX_ROWS = 6, 24
MAX_METRICS, MAX_BARS = 6, 8
LONGEST = 48
GOOD, BAD = "#2e9e5b", "#d64545"
WIDTH, BAR, GAP, LABEL = 520, 13, 9, 130
LONGEST_LABEL = 18
_CELL = 'style="text-align:{align};padding:2px 10px{more}"'
_FIRST = ("metrics", "params", "overview")
_TONES = {"good": f"color:{GOOD}", "bad": f"color:{BAD}", "strong": "font-weight:600", "quiet": "opacity:.75"}


def summary(found: Comparison, base: str, told: Sequence[Part]) -> tuple[str, str]:
    """Return HTML that Jupyter's sanitiser lets through, and one line of plain text."""
    labels = ", ".join(run.label for run in found.runs[:MAX_RUNS]) + (", …" if len(found.runs) > MAX_RUNS else "")
    if not found.runs:
        return "<p>No runs to compare.</p>", "nbtrack comparison of no runs"
    plain = f"nbtrack comparison of {labels}: {text_of(told)}"
    place = found.place(base)
    return f"<p>{_sentence(told)}</p>{_table(found, place)}{_picture(found, place)}", plain


def _sentence(told: Sequence[Part]) -> str:
    return "".join(
        f'<span style="{_TONES[part.tone]}">{html.escape(part.text)}</span>' if part.tone else html.escape(part.text)
        for part in told
    )


def _table(found: Comparison, base: int) -> str:
    columns = list(dict.fromkeys([base, *range(len(found.runs))]))[:MAX_RUNS]
    rows = sorted((row for row in found.rows if _is_shown(row)), key=lambda row: _FIRST.index(row.section))
    heads = [_cell("", "left", "th")]
    for column in columns:
        run = found.runs[column]
        name = "" if run.name == run.label else f"<br><small>{html.escape(_short(run.name, 24))}</small>"
        mark = " <small>base</small>" if column == base else ""
        heads.append(f"<th {_CELL.format(align='right', more='')}>{html.escape(run.label)}{mark}{name}</th>")
    body = "".join(
        "<tr>" + _cell(row.name, "left", "td") + "".join(_value_cell(row, column, base) for column in columns) + "</tr>"
        for row in rows[:MAX_ROWS]
    )
    rest = [f"{len(rows) - MAX_ROWS} more rows differ"] if len(rows) > MAX_ROWS else []
    rest += [f"{len(found.runs) - MAX_RUNS} more runs"] if len(found.runs) > MAX_RUNS else []
    more = f"<small>{html.escape(' · '.join(rest))}</small>" if rest else ""
    return f"<table><thead><tr>{''.join(heads)}</tr></thead><tbody>{body}</tbody></table>{more}"


def _is_shown(row: CompareRow) -> bool:
    if row.section == "overview":
        return row.key in ("status", "duration") and not row.is_same
    return row.section in ("params", "metrics") and row.stat in ("", "last") and not row.is_same


def _value_cell(row: CompareRow, column: int, base: int) -> str:
    value, before = row.values[column], row.values[base]
    text = html.escape(value_text(row, value))
    more = ""
    if column != base and row.kind == "number" and isinstance(value, float) and isinstance(before, float):
        change = value - before
        if math.isfinite(change) and change:
            better = is_better(change, row.goal)
            colour = "" if better is None else f";color:{GOOD if better else BAD}"
            share = percent_text(change, before)
            told = change_text(change) + (f" ({share})" if share else "")
            text += f' <small style="opacity:.9{colour}">{html.escape(told)}</small>'
    elif column != base and row.section == "params" and value != before:
        more = ";font-weight:600"
    return f"<td {_CELL.format(align='right', more=more)}>{text}</td>"


def value_text(row: CompareRow, value: Value) -> str:
    """Return one value as a reader wants it."""
    if value is None:
        return "–"  # noqa: RUF001
    if isinstance(value, float):
        if row.kind == "duration":
            return duration_text(value)
        if row.kind == "time":
            return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(value / 1000))
        return number_text(value)
    return _short(str(value).lower() if row.kind == "status" else " ".join(str(value).split()), LONGEST)


def _picture(found: Comparison, base: int) -> str:
    """Draw each metric as bars, one a run, as long as the value is beside the largest of the row."""
    rows = {row.key: row for row in found.of("metrics") if row.stat == "last" and not row.is_same}
    chosen = [rows[key] for key in headlines(rows, found.goals)][:MAX_METRICS]
    columns = list(dict.fromkeys([base, *range(len(found.runs))]))[:MAX_BARS]
    if not chosen or len(found.runs) < 2:  # noqa: PLR2004
        return ""
    pieces, y = [], GAP
    for row in chosen:
        known = [abs(v) for c in columns if isinstance(v := row.values[c], float) and math.isfinite(v)]
        largest = max(known, default=0.0) or 1.0
        pieces.append(_words(LABEL - 8, y + BAR - 2, svg.ending(row.key, LONGEST_LABEL), anchor="end", weight="600"))
        for column in columns:
            pieces += _bar(found, row, column, base, y, largest)
            y += BAR + 2
        y += GAP
    names = ", ".join(row.key for row in chosen)
    return "<br>" + svg.picture(WIDTH, y, *pieces, alt=f"Bars of {names} for {len(columns)} runs; the base is grey")


def _bar(found: Comparison, row: CompareRow, column: int, base: int, y: int, largest: float) -> list[str]:
    value, before = row.values[column], row.values[base]
    if not isinstance(value, float):
        return [_words(LABEL, y + BAR - 2, f"{found.runs[column].label}  –")]  # noqa: RUF001
    room = WIDTH - LABEL - 150
    length = max(2.0, room * abs(value) / largest) if math.isfinite(value) else 2.0
    change = value - before if isinstance(before, float) else 0.0
    better = is_better(change, goal_of(row.key, found.goals)) if column != base else None
    colour = svg.GREY if column == base else svg.CATEGORICAL[0] if better is None else GOOD if better else BAD
    bar = svg.tag("rect", x=LABEL, y=y, width=f"{length:.1f}", height=BAR, rx=2, fill=colour)
    return [bar, _words(LABEL + length + 6, y + BAR - 2, f"{found.runs[column].label}  {number_text(value)}")]


def _words(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "400") -> str:
    return svg.tag(
        "text",
        svg.words(_short(text, 40)),
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        text_anchor=anchor,
        font_weight=weight,
        fill=svg.GREY,
    )


def _cell(text: str, align: str, tag: str) -> str:
    return f"<{tag} {_CELL.format(align=align, more='')}>{html.escape(_short(text, LONGEST))}</{tag}>"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
