"""The hosts themselves: what every other browser test rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Axe
    from tests.browser.jupyter import NotebookPage

COUNTER = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `clicked ${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", show);
      show();
      el.append(button);
    }
    export default { render };
    '''
    count = traitlets.Int(0).tag(sync=True)

counter = Counter()
counter
"""


def test_a_widget_and_its_kernel_hear_each_other(jupyter: NotebookPage, axe: Axe) -> None:
    jupyter.open(jupyter.write(COUNTER, "counter.count = 5", "print('said', counter.count)"))

    jupyter.run_cell(0)
    button = jupyter.output(0).get_by_role("button", name="clicked 0")
    button.click()
    expect(jupyter.output(0)).to_contain_text("clicked 1")
    assert jupyter.value("counter.count") == "1"

    jupyter.run_cell(1)
    expect(jupyter.output(0)).to_contain_text("clicked 5")
    jupyter.set_theme("dark")
    assert jupyter.screenshot(f"widget-{jupyter.server.app}").stat().st_size > 10_000
    jupyter.set_theme("light")

    jupyter.run_cell(2)
    assert jupyter.save().cells[2].outputs[0].text == "said 5\n"
    assert axe(jupyter.page, ".jp-Cell-outputArea") == []
    assert jupyter.outside_requests == []
