"""Numbers as people read them."""

from __future__ import annotations

SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
LABELS = {
    "nbtrack": "nbtrack",
    "floor": "floor",
    "nbtrack-postgres": "nbtrack on PostgreSQL",
    "mlflow": "MLflow",
    "mlflow-postgres": "MLflow on PostgreSQL",
    "optuna": "Optuna with SQLite",
    "trackio": "Trackio",
    "tensorboard": "TensorBoard",
    "wigglystuff": "wigglystuff",
    "plotly": "plotly",
}


def number(value: float) -> str:
    """Return three digits that matter, with thousands marked."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.{1 if abs(value) >= 10 else 2}f}"


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit; times in the unit that fits."""
    if unit not in SECONDS:
        return f"{number(value)} {unit}"
    seconds = value * SECONDS[unit]
    fitting = next((u for u, size in reversed(SECONDS.items()) if abs(seconds) >= size), "us")
    return f"{number(seconds / SECONDS[fitting])} {fitting}"


def times(ratio: float) -> str:
    """Return a ratio, such as ``3.2x`` or ``1,460x``."""
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"
