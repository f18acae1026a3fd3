"""Files of a run in a real JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

FILL = r"""
import json, io, os, pickle, struct, zlib
import nbtrack

def png(width, height):
    raw = b"".join(b"\x00" + bytes((x * 20 % 256, y * 20 % 256, 120)[k] for x in range(width) for k in range(3)) for y in range(height))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")

BREAK = "<script>top.document.title = 'broken'; parent.document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">"

class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/nbtrack-was-broken",)

with nbtrack.start_run("files") as run:
    def keep(path, data):
        name = os.path.basename(path)
        with open(name, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        run.log_artifact(name, os.path.dirname(path))
    keep("pictures/dots.png", png(12, 12))
    for step in (0, 5, 10):
        keep(f"images/digit/step_{step}_1.png", png(8 + step, 8))
    keep("tables/scores.csv", "name,score\n" + "\n".join(f"n{i},{(i * 37) % 250}" for i in range(250)))
    keep("words/notes.md", "# Title\n\nSome **bold** " + BREAK + "\n\n[bad](javascript:document.title='broken')\n")
    keep("words/report.html", "<h1>Report</h1>" + BREAK)
    start = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="document.title=1">'
    keep("words/evil.svg", start + "<script>parent.document.title = 1</script></svg>")
    shown = {"output_type": "display_data", "data": {"text/html": BREAK + "<p>inside</p>", "text/plain": "plain"}}
    cells = [{"cell_type": "markdown", "source": BREAK}, {"cell_type": "code", "source": "1", "outputs": [shown]}]
    keep("words/cells.ipynb", json.dumps({"cells": cells}))
    keep("model.pkl", pickle.dumps(Evil()))
    run.log_text(BREAK, "<img src=x onerror=document.title=1>.txt")
"""


def view(notebook: NotebookPage, i: int = 1) -> Locator:
    return notebook.output(i).locator(".nbt[data-view=artifacts]")


def tree(notebook: NotebookPage) -> Locator:
    return view(notebook).get_by_role("tree", name="Files")


def show(notebook: NotebookPage, *cells: str) -> None:
    notebook.open(notebook.write(FILL, "files = nbtrack.artifacts(run)\nfiles", *cells))
    notebook.run_cell(0)
    notebook.run_cell(1)
    expect(tree(notebook)).to_contain_text("pictures")


def open_file(notebook: NotebookPage, path: str) -> Locator:
    """Choose a file from Python; return the look into it once it is drawn."""
    notebook.value(f"setattr(files, 'path', {path!r})")
    expect(view(notebook).locator(".nbt-look-title b")).to_have_attribute("title", path)
    return view(notebook).locator(".nbt-look-body")


def test_a_reader_walks_the_tree_by_keyboard_and_python_knows_the_file(lab: NotebookPage, axe: Axe) -> None:
    show(lab)
    tree(lab).focus()
    for key in ("p", "ArrowRight", "ArrowDown"):
        lab.page.keyboard.press(key)
        lab.page.wait_for_timeout(150)
    look = view(lab).locator(".nbt-look-body")
    expect(look.get_by_role("img", name="pictures/dots.png")).to_be_visible()
    expect(look).to_contain_text("12 \u00d7 12 px")
    lab.becomes("files.path", "'pictures/dots.png'", tries=60)
    assert axe(lab.page, ".nbt") == []
    lab.screenshot("artifacts-image")

    view(lab).get_by_role("searchbox", name="Find a file").fill("scores")
    tree(lab).get_by_role("treeitem").filter(has_text="scores.csv").click()
    table = look.get_by_role("table", name="Rows")
    expect(table).to_contain_text("n0")
    table.get_by_role("button", name="score").click()
    expect(table.locator("tbody tr").first).to_contain_text("n0")
    table.get_by_role("button", name="score").click()
    expect(table.locator("tbody tr").first).to_contain_text("249")
    look.get_by_role("button", name="Later rows").click()
    expect(look).to_contain_text("Rows 101\u2013200 of 250")
    assert axe(lab.page, ".nbt") == []
    lab.set_theme("dark")
    assert axe(lab.page, ".nbt") == []
    lab.screenshot("artifacts-table-dark")
    lab.set_theme("light")

    look = open_file(lab, "images/digit/step_5_1.png")
    look.get_by_role("slider", name="Step").press("ArrowRight")
    expect(look).to_contain_text("Step 10 of 10")
    expect(look).to_contain_text("18 \u00d7 8 px")
    assert lab.outside_requests == []


def test_nothing_that_a_file_holds_runs_in_the_notebook(lab: NotebookPage) -> None:
    show(lab)
    title = lab.page.title()
    name = "<img src=x onerror=document.title=1>.txt"
    expect(tree(lab)).to_contain_text(name)
    expect(open_file(lab, name)).to_contain_text("<script>")
    look = open_file(lab, "words/notes.md")
    expect(look.get_by_role("heading", name="Title")).to_be_visible()
    assert look.locator("script, img, a").count() == 0
    expect(open_file(lab, "words/evil.svg").get_by_role("img")).to_be_visible()

    look = open_file(lab, "words/report.html")
    frame = look.locator("iframe")
    expect(frame).to_have_attribute("sandbox", "")
    expect(look.frame_locator("iframe").get_by_role("heading", name="Report")).to_be_visible()
    look.get_by_role("button", name="Run scripts").click()
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    expect(look.frame_locator("iframe").get_by_role("heading", name="Report")).to_be_visible()

    look = open_file(lab, "words/cells.ipynb")
    look.get_by_role("button", name="Show as HTML").click()
    expect(look.locator("iframe")).to_have_attribute("sandbox", "")
    expect(look.frame_locator("iframe").get_by_text("inside")).to_be_visible()

    expect(open_file(lab, "model.pkl").get_by_role("alert")).to_contain_text("run commands")
    assert lab.value("os.path.exists('/tmp/nbtrack-was-broken')") == "False"
    assert lab.page.title() == title
    assert lab.outside_requests == []


def test_files_that_arrive_while_a_run_runs_appear(lab: NotebookPage) -> None:
    show(
        lab,
        "live = nbtrack.start_run('live'); files.run_id = 'live'",
        "live.log_text('first', 'a/late.txt')",
        "live.log_text('second', 'a/late.txt'); live.end()",
    )
    lab.run_cell(2)
    expect(view(lab)).to_contain_text("no files yet")
    lab.run_cell(3)
    expect(view(lab)).to_contain_text("1 file")
    expect(open_file(lab, "a/late.txt")).to_contain_text("first")
    lab.run_cell(4)
    expect(view(lab).locator(".nbt-look-body")).to_contain_text("second")
