"""Lines of Python that load an artifact: what a reader copies to go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.artifacts.kinds import TABLE

if TYPE_CHECKING:
    from nbtrack.views.previews.file import File

_BY_SUFFIX = {
    ".csv": ("import pandas as pd", "df = pd.read_csv(path)"),
    ".feather": ("import pandas as pd", "df = pd.read_feather(path)"),
    ".gif": ("from PIL import Image", "image = Image.open(path)"),
    ".ipynb": ("import nbformat", "notebook = nbformat.read(path, as_version=4)"),
    ".jpeg": ("from PIL import Image", "image = Image.open(path)"),
    ".jpg": ("from PIL import Image", "image = Image.open(path)"),
    ".json": ("import json", 'data = json.load(open(path, encoding="utf-8"))'),
    ".jsonl": ("import pandas as pd", "df = pd.read_json(path, lines=True)"),
    ".npy": ("import numpy as np", 'array = np.load(path, mmap_mode="r")'),
    ".npz": ("import numpy as np", "arrays = np.load(path)"),
    ".parquet": ("import pandas as pd", "df = pd.read_parquet(path)"),
    ".png": ("from PIL import Image", "image = Image.open(path)"),
    ".safetensors": ("from safetensors import safe_open", 'tensors = safe_open(path, framework="np")'),
    ".tsv": ("import pandas as pd", r'df = pd.read_csv(path, sep="\t")'),
    ".webp": ("from PIL import Image", "image = Image.open(path)"),
    ".yaml": ("import yaml", "data = yaml.safe_load(open(path))"),
    ".yml": ("import yaml", "data = yaml.safe_load(open(path))"),
}


def loading_code(file: File) -> str:
    """Return one to three lines that load a file; nothing in them unpickles."""
    if file.mime == TABLE:
        return f"df = nbtrack.load_table({file.path!r}, run_ids=[{file.run_id!r}])"
    fetch = f"path = nbtrack.Client().download_artifacts({file.run_id!r}, {file.path!r})"
    return "\n".join([fetch, *_BY_SUFFIX.get(file.suffix, ())])
