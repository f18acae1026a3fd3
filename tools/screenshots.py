"""Pictures of every view for the documents, from a real JupyterLab: ``make screenshots``.

Each picture is the output of one cell of one notebook, in both themes, saved as ``docs/<view>-<theme>.png``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES  # noqa: E402
from tests.browser.jupyter import NotebookPage, running_server  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTH = 1280
STUDY = """
%load_ext nbtrack
import nbtrack, warnings
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
import matplotlib.pyplot as plt, itertools, numpy as np
warnings.simplefilter("ignore")
nbtrack.set_experiment("digits")
%track live off
X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, random_state=0)
grid = itertools.product([1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2], [16, 64], ["relu", "tanh"])
for seed, (lr, width, activation) in enumerate(grid):
    with nbtrack.start_run(params={"lr": lr, "width": width, "activation": activation, "seed": seed % 3}) as run:
        model = MLPClassifier((width,), activation=activation, learning_rate_init=lr, random_state=seed % 3)
        for epoch in range(25):
            model.partial_fit(X, y, classes=np.arange(10))
            run.log_metrics({"loss": log_loss(y_test, model.predict_proba(X_test)), "acc": model.score(X_test, y_test)}, step=epoch)
        figure, axes = plt.subplots(2, 8, figsize=(6, 1.7))
        for weights, axis in zip(model.coefs_[0].T, axes.flat):
            axis.imshow(weights.reshape(8, 8), cmap="coolwarm"); axis.axis("off")
        run.log_figure(figure, "weights.png"); plt.close(figure)
        run.log_text("# What the first layer sees\\n\\nEach picture is the weights of **one** hidden unit.", "notes.md")
        recall = [float((model.predict(X_test)[y_test == digit] == digit).mean()) for digit in range(10)]
        run.log_table({"digit": list(range(10)), "recall": recall}, "recall.json")
        if seed % 5 == 2:
            needs = ["scikit-learn"]
            nbtrack.sklearn.log_model(model, "model", input_example=X[:2], registered_model_name="digits", pip_requirements=needs)
%track live on
"""
REGISTRY = """
nbtrack.update_registered_model("digits", "Reads **handwritten digits** of 8 x 8 pixels. Pictures are scaled to 0 … 1 first.")
nbtrack.set_registered_model_tag("digits", "team", "vision")
nbtrack.set_registered_model_alias("digits", "champion", 2, comment="the first good one")
nbtrack.set_registered_model_alias("digits", "champion", 3, comment="better on sevens")
nbtrack.set_registered_model_alias("digits", "challenger", 4)
nbtrack.expect("digits", "acc >= champion.acc - 0.005", alias="champion")
nbtrack.registry("digits")
"""
SWEEP = """
%%track sweep lr=log(1e-4,1e-1,6) width=[16,64] activation=['relu','tanh'] --metric acc --seed 1
model = MLPClassifier((width,), activation=activation, learning_rate_init=lr, max_iter=12, random_state=0).fit(X, y)
{"acc": model.score(X_test, y_test), "loss": log_loss(y_test, model.predict_proba(X_test))}
"""
VIEWS: dict[str, str] = {
    "runs": "nbtrack.runs(order_by='metrics.acc DESC')",
    "parallel": "nbtrack.parallel('acc', colour_by='metrics.acc')",
    "curves": "nbtrack.curves(['loss', 'acc'], colour_by='params.lr')",
    "compare": "best, second, *_ = nbtrack.search_runs(order_by=['metrics.acc DESC']).run_id\nnbtrack.compare(second, best)",
    "artifacts": "nbtrack.artifacts(best, 'weights.png')",
    "live": "nbtrack.live(best)",
    "registry": REGISTRY.strip(),
    "sweep": SWEEP.strip(),
}


def main() -> None:
    """Take all pictures, or those of the views named on the command line."""
    wanted = sys.argv[1:] or list(VIEWS)
    unknown = sorted(set(wanted) - set(VIEWS))
    if unknown:
        sys.exit(f"no view {', '.join(unknown)}; there are {', '.join(VIEWS)}")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=CHROMIUM_FLAGS)
        try:
            _take(browser, Path(home), wanted)
        finally:
            browser.close()


def _take(browser: Browser, home: Path, wanted: list[str]) -> None:
    with running_server("lab", home) as server:
        page = browser.new_page(viewport={"width": WIDTH, "height": 2200}, device_scale_factor=1.5)
        lab = NotebookPage(page, server, server.root, ROOT / "docs")
        cells = [VIEWS[name] for name in VIEWS]
        lab.open(lab.write(STUDY.strip(), *cells, name="digits.ipynb"))
        lab.execute("application:toggle-left-area")
        print("training 24 small networks …")
        lab.run_cell(0)
        for place, name in enumerate(VIEWS, start=1):
            lab.run_cell(place)
            if name not in wanted:
                continue
            for theme in ("light", "dark"):
                lab.set_theme(theme)
                _picture(lab, place, ROOT / "docs" / f"{name}-{theme}.png")
            lab.set_theme("light")


def _picture(lab: NotebookPage, place: int, path: Path) -> None:
    lab.output(place).scroll_into_view_if_needed()  # a view out of sight is not drawn
    output: Any = lab.output(place).locator(".nbt").first
    output.wait_for()
    output.scroll_into_view_if_needed()
    lab.page.wait_for_timeout(1500)  # curves and pictures arrive, colours change
    output.screenshot(path=path)
    print(path.relative_to(ROOT))


def _chromium() -> str:
    found = next((path for name in CHROMIUM_NAMES if (path := which(name))), None)
    if found is None:
        sys.exit("Chromium is missing: `make chromium` installs it")
    return found


if __name__ == "__main__":
    main()
