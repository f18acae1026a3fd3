"""``nbtrack.env()``: what this front end can show, how that was found out, and how to get more."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from nbtrack.widgets.surroundings import Facts, gather

TIERS = {
    3: "live widgets",
    2: "HTML that Python updates",
    1: "pictures and tables",
    0: "text",
}
"""What a front end shows, the richest first; each can also show what stands below it."""

SUBSHELLS_SINCE = 7
"""ipykernel's first release that answers the page while a cell runs."""
HEARD_EARLY_SINCE = (7, 4)
"""ipykernel's first release that lets us listen before a message has its turn; before 7, the training's own calls let messages in."""


@dataclass(frozen=True)
class FrontEnd:
    """A program that shows notebooks, with the tier it allows and what would raise it."""

    name: str
    tier: int
    advice: str = ""
    sends_to_subshells: bool = False


FRONT_ENDS = {
    "lab": FrontEnd("JupyterLab", 3, sends_to_subshells=True),
    "notebook": FrontEnd("Jupyter Notebook", 3, sends_to_subshells=True),
    "server": FrontEnd("a Jupyter server", 3, sends_to_subshells=True),
    "voila": FrontEnd("Voila", 3),
    "vscode": FrontEnd(
        "VS Code",
        3,
        "The first widget asks to load scripts from a CDN; without network set jupyter.widgetScriptSources, or use JupyterLab.",
    ),
    "colab": FrontEnd(
        "Google Colab",
        3,
        "Should widgets stay empty: from google.colab import output; output.enable_custom_widget_manager()",
    ),
    "kaggle": FrontEnd("Kaggle", 3, "Widgets need the session's internet access switched on."),
    "kaggle-batch": FrontEnd("a Kaggle batch", 1, "Open the notebook in Kaggle's editor for live widgets."),
    "databricks": FrontEnd("Databricks", 3, "Widgets need Databricks Runtime 13 or newer."),
    "marimo": FrontEnd(
        "marimo",
        3,
        "To use what is set in the page in other cells, wrap the view: mo.ui.anywidget(nbtrack.runs()). "
        "A view that a cell shows while it runs comes when it has ended.",
    ),
    "papermill": FrontEnd(
        "papermill", 1, "Nobody is looking while it runs; open the result in JupyterLab for live widgets."
    ),
    "nbconvert": FrontEnd(
        "nbconvert", 1, "Nobody is looking while it runs; open the notebook in JupyterLab for live widgets."
    ),
    "headless": FrontEnd(
        "nbclient", 1, "Nobody is looking while it runs; open the result in JupyterLab for live widgets."
    ),
    "spyder": FrontEnd("Spyder", 0, "Open a notebook in JupyterLab for live widgets."),
    "qtconsole": FrontEnd("Jupyter QtConsole", 0, "Open a notebook in JupyterLab for live widgets."),
    "console": FrontEnd("a Jupyter console", 0, "Open a notebook in JupyterLab for live widgets."),
    "unknown": FrontEnd(
        "a front end that is not known here", 2, "JupyterLab, Notebook 7, VS Code and Colab show live widgets."
    ),
    "ipython": FrontEnd("IPython in a terminal", 0, "`jupyter lab` shows live widgets (pip install jupyterlab)."),
    "python": FrontEnd("plain Python", 0, "`jupyter lab` shows live widgets (pip install jupyterlab)."),
}


@dataclass(frozen=True, repr=False)
class Environment:
    """What can be shown here.

    Attributes
    ----------
    tier : int
        3 live widgets, 2 HTML that Python updates, 1 pictures and tables, 0 text.
    front_end : str
        Such as ``"JupyterLab"``.
    notes : tuple of str
        What limits it, and how to raise it.
    answers_while_busy : bool
        Whether views answer the page while a cell runs; the buttons of the live panel may work without that, see `notes`.
    versions : dict of str
        Of the packages that matter, those that are installed.
    """

    tier: int
    front_end: str
    notes: tuple[str, ...] = ()
    answers_while_busy: bool = False
    versions: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say it in a few lines."""
        head = f"{self.front_end}: tier {self.tier} of 3, {TIERS[self.tier]}"
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return "\n".join([head, *(f"  {note}" for note in self.notes), *([f"  {packages}"] if packages else [])])

    def _repr_html_(self) -> str:
        """Say it as a small table; only what Jupyter lets through."""
        cell = 'style="text-align:left;padding:2px 10px;vertical-align:top"'
        rows = [
            ("●" if tier == self.tier else "", f"{tier}", words, tier <= self.tier) for tier, words in TIERS.items()
        ]
        body = "".join(
            f'<tr style="opacity:{1 if is_there else 0.5}"><td {cell}>{mark}</td><td {cell}>tier {tier}</td><td {cell}>{words}</td></tr>'
            for mark, tier, words, is_there in rows
        )
        notes = "".join(f"<br><small>{html.escape(note)}</small>" for note in self.notes)
        packages = " · ".join(html.escape(f"{name} {version}") for name, version in self.versions.items())
        return (
            f"<b>{html.escape(self.front_end)}</b> <small>tier {self.tier} of 3</small>"
            f"<table><tbody>{body}</tbody></table>{notes}<br><small>{packages}</small>"
        )


def env() -> Environment:
    """Say what this front end can show, and how to get more.

    Returns
    -------
    Environment
        ``tier``, ``front_end``, ``notes``, ``answers_while_busy`` and ``versions``; also its text and its HTML say all this.

    Examples
    --------
    >>> nbtrack.env().tier  # doctest: +SKIP
    3
    """
    return judge(gather())


def judge(facts: Facts) -> Environment:
    """Return what a front end allows, from what is known about this process."""
    front_end = FRONT_ENDS[recognise(facts)]
    tier, notes = front_end.tier, [front_end.advice] if front_end.advice else []
    missing = [package for package in ("anywidget", "ipywidgets") if package not in facts.versions]
    if tier == max(TIERS) and missing:
        tier = 2
        notes.insert(0, f"Widgets need {' and '.join(missing)}: pip install {' '.join(missing)}")
    live, why = False, ""
    if tier == max(TIERS) and front_end is not FRONT_ENDS["marimo"]:
        live, why = hears_while_busy(facts, front_end)
    return Environment(tier, front_end.name, tuple(filter(None, [*notes, why])), live, dict(facts.versions))


def recognise(facts: Facts) -> str:
    """Return the key of the front end in :data:`FRONT_ENDS`."""
    said = facts.settings
    signs = {
        "marimo": facts.has_marimo,
        "python": facts.shell == "none",
        "colab": "google.colab" in facts.modules,
        "kaggle-batch": said.get("KAGGLE_KERNEL_RUN_TYPE") == "Batch",
        "kaggle": "KAGGLE_KERNEL_RUN_TYPE" in said,
        "databricks": "DATABRICKS_RUNTIME_VERSION" in said,
        "ipython": facts.shell == "terminal",
        "vscode": facts.has_vscode_path,
        "spyder": any(name.startswith("SPY_") for name in said),
        "voila": any(name.startswith("VOILA_") for name in said),
    }
    return next((key for key, is_there in signs.items() if is_there), None) or _kernel_of(facts)


def _kernel_of(facts: Facts) -> str:
    """Return who started this kernel."""
    started_by = next((name for name in facts.ancestors if name in FRONT_ENDS), None)
    if not facts.allows_input:  # nobody could type an answer
        return started_by if started_by in ("papermill", "nbconvert", "voila") else "headless"
    if started_by in ("papermill", "nbconvert") or started_by is None:
        return "server" if "JPY_SESSION_NAME" in facts.settings else "unknown"
    return started_by


def hears_while_busy(facts: Facts, front_end: FrontEnd) -> tuple[bool, str]:
    """Return whether views answer while a cell runs; if not, why, and what works all the same."""
    why = _why_deaf(facts, front_end)
    if not why:
        return True, ""
    version = _numbers(facts.versions.get("ipykernel", "0"))
    if version < (SUBSHELLS_SINCE, 0) or version >= HEARD_EARLY_SINCE:
        return False, f"While a cell runs, the buttons of nbtrack.live() work, all other clicks wait for its end: {why}"
    return False, f"While a cell runs, clicks wait for its end (`nbtrack runs stop` does not): {why}"


def _why_deaf(facts: Facts, front_end: FrontEnd) -> str:
    version = facts.versions.get("ipykernel", "0")
    if _numbers(version) < (SUBSHELLS_SINCE, 0):
        return f"ipykernel {version} hears nothing before; pip install -U ipykernel"
    if not facts.has_subshells:
        return "this kernel has no subshells."
    if not front_end.sends_to_subshells:
        return f"{front_end.name} does not use subshells."
    old = [
        f"{package} {found}"
        for package, needed in (("jupyterlab", (4, 4)), ("notebook", (7, 4)))
        if (found := facts.versions.get(package)) and _numbers(found) < needed
    ]
    return f"{' and '.join(old)} cannot do better: pip install -U jupyterlab notebook" if old else ""


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) if part.isdigit() else 0 for part in parts)
