"""Parallel coordinates of the same runs as pages: nbtrack's, wigglystuff's (HiPlot inside) and plotly's, each as its package ships it.

Every page has ``go()``, which draws, and shows the axis ``lr``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from nbtrack.store.protocol import RunColumns
from nbtrack.views.bundle import bundle
from nbtrack.views.run_table import NUMBERS, TEXTS, TIMES, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Columns = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Contender:
    """Who draws.

    Attributes
    ----------
    write : callable
        Puts the data of some runs into a folder.
    script : str
        ES module that defines ``go``; the element is ``el``.
    files : callable
        Returns what else has to lie beside it, by name, given the folder of the peers' packages.
    """

    write: Callable[[Columns, Path], None]
    script: str
    files: Callable[[Path], dict[str, bytes]]


def runs(n: int) -> Columns:
    """Return `n` runs of a sweep: six params, two metrics."""
    dice = np.random.default_rng(0)
    lr = 10 ** dice.uniform(-5, -1, n)
    loss = np.abs(np.log10(lr) + 3) * 0.3 + dice.normal(0, 0.1, n) + 0.5
    return {
        "lr": lr,
        "width": dice.choice([16, 32, 64, 128, 256], n),
        "depth": dice.integers(1, 9, n),
        "dropout": dice.uniform(0, 0.5, n),
        "model": dice.choice(["mlp", "cnn", "vit", "rnn"], n),
        "batch": dice.choice([32, 64, 128], n),
        "loss": loss,
        "acc": 1 - loss / 3,
    }


def _write_ours(columns: Columns, folder: Path) -> None:
    n = len(columns["lr"])
    texts = {name: np.full(n, "x", dtype=object) for name in TEXTS}
    texts["run_id"] = np.array([f"{row:032x}" for row in range(n)], dtype=object)
    texts["experiment_id"] = np.zeros(n, dtype=object)
    texts["lifecycle_stage"] = np.full(n, "active", dtype=object)
    times = {name: np.datetime64("2026-11-23", "us") + np.arange(n) for name in TIMES}
    params = {key: np.array([str(v) for v in columns[key]], dtype=object) for key in list(columns)[:-2]}
    metrics = {
        key: {**dict.fromkeys(("last", "min", "max"), columns[key]), "count": np.ones(n)} for key in ("loss", "acc")
    }
    attributes = {**texts, **times, **{name: np.ones(n) for name in NUMBERS}}
    found = RunColumns(attributes=attributes, params=params, metrics=metrics, tags={}, goals={"loss": "min"})
    (folder / "data.bin").write_bytes(pack(found, version=1, store="runs.duckdb"))


def _write_rows(columns: Columns, folder: Path) -> None:
    lists = {key: values.tolist() for key, values in columns.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    (folder / "data.json").write_text(json.dumps(rows))


def _write_dimensions(columns: Columns, folder: Path) -> None:
    dimensions = []
    for key, values in columns.items():
        numbers = np.unique(values, return_inverse=True)[1] if key == "model" else values
        dimensions.append({"label": key, "values": (np.log10(values) if key == "lr" else numbers).tolist()})
    trace = {
        "type": "parcoords",
        "line": {"color": columns["loss"].tolist(), "colorscale": "Viridis"},
        "dimensions": dimensions,
    }
    (folder / "data.json").write_text(json.dumps([trace]))


def _wigglystuff(packages: Path) -> dict[str, bytes]:
    static = packages / "wigglystuff" / "static"
    return {name: (static / name).read_bytes() for name in ("parallel-coords.js", "parallel-coords.css")}


def _plotly(packages: Path) -> dict[str, bytes]:
    return {"plotly.js": (packages / "plotly" / "package_data" / "plotly.min.js").read_bytes()}


CONTENDERS = {
    "nbtrack": Contender(
        _write_ours,
        """
import use from "./nbtrack.js";
const state = { _data: new DataView(await (await fetch("data.bin")).arrayBuffer()), parallel_metric: "loss" };
const model = { offline: true, get: (name) => state[name], set(name, value) { state[name] = value; }, save_changes() {}, on() {}, off() {},
  send() {} };
globalThis.go = () => use("parallel").render({ model, el });""",
        lambda _: {"nbtrack.js": bundle("parallel")},
    ),
    "floor": Contender(
        lambda _, __: None,
        "globalThis.go = () => { el.textContent = 'lr'; };",
        lambda _: {},
    ),
    "wigglystuff": Contender(
        _write_rows,
        """
import widget from "./parallel-coords.js";
document.head.insertAdjacentHTML("beforeend", '<link rel="stylesheet" href="parallel-coords.css">');
const state = { data: await (await fetch("data.json")).json(), color_by: "loss", color_map: {}, height: 400, width: 0,
  brush_extents: {}, _filter_history: [], _action_request: {}, filtered_uids: [], selected_uids: [] };
const model = { get: (name) => state[name], set(name, value) { state[name] = value; }, save_changes() {}, on() {}, off() {}, send() {} };
globalThis.go = () => widget.render({ model, el });""",
        _wigglystuff,
    ),
    "plotly": Contender(
        _write_dimensions,
        """
await import("./plotly.js");
const data = await (await fetch("data.json")).json();
globalThis.go = () => Plotly.newPlot(el, data, { height: 400, width: 1200 });""",
        _plotly,
    ),
}
