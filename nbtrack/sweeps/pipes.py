"""Messages between a sweep and its worker processes: a length of eight bytes, then a pickle. Both ends are ours."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from typing import IO

HEAD = 8


def packed(value: Any) -> bytes:
    """Return what functions of notebooks and scripts travel as: by value, so that the other side need not import them.

    Raises
    ------
    InvalidValueError
        It cannot travel, such as a function that holds an open file.
    """
    cloudpickle = require("cloudpickle", "to run trials in other processes", extra="sweeps")
    try:
        return bytes(cloudpickle.dumps(value))
    except Exception as cause:
        message = (
            f"The function or its params cannot go to another process ({type(cause).__name__}: {cause}). "
            "Open files, connections and locks inside the function, or use jobs=1."
        )
        raise InvalidValueError(message) from cause


def pickled(value: Any) -> bytes:
    """Return what plain values and our own kinds travel as."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def send(pipe: IO[bytes], data: bytes) -> None:
    """Write a message that :func:`packed` or :func:`pickled` has made."""
    pipe.write(len(data).to_bytes(HEAD, "big") + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read a message. Raises ``EOFError`` when the other side is gone."""
    head = pipe.read(HEAD)
    if len(head) < HEAD:
        raise EOFError
    size = int.from_bytes(head, "big")
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 - from a process that we started, or that started us
