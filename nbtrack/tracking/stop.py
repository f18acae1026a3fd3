"""What ends a training loop when somebody pressed Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.tracking.run import ActiveRun


class StopRun(BaseException):
    """Somebody pressed Stop; raised by the next ``log_metric``, ``log_param``, ``knob`` or ``progress`` of the run.

    ``with start_run()`` and ``%%track`` end quietly with it, as FINISHED: all that was to be recorded is recorded, and the run ended by a
    decision. It is no ``Exception``, so that ``except Exception`` around a training step does not swallow it, and no
    ``KeyboardInterrupt``, because one of those that leaves an asyncio task takes the kernel's event loop, and so the kernel, along.

    Attributes
    ----------
    run : ActiveRun
        The run that was stopped; its children end with it.
    step : int or None
        The last step that was logged.
    """

    def __init__(self, run: ActiveRun, step: int | None) -> None:
        self.run = run
        self.step = step
        super().__init__(f"run #{run.number} {run.name!r} {stopped_text(step)}")

    def _render_traceback_(self) -> list[str]:
        """Tell IPython that there is no more to say."""
        return [str(self)]


def stopped_text(step: int | None) -> str:
    """Return ``stopped at step 120``."""
    return "stopped" if step is None else f"stopped at step {step:,}"
