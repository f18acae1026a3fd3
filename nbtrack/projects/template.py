r"""Commands of an ``MLproject``, such as ``python train.py {alpha} | tee out.txt``, and the parameters that go into them.

MLflow puts parameters into the text and gives the text to ``bash -c``. Here the text that a shell reads is the project's alone; values
never become part of it:

- A command of plain words is no matter of a shell: it is split into words, then the values are put in. ``{alpha}`` stays within its word.
- A command with pipes, variables, ``&&``, several lines … is given to ``bash -c`` with a shell variable in each place of a parameter,
  quoted as the place needs it. The values come as arguments of ``bash``, which hands them on and reads none of them::

      python train.py {alpha} | tee out.txt
      bash -c 'nbtrack_1=$1; shift 1
      python train.py "${nbtrack_1}" | tee out.txt' bash 0.5

- Further parameters follow at the end, as words ``--name value`` (``"$@"``).

So ``; rm -rf ~``, ``$(…)``, quotes, line breaks and spaces arrive in the program as they were typed, in one word, also within
``"{alpha}"``, ``'{alpha}'`` and ``"$(cat {path})"``. Where a shell would read a value after all, as text of a program (``eval``,
``sh -c "… {x}"``), as arithmetic (``$((…))``, ``((…))``, ``[[ … ]]``, ``let``), as the name of a variable or in a here-document, the
project is refused with what to write instead. What a program of the project does with its words is the project's own affair.
"""

from __future__ import annotations

import re
import shlex
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValueError
from nbtrack.projects.shell_text import Place, places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_COMMAND = 100_000
VARIABLE = "nbtrack_{}"
# Only words, separated by blanks: letters, digits, and what no shell looks at; quoted parts without $, ` and \.
_PLAIN = re.compile(r"""(?:[\w \t%+,./:@^{}\-=\ue000-\uf8ff]|"[^"$`\\\n]*"|'[^'\n]*')*""")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_OF_THE_SHELL = """
    alias bg break builtin case cd command continue coproc declare dirs disown do done elif else enable esac eval exec exit export fc fg fi
    for function getopts hash history if in jobs let local logout mapfile popd pushd read readarray readonly return select set shift shopt
    source suspend then time times trap type typeset ulimit umask unalias unset until wait while { } ! . : [
"""
_SHELL_ONLY = set(_OF_THE_SHELL.split())
_FIRST = "\ue000"


@dataclass(frozen=True, slots=True)
class Command:
    """A command with places for parameters.

    Attributes
    ----------
    text : str
        As the project has it.
    names : tuple of str
        The parameters in it, in the order of their places; one may have several.
    """

    text: str
    names: tuple[str, ...]
    _marked: str

    @classmethod
    def parse(cls, text: str, where: str) -> Command:
        """Take a command apart; ``{{`` and ``}}`` are braces.

        Raises
        ------
        InvalidValueError
            A brace has no partner, a place has no plain name in it, or a shell would read a value there.
        """
        if not text.strip() or len(text) > MAX_COMMAND or "\0" in text or _PRIVATE.search(text):
            raise InvalidValueError(
                f"{where}: the command is empty, longer than {MAX_COMMAND:,} characters, or has odd characters in it."
            )
        names: list[str] = []
        marked = ""
        try:
            for literal, name, spec, conversion in string.Formatter().parse(text.strip()):
                marked += literal
                if name is None:
                    continue
                if spec or conversion or not re.fullmatch(r"[^\s.\[\]{}!:]+", name):
                    shown = "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
                    raise InvalidValueError(
                        f"{where}: {shown} in the command is no place of a parameter; write {{name}}, and {{{{ }}}} for braces."
                    )
                marked += chr(ord(_FIRST) + len(names))
                names.append(name)
        except ValueError as cause:
            if isinstance(cause, InvalidValueError):
                raise
            raise InvalidValueError(
                f"{where}: {cause} in the command {text[:80]!r}; write {{{{ and }}}} for braces that are no parameter."
            ) from cause
        places(marked, where)
        return cls(text, tuple(names), marked)

    @property
    def is_plain(self) -> bool:
        """Say whether it is words alone, so that no shell is needed."""
        if not _PLAIN.fullmatch(self._marked):
            return False
        first = next(iter(shlex.split(self._marked)), "")
        return (
            first not in _SHELL_ONLY
            and "=" not in first
            and not re.search(r"(?<![^\s])[~{]|(?<=[=:])~|[{}]", self._marked)
        )

    def words(self, values: Mapping[str, str], extra: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the command with the values in it, as words of a process.

        Parameters
        ----------
        values : mapping of str to str
            One for each name.
        extra : sequence of str
            Words that follow at the end.

        Raises
        ------
        InvalidValueError
            A value has a NUL character in it, which no process can be given.
        """
        given = [values[name] for name in self.names]
        for name, value in [*zip(self.names, given, strict=True), *((word, word) for word in extra)]:
            if "\0" in value:
                raise InvalidValueError(
                    f"Parameter {name[:80]!r} has a NUL character in it, which no process can be given."
                )
        if self.is_plain:
            return (*(_filled(word, given) for word in shlex.split(self._marked)), *extra)
        text = "".join(_in_place(part) for part in places(self._marked, ""))
        if extra:
            text = text.rstrip().removesuffix("\\") + ' "$@"'
        taken = "; ".join(f"{VARIABLE.format(n)}=${{{n}}}" for n in range(1, len(given) + 1))
        head = f"{taken}; shift {len(given)}\n" if given else ""
        return ("bash", "-c", head + text, "bash", *given, *extra)


def _filled(word: str, given: Sequence[str]) -> str:
    return _PRIVATE.sub(lambda found: given[ord(found[0]) - ord(_FIRST)], word)


def _in_place(part: str | Place) -> str:
    if isinstance(part, str):
        return part
    variable = "${" + VARIABLE.format(part.number + 1) + "}"
    return {"": f'"{variable}"', '"': variable, "'": f"'\"{variable}\"'", "$'": f"'\"{variable}\"$'"}[part.quotes]
