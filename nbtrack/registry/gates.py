"""What must hold before an alias moves, as ``auc >= champion.auc - 0.005``: a small grammar of its own.

::

    gate     = or_expr end
    or_expr  = and_expr { OR and_expr }
    and_expr = not_expr { AND not_expr }
    not_expr = NOT not_expr | "(" or_expr ")" | test
    test     = sum ( < | <= | > | >= | = | == | != | <> ) sum
    sum      = product { ( + | - ) product }
    product  = factor { ( * | / ) factor }
    factor   = "-" factor | number | text | value | "(" sum ")"
    value    = [ alias "." ] [ ( metrics | params | tags ) "." ] key
    key      = letters, digits, _ and / inside          others in backticks: `val-loss`
    text     = "'" any text "'"

A value without an alias is one of the version that the alias is to move to; ``champion.auc`` is that of the version at which the alias
`champion` points before it moves. Without `params` or `tags` a value is a metric: the last one that the version's run logged. Tags are
those of the version, and those of its run where it has none of that name. A test with an alias that nobody has holds: there is nothing to
be worse than. A value that was not logged lets no gate open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

from nbtrack.errors import SearchSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_CHARACTERS = 1000
MAX_DEPTH = 30
MAX_TOKENS = 200

_KINDS = {
    **dict.fromkeys(("metrics", "metric"), "metrics"),
    **dict.fromkeys(("params", "param"), "params"),
    **dict.fromkeys(("tags", "tag"), "tags"),
}
_PART = r"(?:`(?:[^`]|``)+`|\w+(?:/\w+)*)"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))"
    rf"|(?P<name>(?:`(?:[^`]|``)+`|[^\W\d]\w*(?:/\w+)*)(?:\.{_PART})*)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<operator><=|>=|!=|<>|==|=|<|>)|(?P<sign>[-+*/()])"
)
_SPLIT = re.compile(r"`(?:[^`]|``)+`|[^.]+")
_SAME = {"==": "=", "<>": "!="}


# -- the tree ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """Something logged: of the version itself (`alias` is None) or of the one at which an alias points."""

    alias: str | None
    kind: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers and ``+ - *`` or ``/`` between them."""

    left: Term
    sign: str
    right: Term


Term = float | str | Value | Sum


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison; `text` is how it was written."""

    left: Term
    operator: str
    right: Term
    text: str


@dataclass(frozen=True, slots=True)
class Logic:
    """``AND``, ``OR`` of several, or ``NOT`` of one."""

    word: str
    terms: tuple[Node, ...]


Node = Test | Logic


# -- reading -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse_gate(text: str) -> Node:
    """Return the tree of a gate.

    Raises
    ------
    SearchSyntaxError
        It cannot be read; the message points at the place.
    """
    if not str(text).strip() or len(str(text)) > MAX_CHARACTERS:
        problem = f"A gate is a text of 1 to {MAX_CHARACTERS} characters such as 'auc >= champion.auc - 0.005'."
        raise SearchSyntaxError(problem, str(text)[:80], 0)
    return _Parser(str(text)).gate()


class _Parser:
    """Recursive descent: one method a rule."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = self._cut()
        self.position = 0
        self.depth = 0

    def _cut(self) -> list[_Token]:
        found, at = [], 0
        while at < len(self.source):
            match = _TOKEN.match(self.source, at)
            if match is None:
                hint = " A quote or backtick is not closed." if self.source[at] in "'`" else ""
                self._refuse(f"{self.source[at]!r} cannot stand here.{hint}", at, at + 1)
            if match.lastgroup != "space":
                found.append(_Token(str(match.lastgroup), match[0], at, match.end()))
            at = match.end()
        if len(found) > MAX_TOKENS:
            self._refuse(f"A gate has at most {MAX_TOKENS} words and signs.", found[MAX_TOKENS].start, at)
        return [*found, _Token("end", "", at, at)]

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> str:
        """Go past a sign, or a keyword given in capitals; return it, or ""."""
        token = self.token
        found = token.text.upper() if token.kind == "name" else token.text
        if token.kind in ("name", "sign", "operator") and found in texts:
            self.position += 1
            return found
        return ""

    def gate(self) -> Node:
        node = self.chain("OR", lambda: self.chain("AND", self.not_expr))
        if self.token.kind != "end":
            self.fail("Expected AND, OR or the end")
        return node

    def chain(self, word: str, rule: Callable[[], Node]) -> Node:
        terms = [rule()]
        while self.take(word):
            terms.append(rule())
        return terms[0] if len(terms) == 1 else Logic(word, tuple(terms))

    def not_expr(self) -> Node:
        if self.take("NOT"):
            with_depth = self.deeper(self.not_expr)
            return Logic("NOT", (with_depth,))
        if self.token.text == "(" and self._is_logic():
            self.position += 1
            node = self.deeper(lambda: self.chain("OR", lambda: self.chain("AND", self.not_expr)))
            self.close()
            return node
        return self.test()

    def _is_logic(self) -> bool:
        """Say whether the parenthesis here holds tests, rather than a sum: there is an operator inside."""
        depth = 0
        for token in self.tokens[self.position :]:
            depth += (token.text == "(") - (token.text == ")")
            if token.kind == "operator" and depth > 0:
                return True
            if depth == 0:
                break
        return False

    def test(self) -> Test:
        start = self.token.start
        left = self.sum()
        token = self.token
        if token.kind != "operator":
            self.fail("Expected a comparison such as >=")
        self.position += 1
        right = self.sum()
        operator = _SAME.get(token.text, token.text)
        if (isinstance(left, str) or isinstance(right, str)) and operator not in ("=", "!="):
            self._refuse(f"Texts compare with = and !=, not {token.text}.", token.start, token.end)
        return Test(left, operator, right, self.source[start : self.tokens[self.position - 1].end])

    def sum(self) -> Term:
        return self.series(("+", "-"), lambda: self.series(("*", "/"), self.factor))

    def series(self, signs: tuple[str, ...], rule: Callable[[], Term]) -> Term:
        term = rule()
        while True:
            at = self.token
            sign = self.take(*signs)
            if not sign:
                return term
            right = rule()
            if isinstance(term, str) or isinstance(right, str):
                self._refuse(f"{sign} stands between numbers, not texts.", at.start, at.end)
            term = Sum(term, sign, right)

    def factor(self) -> Term:
        token = self.token
        if self.take("-"):
            inner = self.deeper(self.factor)
            if isinstance(inner, str):
                self._refuse("- stands before a number, not a text.", token.start, token.end)
            return -inner if isinstance(inner, float) else Sum(0.0, "-", inner)
        if self.take("("):
            inner = self.deeper(self.sum)
            self.close()
            return inner
        if token.kind in ("number", "text", "name") and not (
            token.kind == "name" and token.text.upper() in ("AND", "OR", "NOT")
        ):
            self.position += 1
            if token.kind == "name":
                return self.value(token)
            return float(token.text) if token.kind == "number" else token.text[1:-1].replace("''", "'")
        return self.fail("Expected a number, a text in quotes, or a value such as auc or champion.auc")

    def value(self, token: _Token) -> Value:
        parts = [part[1:-1].replace("``", "`") if part[0] == "`" else part for part in _SPLIT.findall(token.text)]
        alias = None
        if len(parts) > 1 and parts[0] not in _KINDS:
            alias, *parts = parts
        kind = "metrics"
        if len(parts) > 1 and parts[0] in _KINDS:
            kind, parts = _KINDS[parts[0]], parts[1:]
        if len(parts) > 1:
            self._refuse("A key with a dot stands in backticks, as in metrics.`a.b`.", token.start, token.end)
        return Value(alias, kind, parts[0], token.text)

    def close(self) -> None:
        if not self.take(")"):
            self.fail("Expected ')'")

    def deeper(self, rule: Callable[[], T]) -> T:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._refuse(f"A gate goes at most {MAX_DEPTH} levels deep.", self.token.start, self.token.end)
        try:
            return rule()
        finally:
            self.depth -= 1

    def fail(self, wanted: str) -> NoReturn:
        token = self.token
        found = "the text ends here" if token.kind == "end" else f"found {token.text[:40]!r}"
        self._refuse(f"{wanted}, but {found}.", token.start, token.end)

    def _refuse(self, problem: str, start: int, end: int) -> NoReturn:
        raise SearchSyntaxError(problem, re.sub(r"\s", " ", self.source), start, end)


def aliases_in(node: Node | Term) -> set[str]:
    """Return the aliases that a gate speaks of."""
    if isinstance(node, Value):
        return set() if node.alias is None else {node.alias}
    if isinstance(node, (Test, Sum)):
        return aliases_in(node.left) | aliases_in(node.right)
    return set().union(*map(aliases_in, node.terms)) if isinstance(node, Logic) else set()
