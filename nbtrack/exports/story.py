"""``nbtrack.story()`` and ``nbtrack.slides()``: views in steps, as one HTML file to talk over, to read or to print."""

from __future__ import annotations

import copy
import html as escaping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError
from nbtrack.exports.answers import gather
from nbtrack.exports.chosen import (
    chosen_runs,
    completed,
    condition_of,
    listed,
    parts,
    placed,
    store_of,
    without_captured,
)
from nbtrack.exports.exported import Exported
from nbtrack.exports.html import MAX_ARTIFACTS, points_of
from nbtrack.exports.markdown import markdown
from nbtrack.exports.page import Page, check_place, write
from nbtrack.exports.still import still
from nbtrack.exports.wanted import Wanted
from nbtrack.views.run_table import pack
from nbtrack.views.saved import VIEW_TRAITS
from nbtrack.views.where import check_extents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.exports.chosen import Placed
    from nbtrack.store.protocol import RunColumns, TrackingStore

STATE = (
    *VIEW_TRAITS,
    *(
        "artifacts_height",
        "base",
        "compare_height",
        "folded",
        "hide_same",
        "key_filter",
        "model",
        "path",
        "registry_height",
        "run_id",
        "runs",
        "sections",
        "version",
    ),
    "selected",
)
"""What a step may say of a view."""
FIELDS = ("title", "text", "view", "state", "notes")


@dataclass
class Step:
    """One step: what is said, and what is seen meanwhile.

    Attributes
    ----------
    title, text, notes : str
        Heading; Markdown beside the views; Markdown for the speaker alone.
    views : list of Placed
        Views with the state that they had when the step was made.
    still : str
        HTML that stands for the views on paper and without scripts; "" is made when the story is saved.
    """

    title: str
    text: str = ""
    notes: str = ""
    views: list[Placed] = field(default_factory=list)
    still: str = ""


class Story:
    """Views in steps; the same view moves from step to step: its brush travels, its filter changes, its runs light up.

    Parameters
    ----------
    title : str
    runs : optional
        Which runs, as :func:`nbtrack.export` takes them; by default those of the widgets, else all.
    """

    def __init__(self, title: str, runs: Any = None) -> None:
        self.title = title
        self.steps: list[Step] = []
        self._runs = runs
        self._widgets: list[Any] = []

    def step(
        self, title: str, text: str = "", *, view: Any = None, state: dict[str, Any] | None = None, notes: str = ""
    ) -> Story:
        """Add a step.

        Parameters
        ----------
        title : str
            Heading.
        text : str
            A small part of Markdown, beside the view.
        view : str, widget or list of them, optional
            ``"runs"``, ``"parallel"``, ``"curves"``, …, or a widget: its state of this moment is kept, so one widget serves many steps.
        state : dict, optional
            Values that take the place of the view's own, such as ``{"extents": {"params.lr": [0.001, 0.1]}}``; one that no view has raises.
        notes : str
            For the speaker: key ``s`` shows them.

        Returns
        -------
        Story
            This story, so that calls can be chained.
        """
        views = [] if view is None else listed(view)
        _check(state or {})
        found = [_fixed(each, len(self.steps), state or {}) for each in placed(views)]
        widgets = [each for each in views if not isinstance(each, str)]
        self._widgets += widgets
        # their summaries tell of machine, git and users, which a page that is given away does not
        is_made = bool(state) or any(each.view in ("compare", "registry") for each in found)
        own = "" if is_made else "".join(_seen(each.summary()[0]) for each in widgets if hasattr(each, "summary"))
        self.steps.append(Step(title, text, notes, found, own))
        return self

    def save(self, path: str | Path, *, history_points: int | None = None, overwrite: bool = False) -> Exported:
        """Write the story into one HTML file that needs no kernel and no network.

        Arrow keys, space, Home, End and swipes go through the steps; ``s`` shows notes, ``f`` fills the screen; printing gives one page
        a step.

        Parameters
        ----------
        path : str or Path
        history_points : int, optional
            Points of a curve; as many as there is room for when not given.
        overwrite : bool
            Replace a file that is no page of nbtrack.

        Returns
        -------
        Exported

        Raises
        ------
        InvalidValueError
            The story has no step.
        AlreadyExistsError
            There is a file at `path` that nbtrack did not write.
        """
        if not self.steps:
            message = "This story has no step; add one with story.step('Intro', 'What this is about')."
            raise InvalidValueError(message)
        target = Path(path).expanduser()
        check_place(target, overwrite=overwrite)
        store = store_of(self._runs, self._widgets)
        found = chosen_runs(store, self._runs, self._widgets)
        wanted = Wanted(
            store,
            found,
            points_of(history_points),
            MAX_ARTIFACTS,
            condition=condition_of(self._runs, found),
            may_choose=False,
        )
        for step in self.steps:
            step.views = [completed(each, wanted) for each in step.views]
        parcels = gather(wanted, [(each.view, each.state) for step in self.steps for each in step.views])
        page = Page(
            kind="story",
            title=self.title,
            facts={"steps": [{"views": [each.facts() for each in step.views]} for step in self.steps]},
            views=parts(each for step in self.steps for each in step.views),
            runs=pack(without_captured(found), version=1, store=Path(store.uri).name),
            parcels=parcels,
            body=self._body(store, found),
        )
        size = write(target, page.html(), overwrite=True)
        return Exported(target, size, len(found), page.sizes, tuple(wanted.left_out))

    def _body(self, store: TrackingStore, found: RunColumns) -> str:
        """Return every step as HTML: read one after another without scripts, printed one a page, shown one at a time with them."""
        sections = []
        for index, step in enumerate(self.steps):
            seen = step.still or "".join(_seen(still(each, store, found)) for each in step.views)
            level = "h1" if index == 0 else "h2"
            sections.append(
                f'<section class="nbt-step{"" if step.views else " nbt-step-words"}" id="step-{index + 1}">'
                f'<div class="nbt-step-text"><{level}>{escaping.escape(step.title)}</{level}>{markdown(step.text, first_heading=3)}</div>'
                f'<div class="nbt-step-still">{seen}</div>'
                f'<aside class="nbt-step-notes">{markdown(step.notes, first_heading=3)}</aside></section>\n'
            )
        return "".join(sections)

    def __repr__(self) -> str:
        """Say how many steps there are."""
        return f"Story({self.title!r}, {len(self.steps)} steps)"

    def _repr_html_(self) -> str:
        """Return the steps as a table, to look over while writing."""
        rows = "".join(
            f'<tr><td style="text-align:right">{number}</td><td style="text-align:left"><b>{escaping.escape(step.title)}</b><br>'
            f'<small>{escaping.escape(_first_line(step.text))}</small></td><td style="text-align:left">'
            f"{escaping.escape(', '.join(each.view for each in step.views))}</td></tr>"
            for number, step in enumerate(self.steps, 1)
        )
        head = "<thead><tr><th></th><th>step</th><th>view</th></tr></thead>"
        return f"<b>{escaping.escape(self.title)}</b><table>{head}<tbody>{rows}</tbody></table>"


def story(title: str, runs: Any = None) -> Story:
    """Begin a story: views in steps, for a talk or to be read.

    Parameters
    ----------
    title : str
    runs : optional
        Which runs, as :func:`nbtrack.export` takes them; by default those of the widgets, else all.

    Returns
    -------
    Story
        ``story.step(…)`` adds to it, ``story.save("talk.html")`` writes it.
    """
    return Story(title, runs)


def slides(
    path: str | Path,
    steps: Story | Iterable[dict[str, Any]],
    *,
    title: str = "",
    runs: Any = None,
    overwrite: bool = False,
) -> Exported:
    """Write steps as one HTML file.

    Parameters
    ----------
    path : str or Path
    steps : Story or list of dict
        Dicts with ``title`` and, each optional, ``text``, ``view``, ``state``, ``notes``; see :meth:`Story.step`.
    title : str
        Name of the page; the first step's title when not given.
    runs : optional
        Which runs, as :func:`nbtrack.export` takes them.
    overwrite : bool
        Replace a file that is no page of nbtrack.

    Returns
    -------
    Exported

    Raises
    ------
    InvalidValueError
        There is no step, or one has a field that is not known.
    AlreadyExistsError
        There is a file at `path` that nbtrack did not write.
    """
    if isinstance(steps, Story):
        return steps.save(path, overwrite=overwrite)
    given = list(steps)
    made = Story(title or str(given[0].get("title", "")) if given else title, runs)
    for number, fields in enumerate(given, 1):
        unknown = [name for name in fields if name not in FIELDS]
        if unknown or "title" not in fields:
            problem = f"has {unknown[0]!r}" if unknown else "has no 'title'"
            message = f"Step {number} {problem}; a step is a dict of {', '.join(FIELDS)}."
            raise InvalidValueError(message)
        made.step(**fields)
    return made.save(path, overwrite=overwrite)


def _fixed(each: Placed, index: int, state: dict[str, Any]) -> Placed:
    """Return a view as it is now: what its widget does later does not reach the step. Views of single runs are one a step."""
    group = each.group if each.group == "runs" else f"{each.group}-step-{index}"
    return type(each)(each.view, "", group, copy.deepcopy({**each.state, **state}))


def _check(state: dict[str, Any]) -> None:
    """Raise for a value that no view has, or a brush that is none: on the slide it would just do nothing."""
    for name in state:
        if name not in STATE:
            raise NotFoundError("State", name, STATE, where="what a view is made of")
    extents = state.get("extents", {})
    if not isinstance(extents, dict):
        message = f'extents={extents!r} is no brush; use a dict such as {{"params.lr": [[0.001, 0.1]]}}.'
        raise InvalidValueError(message)
    check_extents(extents)


def _seen(picture: str) -> str:
    """Return one of the views that stand beside one another on paper."""
    return f'<div class="nbt-step-seen">{picture}</div>'


def _first_line(text: str, limit: int = 90) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= limit else line[: limit - 1] + "…"
