"""What every widget of nbtrack is built on: light in the notebook file, never blank, answering while a cell runs.

* ``_esm`` is a loader of 0.7 kB; the parts of the front end that the view needs travel in a binary trait that is cleared when the cell
  ends, so that saved widget state stays small.
* A question is answered on a thread aside, those of a kind in their order, so that a trait that is set or the next cell need not wait for
  it. An edit is taken after the questions before it; traits change only where messages arrive.
* A display is two outputs: an HTML summary, which works without a kernel, on GitHub and untrusted, and the widget; CSS shows just one.
"""

from __future__ import annotations

import html
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from IPython.display import DisplayHandle, display
from ipywidgets.widgets.widget import __protocol_version__, _remove_buffers

from nbtrack.errors import NbtrackError
from nbtrack.names import new_run_id
from nbtrack.views import questions
from nbtrack.views.bundle import LOADER, bundle_hash, packed_bundle
from nbtrack.widgets.aside import Aside
from nbtrack.widgets.layout import LeanLayout
from nbtrack.widgets.reach import sends_from_any_thread, unopened_comm
from nbtrack.widgets.surroundings import nobody_looks

if TYPE_CHECKING:
    from nbtrack.store.protocol import Store

CSS = """<style>
.jp-OutputArea-child:has(> .jp-OutputArea-output .nbt-fallback):has(+ .jp-OutputArea-child .nbt-root){display:none}
.jp-OutputArea-child:has(> .jp-OutputArea-output .nbt-fallback)
+ .jp-OutputArea-child:has(> .jupyter-widgets):not(:has(.nbt-root)){display:none}
</style>"""
"""The first rule hides the summary while the widget right after it lives; the second hides the error line of a dead one."""


PATIENCE = 5.0
"""Seconds that an edit waits for the questions before it."""

STILL = "export default{render(){}}"
"""Saved in place of the loader where nobody is looking: without its kernel there is nothing to load, the summary stands for the widget."""


class Panel(anywidget.AnyWidget):
    """A view of nbtrack in a notebook.

    Subclasses name their `_view`, say in :meth:`summary` what to show without a kernel, and take edits in :meth:`edit`.
    Questions of the page are answered by `nbtrack.views.questions`, the same for every host.

    Parameters
    ----------
    store : Store
        What the page may ask about.
    **traits
        First values, such as ``_view``.
    """

    _esm = LOADER
    _view = traitlets.Unicode("").tag(sync=True)
    _hash = traitlets.Unicode("").tag(sync=True)
    _fallback_id = traitlets.Unicode("").tag(sync=True)
    _bundle = traitlets.Bytes(None, allow_none=True).tag(sync=True)
    _data = traitlets.Bytes(None, allow_none=True).tag(sync=True)

    def __init__(self, store: Store, **traits: Any) -> None:
        self._aside = Aside()
        light = {"layout": LeanLayout(), "_fallback_id": f"nbt-{new_run_id()[-8:]}"}
        super().__init__(**{**light, **traits})
        self._loader = self._esm
        self._store = store
        self._sending = threading.RLock()
        self._handles: list[DisplayHandle] = []
        self._shown_summary = ""
        self.on_msg(self._receive)

    def open(self) -> None:
        """Open the line to the page, with an ear on it from its first message on."""
        if getattr(self, "comm", None) is None:
            made = unopened_comm(self._model_id, self.hear_early)
            if made is None:
                super().open()
                return
            self.comm = made
            state, buffer_paths, buffers = _remove_buffers(self.get_state())
            data = {"state": state, "buffer_paths": buffer_paths}
            made.open(data=data, buffers=buffers, metadata={"version": __protocol_version__})

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - ipywidgets' signature
        """Return what is set: the page takes a value that is not there for None, and a saved notebook need not hold it."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state if key is not None else {name: value for name, value in state.items() if value is not None}

    # -- what subclasses say -----------------------------------------------------------------------------------------

    def summary(self) -> tuple[str, str]:
        """Return HTML and plain text that stand for the widget where there is no kernel."""
        return "", repr(self)

    def answer(self, message: dict[str, Any]) -> questions.Answer:
        """Answer an ``ask`` or ``edit`` message; an error becomes the answer's text."""
        if message.get("kind") == "edit":
            return self.edit(message)
        return questions.answer(self._store, message)

    def edit(self, message: dict[str, Any]) -> questions.Answer:
        """Take an edit of the page."""
        problem = f"{type(self).__name__} takes no edits such as {message.get('op')!r}."
        raise NbtrackError(problem)

    def hear_early(self, message: dict[str, Any]) -> None:
        """Hear a message of the page's before its turn, perhaps on a thread of the kernel's; it comes again in the usual way."""

    def table(self) -> bytes:
        """Return the whole data of the view as one blob."""
        return b""

    def _shown_parts(self) -> tuple[str, ...]:
        """Return which parts of the front end the page needs at once; it asks for others by name when somebody opens them."""
        return "widget", self._view

    @traitlets.default("_hash")
    def _hash_of_parts(self) -> str:
        return bundle_hash(*self._shown_parts())

    def close(self) -> None:
        """Take the widget away; what is being answered is answered first."""
        self._aside.wait()
        super().close()

    # -- showing -----------------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the summary and the widget, and clear what must not be saved when the cell ends."""
        running = shell()
        self.set_trait("_esm", self._loader)
        self._bundle = packed_bundle(*self._shown_parts())
        self._data = self.table()
        text, plain = self.summary()
        handle = DisplayHandle(f"{self._fallback_id}-{len(self._handles)}")
        handle.display({"text/html": self._wrapped(text), "text/plain": plain}, raw=True)
        self._handles.append(handle)
        self._shown_summary = text
        found = self._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found, {})
        display({**(data or {}), "text/plain": ""}, metadata=metadata, raw=True)
        if running is not None:
            running.events.register("post_run_cell", self._after_cell)
        else:
            self._forget_transient()

    def refresh_summary(self) -> None:
        """Bring the saved summary up to date with the data."""
        if not self._handles:
            return
        text, plain = self.summary()
        if text != self._shown_summary:
            self._shown_summary = text
            for handle in self._handles:
                handle.update({"text/html": self._wrapped(text), "text/plain": plain}, raw=True)

    def _after_cell(self, *_: Any) -> None:
        running = shell()
        if running is not None:
            with suppress(ValueError):
                running.events.unregister("post_run_cell", self._after_cell)
        with suppress(Exception):  # a failing hook would disturb every later cell
            self._forget_transient()
            if nobody_looks():
                self.set_trait("_esm", STILL)
            self.refresh_summary()

    def _forget_transient(self) -> None:
        for nothing in (
            b"",
            None,
        ):  # nbclient keeps a buffer until another takes its place, JupyterLab saves empty ones
            self.set_trait("_bundle", nothing)
            self.set_trait("_data", nothing)

    def _wrapped(self, text: str) -> str:
        return f'{CSS}<div class="nbt-fallback" id="{html.escape(self._fallback_id)}">{text}</div>'

    # -- talking -----------------------------------------------------------------------------------------------------

    def _receive(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("kind") == "need":
            if message.get("bundle"):
                self.send({"kind": "bundle"}, [packed_bundle(*self._shown_parts())])
            if message.get("sign"):
                self.send({"kind": "sign"})
            if message.get("part"):
                name = str(message["part"])
                self.send({"kind": "part", "name": name}, [packed_bundle(name, without=self._shown_parts())])
            if message.get("data"):
                with self._sending:
                    self.send({"kind": "data"}, [self.table()])
            return
        if message.get("kind") == "ask" and sends_from_any_thread():
            self._aside.do(str(message.get("what")), partial(self._reply, message))
            return
        if message.get("kind") == "edit":
            self._aside.wait(PATIENCE)  # an answer from before an edit must not come after it, and be taken for news
        self._reply(message)

    def _reply(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"kind": "answer", "id": message.get("id"), "ok": True}
        buffers: list[bytes] = []
        try:
            facts, buffers = self.answer(message)
            reply = facts | reply  # the envelope is not for the answer to write on
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the page must hear of it
            reply |= {
                "ok": False,
                "error": str(error) if isinstance(error, NbtrackError) else f"{type(error).__name__}: {error}",
            }
        self.send(reply, buffers)


def shell() -> Any:
    """Return the running IPython shell; None outside one."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None
