"""Starting and ending the web interface."""

from __future__ import annotations

import importlib
import re
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.errors import InvalidValueError, MissingPackageError, NbtrackError

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.server.running import Interface
    from tests.server.conftest import Tab


def test_it_says_its_address(interface: Interface) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/open\?token=[\w-]{32}", interface.url)
    assert str(interface) == interface.url
    assert f'href="{interface.url}"' in interface._repr_html_()


def test_closing_ends_open_streams_and_frees_the_port(tab: Tab) -> None:
    tab.follow()
    tab.interface.close()
    assert tab.stream is not None
    tab.stream.read()  # to its end, which there is now
    with pytest.raises(OSError):
        tab.ask("GET", "/")


def test_a_port_that_is_taken_is_named(interface: Interface) -> None:
    with pytest.raises(NbtrackError, match=f"Port {interface.lock.port} .*--port 0"):
        nbtrack.ui(port=interface.lock.port)


def test_a_host_that_others_reach_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="can be reached from elsewhere"):
        nbtrack.ui(host="0.0.0.0")


def test_missing_packages_are_named_with_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str) -> object:
        if name == "uvicorn":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingPackageError, match=r"nbtrack\[ui\]"):
        nbtrack.ui()


def test_one_that_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    with pytest.raises(NbtrackError, match="did not start"):
        nbtrack.ui()


def test_the_command_serves_until_ctrl_c_and_logs_no_token(tmp_path: Path) -> None:
    nbtrack.set_tracking_uri(tmp_path / "runs.duckdb")
    with nbtrack.start_run("a"):
        pass
    command = [sys.executable, "-m", "nbtrack", "ui", "--store", str(tmp_path / "runs.duckdb"), "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(url, timeout=30) as page:
            assert b"nbt-stage" in page.read()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (0, 130, -signal.SIGINT)
    assert url.partition("token=")[2] not in rest
    assert "Traceback" not in rest
