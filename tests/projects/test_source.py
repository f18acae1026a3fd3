"""Projects from elsewhere, friendly and hostile."""

from __future__ import annotations

import functools
import http.server
import os
import stat
import subprocess
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from nbtrack.errors import InvalidValueError, NbtrackError, NotFoundError
from nbtrack.projects.source import Source, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def git(folder: Path, *words: str) -> str:
    who = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "protocol.file.allow=always",
        "-c",
        "commit.gpgsign=false",
    ]
    return subprocess.run(
        ["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits, a tag, a branch, a submodule and a link that leads out."""
    root = tmp_path_factory.mktemp("git")
    inner, outer = root / "inner", root / "outer"
    for folder in (inner, outer):
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=trunk")
        (folder / "a.txt").write_text("one")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", "one")
    git(outer, "tag", "v1")
    (outer / "a.txt").write_text("two")
    (outer / "sub").mkdir()
    (outer / "sub" / "MLproject").write_text("name: sub")
    (outer / "out").symlink_to("/etc")
    git(outer, "submodule", "--quiet", "add", inner.as_uri(), "module")
    git(outer, "add", ".")
    git(outer, "commit", "--quiet", "-m", "two")
    git(outer, "branch", "other/side")
    return outer


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose git would run a hook after each checkout."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    (hooks / "post-checkout").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n[submodule]\n\trecurse = true\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def text_of(uri: str, version: str | None = None) -> tuple[str, Source]:
    with fetched(uri, version) as (found, clear):
        text = (found.folder / "a.txt").read_text()
        assert not (found.folder / "module" / "a.txt").exists()
        clear()
        assert not found.folder.exists()
    return text, found


def test_a_version_is_a_branch_a_tag_or_a_commit(repository: Path, tmp_path: Path) -> None:
    uri = f"{repository.as_uri()}/.git"
    first, last = git(repository, "rev-parse", "v1"), git(repository, "rev-parse", "HEAD")
    text, found = text_of(uri)
    assert (text, found.git.commit, found.git.branch, found.uri) == ("two", last, "trunk", uri)
    text, found = text_of(uri, "other/side")
    assert (text, found.git.branch, found.version) == ("two", "other/side", "other/side")
    text, found = text_of(uri, "v1")
    assert (text, found.git.commit, found.git.branch) == ("one", first, "")
    assert text_of(uri, first)[0] == text_of(uri, first[:9])[0] == "one"
    with pytest.raises(NbtrackError, match="git fetch did not succeed"):
        text_of(uri, "missing")
    assert not (tmp_path / "hooked").exists()


def test_a_folder_stays_as_it_is_when_a_version_of_it_is_wanted(repository: Path) -> None:
    before = git(repository, "status", "--porcelain", "--branch")
    assert text_of(str(repository), "v1")[0] == "one"
    with fetched(f"{repository}#sub", "trunk") as (found, clear):
        assert (found.folder / "MLproject").is_file()
        assert found.uri == f"{repository}#sub"
        clear()
    with fetched(repository / "sub") as (found, _):
        assert found.folder == repository / "sub"
        assert found.git.commit == git(repository, "rev-parse", "HEAD")
    assert git(repository, "status", "--porcelain", "--branch") == before


@pytest.mark.parametrize(
    "uri",
    [
        "--upload-pack=touch pwned",
        "-c",
        "ext::sh -c touch% pwned",
        "fd::17",
        "https::touch pwned",
        "ssh://-oProxyCommand=touch%20pwned/a",
        "ssh://git@-oProxyCommand=x/a",
        "ssh://host/-x",
        "git@-host:a",
        "https://host with blank/a",
        "https://host/a\nb",
        "ftp://host/a",
        "git://host/a",
        "file://host/a",
        "",
    ],
)
def test_hostile_addresses_never_reach_git(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no git there
    with pytest.raises(NbtrackError) as refused, fetched(uri):
        pass
    assert isinstance(refused.value, (InvalidValueError, NotFoundError))
    assert "git is needed" not in str(refused.value)


@pytest.mark.parametrize(
    "version",
    [
        "-x",
        "--upload-pack=touch pwned",
        "a..b",
        "a b",
        "a:b",
        "+a",
        "a\nb",
        "@{u}",
        "a@{1}",
        "^a",
        "",
        "a~1",
        "x" * 300,
    ],
)
def test_hostile_versions_never_reach_git(
    version: str, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidValueError, match="is no name of a branch"), fetched(repository.as_uri(), version):
        pass


@pytest.mark.parametrize(
    "subdir", ["../inner", "sub/../../inner", "/etc", "out", "%2e%2e/inner", "sub\\..", "missing", "a.txt"]
)
def test_a_folder_of_a_project_is_in_it(subdir: str, repository: Path) -> None:
    for uri in (f"{repository}#{subdir}", f"{repository.as_uri()}/.git#{subdir}"):
        with pytest.raises((InvalidValueError, NotFoundError)), fetched(uri):
            pass


def test_a_login_in_an_address_is_kept_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(NbtrackError) as refused, fetched("https://me:hunter2222@127.0.0.1:9/a/b"):
        pass
    assert "hunter2222" not in str(refused.value)


# -- zip files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_zip_file_is_a_project(tmp_path: Path, served: str) -> None:
    path = tmp_path / "project.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("top-1/run.sh")
        info.external_attr = 0o755 << 16
        archive.writestr(info, "echo")
        archive.writestr("top-1/sub/a.txt", "a")
    for uri in (str(path), path.as_uri(), f"{served}/project.zip"):
        with fetched(uri) as (found, clear):
            assert found.folder.joinpath("run.sh").stat().st_mode & 0o111
            assert found.git.commit == ""
            clear()
        with fetched(f"{uri}#sub") as (found, clear):
            assert [each.name for each in found.folder.iterdir()] == ["a.txt"]
            clear()
    with pytest.raises(NbtrackError, match="cannot be had"), fetched(f"{served}/missing.zip"):
        pass
    with pytest.raises(InvalidValueError, match="no git repository"), fetched(str(path), "v1"):
        pass


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "a\\..\\evil", "C:/evil"])
def test_a_zip_file_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(InvalidValueError), fetched(str(path)):
        pass


def test_links_and_bombs_in_zip_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InvalidValueError, match="link or device"), fetched(str(path)):
        pass
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (66 << 20))
    with pytest.raises(InvalidValueError, match="zip bomb"), fetched(str(path)):
        pass
    path.write_bytes(b"no zip")
    with pytest.raises(InvalidValueError, match="no zip file"), fetched(str(path)):
        pass


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(NotFoundError, match="Name a folder"), fetched(os.fspath(tmp_path / "missing")):
        pass
    with pytest.raises(InvalidValueError, match="not run"), fetched(tmp_path / "a.txt"):
        pass
