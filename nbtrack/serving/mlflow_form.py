"""``predict`` as MLflow calls it: the body of a request as a text or a file, and predictions as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    import os

    from nbtrack.models.pyfunc import PyFuncModel

TYPES = {"json": "application/json", "csv": "text/csv"}


def as_mlflow(
    model: PyFuncModel,
    data: Any,
    path: str | os.PathLike[str] | None,
    content_type: str,
    output: str | os.PathLike[str] | None,
    params: dict[str, Any],
) -> Any:
    """Predict for a table, or for a request in a text or in a file; returns the predictions, or writes them and returns None."""
    if content_type not in TYPES:
        raise InvalidValueError(f"content_type is {content_type!r}; use one of {', '.join(map(repr, TYPES))}.")
    if path is not None:
        if not Path(path).is_file():
            raise NotFoundError("File", str(path), where=str(Path.cwd()))
        data = Path(path).read_text(encoding="utf-8")
    if isinstance(data, str):
        from nbtrack.models.scoring_input import read  # noqa: PLC0415 - needs pandas

        given = read(data.encode(), TYPES[content_type], model.metadata.get_signature())
        data, params = given.data, {**(given.params or {}), **params}
    found = model.predict(data, params or None)
    if output is None:
        return found
    from nbtrack.serving.predictions import as_json  # noqa: PLC0415

    Path(output).write_bytes(as_json(found))
    return None
