"""What a server is started with; it travels to the worker processes as JSON in the environment."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from nbtrack.errors import InvalidValueError
from nbtrack.serving.key import can_move

VARIABLE = "_NBTRACK_SERVING"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve which model.

    Attributes
    ----------
    model_uri : str
    store_uri : str
        The store that ``runs:/`` and ``models:/`` are looked up in.
    timeout_s, max_bytes, n_threads
        See :class:`nbtrack.serving.app.Limits`.
    follow_s : float
        Seconds between looks for another version behind the same URI; 0 never looks.
    experiment : str
        Where requests and predictions are recorded, one run a process; "" records none.
    trust : bool
        The model's code may run although this user did not log it.
    parent : int
        Process that a worker ends with; 0 for none.
    is_local : bool
        Only this machine reaches the server, so requests must name this machine; see :mod:`nbtrack.serving.hosts`.
    allow_hosts : tuple of str
        Names that requests may use besides, such as that of a proxy.
    """

    model_uri: str
    store_uri: str = ""
    timeout_s: float = 60.0
    max_bytes: int = 64 << 20
    n_threads: int = 4
    follow_s: float = 0.0
    experiment: str = ""
    trust: bool = False
    parent: int = 0
    is_local: bool = False
    allow_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse to follow what never moves."""
        if self.follow_s and not can_move(self.model_uri):
            message = f"{self.model_uri} is always the same model; to follow one, name it by its alias, as in models:/fraud@champion."
            raise InvalidValueError(message)

    def to_environment(self) -> None:
        """Leave the settings to the processes that are started from here."""
        os.environ[VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> Settings:
        """Return what :meth:`to_environment` left."""
        found = json.loads(os.environ[VARIABLE])
        return cls(**{**found, "allow_hosts": tuple(found["allow_hosts"])})
