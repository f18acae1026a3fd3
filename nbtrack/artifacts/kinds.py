"""What a file is: its MIME type by name and by content, and the kind of view that suits it."""

from __future__ import annotations

import mimetypes
import re
from functools import cache
from pathlib import PurePosixPath

HEAD_BYTES = 512

BINARY = "application/octet-stream"
TABLE = "application/vnd.nbtrack.table+json"
PLOTLY = "application/vnd.plotly.v1+json"
MLMODEL = "application/x-mlmodel+yaml"

_BY_NAME = {"mlmodel": MLMODEL, "dockerfile": "text/x-dockerfile", "makefile": "text/x-makefile"}

_BY_SUFFIX = {
    ".apng": "image/apng",
    ".arrow": "application/vnd.apache.arrow.file",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".c": "text/x-c",
    ".cpp": "text/x-c++",
    ".css": "text/css",
    ".csv": "text/csv",
    ".db": BINARY,
    ".duckdb": "application/vnd.duckdb",
    ".feather": "application/vnd.apache.arrow.file",
    ".flac": "audio/flac",
    ".geojson": "application/geo+json",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".h5": "application/x-hdf5",
    ".hdf5": "application/x-hdf5",
    ".htm": "text/html",
    ".html": "text/html",
    ".ini": "text/plain",
    ".ipynb": "application/x-ipynb+json",
    ".jl": "text/x-julia",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".ogg": "audio/ogg",
    ".onnx": "application/x-onnx",
    ".opus": "audio/ogg",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".pickle": "application/x-pickle",
    ".pkl": "application/x-pickle",
    ".plotly.json": PLOTLY,
    ".png": "image/png",
    ".pt": "application/x-pytorch",
    ".pth": "application/x-pytorch",
    ".py": "text/x-python",
    ".r": "text/x-r",
    ".rst": "text/x-rst",
    ".safetensors": "application/x-safetensors",
    ".sh": "text/x-shellscript",
    ".sql": "text/x-sql",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}

_BY_CONTENT = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"ARROW1", "application/vnd.apache.arrow.file"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (8, b"DUCK", "application/vnd.duckdb"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (257, b"ustar", "application/x-tar"),
)

_BY_TEXT = (
    (re.compile(r"\s*<(!doctype\s+html|html)\b", re.IGNORECASE), "text/html"),
    (re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg\b", re.DOTALL), "image/svg+xml"),
    (re.compile(r'\s*\{\s*("[^"\n]*"\s*:|\})'), "application/json"),
)

_KINDS = {
    "application/geo+json": "map",
    "application/json": "json",
    "application/pdf": "pdf",
    "application/toml": "text",
    "application/vnd.apache.parquet": "table",
    "application/x-ipynb+json": "notebook",
    "application/x-npy": "array",
    "application/x-npz": "array",
    "application/xml": "text",
    "application/yaml": "text",
    "application/jsonl": "text",
    "text/csv": "table",
    "text/html": "html",
    "text/markdown": "markdown",
    "text/tab-separated-values": "table",
    MLMODEL: "model",
    PLOTLY: "plotly",
    TABLE: "table",
}


def mime_of(path: str, head: bytes = b"") -> str:
    """Return the MIME type of a file.

    The name decides; the content does only where the name says nothing.

    Parameters
    ----------
    path : str
        Name or path, such as ``"plots/loss.plotly.json"``.
    head : bytes, optional
        The first 512 bytes.
    """
    name = PurePosixPath(path).name.lower()
    suffixes = PurePosixPath(name).suffixes
    for start in range(len(suffixes)):
        if found := _BY_SUFFIX.get("".join(suffixes[start:])):
            return found
    if found := _BY_NAME.get(name):
        return found
    return _built_in().guess_type(name)[0] or mime_of_content(head)


def mime_of_content(head: bytes) -> str:
    """Return the MIME type that the first bytes of a file show, or ``application/octet-stream``."""
    head = head[:HEAD_BYTES]
    for offset, magic, mime in _BY_CONTENT:
        if head[offset : offset + len(magic)] == magic and (magic != b"BM" or b"\x00" in head):
            return mime
    text = _text(head)
    if text is None:
        return BINARY
    return next((mime for pattern, mime in _BY_TEXT if pattern.match(text)), "text/plain")


def kind_of(mime: str) -> str:
    """Return which view suits a MIME type.

    One of ``image audio video table array json plotly map notebook html markdown pdf model code text binary``.
    """
    if found := _KINDS.get(mime):
        return found
    group, _, rest = mime.partition("/")
    if group in ("image", "audio", "video"):
        return group
    if group == "text":
        return "code" if rest.startswith("x-") or rest in ("css", "javascript") else "text"
    return "json" if rest.endswith("+json") else "binary"


@cache
def _built_in() -> mimetypes.MimeTypes:
    """Return Python's own table, without those of the machine, which differ."""
    return mimetypes.MimeTypes()


def _text(head: bytes) -> str | None:
    """Return the head as text when it is UTF-8; a character cut at its end does not matter."""
    if not head or b"\x00" in head:
        return None
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            if len(head) < HEAD_BYTES:
                return None
    return None
