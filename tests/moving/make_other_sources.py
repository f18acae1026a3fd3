"""Makes ``tests/data/other_sources.zip``: what TensorBoard's writers, W&B and Trackio themselves have written.

Run by hand, in environments that have the libraries (torch and tensorboard; tensorboardX; wandb; trackio)::

    python -m tests.moving.make_other_sources torch WORK
    python -m tests.moving.make_other_sources tensorboardx WORK
    python -m tests.moving.make_other_sources wandb WORK
    python -m tests.moving.make_other_sources trackio WORK
    python -m tests.moving.make_other_sources zip WORK tests/data/other_sources.zip
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import zipfile
from pathlib import Path


def torch(work: Path) -> None:
    import numpy as np
    from torch.utils.tensorboard import SummaryWriter

    folder = work / "tensorboard" / "exp1"
    with SummaryWriter(folder) as writer:
        for i in range(6):
            writer.add_scalar("train/loss", 1 / (i + 1), i)
            writer.add_scalar("new", i * 1.5, i, new_style=True)
            writer.add_scalar("double", i / 3, i, new_style=True, double_precision=True)
        writer.add_scalar("odd", float("nan"), 0)
        writer.add_scalar("odd", float("inf"), 1)
        writer.add_image("picture", np.zeros((3, 4, 4)), 2)
        writer.add_images("several", np.zeros((2, 3, 4, 4)), 3)
        writer.add_text("note", "hello **md**", 1)
        writer.add_histogram("weights", np.arange(10.0), 1)
        writer.add_hparams({"lr": 0.1, "depth": 3, "opt": "adam"}, {"hp/acc": 0.9})
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 0)
    time.sleep(1.1)
    with SummaryWriter(folder, purge_step=4) as writer:  # went on at step 4: what was said of it before is void
        for i in range(4, 8):
            writer.add_scalar("train/loss", -i, i)


def tensorboardx(work: Path) -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(work / "tensorboard" / "exp2")) as writer:
        for i in range(3):
            writer.add_scalar("loss", i / 4, i * 10, walltime=1_700_000_000 + i)


def wandb(work: Path) -> None:
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off", WANDB_DISABLE_GIT="true")
    import wandb as library

    os.chdir(work)
    config = {"lr": 0.1, "model": {"depth": 3, "act": "relu"}, "layers": [1, 2]}
    quiet = library.Settings(x_disable_meta=True, x_disable_machine_info=True, disable_code=True)
    run = library.init(
        project="digits", name="first", group="g1", job_type="train", tags=["base", "cpu"], notes="a note\nin two lines",
        config=config, dir=work, settings=quiet,
    )  # fmt: skip
    for i in range(5):
        run.log(
            {"loss": 1 / (i + 1), "deep": {"er": i}, "odd": float("nan") if i == 3 else float("inf"), "word": "text"}
        )
    run.log({"late": 1}, step=40)
    run.log({"table": library.Histogram([1, 2, 3])})
    run.config["added"] = "yes"
    run.summary["best"] = 0.95
    (work / "model.txt").write_text("a model")
    run.save("model.txt", base_path=str(work), policy="now")
    run.finish()
    run = library.init(project="digits", name="second", dir=work, settings=quiet, config={"long": "x" * 70_000})
    run.log({"loss": 1})
    run.finish(exit_code=1)


def trackio(work: Path) -> None:
    os.environ.update(TRACKIO_DIR=str(work / "trackio"), GRADIO_ANALYTICS_ENABLED="0")
    import trackio as library

    library.init(project="digits", name="first", group="g", config={"lr": 0.1, "model": {"depth": 3}}, embed=False)
    for i in range(4):
        library.log({"loss": 1 / (i + 1), "odd": float("nan"), "far": float("-inf"), "deep": {"er": i}, "word": "text"})
    library.log({"loss": 0.01}, step=20)
    library.finish()
    with sqlite3.connect(work / "trackio" / "digits.db") as con:
        con.execute("PRAGMA journal_mode = DELETE")
    con.execute("VACUUM")


def pack(work: Path, target: Path) -> None:
    keep = ("tfevents", ".wandb", ".txt", ".db")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for kind in ("tensorboard", "wandb", "trackio"):
            for path in sorted((work / kind).rglob("*")):
                if path.is_file() and any(part in path.name for part in keep) and path.name != "requirements.txt":
                    file.write(path, path.relative_to(work))


if __name__ == "__main__":
    verb, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if verb == "zip":
        pack(folder, Path(sys.argv[3]))
    else:
        {"torch": torch, "tensorboardx": tensorboardx, "wandb": wandb, "trackio": trackio}[verb](folder)
