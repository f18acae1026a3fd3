"""Environments by a uv that only writes down how it was called; a real one makes one in tests/projects and tests/serving."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from nbtrack.environments import making
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, NbtrackError

UV = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(json.dumps(words) + "\\n")
print("Resolved", words[0])
if "fail" in words or words[2:3] == ["3.99.1"]:
    sys.exit("no such package: fail")
if words[0] == "venv":
    folder = pathlib.Path(words[-1])
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "pyvenv.cfg").write_text("version_info = 3.11.9\\n")
    (folder / "lib/python3.11/site-packages/A_b-1.0.dist-info").mkdir(parents=True)
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(UV.format(python=sys.executable, calls=str(tmp_path / "calls")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "calls"


def called(calls: Path) -> list[list[str]]:
    return [json.loads(line) for line in calls.read_text().splitlines()] if calls.is_file() else []


def test_one_content_is_made_once(calls: Path, tmp_path: Path) -> None:
    wanted = Wanted("3.11", ("numpy", "--pre"), ("numpy<3",))
    wheel = tmp_path / "x-1-py3-none-any.whl"
    wheel.write_text("a")
    told: list[str] = []
    python = making.make(wanted, extra=["ours"], files={"x[y]": wheel}, allow_urls=True, told=told.append)
    folder = python.parent.parent
    assert folder.parent == Path(os.environ["NBTRACK_CACHE"]) / "environments"
    made, installed = called(calls)
    assert made == ["venv", "--python", "3.11", str(folder)]
    assert installed[:6] == ["pip", "install", "--python", str(python), "--constraint", str(folder / "constraints.txt")]
    assert installed[6:] == ["numpy", "--pre", "ours", f"x[y] @ {wheel.as_uri()}"]
    assert told == ["Resolved venv", "Resolved pip"]
    assert making.packages(python) == {"a-b": "1.0"}
    assert making.version_of(python) == "3.11.9"
    assert making.make(wanted, extra=["ours"], files={"x[y]": wheel}, allow_urls=True) == python
    assert len(called(calls)) == 2
    wheel.write_text("b")
    other = making.make(wanted, extra=["ours"], files={"x[y]": wheel}, allow_urls=True, told=told.append)
    assert other != python


def test_what_was_interrupted_is_made_anew(calls: Path) -> None:
    wanted = Wanted("3.11", ("fail",))
    with pytest.raises(NbtrackError, match="could not install fail:\nResolved pip\nno such package"):
        making.make(wanted, told=str)
    with pytest.raises(NbtrackError, match="could not install"):
        making.make(wanted, told=str)
    assert [words[0] for words in called(calls)] == ["venv", "pip"] * 2


def test_a_python_that_cannot_be_had_gives_way_to_its_sibling(calls: Path) -> None:
    making.make(Wanted("3.99.1"), told=str)
    assert [words[2] for words in called(calls)] == ["3.99.1", "3.99"]


def test_who_waits_for_another_process_says_so(calls: Path) -> None:
    python = making.make(Wanted("3.11", ("numpy",)), told=str)
    folder = python.parent.parent
    (folder / making.MADE).unlink()
    lock = FileLock(folder.with_name(f"{folder.name}.lock"), thread_local=False)
    lock.acquire()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        lock.release()  # the other one is done

    making.make(Wanted("3.11", ("numpy",)), told=tell)
    assert told[0] == "another process is making this environment"


@pytest.mark.parametrize(
    "line", ["a @ https://evil.example/a.whl", "--index-url=https://evil.example", "a @ file:///etc"]
)
def test_nothing_comes_from_elsewhere_without_leave(calls: Path, line: str) -> None:
    with pytest.raises(InvalidValueError, match="allow_urls"):
        making.make(Wanted(requirements=(line,)))
    assert called(calls) == []
    with pytest.raises(InvalidValueError, match="no version"):
        making.make(Wanted("3.11 --clear"))
