"""Commands: whatever is in a parameter, it arrives as one word."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.projects.template import Command

if TYPE_CHECKING:
    from pathlib import Path

NASTY = [
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "'\"$(touch pwned)\"'",
    "| touch pwned",
    "&& touch pwned",
    "& touch pwned",
    "a[$(touch pwned)]",
    "<(touch pwned)",
    "> pwned",
    "\\$(touch pwned)",
    "\n touch pwned\n",
    "two words",
    "  blanks  ",
    "\t",
    "",
    "*",
    "?",
    "[a-z]*",
    "~",
    "~root",
    "$HOME",
    "${HOME}",
    "${x:-a}",
    "{a,b}",
    "{1..3}",
    "!1",
    "#comment",
    "\\",
    "\\\\",
    "trailing\\",
    "'",
    '"',
    "it's",
    "-x",
    "--option",
    "--",
    "a=b",
    "%s%n",
    "\u00e9 \U0001f600",
    "\x01\x7f",
    "$'\\x41'",
    "(",
    ")",
    ";;",
    "\r\n",
    "^",
    "A" * 5000,
]
PLACES = {
    "words": "printf '%s\\0' {}",
    "between words": "true && printf '%s\\0' {}",
    "double quotes": "true && printf '%s\\0' {}",
    "single quotes": "true && printf '%s\\0' {}",
    "ansi quotes": "true && printf '%s\\0' {}",
    "lines": "# don't stop {a0}\nif true; then\n  printf '%s\\0' \\\n  {}\nfi",
    "a variable": "export ALL={a0}; for each in {}; do printf '%s\\0' \"$each\"; done",
    "a substitution": "printf '%s' $(printf '%s\\0' {} | base64 -w0) | base64 -d",
    "backticks": "printf '%s' `printf '%s\\0' {} | base64 -w0` | base64 -d",
    "another shell": 'bash -c \'printf "%s\\0" "$@"\' bash {}',
    "a pipe": "printf '%s\\0' {} | cat",
    "outer quotes": "printf '%s' \"$(printf '%s\\0' {} | base64 -w0)\" | base64 -d",
}
AROUND = {"double quotes": '"{%s}"', "single quotes": "'{%s}'", "ansi quotes": "$'{%s}'"}


@pytest.mark.parametrize("place", PLACES)
def test_every_character_arrives(place: str, tmp_path: Path) -> None:
    values = {f"a{n}": value for n, value in enumerate(NASTY)}
    around = AROUND.get(place, "{%s}")
    command = Command.parse(PLACES[place].replace("{}", " ".join(around % name for name in values)), "main")
    assert command.is_plain == (place in ("words", "another shell"))
    done = subprocess.run(command.words(values), cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == NASTY
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("command", ["printf %s\\0", "true | printf '%s\\0'", "true |\\\n printf '%s\\0' \\"])
def test_further_parameters_follow_as_words(command: str, tmp_path: Path) -> None:
    extra = [word for n, value in enumerate(NASTY) for word in (f"--p{n}", value)]
    words = Command.parse(command.replace("%s\\0", "'%s\\0'") if "'" not in command else command, "main").words(
        {}, extra
    )
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == extra
    assert not (tmp_path / "pwned").exists()


def test_plain_words_need_no_shell() -> None:
    command = Command.parse('python train.py --rate={rate} "a {name} b" {{}}'.replace(" {{}}", ""), "main")
    assert command.words({"rate": "$(x)", "name": "; y"}) == ("python", "train.py", "--rate=$(x)", "a ; y b")
    for text in (
        "X=1 python a.py",
        "cd a",
        "python a.py *",
        "python $HOME/a.py",
        "a\nb",
        "ls ~",
        "echo {{1,2}}",
        "a > b",
    ):
        assert Command.parse(text, "main").words({})[:2] == ("bash", "-c"), text


def test_braces_that_are_no_place_are_doubled() -> None:
    command = Command.parse("awk '{{print $1}}' {file}", "main")
    assert command.words({"file": "a"})[2].endswith("awk '{print $1}' \"${nbtrack_1}\"")
    assert command.names == ("file",)


@pytest.mark.parametrize(
    "text",
    [
        "eval {x}",
        "true; eval run {x}",
        "echo $(eval {x})",
        "echo `eval {x}`",
        "let {x}",
        "trap {x} EXIT",
        "ssh host ls {x}",
        "bash -c 'echo {x}'",
        'sh -ec "echo {x}"',
        "A=1 bash -lc {x}",
        "find . -exec sh -c 'ls {x}' ';'",
        "env X=1 /bin/sh -c {x}",
        "echo $(( {x} + 1 ))",
        'echo "$(({x}))"',
        "(( {x} )) && echo a",
        "[[ {x} -gt 3 ]]",
        "echo $[{x}]",
        "echo ${{a:{x}}}",
        "cat <<END\n{x}\nEND",
        "declare {x}",
        "unset {x}",
        "[ -v {x} ]",
        "a[{x}]=1",
    ],
)
def test_where_a_shell_would_read_a_value_none_may_stand(text: str) -> None:
    with pytest.raises(InvalidValueError, match="has a parameter in"):
        Command.parse(text, "main")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "echo {", "echo }", "echo {}", "echo {x!r}", "echo {x.y}", "echo {x:3}", "echo 'a {x}", 'a | "', "a\0b"],
)
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="command"):
        Command.parse(text, "main")


def test_no_process_can_be_given_a_nul() -> None:
    with pytest.raises(InvalidValueError, match="NUL"):
        Command.parse("echo {x}", "main").words({"x": "a\0b"})
    with pytest.raises(InvalidValueError, match="NUL"):
        Command.parse("echo", "main").words({}, ["--x", "a\0b"])
