"""The tail of what is printed, and the figures that are shown."""

from __future__ import annotations

import base64
import io
import json
import sys
import threading
from types import SimpleNamespace

import pytest

from nbtrack.magics import output
from nbtrack.magics.output import PLOTLY, Figures, OutputWatch, Tail

PNG = base64.b64encode(b"\x89PNG picture").decode()


def test_a_short_output_is_kept_whole():
    tail = Tail()
    tail.write("a\n")
    tail.write("b\n")
    assert tail.text() == "a\nb\n"


def test_of_a_long_output_the_end_is_kept_and_says_so():
    tail = Tail(limit=100)
    for i in range(10_000):
        tail.write(f"line {i}\n")
    assert tail.text().startswith("… (the last 100 of ")
    assert tail.text().endswith("line 9999\n")
    assert len(tail.text()) < 200


def test_one_huge_write_is_cut():
    tail = Tail(limit=100)
    tail.write("x" * 10_000_000)
    assert len(tail._parts[0]) <= 400


def test_progress_bars_keep_their_last_state():
    tail = Tail(limit=1000)
    tail.write("begin\n")
    for i in range(10_000):
        tail.write(f"\r{i / 100:.0f} %")
    tail.write("\nend\r\n")
    assert tail.text() == "begin\n100 %\nend\n"


def test_colours_are_taken_out():
    tail = Tail()
    tail.write("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07")
    assert tail.text() == "red link"


def test_threads_may_write():
    tail = Tail(limit=10_000_000)

    def write():
        for _ in range(2000):
            tail.write("x\n")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tail.text() == "x\n" * 16_000


def test_figures_become_files():
    figures = Figures()
    assert figures.add({"image/png": PNG, "text/plain": "<Figure>"})
    assert figures.add({PLOTLY: {"data": [1]}, "text/html": "x"})
    assert figures.add({"image/svg+xml": "<svg/>"})
    assert not figures.add({"text/html": "<b>x</b>"})
    files = figures.files()
    assert files["figures/fig-1.png"] == b"\x89PNG picture"
    assert json.loads(files["figures/fig-2.plotly.json"]) == {"data": [1]}
    assert files["figures/fig-3.svg"] == b"<svg/>"


def test_the_same_picture_twice_is_one_file():
    figures = Figures()
    figures.add({"image/png": PNG})
    figures.add({"image/png": PNG})
    assert len(figures.files()) == 1


def test_an_updated_display_replaces_its_figure():
    figures = Figures()
    figures.add({"image/png": base64.b64encode(b"first").decode()}, "id1")
    figures.add({"image/png": base64.b64encode(b"last").decode()}, "id1")
    assert figures.files() == {"figures/fig-1.png": b"last"}


def test_too_many_figures_are_counted(monkeypatch):
    monkeypatch.setattr(output, "MOST_FIGURES", 3)
    figures = Figures()
    for i in range(5):
        figures.add({"image/svg+xml": f"<svg>{i}</svg>"})
    assert len(figures.files()) == 3
    assert figures.n_left_out == 2


class Publisher:
    def __init__(self):
        self.published = []

    def publish(self, data, *, transient=None, update=False):
        self.published.append(data)


class HookedPublisher(Publisher):
    def __init__(self):
        super().__init__()
        self.hooks = []

    def register_hook(self, hook):
        self.hooks.append(hook)

    def unregister_hook(self, hook):
        self.hooks.remove(hook)


def watch_of(publisher):
    return OutputWatch(SimpleNamespace(display_pub=publisher, displayhook=SimpleNamespace()))


def test_prints_and_displays_are_seen_and_go_on(capsys):
    publisher = Publisher()
    watch = watch_of(publisher)
    watch.open()
    print("out")
    print("err", file=sys.stderr)
    publisher.publish({"image/png": PNG})
    publisher.publish({"text/plain": "a table"})
    watch.close()
    print("after")
    assert watch.tail.text() == "out\nerr\na table\n"
    assert list(watch.figures.files()) == ["figures/fig-1.png"]
    assert capsys.readouterr() == ("out\nafter\n", "err\n")
    assert len(publisher.published) == 2
    assert "publish" not in publisher.__dict__
    assert "write" not in getattr(sys.stdout, "__dict__", {})


def test_a_stream_that_somebody_else_wraps_meanwhile_stays_wrapped(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    watch = watch_of(Publisher())
    watch.open()
    ours = stream.write
    monkeypatch.setattr(stream, "write", lambda text: ours(text + ""), raising=False)
    watch.close()
    print("x")
    assert stream.getvalue() == "x\n"
    assert watch.tail.text() == ""


def test_hooks_see_messages_and_never_change_them():
    publisher = HookedPublisher()
    watch = watch_of(publisher)
    watch.open()
    message = {"msg_type": "display_data", "content": {"data": {"image/png": PNG}, "transient": {"display_id": "a"}}}
    assert publisher.hooks[0](message) is message
    assert publisher.hooks[0]({"content": None}) == {"content": None}
    assert publisher.hooks[0]("nonsense") == "nonsense"
    assert list(watch.figures.files()) == ["figures/fig-1.png"]
    watch.close()
    assert publisher.hooks == []


@pytest.mark.parametrize("wait", [True, False])
def test_clear_output_clears(wait):
    publisher = HookedPublisher()
    watch = watch_of(publisher)
    watch.open()
    print("old")
    publisher.hooks[0]({"msg_type": "display_data", "content": {"data": {"image/png": PNG}}})
    publisher.hooks[0]({"msg_type": "clear_output", "content": {"wait": wait}})
    assert (watch.tail.text() == "") is not wait
    print("new")
    watch.close()
    assert watch.tail.text() == "new\n"
    assert watch.figures.files() == {}
