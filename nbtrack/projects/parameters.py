"""Parameters of entry points: what a project declares, and what a caller gives for them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STRING, FLOAT, PATH, URI = "string", "float", "path", "uri"
TYPES = (STRING, FLOAT, PATH, URI)
_LIKE_STRING = {"str", "text", "int", "integer", "number", "bool", "boolean", "list", "dict", "choice"}
"""Seen in projects that MLflow runs: it looks at ``path`` and ``uri`` only."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL)
_EXTRA = re.compile(r"[A-Za-z0-9_][\w.-]*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an entry point.

    Attributes
    ----------
    name : str
    type : str
        ``string``, ``float``, ``path`` (downloaded when it is a URI) or ``uri``.
    default : str, optional
        None when a value must be given.
    """

    name: str
    type: str = STRING
    default: str | None = None

    @classmethod
    def read(cls, name: str, said: Any, where: str) -> Parameter:
        """Take the short form (``alpha: float``) or the long one (``alpha: {type: float, default: 0.5}``).

        Raises
        ------
        InvalidValueError
            It is neither, or the type is not known.
        """
        long = said if isinstance(said, dict) else {"type": said} if isinstance(said, str) else None
        if long is None:
            raise InvalidValueError(
                f"{where}: parameter {name[:80]!r} is {str(said)[:80]!r}; write {name[:80]}: float, or {{type: float, default: 0.5}}."
            )
        check_key(name, f"{where}: parameter")
        kind = str(long.get("type") or STRING).lower()
        if kind not in TYPES and kind not in _LIKE_STRING:
            raise InvalidValueError(
                f"{where}: parameter {name[:80]!r} has the type {kind[:80]!r}; use one of {', '.join(TYPES)}."
            )
        default = long.get("default")
        return cls(name, kind if kind in TYPES else STRING, None if default is None else str(default))

    def check(self, value: str) -> str:
        """Return a value when it is one of this type, else raise ``InvalidValueError``."""
        if self.type == FLOAT and not is_number(value):
            raise InvalidValueError(
                f"Parameter {self.name!r} is {value[:80]!r}; a number is expected, such as 0.5 or 1e-3."
            )
        if self.type == URI and not _URI.fullmatch(value):
            raise InvalidValueError(
                f"Parameter {self.name!r} is {value[:80]!r}; a URI is expected, such as s3://bucket/data.csv."
            )
        return value


@dataclass(frozen=True, slots=True)
class Given:
    """The values that an entry point runs with.

    Attributes
    ----------
    declared, extra : dict of str to str
        Those that the entry point knows, defaults included, and further ones, which become ``--name value``.
    typed : dict of str to object
        All of them as the caller gave them; numbers where the project says ``float``.
    """

    declared: Mapping[str, str]
    extra: Mapping[str, str]
    typed: Mapping[str, Any]

    @property
    def all(self) -> dict[str, str]:
        """Return all of them as texts."""
        return {**self.declared, **self.extra}

    def words(self) -> list[str]:
        """Return the further ones as words of a command."""
        return [word for name, value in self.extra.items() for word in (f"--{name}", value)]


def fill(declared: Mapping[str, Parameter], given: Mapping[str, Any], where: str) -> Given:
    """Return the values for an entry point.

    Raises
    ------
    InvalidValueError
        One is missing, is not of its type, or has a name that cannot be that of an option.
    """
    texts = {str(name): text_of(value) for name, value in given.items()}
    missing = [name for name, each in declared.items() if each.default is None and name not in texts]
    if missing:
        raise InvalidValueError(
            f"{where} needs a value for {_listed(missing)}; give it with -P {missing[0]}=… or parameters={{{missing[0]!r}: …}}."
        )
    values = {name: each.check(texts.get(name, each.default or "")) for name, each in declared.items()}
    extra = {name: value for name, value in texts.items() if name not in declared}
    for name in extra:
        if not _EXTRA.fullmatch(name):
            raise InvalidValueError(
                f"Parameter {name[:80]!r} cannot become an option --{name[:80]}; use letters, digits, _, - and '.'."
            )
    typed = {name: given.get(name, value) for name, value in {**values, **extra}.items()}
    for name, each in declared.items():
        if each.type == FLOAT and isinstance(typed[name], str):
            typed[name] = number_of(values[name])
    return Given(values, extra, typed)


def text_of(value: Any) -> str:
    """Return a value as the text that a process is given; None is refused, as it would arrive as the word ``None``."""
    if value is None:
        raise InvalidValueError("A parameter is None; leave it out, or give a text.")
    return value if isinstance(value, str) else str(value)


def is_number(text: str) -> bool:
    """Say whether a text is a number, ``nan`` and ``inf`` included."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def number_of(text: str) -> float | int:
    """Return the number that a text is: an int when it is written as one."""
    number = float(text)
    is_whole = math.isfinite(number) and re.fullmatch(r"\s*[-+]?[0-9]+\s*", text)
    return int(text) if is_whole else number


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:80]) for name in names)
