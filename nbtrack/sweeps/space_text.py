"""Reads a space from text, as a magic has it: ``lr=log(1e-5,1e-2,6) depth=[2,4,8] opt=[adam,sgd] layers=ints(1,4) seed=3``.

Nothing of it is evaluated: ``log``, ``linear``, ``ints`` and ``choices`` are known by name; values are numbers, texts (quoted or bare
words), True, False and None.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NoReturn

from nbtrack.errors import InvalidValueError, SearchSyntaxError
from nbtrack.names import check_key
from nbtrack.sweeps import ranges as kinds

if TYPE_CHECKING:
    from collections.abc import Callable

_FUNCTIONS: dict[str, Callable[..., kinds.Dimension]] = {
    "log": kinds.log,
    "linear": kinds.linear,
    "ints": kinds.ints,
    "choices": kinds.choices,
    "choice": kinds.choices,
}
_WORDS = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<mark>[=\[\](),])
      | (?P<word>[^\s=\[\](),"']+)
    )""",
    re.VERBOSE,
)


def read_space(source: str) -> dict[str, kinds.Dimension]:
    """Return the ranges and choices that a text names.

    Raises
    ------
    SearchSyntaxError
        It cannot be read; the message points at the place.
    """
    return _Reader(source).space()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens: list[tuple[str, str, int, int]] = []
        place, end = 0, len(source.rstrip())
        while place < end:
            found = _TOKEN.match(source, place)
            if found is None:
                first = place + len(source[place:]) - len(source[place:].lstrip())
                raise SearchSyntaxError("This quote does not end.", source, first, end)
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind], found.start(kind), found.end(kind)))
            place = found.end()
        self.at = 0

    def space(self) -> dict[str, kinds.Dimension]:
        """Read ``name=value`` until nothing is left."""
        found: dict[str, kinds.Dimension] = {}
        while self.at < len(self.tokens):
            kind, name, start, end = self.tokens[self.at]
            if kind != "word":
                self._refuse("A param's name was expected, as in lr=log(1e-5,1e-2,6).")
            if name in found:
                raise SearchSyntaxError(f"{name!r} is there twice.", self.source, start, end)
            self.at += 1
            self._expect("=", f"After {name} comes = and what to try, as in {name}=[1,2].")
            found[check_key(name, "Param key")] = self._dimension()
        if not found:
            raise SearchSyntaxError("The space is empty; write one such as lr=log(1e-5,1e-2,6).", self.source, 0)
        return found

    def _dimension(self) -> kinds.Dimension:
        begin = self.at
        if self._is("["):
            return self._made(kinds.choices, self._values("]"), begin)
        kind, word, _, _ = self._now("A value was expected.")
        following = self.tokens[self.at + 1][1:] if self.at + 1 < len(self.tokens) else ("",)
        if kind == "word" and following[0] == "(":
            if word not in _FUNCTIONS:
                self._refuse(f"{word}(…) is not known; use {', '.join(list(_FUNCTIONS)[:4])} or a list [a,b].")
            self.at += 1
            return self._made(_FUNCTIONS[word], self._values(")"), begin)
        return kinds.Choices((self._value(),))

    def _made(self, make: Callable[..., kinds.Dimension], values: list[Any], begin: int) -> kinds.Dimension:
        try:
            return make(*values)
        except (InvalidValueError, TypeError) as cause:
            problem = str(cause) if isinstance(cause, InvalidValueError) else "Too few or too many numbers."
            start, end = self.tokens[begin][2], self.tokens[self.at - 1][3]
            raise SearchSyntaxError(problem, self.source, start, end) from cause

    def _values(self, closing: str) -> list[Any]:
        """Read from the opening bracket to the closing one."""
        opening = self.tokens[self.at]
        self.at += 1
        found: list[Any] = []
        while not self._is(closing):
            if self.at >= len(self.tokens):
                raise SearchSyntaxError(f"This {opening[1]} is not closed.", self.source, opening[2], opening[3])
            found.append(self._values("]") if self._is("[") else self._value())
            if not self._is(closing):
                self._expect(",", f"A comma or {closing} was expected.")
        self.at += 1
        return found

    def _value(self) -> Any:
        kind, text, _, _ = self._now("A value was expected.")
        if kind == "mark":
            self._refuse("A value was expected: a number, a word, a text in quotes, or a list [a,b].")
        self.at += 1
        if kind == "text":
            return ast.literal_eval(text)
        return _WORDS[text] if text in _WORDS else _number(text)

    def _is(self, mark: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][:2] == ("mark", mark)

    def _now(self, problem: str) -> tuple[str, str, int, int]:
        if self.at >= len(self.tokens):
            self._refuse(problem)
        return self.tokens[self.at]

    def _expect(self, mark: str, problem: str) -> None:
        if not self._is(mark):
            self._refuse(problem)
        self.at += 1

    def _refuse(self, problem: str) -> NoReturn:
        if self.at < len(self.tokens):
            _, _, start, end = self.tokens[self.at]
            raise SearchSyntaxError(problem, self.source, start, end)
        raise SearchSyntaxError(problem, self.source, len(self.source))


def _number(text: str) -> int | float | str:
    """Return a number, or the word itself; whole numbers stay whole."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
