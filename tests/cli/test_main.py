from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from nbtrack.cli.main import app, is_duckdb, message_of, wants_json
from nbtrack.errors import NotFoundError
from nbtrack.version import __version__
from tests.cli.conftest import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Desk

HEAVY = {"duckdb", "numpy", "pandas", "matplotlib", "IPython", "plotly", "ipywidgets", "filelock"}
COMMANDS = {
    *("export html", "export mlflow", "import mlflow"),
    *(f"import {kind}" for kind in ("tensorboard", "wandb-offline", "trackio", "csv", "parquet")),
    *("merge", "copy", "backup"),
    "run",
    "reproduce",
    "slice",
    "ui",
    *(f"runs {verb}" for verb in ("list", "show", "stop", "delete", "restore", "tag")),
    *(f"experiments {verb}" for verb in ("list", "create", "show", "rename", "delete", "restore")),
    *(f"artifacts {verb}" for verb in ("list", "download")),
    *(
        f"models {verb}"
        for verb in ("list", "show", "history", "register", "alias", "rollback", "stage", "tag", "expect", "delete")
    ),
    *(f"models {verb}" for verb in ("predict", "serve", "env", "generate-dockerfile", "build-docker")),
    *("server", "server audit", "server oidc", "server token add", "server token list", "server token remove"),
    *("sql", "sync", "doctor", "purge", "demo"),
}
BETWEEN_STORES = ("merge", "copy")
"""Commands whose arguments are stores."""
OPTIONS = {"model_uri": "models:/x/1", "source": "in.csv", "output": "out.csv", "folder": "new", "name": "image"}
"""What stands after options that a command cannot do without."""


def commands(below: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with its words."""
    below = below or typer.main.get_command(app)
    for name, command in below.commands.items():
        if getattr(command, "invoke_without_command", False):
            yield f"{path}{name}", command
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def nbtrack(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NBTRACK_", "MLFLOW_"))}
    return subprocess.run(
        [sys.executable, "-m", "nbtrack", *words],
        capture_output=True,
        text=True,
        encoding=env.pop("encoding", "utf-8"),
        cwd=cwd,
        env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "80", **env},
        timeout=120,
        check=False,
    )


# ---------------------------------------------------------------- the tree


def test_every_command_is_there() -> None:
    assert {path for path, _ in commands()} == COMMANDS


@pytest.mark.parametrize(("path", "command"), [*commands()], ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_help_an_example_a_store_and_json(path: str, command: Any) -> None:
    assert command.help
    assert command.help.strip().splitlines()[0].endswith(".")
    options = {name for param in command.params for name in param.opts}
    place = (
        {"--auth"}
        if path.startswith(("server oidc", "server token"))
        else set()
        if path in BETWEEN_STORES
        else {"--store"}
    )
    assert {*place, "--json"} <= options
    assert all(getattr(param, "help", None) for param in command.params)
    examples = re.findall(r"^Example: (nbtrack .*)$", command.epilog or "", flags=re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example)[1:]
        assert words[: path.count(" ") + 1] == path.split()
        context = command.make_context(path, words[path.count(" ") + 1 :], resilient_parsing=False)
        context.close()


def test_help_names_every_command(desk: Desk) -> None:
    lines = desk.lines("--help")
    named = [line.split()[1] for line in lines if re.match(r"│ [a-z]", line)]
    assert named == [
        "run",
        "runs",
        "experiments",
        "artifacts",
        "models",
        "ui",
        "server",
        "sql",
        "sync",
        "reproduce",
        "slice",
        "import",
        "export",
        "merge",
        "copy",
        "backup",
        "doctor",
        "purge",
        "demo",
    ]


def test_without_a_command_help_is_shown(desk: Desk) -> None:
    for words in ([], ["runs"], ["experiments"]):
        done = desk.call(*words)
        assert done.exit_code == 2
        assert "Usage:" in done.output


# ---------------------------------------------------------------- errors


def test_a_command_that_cannot_be_understood_exits_with_2(desk: Desk) -> None:
    for words in (
        ["rnus"],
        ["runs", "lst"],
        ["runs", "list", "--nope"],
        ["runs", "show"],
        ["runs", "list", "--limit", "x"],
    ):
        done = desk.call(*words)
        assert done.exit_code == 2, words
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        error = desk.json(*words, exit_code=2)["error"]
        assert (error["kind"], error["exit_code"]) == ("UsageError", 2)
        assert error["message"]


def words_of(command: Any) -> list[str]:
    """Return arguments that a command takes; and of its options those that it needs, and a model."""
    words: list[str] = []
    for param in command.params:
        if param.param_type_name == "option" and (param.required or param.name == "model_uri"):
            words += [param.opts[0], OPTIONS[param.name]]
        elif param.param_type_name == "argument" and param.required:
            words.append("1" if param.name == "version" else "y=1" if words else "x")
    return words


def test_a_store_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    for path, command in commands():
        if path.startswith(("server", "import")) or path in (
            "run",
            "demo",
            "sync",
            "experiments create",
            *BETWEEN_STORES,
        ):
            continue
        needed = ["select 1"] if path == "sql" else words_of(command)
        words = [*path.split(), *needed, "--store", str(tmp_path / "no.duckdb")]
        done = desk.call(*words, "--yes") if path == "purge" else desk.call(*words)
        is_half = path in ("runs tag", "models alias")  # they want one thing or another
        assert done.exit_code == (2 if is_half else 1), (words, done.output)
        if not is_half:
            assert done.stderr.startswith(f"Error: There is no store at {tmp_path / 'no.duckdb'}.")
    assert not (tmp_path / "no.nbtrack").exists()


def test_a_store_elsewhere_is_refused(desk: Desk) -> None:
    error = desk.json("runs", "list", "--store", "mysql://host/db", exit_code=1)["error"]
    assert error["kind"] == "InvalidValueError"


def test_json_after_two_dashes_is_no_option() -> None:
    assert wants_json(["runs", "list", "--json"])
    assert not wants_json(["runs", "delete", "--", "--json"])


def test_which_errors_have_a_message() -> None:
    assert message_of(NotFoundError("Run", "x")) == "Run 'x' is not in this store."
    assert message_of(PermissionError(13, "Permission denied", "/x")) == "/x: Permission denied"
    assert message_of(OSError("odd")) == "odd"
    assert message_of(KeyError("a bug")) is None
    assert message_of(BrokenPipeError()) is None
    assert not is_duckdb(ValueError())


def test_a_bug_is_not_hidden(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(desk.store), "resolve_run", lambda *_: 1 / 0)
    assert isinstance(desk.call("runs", "show", "1").exception, ZeroDivisionError)


# ---------------------------------------------------------------- as a process


def test_the_version(tmp_path: Path) -> None:
    assert nbtrack("--version", cwd=tmp_path).stdout == f"nbtrack {__version__}\n"


def test_help_is_light_and_quick(tmp_path: Path) -> None:
    program = (
        "import sys; from nbtrack.cli.main import app\n"
        "try: app(['runs', 'list', '--help'])\n"
        "except SystemExit: print(*{name.partition('.')[0] for name in sys.modules}, sep='\\n')"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, env=env, check=True
    )
    assert HEAVY & set(done.stdout.split()) == set()


def test_from_a_shell_without_a_store(tmp_path: Path) -> None:
    done = nbtrack("runs", "list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: There is no store at ")
    done = nbtrack("runs", "list", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert strict_json(done.stdout)["error"]["kind"] == "StoreError"
    assert not list(tmp_path.iterdir())


def test_what_one_process_changes_the_next_one_sees(tmp_path: Path) -> None:
    assert nbtrack("experiments", "create", "digits", cwd=tmp_path).returncode == 0
    assert nbtrack("experiments", "rename", "digits", "numbers", cwd=tmp_path).returncode == 0
    found = strict_json(nbtrack("experiments", "list", "--json", cwd=tmp_path).stdout)
    assert {e["name"] for e in found} == {"Default", "numbers"}


def test_the_environment_names_the_store(desk: Desk, tmp_path: Path) -> None:
    desk.store.close()
    done = nbtrack("runs", "list", "--json", cwd=tmp_path / "..", NBTRACK_TRACKING_URI=desk.store.uri)
    assert len(strict_json(done.stdout)) == 4


def test_an_ascii_terminal_gets_question_marks_not_a_traceback(desk: Desk, tmp_path: Path) -> None:
    desk.store.close()
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = nbtrack("runs", "show", "3", cwd=tmp_path, **env)
    assert (done.returncode, done.stderr) == (0, "")
    done = nbtrack("runs", "list", "--json", cwd=tmp_path, **env)
    assert strict_json(done.stdout)[0]["info"]["run_name"].endswith("\u202etxt")


def test_a_reader_that_leaves_early_is_no_error(desk: Desk, tmp_path: Path) -> None:
    desk.store.close()
    command = f"{shlex.quote(sys.executable)} -m nbtrack sql 'from range(20000)' --json | head -n 1"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "NBTRACK_TRACKING_URI": desk.store.uri}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
    assert done.stdout == "[\n"
    assert "Traceback" not in done.stderr


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    env = {"_NBTRACK_COMPLETE": "complete_bash", "COMP_WORDS": "nbtrack runs ", "COMP_CWORD": "2"}
    program = "from nbtrack.cli.main import app; app(prog_name='nbtrack')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **env, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    assert set(done.stdout.split()) == {"list", "show", "stop", "delete", "restore", "tag"}
