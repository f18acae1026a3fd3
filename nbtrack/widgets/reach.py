"""How a message of the page reaches a kernel that runs a cell.

=====================  =================================================================================================
ipykernel 7.4          sends what belongs to a comm of the main shell back there, to wait for the cell to end; asked where
                       to, by a private hook that runs at once, on the thread of the shell channel: we listen there, and
                       say that the subshell asked for by the front end is right
ipykernel 7.0 to 7.3   handles it in the subshell that JupyterLab from 4.4 and Notebook from 7.4 ask for
ipykernel 6            reads no message during a cell; the training's own ``log_*`` calls let it, four times a second at most
=====================  =================================================================================================

What is private to ipykernel is only used where it is there. Where nothing helps, an order waits for the end of the cell; the store's
control file always works (``nbtrack runs stop``).
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import comm

if TYPE_CHECKING:
    from collections.abc import Callable

    Hear = Callable[[dict[str, Any]], None]

_peeks: dict[int, _ShellPeek] = {}


def unopened_comm(comm_id: str | None, hear: Hear) -> Any:
    """Return a comm that will tell `hear` of each custom message as early as possible; it comes a second time in the usual way.

    The comm is not open yet: a page that is quick must not be able to speak before anybody listens.

    Parameters
    ----------
    comm_id : str or None
    hear : callable
        Takes the content of the message. It may run on a thread of the kernel's, so it must be quick and touch nothing of the user's.

    Returns
    -------
    Comm or None
        None where comms have no such hook.
    """
    kind: Any = getattr(sys.modules.get("ipykernel.comm.comm"), "BaseComm", None)
    if not (sends_from_any_thread() and hasattr(kind, "_reply_subshell_for")):
        return None

    def route(data: Any, default: Any) -> Any:
        _tell(hear, data)
        return default

    made = kind(target_name="jupyter.widget", comm_id=comm_id, primary=False)
    made._reply_subshell_for = route  # noqa: SLF001
    return made


def sends_from_any_thread() -> bool:
    """Say whether comms are ipykernel's, which any thread may use; marimo puts its own there."""
    return comm.create_comm.__module__.startswith("ipykernel.")


def peek_while_busy(kernel: Any, comm_id: str, hear: Hear) -> Callable[[], None] | None:
    """Return a function to call now and then from a running cell, so that `hear` is told; None where that is not needed.

    ipykernel 6 has one queue for its messages; what is read early goes to its end in the usual order, so nothing is lost or overtaken.
    """
    stream = getattr(kernel, "shell_stream", None)
    has_own_thread = getattr(kernel, "shell_channel_thread", None) is not None  # ipykernel 7
    if stream is None or has_own_thread or not hasattr(kernel, "schedule_dispatch"):
        return None
    peek = _peeks.get(id(stream))
    if peek is None:
        peek = _peeks[id(stream)] = _ShellPeek(kernel, stream)
    peek.hearers[comm_id] = hear
    return peek.look


class _ShellPeek:
    """Reads ipykernel 6's shell channel during a cell, in the thread that owns it."""

    def __init__(self, kernel: Any, stream: Any) -> None:
        self.hearers: dict[str, Hear] = {}
        self._stream = stream
        self._pass_on = partial(kernel.schedule_dispatch, kernel.dispatch_shell)
        stream.on_recv(self._receive, copy=False)

    def look(self) -> None:
        """Read what has come."""
        if threading.current_thread() is threading.main_thread():
            import zmq  # noqa: PLC0415 - a kernel has it

            self._stream.flush(zmq.POLLIN)

    def _receive(self, frames: list[Any]) -> None:
        try:
            with suppress(Exception):
                self._peek([bytes(getattr(frame, "buffer", frame)) for frame in frames])
        finally:
            self._pass_on(frames)  # also when what was heard is an interrupt

    def _peek(self, frames: list[bytes]) -> None:
        begin = frames.index(b"<IDS|MSG>")
        if json.loads(frames[begin + 2]).get("msg_type") != "comm_msg":
            return
        content = json.loads(frames[begin + 5])
        hear = self.hearers.get(content.get("comm_id", ""))
        if hear is not None:
            _tell(hear, content.get("data"))


def _tell(hear: Hear, data: Any) -> None:
    content = data.get("content") if isinstance(data, dict) else None
    if isinstance(content, dict):
        with suppress(Exception):  # the message comes again, and then the page is told what was wrong
            hear(content)
