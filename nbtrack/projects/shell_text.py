"""Where in a text for bash the places of parameters are: between words, in quotes, or where no value may stand.

Not a parser of bash: it follows quotes, ``$(…)``, backticks and comments, and knows the first words of commands. Whatever it takes a place
for, a variable is put there and never a value, so that a misjudged place gives a program an odd word and nothing to a shell to run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from nbtrack.errors import InvalidValueError

_SHELLS = re.compile(r"(?:.*/)?(?:ba|da|z|k|a|fi)?sh")
_READS_AGAIN = {"eval", "let", "trap", "alias", "ssh", "su", "watch"}
_NAMES_VARIABLES = {"declare", "export", "local", "mapfile", "read", "readonly", "typeset", "unset"}
_ENDS_COMMAND = "|&;()\n"
_WORDS_BEFORE = {
    "if",
    "then",
    "else",
    "elif",
    "while",
    "until",
    "do",
    "!",
    "time",
    "exec",
    "command",
    "builtin",
    "env",
    "nohup",
    "sudo",
    "xargs",
}
_FIRST, _LAST = "\ue000", "\uf8ff"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a parameter: its number, and the quotes around it ("" between words, ``"``, ``'`` or ``$'``)."""

    number: int
    quotes: str


def places(text: str, where: str) -> list[str | Place]:
    """Return a text in pieces: what stays, and places, which are characters from U+E000 on.

    Raises
    ------
    InvalidValueError
        A shell would read a value there, or a quote has no partner.
    """
    return _Reader(text, where).read()


class _Reader:
    """Goes through a text once; `stack` has what must still be closed: ``)``, backtick, ``"``, ``}``, ``]]`` or ``))``."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.at = 0
        self.pieces: list[str | Place] = []
        self.stack: list[str] = []
        self.words: list[list[str]] = [[""]]  # of the command that is read, one list for each open ( and `
        self.has_document = False

    def read(self) -> list[str | Place]:
        while self.at < len(self.text):
            if self._top == '"':
                self._in_double()
            else:
                self._between()
        if any(mark in self.stack for mark in '"`'):
            self._refuse("has a quote without a partner")
        return self.pieces

    @property
    def _top(self) -> str:
        return self.stack[-1] if self.stack else ""

    def _take(self, n: int = 1) -> str:
        taken = self.text[self.at : self.at + n]
        self.pieces.append(taken)
        self.at += n
        return taken

    def _starts(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    # -- quotes ------------------------------------------------------------------------------------------------------

    def _in_double(self) -> None:
        character = self.text[self.at]
        if character == '"':
            self.stack.pop()
            self._take()
        elif character == "\\":
            self._take(2)
        elif not self._opens():
            self._word_or_place('"')

    def _in_single(self, quotes: str) -> None:
        self._take(len(quotes))
        while not self._starts("'"):
            if self.at >= len(self.text):
                self._refuse("has a quote without a partner")
            if quotes == "$'" and self._starts("\\"):
                self._take(2)
            else:
                self._word_or_place(quotes)
        self._take()

    def _opens(self) -> bool:
        """Go into ``$((``, ``$(``, ``${`` or a backtick, or out of a backtick; say whether there was one."""
        for mark, end in (("$((", "))"), ("$[", "]"), ("$(", ")"), ("${", "}")):
            if self._starts(mark):
                self._take(len(mark))
                self._push(end)
                return True
        if self._starts("`"):
            self._take()
            if "`" in self.stack:
                while self._pop() != "`":
                    pass
            else:
                self._push("`")
            return True
        return False

    def _push(self, end: str) -> None:
        self.stack.append(end)
        if end in (")", "`"):
            self.words.append([""])

    def _pop(self) -> str:
        end = self.stack.pop()
        if end in (")", "`") and len(self.words) > 1:
            self.words.pop()
        return end

    # -- between quotes ----------------------------------------------------------------------------------------------

    def _between(self) -> None:
        character = self.text[self.at]
        if self._top in ("))", ")", "}", "]", "]]") and self._starts(self._top):
            self._take(len(self._top))
            self._pop()
        elif character == "\\":
            self._take(2)
        elif self._starts("$'") or character == "'":
            self._in_single("'" if character == "'" else "$'")
        elif character == '"':
            self.stack.append('"')
            self._take()
        elif character == "#" and self._is_new_word():
            end = self.text.find("\n", self.at)
            self._comment(len(self.text) if end < 0 else end)
        elif not (self._opens() or self._opens_test() or self._redirects()):
            self._blank_or_end() if character in " \t" + _ENDS_COMMAND else self._word_or_place("")

    def _opens_test(self) -> bool:
        for mark, end in (("((", "))"), ("[[", "]]")):
            if self._starts(mark) and self._is_new_word():
                self._take(2)
                self._push(end)
                return True
        return False

    def _redirects(self) -> bool:
        if self._starts("<<<"):
            self._take(3)
            return True
        if self._starts("<<") and self._top != "))":
            self.has_document = True
            self._take(2)
            return True
        return False

    def _blank_or_end(self) -> None:
        character = self._take()
        if character == "(":
            self._push(")")
        elif character in _ENDS_COMMAND:
            self.words[-1] = [""]
        elif self.words[-1][-1]:
            self.words[-1].append("")

    def _comment(self, end: int) -> None:
        while self.at < end:
            self._word_or_place("")
        self.words[-1] = [""]

    def _is_new_word(self) -> bool:
        before = self.text[self.at - 1] if self.at else " "
        return before in " \t" + _ENDS_COMMAND

    def _word_or_place(self, quotes: str) -> None:
        character = self.text[self.at]
        if _FIRST <= character <= _LAST:
            self._check_place()
            self.pieces.append(Place(ord(character) - ord(_FIRST), quotes))
            self.at += 1
        else:
            self._take()
        if not any(end in self.stack for end in ("))", "]]", "]", "}")):
            self.words[-1][-1] += character

    # -- where no value may stand ------------------------------------------------------------------------------------

    def _check_place(self) -> None:
        if self.has_document:
            self._refuse(
                "has a parameter in or after a here-document (<<), where a shell would read it; hand it over as a word: cmd {x}"
            )
        for end, shown, instead in (
            ("))", "((…))", "[ {x} -gt 3 ]"),
            ("]]", "[[ … ]]", "[ {x} -gt 3 ]"),
            ("]", "$[…]", "[ {x} -gt 3 ]"),
            ("}", "${…}", "name={x}; echo $name"),
        ):
            if end in self.stack:
                self._refuse(
                    f"has a parameter in {shown}, which a shell would calculate, and run what is in it; write {instead}"
                )
        words = [word for word in self.words[-1] if word]
        while words and (words[0] in _WORDS_BEFORE or "=" in words[0]):
            words = words[1:]
        if words and words[0] in _READS_AGAIN:
            self._refuse(
                f"has a parameter in the words of {words[0]}, which reads them as text of a shell; leave {words[0]} out"
            )
        self._check_name(words, self.words[-1][-1])
        self._check_script(words)

    def _check_name(self, words: list[str], word: str) -> None:
        is_name = bool(words) and words[0] in _NAMES_VARIABLES and "=" not in word
        is_tested = words[:1] in (["["], ["test"], ["printf"]) and "-v" in words[-2:]
        if is_name or is_tested or re.search(r"(?:^|\s)\w+\[[^\]]*$", word):
            self._refuse(
                "has a parameter in the name of a variable, where a shell would read it; use a fixed name: name={x}"
            )

    def _check_script(self, words: list[str]) -> None:
        """Refuse a place in the script of ``sh -c "…"``; what follows it are arguments, and fine."""
        shells = [n for n, word in enumerate(words) if _SHELLS.fullmatch(word)]
        if not shells:
            return
        options = words[shells[0] + 1 :]
        is_open = bool(self.words[-1][-1])  # the place stands within the last word
        before = options[:-1] if is_open and options else options
        flags = [n for n, word in enumerate(before) if re.fullmatch(r"-[a-z]*c[a-z]*", word)]
        if flags and len(before) == flags[0] + 1:
            shell = words[shells[0]]
            self._refuse(
                f"""has a parameter in the script of {shell} -c; hand it over as a word: {shell} -c 'echo "$1"' {shell} {{x}}"""
            )

    def _refuse(self, why: str) -> NoReturn:
        raise InvalidValueError(f"{self.where}: the command {why}.")
