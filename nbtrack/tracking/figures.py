"""Figures of matplotlib and plotly as files."""

from __future__ import annotations

import io
import sys
from typing import Any

from nbtrack.artifacts.kinds import PLOTLY, mime_of
from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.names import check_artifact_path
from nbtrack.tracking.files import File, suffix_of

DPI = 150
PLOTLY_IMAGES = ("png", "jpg", "jpeg", "webp", "svg", "pdf")


def is_matplotlib(value: object) -> bool:
    """Say whether `value` is a matplotlib figure, or has one: Axes, artists, seaborn grids. Imports nothing."""
    return _matplotlib_figure(value) is not None


def is_plotly(value: object) -> bool:
    """Say whether `value` is a plotly figure. Imports nothing."""
    plotly = sys.modules.get("plotly.basedatatypes")
    return plotly is not None and isinstance(value, plotly.BaseFigure)


def figure_files(figure: Any, path: str, save_kwargs: dict[str, Any] | None = None) -> list[File]:
    """Return a figure as a file, in the format that the extension of `path` names.

    Parameters
    ----------
    figure : matplotlib Figure, Axes or artist, or plotly Figure
        Neither changed nor closed; pyplot is not touched.
    path : str
        Such as ``"plots/loss.png"``: ``.png``, ``.svg``, ``.pdf``, ``.jpg`` and more for matplotlib; ``.html``
        (complete in itself, 5 MB), ``.json``, or an image (with kaleido) for plotly.
    save_kwargs : dict, optional
        For ``Figure.savefig`` (`dpi` is 150 unless given), or plotly's ``to_html``, ``to_json`` or ``to_image``.

    Raises
    ------
    InvalidValueError
        The value is no figure, or the extension no format of it.
    MissingPackageError
        An image of a plotly figure is asked for, and kaleido is not installed.
    """
    path = check_artifact_path(path)
    options = dict(save_kwargs or {})
    if is_plotly(figure):
        return [_plotly_file(figure, path, options)]
    found = _matplotlib_figure(figure)
    if found is None:
        message = (
            f"A figure was expected, not a {type(figure).__name__}; log a matplotlib or plotly figure, "
            "or an array of pixels with `log_image`."
        )
        raise InvalidValueError(message)
    return [_matplotlib_file(found, path, options)]


def _matplotlib_figure(value: object) -> Any:
    """Return the outermost figure that `value` is or belongs to, or None."""
    module = sys.modules.get("matplotlib.figure")
    if module is None:
        return None
    if not isinstance(value, module.FigureBase):
        value = getattr(value, "figure", None)
    while isinstance(value, module.SubFigure):
        value = value.figure
    return value if isinstance(value, module.Figure) else None


def _matplotlib_file(figure: Any, path: str, options: dict[str, Any]) -> File:
    form = _format(path, sorted(figure.canvas.get_supported_filetypes()), "matplotlib")
    out = io.BytesIO()
    figure.savefig(out, **{"dpi": DPI, "format": form, **options})
    return File(path, out.getvalue(), mime_of(path))


def _plotly_file(figure: Any, path: str, options: dict[str, Any]) -> File:
    form = _format(path, ["html", "json", *PLOTLY_IMAGES], "plotly")
    if form == "html":
        return File(path, figure.to_html(**{"include_plotlyjs": True, **options}).encode(), "text/html")
    if form == "json":
        return File(path, figure.to_json(**options).encode(), PLOTLY)
    return File(path, _plotly_image(figure, {"format": form, **options}), mime_of(path))


def _plotly_image(figure: Any, options: dict[str, Any]) -> bytes:
    require("kaleido", f"to save a plotly figure as .{options['format']} (.html and .json need nothing more)")
    try:
        return bytes(figure.to_image(**options))
    except Exception as cause:
        message = f"kaleido could not draw the plotly figure ({cause}); save it as .html or .json instead."
        raise NbtrackError(message) from cause


def _format(path: str, allowed: list[str], library: str) -> str:
    form = suffix_of(path)
    if form not in allowed:
        listed = ", ".join(f".{name}" for name in allowed)
        message = f"File name {path!r} does not end in a format of {library} figures; use one of {listed}."
        raise InvalidValueError(message)
    return form
