from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackWarning
from nbtrack.tracking.images import image_files

RED = np.zeros((4, 6, 3), dtype=np.uint8)
RED[..., 0] = 255


def decoded(image: Any, path: str = "a.png") -> Image.Image:
    (file,) = image_files(image, path)
    return Image.open(io.BytesIO(file.data))


class Tensor:
    """What PyTorch's and TensorFlow's tensors have in common with arrays."""

    def __init__(self, array: np.ndarray[Any, Any], *, is_bfloat: bool = False):
        self.array = array
        self.is_bfloat = is_bfloat
        self.calls: list[str] = []

    def detach(self) -> Tensor:
        self.calls.append("detach")
        return self

    def cpu(self) -> Tensor:
        self.calls.append("cpu")
        return self

    def float(self) -> Tensor:
        return Tensor(self.array)

    def numpy(self) -> np.ndarray[Any, Any]:
        if self.is_bfloat:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


@pytest.mark.parametrize(
    ("image", "mode"),
    [
        (RED, "RGB"),
        (RED[..., 0], "L"),
        (RED[..., :1], "L"),
        (np.dstack([RED, np.full((4, 6), 9, np.uint8)]), "RGBA"),
        (RED.astype(np.int64), "RGB"),
        (RED.astype(np.uint16), "RGB"),
        (RED.astype(bool), "RGB"),
        (RED / 255, "RGB"),
        ((RED / 255).astype(np.float16), "RGB"),
        (RED[::-1, ::-1], "RGB"),
        (Image.fromarray(RED), "RGB"),
        (Image.fromarray(RED).convert("P"), "P"),
    ],
)
def test_arrays_and_pillow_images_keep_their_pixels(image: Any, mode: str):
    out = decoded(image)
    assert (out.size, out.mode) == ((6, 4), mode)
    assert out.convert("RGB").getpixel((0, 0)) in [(255, 0, 0), (255, 255, 255)]


def test_floats_are_rounded_to_the_nearest_of_256_levels():
    assert decoded(np.array([[0.0, 0.5, 0.999, 1.0]])).tobytes() == bytes([0, 128, 255, 255])


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.array([[-0.5, 2.0]]), r"values from -0\.5 to 2; they are clipped to 0\.\.1\. Log 0\.\.255 as uint8"),
        (np.array([[np.nan, 1.0]]), r"values from 1 to 1 \(1 NaN, drawn black\)"),
        (np.array([[np.nan, np.nan]]), "no values but NaN"),
        (np.array([[-np.inf, np.inf]]), "values from -inf to inf"),
    ],
)
def test_floats_outside_0_to_1_are_clipped_with_a_warning(image: Any, message: str):
    with pytest.warns(NbtrackWarning, match=message):
        out = decoded(image)
    assert out.tobytes() in [b"\x00\xff", b"\x00\x00"]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.array([[256]]), r"values from 256 to 256; they must be in 0\.\.255"),
        (np.array([[-1]]), "values from -1 to -1"),
        (np.zeros(3), r"shape \(3,\) cannot be drawn; use \(height, width\)"),
        (np.zeros((3, 8, 9)), r"Channels come first here: log image\.transpose\(1, 2, 0\)"),
        (np.zeros((2, 8, 9, 3)), "Log the images of a batch one by one"),
        (np.zeros((8, 9, 2)), "with 1, 3 or 4 channels"),
        (np.zeros((0, 9)), r"shape \(0, 9\) cannot be drawn"),
        (np.zeros((2, 2), complex), "An image of complex128 cannot be drawn; use uint8"),
        (np.array([["a"]]), "An image of <U1 cannot be drawn"),
        (np.array([[None]]), "An image of object cannot be drawn"),
        ([[1, 2]], "not a list; log a numpy array, a Pillow image or a tensor"),
        (None, "not a NoneType"),
        ("cat.png", "not a str"),
    ],
)
def test_what_cannot_be_drawn_is_explained(image: Any, message: str):
    with pytest.raises(InvalidValueError, match=message):
        image_files(image, "a.png")


def test_tensors_come_from_the_device_and_channels_go_last():
    tensor = Tensor(RED.transpose(2, 0, 1))
    assert decoded(tensor).getpixel((5, 3)) == (255, 0, 0)
    assert tensor.calls == ["detach", "cpu"]
    assert decoded(Tensor(RED)).size == (6, 4)
    assert decoded(Tensor(RED[..., 0])).mode == "L"
    assert decoded(Tensor(RED / 255, is_bfloat=True)).getpixel((0, 0)) == (255, 0, 0)


def test_arrays_of_other_libraries_and_mlflow_images_are_taken():
    class Array:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
            return RED

    class MlflowImage:
        def to_pil(self) -> Image.Image:
            return Image.fromarray(RED)

    assert decoded(Array()).size == decoded(MlflowImage()).size == (6, 4)


@pytest.mark.parametrize("form", ["png", "jpg", "JPEG", "webp", "gif", "bmp", "tif", "tiff"])
def test_the_extension_chooses_the_format(form: str):
    (file,) = image_files(RED, f"a.{form}")
    expected = {"jpg": "jpeg", "tif": "tiff"}.get(form.lower(), form.lower())
    assert (Image.open(io.BytesIO(file.data)).format or "").lower() == expected
    assert file.mime == f"image/{expected}"


def test_transparency_is_laid_on_white_where_the_format_has_none():
    clear = np.zeros((2, 2, 4), dtype=np.uint8)
    assert decoded(clear, "a.jpg").getpixel((0, 0)) == (255, 255, 255)


def test_a_mode_that_a_format_lacks_is_explained():
    with pytest.raises(InvalidValueError, match=r"cannot write an image of mode 'F' as \.png.*convert it to 'RGB'"):
        image_files(Image.new("F", (2, 2)), "a.png")


def test_a_series_has_a_file_per_step_and_time():
    (file,) = image_files(RED, key="val/cat", step=3, timestamp=1700000000000)
    assert file.path == "images/val/cat/step_3_1700000000000.png"
    assert file.mime == "image/png"


def test_two_images_of_one_step_are_two_files():
    paths = {image_files(RED, key="cat", step=3)[0].path for _ in range(50)}
    assert len(paths) == 50
    assert all(path.startswith("images/cat/step_3_") for path in paths)


def test_a_series_without_a_step_begins_at_0():
    assert image_files(RED, key="cat", timestamp=5)[0].path == "images/cat/step_0_5.png"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither was given"),
        ({"path": "a.png", "key": "cat"}, "both was given"),
        ({"path": "a.png", "step": 3}, "A step goes with key="),
        ({"path": "a.png", "timestamp": 3}, "A step goes with key="),
        ({"path": "a"}, r"does not end in a format of images; use one of \.png"),
        ({"path": "a.exe"}, "does not end in a format of images"),
        ({"path": "../a.png"}, "Artifact path '../a.png' is not allowed"),
        ({"key": "../../etc"}, "Artifact path 'images/../../etc/step_0_.*' is not allowed"),
        ({"key": "a\\b"}, "is not allowed"),
        ({"key": "a\nb"}, "Image key .* control character"),
        ({"key": " "}, "Image key ' ' has 1 characters; use 1 to 250, not only spaces"),
        ({"key": "cat", "step": 1.5}, r"Step 1\.5 is not a whole number"),
        ({"key": "cat", "step": True}, "Step True is not a whole number"),
    ],
)
def test_names_and_steps_are_checked(arguments: dict[str, Any], message: str):
    with pytest.raises(InvalidValueError, match=message):
        image_files(RED, **arguments)


def test_pillow_is_asked_for_when_it_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingPackageError, match=r'pillow is needed to log images: pip install "nbtrack\[images\]"'):
        image_files(RED, "a.png")
