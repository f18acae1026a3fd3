"""The line after ``%%track``, read into one object; what is wrong is said with the allowed forms."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from difflib import get_close_matches

from IPython.core.error import UsageError

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_key, check_name

USAGE = "%%track [NAME] [--experiment E] [--param a,b] [--tag k=v] [--nested] [--vars] [--no-capture]; or %%track sweep lr=[…]"
_WITH_VALUE = ("--experiment", "--param", "--tag")
_FLAGS = ("--nested", "--no-capture", "--vars")
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s'"])+""")


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What the line after ``%%track`` says.

    Attributes
    ----------
    name, experiment : str or None
        Of the run; None leaves the choice to nbtrack.
    params : tuple of str
        Names whose values are params too, whatever they are assigned from: ``lr``, ``args.lr``.
    tags : dict
        Set on the run.
    is_nested : bool
        The run is a child of the open one.
    captures : bool
        Whether the cell's params, source, output and figures are recorded.
    keeps_variables : bool
        Whether what the cell defined and changed is kept, for ``%track restore``.
    """

    name: str | None = None
    experiment: str | None = None
    params: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    is_nested: bool = False
    captures: bool = True
    keeps_variables: bool = False


def parse_cell_options(line: str) -> CellOptions:
    """Read the line after ``%%track``; ``# …`` at its end is a comment.

    Raises
    ------
    UsageError
        Says what was received and shows the allowed forms.
    """
    name: str | None = None
    values: dict[str, list[str]] = {option: [] for option in _WITH_VALUE}
    flags: set[str] = set()
    words = split_words(line)
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            if name is not None:
                raise _usage(f"two names: {name!r} and {word!r}; put a name with spaces in quotes")
            name = word
        elif word in _FLAGS:
            flags.add(word)
        elif option in _WITH_VALUE:
            if not equals and (not words or words[0].startswith("--")):
                raise _usage(f"{option} needs a value")
            values[option].append(value if equals else words.pop(0))
        else:
            near = get_close_matches(option, (*_WITH_VALUE, *_FLAGS), n=1)
            raise _usage(f"unknown option {option}" + (f"; did you mean {near[0]}?" if near else ""))
    if {"--vars", "--no-capture"} <= flags:
        raise _usage("--vars keeps what --no-capture says to leave; use one of them")
    try:
        return CellOptions(
            name=None if name is None else check_name(name, "Run name"),
            experiment=check_name(values["--experiment"][-1], "Experiment") if values["--experiment"] else None,
            params=tuple(p for text in values["--param"] for p in map(str.strip, text.split(",")) if p),
            tags=dict(map(_tag, values["--tag"])),
            is_nested="--nested" in flags,
            captures="--no-capture" not in flags,
            keeps_variables="--vars" in flags,
        )
    except InvalidValueError as error:
        raise _usage(str(error)) from None


def split_words(line: str) -> list[str]:
    """Split a line as a shell does; ``# …`` is a comment, ``#43`` is a run."""
    for word in _WORD.finditer(line):
        if word[0].startswith("#") and not word[0][1:].isdigit():
            line = line[: word.start()]
            break
    try:
        return shlex.split(line)
    except ValueError:
        raise _usage(f"a quote is not closed in {line.strip()!r}") from None


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"--tag {text!r} has no '='; write it as --tag key=value")
    return check_key(key.strip(), "Tag key"), value


def _usage(problem: str) -> UsageError:
    return UsageError(f"%%track: {problem}\n  Use: {USAGE}")
