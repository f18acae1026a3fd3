"""``nbtrack.compare()``: runs beside one another, and what changed between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from numbers import Integral
from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets

from nbtrack.entities import Run
from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.names import is_run_id
from nbtrack.store.protocol import RunQuery
from nbtrack.tracking import active
from nbtrack.tracking.run import ActiveRun
from nbtrack.views.compare import base_of, sentences_of
from nbtrack.views.compare_pack import Sentences, header_of, pack, packed_sections
from nbtrack.views.compare_row import NotRecorded
from nbtrack.views.compare_rows import MAX_RUNS, SECTIONS, Comparison, compare_runs
from nbtrack.views.compare_sentence import Part, text_of
from nbtrack.views.compare_summary import summary
from nbtrack.views.watcher import watch
from nbtrack.widgets.panel import Panel
from nbtrack.widgets.runs_panel import RunsPanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbtrack.store.protocol import Store
    from nbtrack.views.compare_row import CompareRow

RunLike = str | int | Run | ActiveRun | RunsPanel | pd.DataFrame
NEWEST = 2


class Compare(Panel):
    """Runs as columns, everything known of them as rows.

    Everything that is set in the page comes back as a value, and the other way round.

    Attributes
    ----------
    runs : list of str
        Ids of the runs, in the order of the columns; numbers, names and runs may be set too.
    base : str
        Id of the run that the others are compared with.
    sections : list of str or None
        Which of ``overview params metrics system tags environment git source datasets artifacts`` are on view; None: all.
    hide_same : bool
        Leave out rows in which all runs agree.
    key_filter : str
        Show only keys that contain these words.
    compare_height : int
        Pixels; 0 fits the rows.
    df : DataFrame
        Rows (section, key), a column a run.
    differences : DataFrame
        Only the rows of `df` that differ.
    sentence : str
        What changed.
    """

    runs: traitlets.List[Any] = traitlets.List().tag(sync=True)
    base = traitlets.Any("").tag(sync=True)
    sections = traitlets.List(traitlets.Enum(SECTIONS), allow_none=True, default_value=None).tag(sync=True)
    hide_same = traitlets.Bool(default_value=True).tag(sync=True)
    key_filter = traitlets.Unicode("").tag(sync=True)
    compare_height = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, store: Store, runs: Sequence[str], base: str = "", **traits: Any) -> None:
        self._sent: list[tuple[dict[str, Any], bytes]] = []
        self._sent_header: dict[str, Any] = {}
        self._version = 0
        self._whole: tuple[int, dict[str, Any]] = (0, {})
        """Version and sections of the last whole comparison that was sent; patches say what changed since."""
        self._looked: tuple[Comparison, Sentences] | None = None
        first = base or (runs[0] if runs else "")
        super().__init__(store, **{"_view": "compare", "runs": list(runs), "base": first, **traits})

    # -- what is set -------------------------------------------------------------------------------------------------

    @traitlets.validate("runs", "base")
    def _resolve(self, proposal: Any) -> Any:
        """Take runs as people name them; the page names them by id."""
        value = proposal["value"]
        if proposal["trait"].name == "base":
            return value if value == "" or is_run_id(value) else run_ids(self._store, [value])[0]
        return value if all(is_run_id(each) for each in value) else _check_count(run_ids(self._store, value))

    @traitlets.observe("runs", "base")
    def _look_again(self, _: Any) -> None:
        if self._version:
            with suppress(Exception):  # the page goes on with what it has
                self.store_changed()

    # -- values back -------------------------------------------------------------------------------------------------

    @property
    def df(self) -> pd.DataFrame:
        """Return the comparison: rows (section, key), a column a run."""
        return _frame(self._compare(), lambda _: True)

    @property
    def differences(self) -> pd.DataFrame:
        """Return only the rows in which the runs differ."""
        return _frame(self._compare(), lambda row: not row.is_same)

    @property
    def sentence(self) -> str:
        """Say what changed."""
        return text_of(self._told(self._compare()))

    def __repr__(self) -> str:
        """Say which runs, the same in every session."""
        return f"Compare({', '.join(run.label for run in self._compare().runs)})"

    def summary(self) -> tuple[str, str]:
        """Return the sentence, what differs and a picture of the metrics."""
        looked = self._looked
        found = self._compare() if looked is None else looked[0]
        told = self._told(found) if looked is None else looked[1].get("", [])
        return summary(found, base_of(found, self.base), told)

    def _compare(self) -> Comparison:
        return compare_runs(self._store, list(self.runs))

    def _told(self, found: Comparison) -> list[Part]:
        return sentences_of(self._store, found, base_of(found, self.base)).get("", [])

    # -- data to the page --------------------------------------------------------------------------------------------

    def table(self) -> bytes:
        """Return the whole comparison as one blob."""
        watch(self._store).add(self)
        with self._sending:
            self._look()
            return self._pack("full", self._sent)

    def store_changed(self) -> None:
        """Send the sections that changed."""
        with self._sending:
            before, header = self._sent, self._sent_header
            looked = self._look()
            if before == self._sent and header == self._sent_header:
                return
            whole = self._whole[1]
            names = {head["id"] for head, _ in self._sent}
            is_patch = whole.keys() <= names and _run_order(header) == _run_order(self._sent_header)
            # All that changed since the whole: a page that misses a message, such as while it opens, has the next one.
            changed = [section for section in self._sent if whole.get(section[0]["id"]) != section]
            blob = self._pack("patch", changed) if is_patch else self._pack("full", self._sent)
            self.send({"kind": "data"}, [blob])
            self._looked = looked
            try:
                self.refresh_summary()
            finally:
                self._looked = None

    def close(self) -> None:
        """Take the widget away."""
        watch(self._store).remove(self)
        super().close()

    def _look(self) -> tuple[Comparison, Sentences]:
        found = self._compare()
        base = base_of(found, self.base)
        told = sentences_of(self._store, found, base)
        self._sent = packed_sections(found)
        self._sent_header = header_of(found, base, told)
        return found, told

    def _pack(self, mode: str, sections: list[tuple[dict[str, Any], bytes]]) -> bytes:
        self._version += 1
        if mode == "full":
            self._whole = self._version, {section[0]["id"]: section for section in sections}
        return pack({"mode": mode, "version": self._version, "since": self._whole[0], **self._sent_header}, sections)


def _run_order(header: dict[str, Any]) -> list[str]:
    return [run["run_id"] for run in header.get("runs", [])]


def _frame(found: Comparison, wanted: Any) -> pd.DataFrame:
    rows = [row for row in found.rows if wanted(row)]
    index = pd.MultiIndex.from_tuples([(row.section, row.name) for row in rows], names=["section", "key"])
    columns = [run.label for run in found.runs]
    data = [[_plain(row, column) for column in range(len(columns))] for row in rows]
    return pd.DataFrame(data, index=index, columns=columns, dtype=object)


def _plain(row: CompareRow, column: int) -> Any:
    value = row.values[column]  # noqa: PD011 - no pandas here
    if isinstance(value, NotRecorded):
        return None
    if row.kind == "time" and isinstance(value, float):
        return pd.Timestamp(value, unit="ms", tz="UTC")
    return value


def run_ids(store: Store, runs: Iterable[Any]) -> list[str]:
    """Return the ids of runs as people name them, each once.

    Raises
    ------
    NotFoundError
        There is no such run.
    InvalidValueError
        Something stands for no run.
    """
    ids: list[str] = []
    for given in runs:
        if isinstance(given, RunsPanel):
            ids += given.selected or [str(run_id) for run_id in given.on_view().attributes["run_id"]]
        elif isinstance(given, Compare):
            ids += given.runs
        elif isinstance(given, Run):
            ids.append(given.info.run_id)
        elif isinstance(given, ActiveRun):
            ids.append(given.id)
        elif isinstance(given, (str, Integral)) and not isinstance(given, bool):
            ids.append(_resolved(store, given if isinstance(given, str) else int(given)))
        elif isinstance(given, pd.DataFrame) and "run_id" in given:
            ids += run_ids(store, given["run_id"])
        elif isinstance(given, Iterable) and not isinstance(given, (Mapping, bytes)):
            ids += run_ids(store, given)
        else:
            message = (
                f"A run was expected, not a {type(given).__name__}; name it by id, number (43 or '#43') or name, or give a run "
                "or the runs table."
            )
            raise InvalidValueError(message)
    return list(dict.fromkeys(ids))


def _check_count(ids: list[str]) -> list[str]:
    if len(ids) > MAX_RUNS:
        message = f"{len(ids)} runs are too many to stand beside one another; compare at most {MAX_RUNS}."
        raise InvalidValueError(message)
    return ids


def _resolved(store: Store, name: str | int) -> str:
    run_id = store.resolve_run(name)
    if run_id == name:  # an id is taken as it is
        store.get_run(run_id)
    return run_id


def compare(
    *runs: RunLike | Iterable[RunLike],
    base: RunLike | None = None,
    filter: str | None = None,  # noqa: A002 - the name that search_runs and the page use
    sections: str | Sequence[str] | None = None,
    height: int = 0,
) -> Compare:
    """Show runs beside one another, with what changed between them in one sentence.

    Parameters
    ----------
    *runs
        Any number of runs, by id or its beginning, number (``43`` or ``"#43"``), name, run object, a list or a column of those, what
        ``search_runs`` found, or a table of runs (its selected runs, else those on view). Without any, the two newest runs.
    base : optional
        The run that the others are compared with; by default the first.
    filter : str, optional
        Adds the runs that match, such as ``"metrics.acc > 0.9"``.
    sections : str or sequence of str, optional
        Which of ``overview params metrics system tags environment git source datasets artifacts`` to show.
    height : int
        Pixels; 0 fits the rows.

    Returns
    -------
    Compare
        Shown when it is the last line of a cell; `.df`, `.differences` and `.sentence` are its values.

    Raises
    ------
    NotFoundError
        There is no such run.
    InvalidValueError
        Something stands for no run or no section, or there are too many runs.
    SearchSyntaxError
        The filter cannot be read.
    """
    store = active.get_store()
    sections = [sections] if isinstance(sections, str) else sections
    unknown = [name for name in sections or () if name not in SECTIONS]
    if unknown:
        raise NotFoundError("Section", str(unknown[0]), SECTIONS, where="a comparison")
    ids = run_ids(store, runs)
    if filter is not None:
        ids += _matching(store, filter)
    elif not runs:
        newest = store.search_runs(RunQuery(order_by=("start_time DESC",), max_results=NEWEST))
        ids = [run.info.run_id for run in reversed(newest)]
    chosen = run_ids(store, [base])[0] if base is not None else ""
    ids = list(dict.fromkeys([*([chosen] if chosen and chosen not in ids else []), *ids]))
    _check_count(ids)
    return Compare(
        store,
        ids,
        chosen,
        sections=None if sections is None else list(sections),
        compare_height=height,
    )


def _matching(store: Store, filter_string: str) -> list[str]:
    found = store.run_columns(RunQuery(filter_string, order_by=("start_time DESC",), max_results=MAX_RUNS + 1))
    ids = [str(run_id) for run_id in found.attributes["run_id"]]
    if len(ids) > MAX_RUNS:
        message = f"More than {MAX_RUNS} runs match {filter_string!r}; compare at most {MAX_RUNS}."
        raise InvalidValueError(message)
    return ids
