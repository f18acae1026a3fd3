"""%track fork says what it wants, and shows what became of the run; the process itself is tested with nbtrack.fork."""

from __future__ import annotations

from nbtrack.reruns import fork as room


def test_the_words_are_read_and_the_outcome_is_shown(notebook, monkeypatch, capsys):
    asked = []

    def fork(run, changes, *, store, progress):
        asked.append((run, changes))
        progress("")
        progress("epoch 1")
        return "what became of it"

    monkeypatch.setattr(room, "fork", fork)
    notebook.run("%%track a\nlr = 0.1\n{'acc': 0.5}")
    assert notebook.run("%track fork 1 lr=3e-4 name=adam").success
    assert asked == [("1", {"lr": 3e-4, "name": "adam"})]
    assert "epoch 1\n'what became of it'\n" in capsys.readouterr().out
    assert "say which run" in str(notebook.run("%track fork lr=3e-4").error_in_exec)
    assert "'lr' is no change" in str(notebook.run("%track fork 1 lr").error_in_exec)
