"""The registry panel in a real JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

import nbtrack

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

BAD = "<img src=x onerror=document.title=1>"
FILL = f"""
import nbtrack
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression

X = pd.DataFrame({{"amount": np.arange(40.0), "hour": np.arange(40.0) % 24}})
y = (X.amount > 20).astype(int)
for i, C in enumerate([0.01, 0.1, 1.0]):
    with nbtrack.start_run(f"C {{C}}", params={{"C": C}}) as run:
        model = LogisticRegression(C=C).fit(X, y)
        run.log_metrics({{"auc": 0.8 + i / 20, "loss": 0.5 - i / 10}})
        nbtrack.sklearn.log_model(
            model, "model", input_example=X[:2], registered_model_name="fraud", pip_requirements=["scikit-learn"]
        )
nbtrack.register_model(f"runs:/{{run.id}}/model", "price")
nbtrack.set_registered_model_alias("fraud", "champion", 2, comment="the first good one")
nbtrack.set_registered_model_tag("fraud", "team", {BAD!r})
nbtrack.update_registered_model("fraud", {f"Scores **card payments**. {BAD}"!r})
nbtrack.expect("fraud", "auc >= champion.auc - 0.01", alias="champion")
"""


def view(notebook: NotebookPage) -> Locator:
    return notebook.output(1).locator(".nbt[data-view=registry]")


def shown(notebook: NotebookPage) -> Locator:
    """Show the panel with the model fraud open."""
    notebook.open(notebook.write(FILL, "panel = nbtrack.registry('fraud')\npanel"))
    notebook.run_cell(0)
    notebook.run_cell(1)
    expect(view(notebook).get_by_role("heading", name="fraud")).to_be_visible()
    return view(notebook)


def test_versions_metrics_and_lineage_are_shown_and_nothing_runs(lab: NotebookPage, axe: Axe) -> None:
    panel = shown(lab)
    rows = panel.locator(".nbt-reg-table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("@champion")
    expect(rows.nth(0).locator(".nbt-reg-best")).to_have_count(2)
    panel.get_by_role("button", name="2", exact=True).click()
    version = panel.get_by_role("region", name="Version", exact=True)
    expect(version).to_contain_text("nbtrack.pyfunc.load_model('models:/fraud@champion')")
    expect(version).to_contain_text("#2 C 0.1")
    expect(version.locator(".nbt-reg-signature")).to_contain_text("amount")
    lab.becomes("panel.version", "2")
    assert axe(lab.page, ".nbt") == []
    lab.screenshot("registry")
    lab.set_theme("dark")
    lab.screenshot("registry-dark")
    expect(lab.page).not_to_have_title("1")


def test_an_alias_moves_after_a_look_and_a_gate_holds_it_back(lab: NotebookPage) -> None:
    panel = shown(lab)
    panel.get_by_role("button", name="Point an alias at version 3").click()
    mover = panel.get_by_role("dialog", name="Move to version 3")
    expect(mover).to_contain_text("@champion moves from version 2 to 3.")
    expect(mover.get_by_role("row", name="auc")).to_contain_text("▲")
    lab.screenshot("registry-move")
    mover.get_by_label("Comment", exact=True).fill("better on all")
    mover.get_by_role("button", name="Move", exact=True).click()
    expect(panel.locator(".nbt-reg-table tbody tr").nth(0)).to_contain_text("@champion")
    lab.becomes("nbtrack.get_model_version_by_alias('fraud', 'champion').version", "3")
    panel.get_by_text("History").click()
    expect(panel.locator(".nbt-reg-event").first).to_contain_text("@champion moved from version 2 to 3")
    expect(panel.locator(".nbt-reg-event").first).to_contain_text("better on all")

    panel.get_by_role("button", name="Point an alias at version 1").click()
    mover = panel.get_by_role("dialog", name="Move to version 1")
    expect(mover).to_contain_text("✗ auc >= champion.auc - 0.01")
    mover.get_by_role("button", name="Move", exact=True).click()
    expect(mover.get_by_role("alert")).to_contain_text("auc")
    lab.becomes("nbtrack.get_model_version_by_alias('fraud', 'champion').version", "3")


def test_tags_and_descriptions_are_edited_in_place_and_others_see_it(lab: NotebookPage) -> None:
    panel = shown(lab)
    panel.get_by_role("button", name="Tag", exact=True).click()
    panel.get_by_label("Tag as key = value").fill("tier = 1")
    panel.get_by_label("Tag as key = value").press("Enter")
    expect(panel.get_by_role("button", name="Remove tag tier")).to_be_visible()
    panel.get_by_role("button", name="Edit").click()
    panel.get_by_label("Description in Markdown").fill("All *new*")
    expect(panel.get_by_label("Preview").locator("em")).to_have_text("new")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".nbt-reg-description em")).to_have_text("new")
    lab.becomes("nbtrack.get_registered_model('fraud').tags['tier']", "'1'")
    lab.value("nbtrack.set_registered_model_tag('fraud', 'from', 'python')")
    expect(panel.get_by_role("button", name="Remove tag from")).to_be_visible()


def test_two_people_change_a_model_and_neither_writes_over_the_other_unseen(lab: NotebookPage) -> None:
    panel = shown(lab)
    nbtrack.set_tracking_uri(lab.folder / "runs.duckdb")  # somebody else: this process
    panel.get_by_role("button", name="Point an alias at version 3").click()
    mover = panel.get_by_role("dialog", name="Move to version 3")
    expect(mover).to_contain_text("@champion moves from version 2 to 3.")
    nbtrack.set_registered_model_alias("fraud", "champion", 1, comment="not so fast", force=True)
    expect(mover).to_contain_text("Somebody else has just moved it.")
    expect(mover).to_contain_text("@champion moves from version 1 to 3.")
    mover.get_by_role("button", name="Move", exact=True).click()
    expect(panel.locator(".nbt-reg-table tbody tr").nth(0)).to_contain_text("@champion")

    panel.get_by_role("button", name="3", exact=True).click()
    panel.get_by_role("button", name="Roll back @champion").click()
    question = panel.get_by_role("dialog", name="Let @champion go back from version 3 to 1?")
    expect(question.get_by_role("row", name="auc")).to_contain_text("▼")
    lab.screenshot("registry-rollback")
    question.get_by_role("button", name="Roll back").click()
    lab.becomes("nbtrack.get_model_version_by_alias('fraud', 'champion').version", "1")

    panel.get_by_role("button", name="Edit").first.click()
    panel.get_by_label("Description in Markdown").fill("mine")
    nbtrack.update_registered_model("fraud", "theirs")
    lab.becomes("nbtrack.get_registered_model('fraud').description", "'theirs'")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert").filter(has_text="Somebody else changed this description")).to_be_visible()
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".nbt-reg-description").first).to_have_text("mineEdit")
    expect(panel.get_by_role("button", name="Edit").first).to_be_focused()


def test_two_versions_are_compared_and_models_are_walked_through(lab: NotebookPage) -> None:
    panel = shown(lab)
    panel.get_by_label("Compare version 1").check()
    panel.get_by_label("Compare version 3").check()
    comparison = panel.get_by_role("region", name="Comparison of versions")
    expect(comparison.get_by_role("row", name="loss")).to_contain_text("▼")
    expect(comparison.get_by_role("row", name="C 0.01 1.0")).to_contain_text("0.01")
    panel.get_by_role("listbox", name="Registered models").get_by_role("option", name="price").click()
    expect(panel.get_by_role("heading", name="price")).to_be_visible()
    lab.becomes("panel.model", "'price'")
    lab.value("setattr(panel, 'model', 'fraud')")
    expect(panel.get_by_role("heading", name="fraud")).to_be_visible()
