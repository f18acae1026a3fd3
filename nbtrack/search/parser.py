"""Reads filters and order_by into trees.

The grammar is MLflow's search language with OR, NOT, parentheses, lists, ranges and statistics of a metric::

    filter     = [ or_expr ] end
    or_expr    = and_expr { OR and_expr }
    and_expr   = not_expr { AND not_expr }
    not_expr   = NOT not_expr | "(" or_expr ")" | comparison
    comparison = "#" digits                                  run number: #43 is number = 43
               | field IS [ NOT ] NULL                       logged or not
               | field [ NOT ] IN "(" value { "," value } ")"
               | field [ NOT ] BETWEEN value AND value       both ends belong to it
               | field [ NOT ] ( LIKE | ILIKE ) text         % any text, _ any character; ILIKE ignores case
               | field ( = | != | < | <= | > | >= ) value    also == and <>
    field      = ( metrics | metric ) "." key [ "." statistic ]
               | ( params | param | parameters | parameter ) "." key
               | ( tags | tag ) "." key
               | ( datasets | dataset ) "." ( name | digest | context )
               | [ ( attributes | attribute | attr | run ) "." ] attribute
    statistic  = last | min | max | count | step | best      best: min or max, by the goal set for the metric
    key        = letters, digits, _ - / .                    may end with a statistic: quote the key if not meant
               | "`" any text "`" | '"' any text '"'         a quote inside is doubled
    attribute  = run_id | name (run_name, `Run Name`) | status | user_id (user) | artifact_uri | start_time (created)
               | end_time | duration | number | experiment_id | experiment | lifecycle_stage | parent_run_id (parent)
    value      = number | text | time | length
    number     = 3 | -0.5 | 1e-3 | nan | inf | infinity
    text       = "'" any text "'" | '"' any text '"'         a quote inside is doubled
    time       = milliseconds | "'" 2026-11-01 [ 12:00 [ :30 ] ] "'" | now [ ( "+" | "-" ) length ]     in UTC
    length     = number ( s | m | h | d | w )                with `duration` and `now`
    order_by   = field [ ASC | DESC ]                        each in its own text

Registered models are searched by name, description, user_id, creation_time, last_update_time, versions (how many) and
tags; their versions by name, version, run_id, source, model_id, stage, status, alias, description, user_id,
creation_time, last_update_time, tags, and metrics and params of the run that they came from.

Experiments are searched by name, experiment_id, creation_time (created), last_update_time (updated), lifecycle_stage
and tags. Keywords and the words before a key may be written in any case. Details that matter:

- Logic has two values. A comparison with something that was not logged is false (``!=``, ``NOT IN`` and ``NOT LIKE``
  too), so ``NOT`` of it is true: ``params.x != '1'`` wants another value, ``NOT params.x = '1'`` also takes runs
  without x.
- A param compares as a number with a number, and as a text with a quoted text. A param that is no number compares
  false with any number.
- A text is compared with ``<`` character by character; ``params.lr < '0.01'`` is rarely what you mean.
- NaN equals NaN and differs from every number; it is neither less nor greater than anything. ``IS NULL`` means that
  nothing was logged; NaN was.
- A run may use several datasets; a comparison is true when it is true of one of them.
- `status` takes its value in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nbtrack.errors import SearchSyntaxError
from nbtrack.search.comparison import read_test
from nbtrack.search.cursor import Cursor, refuse_field
from nbtrack.search.fields import SUBJECTS, read_field
from nbtrack.search.tokens import Token, check_text
from nbtrack.search.tree import And, Comparison, Field, Node, Not, Or, OrderTerm, SubjectName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_TERMS = 200
MAX_DEPTH = 50
MAX_ORDER_TERMS = 20


def parse_filter(text: str | None, *, subject: SubjectName = "run") -> Node | None:
    """Return the tree of a filter, or None when it is empty.

    Parameters
    ----------
    text : str or None
        Up to 10,000 characters, 200 comparisons, 50 levels of parentheses and NOT.
    subject : {"run", "experiment", "model", "model version"}
        What is searched.

    Raises
    ------
    SearchSyntaxError
        The text cannot be read; the message points at the place and says what to write.
    """
    if text is None:
        return None
    return _Parser(check_text(text), subject).filter()


def parse_order_by(terms: Iterable[str] | str | None, *, subject: SubjectName = "run") -> list[OrderTerm]:
    """Return what to sort by, such as ``["metrics.loss.min DESC", "start_time"]``, most important first.

    Raises
    ------
    SearchSyntaxError
        A term cannot be read, or sorts by the same field as an earlier one.
    """
    texts = [terms] if isinstance(terms, str) else _list_of(terms)
    if len(texts) > MAX_ORDER_TERMS:
        raise SearchSyntaxError(f"order_by has at most {MAX_ORDER_TERMS} terms, not {len(texts)}.", "", 0)
    read: list[OrderTerm] = []
    for text in texts:
        term = _Parser(check_text(text, "An order_by"), subject).order_term()
        if any(term.field == earlier.field for earlier in read):
            refuse_field(term.field, f"{term.field.place.text} is in order_by twice; leave one out.")
        read.append(term)
    return read


def _list_of(terms: Iterable[str] | None) -> list[str]:
    try:
        return list(terms or ())
    except TypeError:
        problem = f"order_by is a list such as ['metrics.loss ASC'], but a {type(terms).__name__} was received."
        raise SearchSyntaxError(problem, "", 0) from None


class _Parser(Cursor):
    """Recursive descent: one method a rule."""

    def __init__(self, source: str, subject: SubjectName) -> None:
        if subject not in SUBJECTS:
            raise SearchSyntaxError(f"Search {', '.join(map(repr, SUBJECTS))}, not {subject!r}.", "", 0)
        super().__init__(source)
        self.subject = SUBJECTS[subject]
        self.n_terms = 0
        self.depth = 0

    def filter(self) -> Node | None:
        """``filter = [ or_expr ] end``."""
        if self.token.kind == "end":
            return None
        node = self.or_expr()
        if self.token.kind != "end":
            self.refuse_rest()
        return node

    def or_expr(self) -> Node:
        """``or_expr = and_expr { OR and_expr }``."""
        terms = self.chain("OR", self.and_expr)
        return terms[0] if len(terms) == 1 else Or(terms)

    def and_expr(self) -> Node:
        """``and_expr = not_expr { AND not_expr }``."""
        terms = self.chain("AND", self.not_expr)
        return terms[0] if len(terms) == 1 else And(terms)

    def chain(self, word: str, rule: Callable[[], Node]) -> tuple[Node, ...]:
        """Read `rule` once or more, with `word` in between."""
        terms = [rule()]
        while self.take_word(word):
            terms.append(rule())
        return tuple(terms)

    def not_expr(self) -> Node:
        """``not_expr = NOT not_expr | "(" or_expr ")" | comparison``."""
        opening = self.token
        if self.take_word("NOT"):
            self.go_deeper(opening)
            node: Node = Not(self.not_expr())
        elif self.take("open"):
            self.go_deeper(opening)
            node = self.or_expr()
            if not self.take("close"):
                self.refuse_unclosed(opening, "AND, OR or ')'")
        else:
            return self.comparison()
        self.depth -= 1
        return node

    def comparison(self) -> Comparison:
        """``comparison = "#" digits | field test``."""
        self.n_terms += 1
        if self.n_terms > MAX_TERMS:
            self.fail(f"A filter has at most {MAX_TERMS} comparisons; use IN (…) for many values.")
        token = self.token
        if self.subject.name == "run" and self.take("hash"):
            name = Token("name", "number", token.start, token.end)
            return Comparison(read_field(name, self.source, self.subject), "=", (float(token.text[1:]),))
        return read_test(self, self.field())

    def field(self) -> Field:
        """``field = entity "." key [ "." statistic ] | attribute``."""
        token = self.token
        if token.kind not in ("name", "text") or token.text[0] == "'" or token.is_word("AND", "OR", "IN", "IS", "NOT"):
            self.fail(f"Expected a field such as metrics.loss, but {self.found()}{self.field_hint()}.")
        self.position += 1
        return read_field(token, self.source, self.subject)

    def order_term(self) -> OrderTerm:
        """``order_by = field [ ASC | DESC ]``."""
        field = self.field()
        if field.entity == "datasets":
            refuse_field(field, "A run may use several datasets, which gives no order; sort by a metric, param or tag.")
        if field.entity == "aliases":
            refuse_field(field, "A version may have several aliases, which gives no order; sort by version or name.")
        descending = self.take_word("DESC")
        if not descending:
            self.take_word("ASC")
        if self.token.kind == "comma":
            self.fail("Each order_by term is a text of its own, as in ['metrics.loss ASC', 'start_time DESC'].")
        if self.token.kind != "end":
            self.fail(f"Expected ASC, DESC or the end, but {self.found()}.")
        return OrderTerm(field, descending)

    def go_deeper(self, opening: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"Parentheses and NOT go at most {MAX_DEPTH} levels deep.", opening)

    def field_hint(self) -> str:
        if self.token.kind in ("number", "text"):
            return "; the field stands on the left, as in metrics.loss < 0.5"
        return ""

    def refuse_rest(self) -> NoReturn:
        if self.token.kind == "close":
            self.fail("This ')' closes nothing; leave it out or open it before.")
        if self.token.kind in ("name", "hash", "open", "text") and not self.token.is_word("IN", "IS", "LIKE", "ILIKE"):
            self.fail(f"Expected AND, OR or the end, but {self.found()}; write AND between two comparisons.")
        self.fail(f"Expected AND, OR or the end, but {self.found()}.")
