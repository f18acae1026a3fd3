"""Images as files: arrays of pixels, Pillow images and tensors."""

from __future__ import annotations

import io
import threading
import time
import warnings
from typing import Any

import numpy as np

from nbtrack.artifacts.kinds import mime_of
from nbtrack.deps import require
from nbtrack.errors import InvalidValueError, NbtrackWarning
from nbtrack.names import check_artifact_path, check_key, check_step
from nbtrack.tracking.files import File, suffix_of

CHANNELS = (1, 3, 4)
FORMATS = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff")

_HOW = "use (height, width), or (height, width, channels) with 1, 3 or 4 channels"
_last_ms = 0
_lock = threading.Lock()


def image_files(
    image: Any,
    path: str | None = None,
    *,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
) -> list[File]:
    """Return an image as a file, under a name or as one of a series.

    Parameters
    ----------
    image : ndarray, PIL image or tensor
        Shape (height, width) or (height, width, 1, 3 or 4). Integers are 0..255; floats 0..1, clipped with a warning;
        booleans black and white. A tensor of shape (channels, height, width) is turned round.
    path : str, optional
        Name with an extension, such as ``"samples/cat.png"``.
    key, step, timestamp : str, int and int, optional
        Instead of `path`: what the series shows, the step (default 0) and milliseconds UTC (default now), kept as
        ``images/<key>/step_<step>_<timestamp>.png``.

    Raises
    ------
    InvalidValueError
        Says which shape, values or name was received and what is allowed.
    MissingPackageError
        Pillow is not installed.
    """
    path = _path(path, key, step, timestamp)
    return [File(path, _encode(_pillow_image(image), path), mime_of(path))]


def series_path(key: str, step: int, timestamp: int) -> str:
    """Return where an image of a series is kept."""
    return check_artifact_path(f"images/{check_key(key, 'Image key')}/step_{step}_{timestamp}.png")


def _path(path: str | None, key: str | None, step: int | None, timestamp: int | None) -> str:
    if (path is None) == (key is None):
        given = "neither" if path is None else "both"
        message = f"An image needs a file name or a key, and {given} was given; use 'cat.png', or key='cat', step=3."
        raise InvalidValueError(message)
    if key is not None:
        return series_path(key, check_step(step), _now_ms() if timestamp is None else check_step(timestamp))
    if step is not None or timestamp is not None:
        message = f"A step goes with key=, not with the file name {path!r}; use key='cat', step=3."
        raise InvalidValueError(message)
    assert path is not None
    path = check_artifact_path(path)
    if suffix_of(path) not in FORMATS:
        listed = ", ".join(f".{name}" for name in FORMATS)
        message = f"File name {path!r} does not end in a format of images; use one of {listed}."
        raise InvalidValueError(message)
    return path


def _now_ms() -> int:
    """Return the time in milliseconds UTC, never the same twice: two images of one step are two files."""
    global _last_ms  # noqa: PLW0603 - one clock for the process
    with _lock:
        _last_ms = max(_last_ms + 1, time.time_ns() // 1_000_000)
        return _last_ms


def _encode(image: Any, path: str) -> bytes:
    out = io.BytesIO()
    form = {"jpg": "jpeg", "tif": "tiff"}.get(suffix_of(path), suffix_of(path))
    try:
        (_without_alpha(image) if form in ("jpeg", "bmp") else image).save(out, format=form)
    except (OSError, ValueError) as cause:
        message = f"Pillow cannot write an image of mode {image.mode!r} as .{form}: {cause}; convert it to 'RGB'."
        raise InvalidValueError(message) from cause
    return out.getvalue()


def _without_alpha(image: Any) -> Any:
    """Lay an image with transparency on white; other images stay as they are."""
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image
    rgba = image.convert("RGBA")
    white = require("PIL.Image", "to log images", package="pillow", extra="images").new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _pillow_image(image: Any) -> Any:
    pillow = require("PIL.Image", "to log images", package="pillow", extra="images")
    if hasattr(image, "to_pil"):  # mlflow.Image
        image = image.to_pil()
    if isinstance(image, pillow.Image):
        return image
    pixels = _uint8(_array(image))
    return pillow.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)  # noqa: PLR2004


def _array(image: Any) -> np.ndarray[Any, Any]:
    """Return the pixels, channels last."""
    if isinstance(image, np.ndarray):
        array = image
    elif hasattr(image, "numpy"):
        array = _tensor_array(image)
    elif hasattr(image, "__array__"):
        array = np.asarray(image)
    else:
        message = f"An image was expected, not a {type(image).__name__}; log a numpy array, a Pillow image or a tensor."
        raise InvalidValueError(message)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in CHANNELS) or 0 in array.shape:  # noqa: PLR2004
        message = f"An image of shape {array.shape} cannot be drawn; {_HOW}.{_axis_hint(array.shape)}"
        raise InvalidValueError(message)
    return array


def _axis_hint(shape: tuple[int, ...]) -> str:
    if len(shape) == 3 and shape[0] in CHANNELS:  # noqa: PLR2004
        return " Channels come first here: log image.transpose(1, 2, 0)."
    return " Log the images of a batch one by one." if len(shape) == 4 else ""  # noqa: PLR2004


def _tensor_array(tensor: Any) -> np.ndarray[Any, Any]:
    """Return a tensor of any library as an array; PyTorch keeps channels first."""
    for prepare in ("detach", "cpu"):
        if hasattr(tensor, prepare):
            tensor = getattr(tensor, prepare)()
    try:
        array = np.asarray(tensor.numpy())
    except TypeError:  # PyTorch's bfloat16, which numpy lacks
        array = np.asarray(tensor.float().numpy())
    if array.ndim == 3 and array.shape[0] in CHANNELS and array.shape[2] not in CHANNELS:  # noqa: PLR2004
        return array.transpose(1, 2, 0)
    return array


def _uint8(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return pixels as bytes, by MLflow's rules."""
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind in "iu":
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > 255:  # noqa: PLR2004
            message = f"An image of integers has values from {low} to {high}; they must be in 0..255."
            raise InvalidValueError(message)
        return np.ascontiguousarray(array, dtype=np.uint8)
    if array.dtype.kind == "f":
        return _float_to_uint8(array)
    message = f"An image of {array.dtype} cannot be drawn; use uint8 in 0..255, bool, or float in 0..1."
    raise InvalidValueError(message)


def _float_to_uint8(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    array = array.astype(np.float64)
    if not ((array >= 0) & (array <= 1)).all():
        known = array[~np.isnan(array)]
        found = f"values from {known.min():.4g} to {known.max():.4g}" if known.size else "no values but NaN"
        nans = f" ({array.size - known.size} NaN, drawn black)" if known.size < array.size else ""
        message = f"An image of floats has {found}{nans}; they are clipped to 0..1. Log 0..255 as uint8."
        warnings.warn(message, NbtrackWarning, stacklevel=2)
    return np.asarray(np.rint(np.nan_to_num(array, nan=0.0).clip(0, 1) * 255), dtype=np.uint8)
