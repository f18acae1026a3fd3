"""YAML that somebody else may have written: no tags, no bombs, no surprises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbtrack.deps import require
from nbtrack.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 8 << 20
MAX_DEPTH = 100
MAX_NODES = 200_000
MAX_NUMBER = 400
"""Characters of a number: PyYAML takes the square of the length for ``1:30:15``, which is a number in base 60."""
MAX_BIG = 1000
"""Numbers of more than 18 digits: Python's dicts slow down on keys that are multiples of 2 ** 61 - 1."""
_HASHED = 18
_NUMBER = re.compile(r"[-+]?[0-9][0-9_:.]*")


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; only plain values, never objects.

    Parameters
    ----------
    path : Path
        A regular file of at most 8 MiB.
    what : str
        What to call it in errors, such as ``"MLmodel"``.

    Raises
    ------
    InvalidValueError
        It is too large, too deep, unfolds into too much, has tags of Python, or is no mapping.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InvalidValueError(f"{what} {path} has more than {MAX_BYTES >> 20} MiB; that is no {what} file.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise InvalidValueError(f"{what} {path} is not UTF-8 text.") from cause
    return parse_yaml(text, f"{what} {path}")


def parse_yaml(text: str, what: str) -> dict[str, Any]:
    """Return the mapping that a YAML text holds; see :func:`read_yaml`."""
    yaml = require("yaml", "to read model folders", package="pyyaml", extra="models")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _measure(yaml.parse(text, Loader=loader), what)
        found = yaml.load(text, Loader=loader)
    except InvalidValueError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as cause:
        problem = " ".join(str(cause).split())[:300]
        raise InvalidValueError(f"{what} cannot be read as plain YAML: {problem}") from cause
    if not isinstance(found, dict):
        raise InvalidValueError(f"{what} holds a {type(found).__name__}; a mapping of names to values is expected.")
    return found


def write_yaml(mapping: dict[str, Any], *, sort_keys: bool = True) -> str:
    """Return a mapping as YAML, one value a line; by name, as in MLflow's own files, unless told otherwise."""
    yaml = require("yaml", "to write model folders", package="pyyaml", extra="models")
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(mapping, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=sort_keys))


def _measure(events: Any, what: str) -> None:
    """Refuse a text whose aliases unfold into too many values, or that nests too deep, before anything is built."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total, n_big = 0, 0
    for event in events:
        name = type(event).__name__
        if name == "AliasEvent":
            if event.anchor not in sizes:
                raise InvalidValueError(f"{what} has an alias *{event.anchor} to nothing, or to what it stands in.")
            total += sizes[event.anchor]
        elif name == "ScalarEvent":
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
            _check_scalar(event, what)
            n_big += len(event.value) > _HASHED and event.implicit[0] and _NUMBER.match(event.value) is not None
        elif name in ("SequenceStartEvent", "MappingStartEvent"):
            total += 1
            open_nodes.append((event.anchor, total - 1))
        elif name in ("SequenceEndEvent", "MappingEndEvent"):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = total - before
        if n_big > MAX_BIG:
            raise InvalidValueError(
                f"{what} has more than {MAX_BIG} numbers of so many digits; it is refused as a YAML bomb."
            )
        if total > MAX_NODES or len(open_nodes) > MAX_DEPTH:
            raise InvalidValueError(
                f"{what} unfolds into more than {MAX_NODES:,} values or {MAX_DEPTH} levels; it is refused as a YAML bomb."
            )


def _check_scalar(event: Any, what: str) -> None:
    if len(event.value) > MAX_NUMBER and _NUMBER.fullmatch(event.value):
        raise InvalidValueError(
            f"{what} has a number of {len(event.value):,} characters; it is refused as a YAML bomb."
        )
