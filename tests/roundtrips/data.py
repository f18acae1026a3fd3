"""Small tables to fit models to."""

from __future__ import annotations

import numpy as np
import pandas as pd

N = 120


def numbers() -> pd.DataFrame:
    """Return four columns of numbers."""
    random = np.random.default_rng(7)
    return pd.DataFrame(random.normal(size=(N, 4)), columns=["a", "b", "c", "d"])


def mixed() -> pd.DataFrame:
    """Return numbers with holes, categories and a date."""
    random = np.random.default_rng(8)
    frame = numbers()
    frame.loc[::9, "b"] = np.nan
    frame["city"] = random.choice(["Lyon", "Oslo", "Rome"], N)
    frame["size"] = random.integers(1, 6, N)
    return frame


def texts() -> pd.Series:
    """Return short sentences."""
    words = np.array(["red", "green", "blue", "fast", "slow", "old", "new", "car", "ship", "train"])
    random = np.random.default_rng(9)
    return pd.Series([" ".join(random.choice(words, 5)) for _ in range(N)], name="text")


def classes() -> np.ndarray:
    """Return three classes that depend on the numbers."""
    frame = numbers()
    return np.digitize(frame["a"] + 0.5 * frame["b"], [-0.5, 0.5])


def is_high() -> np.ndarray:
    """Return two classes."""
    return (numbers()["a"] > 0).astype(int).to_numpy()


def target() -> np.ndarray:
    """Return a number for each row."""
    frame = numbers()
    return (2 * frame["a"] - frame["c"] + 0.1 * frame["d"]).to_numpy()
