"""What a cell shows: the end of its printed output, and its figures; the notebook's own output is not touched."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL_CHARACTERS = 10_000
MOST_FIGURES = 50
MOST_FIGURE_BYTES = 50_000_000

PLOTLY = "application/vnd.plotly.v1+json"
FIGURE_KINDS = {PLOTLY: "plotly.json", "image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}

_ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Tail:
    """The last characters written to it, whatever the amount."""

    def __init__(self, limit: int = TAIL_CHARACTERS) -> None:
        self.limit = limit
        self.total = 0
        self._parts: deque[str] = deque()
        self._kept = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Add text; called from any thread."""
        with self._lock:
            self.total += len(text)
            self._parts.append(text[-4 * self.limit :])
            self._kept += len(self._parts[-1])
            if self._kept > 8 * self.limit:  # progress bars overwrite their line, so more is kept than is shown
                joined = _without_overwritten("".join(self._parts))[-4 * self.limit :]
                self._parts = deque([joined])
                self._kept = len(joined)

    def clear(self) -> None:
        """Forget everything, as ``clear_output`` does on the page."""
        with self._lock:
            self._parts.clear()
            self._kept = self.total = 0

    def text(self) -> str:
        """Return the end of what was written, as a terminal would show it."""
        with self._lock:
            shown = _without_overwritten(_ESCAPE_CODES.sub("", "".join(self._parts)))
        if len(shown) <= self.limit:
            return shown
        return f"… (the last {self.limit:,} of {self.total:,} characters)\n{shown[-self.limit :]}"


class Figures:
    """The figures among what is displayed: matplotlib and other images, plotly."""

    def __init__(self) -> None:
        self._shown: dict[Any, tuple[str, Any]] = {}
        self._n_bytes = 0
        self.n_left_out = 0

    def add(self, data: dict[str, Any], display_id: str | None = None) -> bool:
        """Keep the figure in a mime bundle, if there is one; an updated display takes the place of what it showed."""
        mime = next((kind for kind in FIGURE_KINDS if kind in data), None)
        if mime is None:
            return False
        content = data[mime]
        key = (
            ("id", display_id)
            if display_id
            else ("content", hash(content) if isinstance(content, str) else id(content))
        )
        size = len(content) if isinstance(content, (str, bytes)) else 0
        if key not in self._shown and (len(self._shown) >= MOST_FIGURES or self._n_bytes + size > MOST_FIGURE_BYTES):
            self.n_left_out += 1
            return True
        self._n_bytes += size
        self._shown[key] = (mime, content)
        return True

    def clear(self) -> None:
        """Forget everything, as ``clear_output`` does on the page."""
        self._shown.clear()
        self._n_bytes = 0

    def files(self) -> dict[str, bytes]:
        """Return the figures as files of the run: ``figures/fig-1.png``, ``figures/fig-2.plotly.json`` and so on."""
        return {
            f"figures/fig-{i}.{FIGURE_KINDS[mime]}": _figure_bytes(mime, content)
            for i, (mime, content) in enumerate(self._shown.values(), 1)
        }


class OutputWatch:
    """Sees what a cell prints and displays while it is open, and changes nothing of it.

    The ``write`` of the streams is wrapped in place, so that loggers which hold the stream are seen too; displays are
    seen through the hooks of ipykernel, or by wrapping ``publish`` where there are none.
    """

    def __init__(self, shell: Any) -> None:
        self.tail = Tail()
        self.figures = Figures()
        self._shell = shell
        self._undo: list[Callable[[], None]] = []
        self._clears_next = False

    def open(self) -> None:
        """Begin to watch."""
        for stream in (sys.stdout, sys.stderr):
            self._watch_stream(stream)
        self._watch_displays(self._shell.display_pub)
        hook = self._shell.displayhook
        if hasattr(hook, "register_hook"):
            hook.register_hook(self._see_message)
            self._undo.append(lambda: hook.unregister_hook(self._see_message))

    def close(self) -> None:
        """Stop watching; what others have wrapped around the streams meanwhile stays."""
        while self._undo:
            self._undo.pop()()

    def see(self, data: Any, display_id: str | None = None) -> None:
        """Take in one displayed mime bundle."""
        if not isinstance(data, dict):
            return
        self._clear_if_asked()
        if not self.figures.add(data, display_id) and "text/plain" in data and "text/html" not in data:
            self.tail.write(f"{data['text/plain']}\n")

    def _watch_stream(self, stream: Any) -> None:
        original = getattr(stream, "write", None)
        if original is None:
            return
        is_open = True

        def write(text: str) -> Any:
            if is_open and isinstance(text, str):
                self._clear_if_asked()
                self.tail.write(text)
            return original(text)

        def undo() -> None:
            nonlocal is_open
            is_open = False
            if stream.__dict__.get("write") is not write:
                return  # somebody else has wrapped it meanwhile
            if was_wrapped:
                stream.write = original
            else:
                del stream.write

        was_wrapped = "write" in getattr(stream, "__dict__", {})
        try:
            stream.write = write
        except (AttributeError, TypeError):
            return  # a stream that cannot be wrapped is not watched
        self._undo.append(undo)

    def _watch_displays(self, publisher: Any) -> None:
        if hasattr(publisher, "register_hook"):
            publisher.register_hook(self._see_message)
            self._undo.append(lambda: publisher.unregister_hook(self._see_message))
            return
        original = publisher.publish

        def publish(data: Any, *arguments: Any, **options: Any) -> Any:
            self.see(data, (options.get("transient") or {}).get("display_id"))
            return original(data, *arguments, **options)

        publisher.publish = publish
        self._undo.append(lambda: publisher.__dict__.pop("publish", None))

    def _see_message(self, message: Any) -> Any:
        """Look at one message of ipykernel on its way out; never changes or stops it."""
        try:
            content = message.get("content", {})
            if message.get("msg_type") == "clear_output":
                self._clears_next = True
                if not content.get("wait"):
                    self._clear_if_asked()
            else:
                self.see(content.get("data"), content.get("transient", {}).get("display_id"))
        except Exception:  # noqa: BLE001, S110 - the page comes first
            pass
        return message

    def _clear_if_asked(self) -> None:
        if self._clears_next:
            self._clears_next = False
            self.tail.clear()
            self.figures.clear()


def _without_overwritten(text: str) -> str:
    r"""Return text where each ``\r`` starts its line anew, as a terminal shows it."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _figure_bytes(mime: str, content: Any) -> bytes:
    if mime == PLOTLY:
        return json.dumps(content, separators=(",", ":")).encode()
    if isinstance(content, bytes):
        return content
    return str(content).encode() if mime == "image/svg+xml" else base64.b64decode(content)
