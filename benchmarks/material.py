"""What is logged: the same runs and points for every contender."""

from __future__ import annotations

import random

import numpy as np

KINDS = ("full", "float32", "rounded")
"""Values with 53 random bits, values that were float32 once (as frameworks log them), and values rounded to 4 places."""

FILTER = "metrics.acc > 0.9 and params.optimizer = 'adam'"
ORDER = "metrics.loss ASC"
WANTED = 100
PARAMS = ("lr", "batch_size", "optimizer", "dropout", "depth", "width", "seed", "schedule", "warmup", "decay")
METRICS = ("acc", "loss", "val_acc", "val_loss", "f1", "auc", "precision", "recall", "seconds", "memory")
OPTIMIZERS = ("adam", "sgd", "lamb", "adafactor")
FIRST_MS = 1_790_000_000_000
STEP_MS = 20


def run_material(index: int) -> tuple[str, dict[str, str], dict[str, float]]:
    """Return name, params and metrics of run `index`: a sweep, in which some params vary a lot and others little."""
    dice = random.Random(index)
    params = {
        "lr": f"{10 ** dice.uniform(-5, -1):.3g}",
        "batch_size": str(2 ** dice.randrange(4, 10)),
        "optimizer": dice.choice(OPTIMIZERS),
        "dropout": f"{dice.randrange(6) / 10}",
        "depth": str(dice.randrange(2, 20)),
        "width": str(64 * dice.randrange(1, 9)),
        "seed": str(index),
        "schedule": dice.choice(("cosine", "linear", "none")),
        "warmup": str(100 * dice.randrange(5)),
        "decay": f"{10 ** dice.uniform(-4, -2):.2g}",
    }
    return f"sweep-{index}", params, {key: dice.random() for key in METRICS}


def values(n: int, kind: str = "full") -> list[float]:
    """Return `n` values in 0 to 1."""
    found = np.random.default_rng(7).random(n)
    if kind == "float32":
        found = found.astype(np.float32).astype(np.float64)
    elif kind == "rounded":
        found = found.round(4)
    plain: list[float] = found.tolist()
    return plain


def times_ms(n: int) -> list[int]:
    """Return when points were logged: a step each 20 ms, two more or less."""
    jitter = np.random.default_rng(8).integers(-2, 3, n)
    found: list[int] = (FIRST_MS + STEP_MS * np.arange(n, dtype=np.int64) + jitter).tolist()
    return found


def step_material(width: int, n: int) -> list[tuple[dict[str, float], int]]:
    """Return `n` steps with the values of `width` metrics each."""
    dice = values(n * width)
    return [({f"m{k}": dice[i * width + k] for k in range(width)}, i) for i in range(n)]


def pauses(n: int) -> list[float]:
    """Return seconds to wait between points: 10 to 60 ms, so that they fall anywhere in a reader's round."""
    dice = random.Random(11)
    return [dice.uniform(0.010, 0.060) for _ in range(n)]
