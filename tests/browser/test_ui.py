"""``nbtrack ui`` in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import nbtrack
from nbtrack.store.opening import open_local
from nbtrack.views.watcher import watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from nbtrack.server.running import Interface
    from tests.browser.conftest import Axe


@pytest.fixture
def interface(tmp_path: Path) -> Iterator[Interface]:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for index in range(12):
        with nbtrack.start_run(f"run-{index:02d}", params={"lr": 10.0 ** -(index % 3), "model": "mlp"}) as run:
            for step in range(10):
                run.log_metric("acc", step / 10 + index / 100, step=step)
            run.log_text(f"notes of {index}", "notes.txt")
    found = nbtrack.ui()
    yield found
    found.close()
    watch(open_local(tmp_path / "runs.duckdb")).close()


@pytest.fixture
def tab(browser: Browser, interface: Interface) -> Iterator[Page]:
    """A page that obeys the server's policy and is closed before it; what it complains about fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, bypass_csp=False)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    yield page
    context.close()
    assert errors == []


def grid(page: Page) -> Locator:
    return page.get_by_role("grid", name="Runs", exact=True)


def names(page: Page) -> list[str]:
    return grid(page).get_by_role("rowheader").locator(".nbt-label").all_inner_texts()


def test_runs_are_live_and_the_view_is_in_the_address(tab: Page, interface: Interface, shots: Path) -> None:
    tab.goto(interface.url)
    expect(grid(tab)).to_contain_text("run-11")
    assert "token" not in tab.url

    with nbtrack.start_run("late"):
        pass
    expect(grid(tab)).to_contain_text("late")

    tab.get_by_role("combobox", name="Filter runs").first.fill("params.lr = 0.1")
    expect(grid(tab)).not_to_contain_text("run-11")
    expect(tab).to_have_url(re.compile(r"#runs\?.*filter=params\.lr"))
    address = tab.url
    tab.go_back()
    expect(grid(tab)).to_contain_text("run-11")
    tab.go_forward()
    expect(grid(tab)).not_to_contain_text("run-11")
    assert sorted(names(tab)) == ["run-01", "run-04", "run-07", "run-10"]
    tab.screenshot(path=shots / "ui.png")

    other = tab.context.new_page()
    other.goto(address)
    expect(grid(other)).to_contain_text("run-10")
    assert sorted(names(other)) == ["run-01", "run-04", "run-07", "run-10"]


def test_an_edit_reaches_the_store_and_every_open_page(tab: Page, interface: Interface) -> None:
    tab.goto(interface.url)
    other = tab.context.new_page()
    other.goto(interface.url)
    expect(grid(other)).to_contain_text("run-11")
    grid(tab).get_by_role("rowheader").first.dblclick()
    tab.keyboard.press("Control+a")
    tab.keyboard.type("the best")
    tab.keyboard.press("Enter")
    expect(grid(other)).to_contain_text("the best")
    assert nbtrack.search_runs("name = 'the best'")["params.lr"].tolist() == ["0.01"]


def test_selected_runs_are_compared_and_files_looked_into(
    tab: Page, interface: Interface, shots: Path, axe: Axe
) -> None:
    tab.goto(interface.url)
    for name in ("run-03", "run-05"):
        grid(tab).get_by_role("row").filter(has_text=name).get_by_role("checkbox").click()
    tab.get_by_role("link", name="Compare").click()
    expect(tab.locator("[data-tab=compare]")).to_contain_text("run-05")
    expect(tab.locator("[data-tab=compare]")).not_to_contain_text("run-11")
    tab.screenshot(path=shots / "ui-compare.png")

    tab.get_by_role("link", name="Files").click()
    tab.get_by_role("combobox", name="Run", exact=True).select_option(label="#8 run-07")
    tab.locator("[data-tab=artifacts]").get_by_text("notes.txt").first.click()
    expect(tab.locator("[data-tab=artifacts]")).to_contain_text("notes of 7")
    expect(tab).to_have_url(re.compile(r"#artifacts\?.*path=notes\.txt"))
    tab.reload()
    expect(tab.locator("[data-tab=artifacts]")).to_contain_text("notes of 7")
    tab.screenshot(path=shots / "ui-files.png")
    assert axe(tab, "header") == []


def test_models_are_changed_by_several_people_and_lead_to_their_runs(
    tab: Page, interface: Interface, shots: Path, axe: Axe
) -> None:
    for step in range(2):
        with nbtrack.start_run(f"train-{step}", params={"C": step}) as run:
            run.log_metric("auc", 0.8 + step / 10)
            nbtrack.pyfunc.log_model(
                name="model",
                python_model=lambda model_input: model_input,
                registered_model_name="fraud",
                pip_requirements=["numpy"],
            )
    nbtrack.set_registered_model_alias("fraud", "champion", 1)
    tab.goto(interface.url)
    tab.get_by_role("link", name="Models").click()
    models = tab.locator("[data-tab=models]")
    models.get_by_role("button", name="2", exact=True).click()
    expect(tab).to_have_url(re.compile(r"#models\?version=2"))
    expect(models.locator(".nbt-reg-signature, .nbt-reg-part").first).to_be_visible()

    other = tab.context.new_page()
    other.goto(tab.url)
    expect(other.get_by_role("heading", name="Version 2")).to_be_visible()
    tab.bring_to_front()
    models.get_by_role("button", name="Point an alias at version 2").click()
    mover = models.get_by_role("dialog")
    expect(mover.get_by_role("row", name="auc")).to_contain_text("▲")
    mover.get_by_role("button", name="Move", exact=True).click()
    expect(models.locator(".nbt-reg-table tr").nth(1)).to_contain_text("@champion")
    expect(other.locator(".nbt-reg-table tr").nth(1)).to_contain_text("@champion")
    assert nbtrack.get_model_version_by_alias("fraud", "champion").version == 2
    tab.screenshot(path=shots / "ui-models.png")
    assert axe(tab, "[data-tab=models]") == []

    models.get_by_role("link", name="train-1").click()
    expect(tab.get_by_role("region", name=re.compile("train-1"))).to_be_visible()
    tab.get_by_role("link", name="fraud 2").click()
    expect(models.get_by_role("heading", name="Version 2")).to_be_visible()


def test_a_run_that_goes_on_is_watched_and_stopped(tab: Page, interface: Interface) -> None:
    tab.goto(interface.url)
    expect(grid(tab)).to_contain_text("run-11")
    with nbtrack.start_run("training") as run:
        run.log_metric("loss", 1.0, step=0)
        expect(tab.locator("nav .nbt-ui-running")).to_be_visible()
        tab.get_by_role("link", name="Live").click()
        panel = tab.get_by_role("region", name=f"Run #{run.info.number} training, running")
        expect(panel).to_contain_text("1 point")
        run.log_metric("loss", 0.5, step=1)
        expect(panel).to_contain_text("2 points")
        panel.get_by_role("button", name="Stop").click()
        expect(panel).to_contain_text("Stops at the training")
        for step in range(2, 500_000):
            run.log_metric("loss", 1 / step, step=step)
    expect(tab.locator("[data-tab=live]")).to_contain_text("stopped at step")
    expect(tab.locator("nav .nbt-ui-running")).to_have_count(0)


def test_a_page_says_when_the_server_is_gone_and_goes_on_with_what_it_has(
    browser: Browser, interface: Interface
) -> None:
    page = browser.new_page()
    page.goto(interface.url)
    expect(grid(page)).to_contain_text("run-11")
    interface.close()
    expect(page.locator("body")).to_contain_text("nbtrack ui has ended")
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("[data-tab=compare]")).to_contain_text("nbtrack ui has ended")
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("combobox", name="Filter runs").first.fill("name = 'run-03'")
    expect(grid(page).get_by_role("rowheader")).to_have_count(1)
    page.close()
