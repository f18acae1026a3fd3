"""The model that a server answers with, and its exchange for another version while requests go on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.models.pyfunc import PyFuncModel
    from nbtrack.models.signature import ModelSignature


@dataclass(frozen=True, slots=True)
class Served:
    """A loaded model, and what it is called.

    Attributes
    ----------
    model : PyFuncModel
        Has ``predict(data, params)`` and ``metadata``.
    uri : str
        As it was asked for.
    key : str
        What it stood for when it was loaded, such as ``models:/fraud/3``; another key is another model.
    signature : ModelSignature or None
        What goes in and out, when the model says so.
    """

    model: Any
    uri: str
    key: str
    signature: ModelSignature | None = None
    loaded_at: float = field(default_factory=time.time)

    @classmethod
    def of(cls, model: PyFuncModel, uri: str, key: str) -> Served:
        """Return a model with its signature, read once."""
        return cls(model, uri, key, model.metadata.get_signature())


class Held:
    """Keeps one model; a request that has begun ends with the model it began with.

    Parameters
    ----------
    load : callable
        ``load(key)`` returns a :class:`Served`.
    resolve : callable
        Returns the key that the URI stands for now; quick, loads nothing.
    """

    def __init__(self, load: Callable[[str], Served], resolve: Callable[[], str]) -> None:
        self._load = load
        self._resolve = resolve
        self.served = load(resolve())
        self.problem = ""
        self.n_swaps = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> bool:
        """Load another model if the URI stands for one now; returns whether it did.

        What cannot be loaded is left alone: the present model goes on, `problem` says why.
        """
        try:
            key = self._resolve()
            if key == self.served.key:
                self.problem = ""
                return False
            self.served = self._load(key)
        except Exception as error:  # noqa: BLE001 - a server must outlive a broken version
            self.problem = f"{type(error).__name__}: {error}"
            return False
        self.problem = ""
        self.n_swaps += 1
        return True

    def follow(self, every_s: float, told: Callable[[], None] | None = None) -> None:
        """Look again and again, in a thread of its own, until :meth:`close`; `told` is called after each exchange or failure."""

        def follow() -> None:
            said = ""
            while not self._stopping.wait(every_s):
                if (self.look() or self.problem != said) and told is not None:
                    told()
                said = self.problem

        self._thread = threading.Thread(target=follow, name="nbtrack-follow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End following."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
