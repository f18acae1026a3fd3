"""What looks after the workers of a model server."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from nbtrack.errors import InvalidValueError
from nbtrack.serving.settings import Settings
from nbtrack.serving.supervisor import supervisor
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


@pytest.mark.usefixtures("kept_signals")
def test_a_worker_at_work_is_waited_for_and_one_that_ended_is_replaced_and_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("uvicorn.supervisors.multiprocess.Process", Dead)
    with listen("127.0.0.1", 0) as open_socket:
        made = supervisor("x:y", open_socket, 1, 60.0)
        assert made.config.timeout_worker_healthcheck > 60
        made.init_processes()
        (first,) = made.processes
        made.keep_subprocess_alive()
    assert made.processes != [first]
    assert "Worker 77 ended by itself (exit code -11)" in caplog.text


@pytest.mark.parametrize("uri", ["models:/fraud/3", "runs:/" + "0" * 32 + "/model", "folder"])
def test_what_never_moves_is_not_followed(uri: str) -> None:
    with pytest.raises(InvalidValueError, match="always the same model"):
        Settings(uri, follow_s=2.0)
    assert Settings("models:/fraud@champion", follow_s=2.0).follow_s
