"""Exported pages and stories, opened from the disk in a real browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import nbtrack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Axe

HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"


@dataclass
class Opened:
    """A file in a browser: what it complained about, and what it asked for beyond itself."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path, where: str = "") -> None:
        self.page.goto(f"{path.as_uri()}{where}")
        expect(self.page.locator("html")).to_have_attribute("data-nbt-ready", "true")

    def names(self) -> list[str]:
        """Return the names in the table of runs, once it has rows."""
        grid = self.page.get_by_role("grid", name="Runs", exact=True)
        labels = grid.get_by_role("rowheader").locator(".nbt-label")
        expect(labels.first).to_be_visible()
        return labels.all_inner_texts()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """A page that obeys the policy that it brings; the other tests let scripts of their own in."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, bypass_csp=False)
    found = Opened(context.new_page())
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("console", lambda line: found.errors.append(line.text) if line.type in ("error", "warning") else None)
    found.page.on("request", lambda request: found.requests.append(request.url))
    yield found
    context.close()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    for index in range(12):
        name = HOSTILE if index == 0 else f"run-{index:02d}"
        with nbtrack.start_run(
            name, params={"lr": 10.0 ** -(index % 3), "model": HOSTILE if index % 2 else "mlp"}
        ) as run:
            for step in range(30):
                run.log_metrics({"acc": step / 30 + index / 100, "loss": 1 / (step + 1)}, step=step)
            run.log_text(f"notes of {index}", "notes.txt")
    return tmp_path


def test_a_page_works_from_the_disk_without_kernel_network_or_complaint(
    opened: Opened, study: Path, shots: Path
) -> None:
    done = nbtrack.export(
        study / "demo.html",
        views=["runs", "parallel", "curves", "compare", "artifacts"],
        title=HOSTILE,
        notes=f"**{HOSTILE}**",
    )
    opened.open(done.path)
    page = opened.page
    assert opened.names()[0] == "run-11"

    page.get_by_role("grid", name="Runs", exact=True).get_by_role("columnheader", name="loss").click()
    page.get_by_role("combobox", name="Filter runs").first.fill("params.lr = 0.1 and metrics.acc > 1")
    expect(page.get_by_role("grid", name="Runs", exact=True)).not_to_contain_text("run-11")
    assert sorted(opened.names()) == ["run-04", "run-07", "run-10"]
    expect(page.locator(".nbt-spark").first).to_be_visible()
    expect(page.locator('[data-view="compare"]').last).to_contain_text("run-11")
    page.locator('[data-view="artifacts"]').last.get_by_text("notes.txt").first.click()
    expect(page.locator('[data-view="artifacts"]').last).to_contain_text("notes of 11")

    page.get_by_role("combobox", name="Filter runs").first.fill("")
    for name in ("run-03", "run-08"):
        page.get_by_role("grid", name="Runs", exact=True).get_by_role("row").filter(has_text=name).get_by_role(
            "checkbox"
        ).click()
    compared = page.locator('[data-view="compare"]').last
    compared.scroll_into_view_if_needed()  # it draws when it is looked at
    expect(compared).to_contain_text("run-08")
    expect(compared).to_contain_text("changed lr")
    expect(compared).not_to_contain_text("run-11")
    files = page.locator('[data-view="artifacts"]').last
    expect(files).to_contain_text("#4 run-03")
    files.get_by_text("notes.txt").first.click()
    expect(files).to_contain_text("notes of 3")
    page.get_by_role("combobox", name="Run", exact=True).select_option(label="#6 run-05")
    files.get_by_text("notes.txt").first.click()
    expect(files).to_contain_text("notes of 5")

    assert page.title() == HOSTILE
    assert opened.errors == []
    assert opened.requests == [done.path.as_uri()]
    page.screenshot(path=shots / "export.png", full_page=True)


def test_a_page_can_be_used_without_seeing_or_pointing(page: Page, study: Path, axe: Axe) -> None:
    done = nbtrack.export(study / "demo.html", views=["runs"], notes="# Why\nBecause.")
    page.goto(done.path.as_uri())
    expect(page.locator("html")).to_have_attribute("data-nbt-ready", "true")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page) == []


def test_a_folder_works_from_the_disk_too(opened: Opened, study: Path) -> None:
    done = nbtrack.export(study / "site", views=["runs"], folder=True)
    opened.open(done.path)
    assert opened.names()[0] == "run-11"
    assert opened.errors == []
    assert {url.rsplit("/", 2)[1] for url in opened.requests[1:]} == {"data"}
    with opened.page.expect_download() as download:
        opened.page.get_by_role("link", name="metrics").click()
    assert download.value.suggested_filename == "metrics.parquet"


def test_a_story_goes_step_by_step_and_remembers_where_it_was(opened: Opened, study: Path, shots: Path) -> None:
    story = nbtrack.story("Talk")
    story.step("Hello", "**Twelve** runs.", notes="Breathe.")
    story.step("All", "- every run", view="runs")
    story.step("High rates", view="runs", state={"extents": {"params.lr": [[0.5, 1]]}})
    story.step("Low rates", view="runs", state={"extents": {"params.lr": [[0.005, 0.05]]}})
    done = story.save(study / "talk.html")
    opened.open(done.path)
    page = opened.page
    assert page.locator(".nbt-now").inner_text().startswith("Hello")

    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("#2$"))
    expect(page.get_by_role("grid", name="Runs", exact=True)).to_contain_text("run-11")
    page.keyboard.press(" ")
    expect(page.get_by_role("grid", name="Runs", exact=True).get_by_role("rowheader")).to_have_count(4)
    assert sorted(opened.names())[-3:] == ["run-03", "run-06", "run-09"]
    page.keyboard.press("End")
    expect(page.get_by_role("grid", name="Runs", exact=True)).to_contain_text("run-11")
    expect(page.get_by_role("grid", name="Runs", exact=True)).not_to_contain_text("run-09")
    page.screenshot(path=shots / "story.png")

    page.go_back()
    expect(page.locator(".nbt-now")).to_contain_text("High rates")
    page.keyboard.press("Home")
    expect(page.locator(".nbt-now")).to_contain_text("Hello")
    page.keyboard.press("s")
    expect(page.get_by_role("complementary", name="Speaker notes")).to_contain_text("Breathe.")
    opened.open(done.path, "#4")
    expect(page.locator(".nbt-now")).to_contain_text("Low rates")
    assert opened.errors == []
    assert set(opened.requests) == {done.path.as_uri()}


def test_models_are_read_and_compared_in_a_folder_without_anybody_behind_it(
    opened: Opened, study: Path, shots: Path
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
    nbtrack.set_registered_model_tag("fraud", "team", HOSTILE)
    nbtrack.update_registered_model("fraud", f"**Cards** {HOSTILE}")
    done = nbtrack.export(study / "site", views=["runs", "models"], folder=True)
    opened.open(done.path)
    models = opened.page.locator('[data-view="registry"]').last
    expect(models.get_by_role("heading", name="fraud")).to_be_visible()
    models.get_by_label("Compare version 1").check()
    models.get_by_label("Compare version 2").check()
    comparison = models.get_by_role("region", name="Comparison of versions")
    expect(comparison.get_by_role("row", name="auc")).to_contain_text("▲")
    models.get_by_role("button", name="2", exact=True).click()
    version = models.get_by_role("region", name="Version", exact=True)
    expect(version).to_contain_text("#14 train-1")
    expect(version).to_contain_text("nbtrack.pyfunc.load_model('models:/fraud/2')")
    for change in ("Edit", "Tag", "Point an alias at version 2", "Delete version 2", "More about this model"):
        expect(models.get_by_role("button", name=change, exact=True)).to_have_count(0)
    expect(models).to_contain_text("A copy to read")
    opened.page.screenshot(path=shots / "export-models.png", full_page=True)
    expect(opened.page).not_to_have_title("broken")
    assert opened.errors == []


def test_a_story_prints_one_page_a_step(opened: Opened, study: Path) -> None:
    story = nbtrack.story("Talk").step("Hello", "Words.")
    for number in range(4):
        story.step(f"Step {number}", "text " * 30, view=nbtrack.runs() if number % 2 else "parallel")
    opened.open(story.save(study / "talk.html").path, "#2")
    pdf = opened.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 5
