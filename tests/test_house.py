"""The house rules that no other tool checks: sizes, the light front door, and documents that tell the truth."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"

FILE_LINES = 400
FUNCTION_LINES = 60
HEAVY = {"IPython", "anywidget", "duckdb", "ipywidgets", "matplotlib", "numpy", "pandas", "plotly", "sklearn"}

PYTHON_FILES = sorted(path for folder in ("nbtrack", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))
FRONT_END_FILES = sorted(path for folder in ("src", "test") for path in (ROOT / "js" / folder).rglob("*.[jc]s*"))


def existing(path: Path) -> str:
    """Return a document's text."""
    return path.read_text(encoding="utf-8")


def room(module: str) -> Any:
    """Import a room."""
    return importlib.import_module(module)


# ---------------------------------------------------------------- sizes


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON_FILES + FRONT_END_FILES}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > FILE_LINES}
    assert too_long == {}, "split by noun"


def test_functions_are_short() -> None:
    too_long = {name: n for path in PYTHON_FILES for name, n in function_lengths(path) if n > FUNCTION_LINES}
    assert too_long == {}


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every function of a file with its number of lines, its docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            n_lines = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                n_lines -= (first.end_lineno or 0) - first.lineno + 1
            yield f"{path.relative_to(ROOT)}: {node.name}", n_lines


# ---------------------------------------------------------------- the front door


def test_importing_nbtrack_loads_nothing_heavy() -> None:
    program = "import sys, nbtrack; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert HEAVY & set(done.stdout.split()) == set()


def test_public_names_are_sorted_and_documented() -> None:
    nbtrack = room("nbtrack")
    names = nbtrack.__all__
    assert list(names) == sorted(names)
    undocumented = [name for name in names if not name.startswith("__") and not inspect.getdoc(getattr(nbtrack, name))]
    assert undocumented == []


# ---------------------------------------------------------------- documents


def test_every_path_in_the_architecture_exists() -> None:
    paths = set(re.findall(r"\b(?:nbtrack|js|tests|tools|notebooks|benchmarks)/[\w./-]*[\w/]", existing(ARCHITECTURE)))
    built = {"nbtrack/static"}  # in no fresh clone
    missing = [path for path in sorted(paths) if not (ROOT / path).exists() and not path.startswith(tuple(built))]
    assert missing == []


def test_the_architecture_names_every_room() -> None:
    text = existing(ARCHITECTURE)
    rooms = {path.stem for path in (ROOT / "nbtrack").iterdir() if not path.name.startswith(("_", "."))} - {"py"}
    assert [name for name in sorted(rooms) if not re.search(rf"\b{name}\b", text)] == []


def test_readme_and_command_line_agree() -> None:
    main = room("nbtrack.cli.main")
    import typer

    commands = set(command_paths(typer.main.get_command(main.app)))
    readme = existing(README)
    undocumented = [command for command in sorted(commands) if f"nbtrack {command}" not in readme]
    assert undocumented == []
    first_words = {command.split()[0] for command in commands}
    named = set(re.findall(r"(?:^|`|\$ |python -m )nbtrack ([a-z][a-z-]*)", readme, flags=re.MULTILINE))
    assert named - first_words == set(), "README names commands that do not exist"


def command_paths(command: Any, above: str = "") -> Iterator[str]:
    """Yield ``"ui"`` or ``"runs list"`` for each command under a click group."""
    for name, below in getattr(command, "commands", {}).items():
        if below.hidden:
            continue
        yield from command_paths(below, f"{above}{name} ") if hasattr(below, "commands") else [f"{above}{name}"]


def test_readme_and_magics_agree() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    nbtrack = room("nbtrack")
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        known = magic_names(shell)
        nbtrack.load_ipython_extension(shell)
        ours = magic_names(shell) - known
    finally:
        InteractiveShell.clear_instance()
    readme = existing(README)
    assert [name for name in sorted(ours) if f"{name} " not in readme and f"{name}`" not in readme] == []
    named = set(re.findall(r"(?:^|`)\s*(%%?[a-z_]+)\b", readme, flags=re.MULTILINE))
    assert named - ours - known == set(), "README names magics that do not exist"


def magic_names(shell: Any) -> set[str]:
    """Return ``{"%time", "%%time", …}``."""
    kinds = shell.magics_manager.magics
    return {f"%{name}" for name in kinds["line"]} | {f"%%{name}" for name in kinds["cell"]}


def test_readme_and_settings_agree() -> None:
    files = [path for path in PYTHON_FILES if path.is_relative_to(ROOT / "nbtrack")]
    in_code = {name for path in files for name in settings_in(path.read_text(encoding="utf-8"))}
    in_readme = settings_in(existing(README))
    build_time = {"NBTRACK_SKIP_JS"}
    assert in_code - in_readme == set(), "settings that README does not name"
    assert in_readme - in_code - build_time == set(), "README names settings that do not exist"


def settings_in(text: str) -> set[str]:
    """Return the names of environment variables in a text."""
    return set(re.findall(r"\bNBTRACK_[A-Z][A-Z_]*[A-Z]\b", text))


def test_every_error_stands_in_the_drawn_tree() -> None:
    tree = inspect.getdoc(errors) or ""
    drawn = set(re.findall(r"\w+Error\b", "\n".join(line.split("(")[0] for line in tree.splitlines())))
    own = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.NbtrackError)
    }
    assert own - drawn == set()


def test_the_front_end_lock_file_names_no_addresses() -> None:
    assert '"resolved"' not in (ROOT / "js" / "package-lock.json").read_text(encoding="utf-8")
