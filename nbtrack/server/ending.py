"""How a server ends: pages hear of it, requests that have begun are answered, and the process says that all went well."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def before_shutdown(server: Any, action: Callable[[], None]) -> None:
    """Do something when a uvicorn server begins to end, however that came.

    Streams have no end of their own: it would wait for each open page.
    """
    shutdown = server.shutdown

    async def ending(*args: Any, **options: Any) -> None:
        logging.getLogger("uvicorn.error").addFilter(is_worth_telling)
        action()
        await shutdown(*args, **options)

    server.shutdown = ending


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Say whether a line of the log tells more than that somebody did not read to the end: uvicorn has said how many there were."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


@contextmanager
def signals_that_end_well() -> Iterator[None]:
    """Let SIGTERM and Ctrl+C, once the server has ended as they ask, be no accident: exit code 0.

    uvicorn ends its server, and then raises the signal again for whoever handled it before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
