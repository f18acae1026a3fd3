"""%track expect: judged when the cell's run is complete, shown under it, kept on it."""

from __future__ import annotations

import json

from IPython.core.displaypub import DisplayPublisher

from nbtrack.magics.expect import MIME


def published(monkeypatch):
    shown = []
    monkeypatch.setattr(DisplayPublisher, "publish", lambda self, data, *_, **__: shown.append(data))
    return shown


def test_it_sees_the_last_dict_of_its_own_cell(notebook, monkeypatch):
    shown = published(monkeypatch)
    notebook.run("%%track a\n%track expect acc >= best - 0.005\n{'acc': 0.9}")
    notebook.run("%%track b\nlr = 1\n%track expect acc >= best - 0.005  # at least\n{'acc': 0.8}")
    told = [data[MIME] for data in shown if MIME in data]
    assert [(each["status"], each["run"], each["against"]) for each in told] == [
        ("new", "#1", ""),
        ("failed", "#2", "best #1"),
    ]
    html = next(data["text/html"] for data in shown if data.get(MIME) == told[1])
    assert "failed" in html
    assert "acc fell by 0.1 to 0.8 (worse)" in html
    first, second = notebook.runs()
    assert (first.data.tags["nbtrack.expect"], second.data.tags["nbtrack.expect"]) == ("new", "failed")
    assert json.loads(second.data.tags["nbtrack.expectations"])[0]["expression"] == "acc >= best - 0.005"


def test_a_line_of_its_own_means_the_last_run_and_raises_when_asked(notebook, capsys):
    notebook.run("%%track a\n{'acc': 0.9}")
    notebook.run("%%track b\n{'acc': 0.95}")
    assert notebook.run("%track expect acc > previous --raise").success
    assert notebook.run("%track baseline 2").success
    assert "#2 b is the baseline of Default" in capsys.readouterr().out
    done = notebook.run("%track expect acc >= baseline + 0.01 --raise --run 1")
    assert type(done.error_in_exec).__name__ == "ExpectationError"
    assert "acc >= baseline + 0.01 is 0.9 >= 0.96" in str(done.error_in_exec)
    assert notebook.run("%track expect acc >= baseline + 0.01 --run 1").success
    assert notebook.run("%track baseline none").success
    assert "say what is expected" in str(notebook.run("%track expect").error_in_exec)
    assert "Expected a comparison" in str(notebook.run("%track expect acc").error_in_exec)
