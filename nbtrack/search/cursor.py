"""A place in the tokens of a text: what is read next, and what to say when it does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nbtrack.errors import SearchSyntaxError
from nbtrack.search.tokens import Token, one_line, short, tokenize

if TYPE_CHECKING:
    from nbtrack.search.tree import Field


class Cursor:
    """The tokens of `source`; `token` is the next one to read."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.position = 0

    @property
    def token(self) -> Token:
        """The next token; the last is of kind ``end`` and stays."""
        return self.tokens[self.position]

    @property
    def previous(self) -> Token:
        """The token before."""
        return self.tokens[self.position - 1]

    def next(self) -> Token:
        """Return the token and go past it."""
        token = self.token
        self.position += 1
        return token

    def take(self, kind: str) -> bool:
        """Go past a token of this kind; say whether it was one."""
        taken = self.token.kind == kind
        self.position += taken
        return taken

    def take_word(self, word: str) -> bool:
        """Go past a keyword, given in capitals; say whether it was there."""
        taken = self.token.is_word(word)
        self.position += taken
        return taken

    def found(self) -> str:
        """Name the token in words."""
        return "the text ends here" if self.token.kind == "end" else f"found {short(self.token.text)}"

    def refuse_unclosed(self, opening: Token, wanted: str) -> NoReturn:
        """Say that a parenthesis is not closed, or what else could stand here."""
        if self.token.kind == "end":
            self.fail("This '(' is not closed; write ')'.", opening)
        self.fail(f"Expected {wanted}, but {self.found()}.")

    def fail(self, problem: str, token: Token | None = None) -> NoReturn:
        """Raise the error that points at `token`, by default the next one."""
        at = token or self.token
        raise SearchSyntaxError(problem, one_line(self.source), at.start, at.end)


def refuse_field(field: Field, problem: str) -> NoReturn:
    """Raise the error that points at a field read before."""
    raise SearchSyntaxError(problem, field.place.source, field.place.start, field.place.end)
