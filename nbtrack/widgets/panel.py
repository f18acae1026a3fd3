"""What every widget of nbtrack is built on: light in the notebook file, never blank, answering while a cell runs.

* ``_esm`` is a loader of about 1 kB; the bundle travels once, in a binary trait that is cleared when the cell ends, so that saved widget
  state stays small.
* A display is two outputs: an HTML summary, which works without a kernel, on GitHub and untrusted, and the widget; CSS shows just one.
"""

from __future__ import annotations

import hashlib
import html
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import DisplayHandle, display

from nbtrack.errors import NbtrackError
from nbtrack.names import new_run_id

STATIC = Path(__file__).parent / "static"

CSS = """<style>
.jp-OutputArea-child:has(> .jp-OutputArea-output .nbt-fallback):has(+ .jp-OutputArea-child .nbt-root){display:none}
.jp-OutputArea-child:has(> .jp-OutputArea-output .nbt-fallback)
+ .jp-OutputArea-child:has(> .jupyter-widgets):not(:has(.nbt-root)){display:none}
</style>"""
"""The first rule hides the summary while the widget right after it lives; the second hides the error line of a dead one."""


@cache
def bundle() -> bytes:
    """Return the front end: every view in one ES module."""
    path = STATIC / "nbtrack.js"
    if not path.exists():
        message = f"{path} is missing: the front end was not built. Run `make js`, or install nbtrack with pip."
        raise NbtrackError(message)
    return path.read_bytes()


@cache
def bundle_hash() -> str:
    """Return a short digest of the bundle; pages keep one bundle a hash."""
    return hashlib.sha256(bundle()).hexdigest()[:12]


class Panel(anywidget.AnyWidget):
    """A view of nbtrack in a notebook.

    Subclasses name their `_view`, answer questions in :meth:`answer` and say in :meth:`summary` what to show without a kernel.
    """

    _esm = STATIC / "loader.js"
    _view = traitlets.Unicode("").tag(sync=True)
    _hash = traitlets.Unicode("").tag(sync=True)
    _fallback_id = traitlets.Unicode("").tag(sync=True)
    _bundle = traitlets.Bytes(b"").tag(sync=True)
    _data = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(_hash=bundle_hash(), _fallback_id=f"nbt-{new_run_id()[-8:]}", **traits)
        self._sending = threading.RLock()
        self._handles: list[DisplayHandle] = []
        self._shown_summary = ""
        self.on_msg(self._receive)

    # -- what subclasses say -----------------------------------------------------------------------------------------

    def summary(self) -> tuple[str, str]:
        """Return HTML and plain text that stand for the widget where there is no kernel."""
        return "", repr(self)

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Answer an ``ask`` or ``edit`` message; an error becomes the answer's text."""
        message_kind = message.get("kind")
        problem = f"{type(self).__name__} does not answer {message_kind!r}."
        raise NbtrackError(problem)

    def table(self) -> bytes:
        """Return the whole data of the view as one blob."""
        return b""

    # -- showing -----------------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the summary and the widget, and clear what must not be saved when the cell ends."""
        shell = _shell()
        self._bundle = bundle()
        self._data = self.table()
        text, plain = self.summary()
        handle = DisplayHandle(f"{self._fallback_id}-{len(self._handles)}")
        handle.display({"text/html": self._wrapped(text), "text/plain": plain}, raw=True)
        self._handles.append(handle)
        self._shown_summary = text
        found = self._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found, {})
        _let_through(self.comm)
        display({**(data or {}), "text/plain": ""}, metadata=metadata, raw=True)
        if shell is not None:
            shell.events.register("post_run_cell", self._after_cell)
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
        shell = _shell()
        if shell is not None:
            with suppress(ValueError):
                shell.events.unregister("post_run_cell", self._after_cell)
        with suppress(Exception):  # a failing hook would disturb every later cell
            self._forget_transient()
            self.refresh_summary()

    def _forget_transient(self) -> None:
        self._bundle = b""
        self._data = b""

    def _wrapped(self, text: str) -> str:
        return f'{CSS}<div class="nbt-fallback" id="{html.escape(self._fallback_id)}">{text}</div>'

    # -- talking -----------------------------------------------------------------------------------------------------

    def _receive(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("kind") == "need":
            if message.get("bundle"):
                self.send({"kind": "bundle"}, [bundle()])
            if message.get("data"):
                with self._sending:
                    self.send({"kind": "data"}, [self.table()])
            return
        reply: dict[str, Any] = {"kind": "answer", "id": message.get("id"), "ok": True}
        buffers: list[bytes] = []
        try:
            facts, buffers = self.answer(message)
            reply |= facts
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the page must hear of it
            reply |= {
                "ok": False,
                "error": str(error) if isinstance(error, NbtrackError) else f"{type(error).__name__}: {error}",
            }
        self.send(reply, buffers)


def _shell() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _let_through(comm: Any) -> None:
    """Let messages of the page reach a busy kernel.

    ipykernel 7.4 sends every message of a comm that the main shell opened back to the main shell, where it waits for the cell to end; the
    front end asked for a subshell, and 7.0 to 7.3 honoured that. The method is private, so it is only replaced where it is there.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default  # noqa: SLF001
