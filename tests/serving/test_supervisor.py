"""What looks after the workers of a model server."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.serving.settings import Settings
from nbtrack.serving.supervisor import MAX_FAILED, Supervisor, supervisor
from nbtrack.serving.threaded import listen

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Put back what uvicorn takes over."""
    before = {each: signal.getsignal(each) for each in signal.valid_signals()}
    yield
    for each, handler in before.items():
        if handler is not None and signal.getsignal(each) is not handler:
            signal.signal(each, handler)


class Dead:
    """A process that a model brought down."""

    exitcode = -11
    pid = 77

    def __init__(self, *_: Any) -> None:
        pass

    def is_alive(self, *_: Any, **__: Any) -> bool:
        return False

    def __getattr__(self, _: str) -> Any:
        return lambda: None


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, kept_signals: None) -> Iterator[Supervisor]:
    """A supervisor whose one worker is dead."""
    monkeypatch.setattr("uvicorn.supervisors.multiprocess.Process", Dead)
    with listen("127.0.0.1", 0) as open_socket:
        found = supervisor("x:y", open_socket, 1, 60.0)
        found.init_processes()
        yield found


@pytest.mark.parametrize("code", [-11, 1, 3])
def test_a_worker_that_ended_is_replaced_and_named_whatever_its_code(
    made: Supervisor, code: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dead, "exitcode", code)
    (first,) = made.processes
    made.keep_subprocess_alive()
    assert made.processes != [first]
    assert f"Worker 77 ended by itself (exit code {code})" in caplog.text
    assert not made.should_exit.is_set()


@pytest.mark.parametrize("has_begun", [True, False])
def test_only_workers_that_never_begin_end_the_server(
    made: Supervisor, has_begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dead, "exitcode", 3)
    for _ in range(2 * MAX_FAILED):
        monkeypatch.setattr(Dead, "is_alive", lambda *_: True)
        monkeypatch.setattr(Dead, "is_ready", lambda *_: has_begun, raising=False)
        made.keep_subprocess_alive()
        monkeypatch.setattr(Dead, "is_alive", lambda *_: False)
        made.keep_subprocess_alive()
    assert made.should_exit.is_set() is not has_begun


def test_a_worker_at_work_is_waited_for(made: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def is_alive(_: Any, timeout: float) -> bool:
        waited.append(timeout)
        return True

    monkeypatch.setattr(Dead, "is_alive", is_alive)
    made.keep_subprocess_alive()
    assert waited[0] > 60


@pytest.mark.parametrize("uri", ["models:/fraud/3", "runs:/" + "0" * 32 + "/model", "folder"])
def test_what_never_moves_is_not_followed(uri: str) -> None:
    with pytest.raises(InvalidValueError, match="always the same model"):
        Settings(uri, follow_s=2.0)
    assert Settings("models:/fraud@champion", follow_s=2.0).follow_s
