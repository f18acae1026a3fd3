"""SLURM: the plan becomes a batch script, submitted with ``sbatch`` and asked after with ``squeue`` and ``sacct``.

``backend_config`` takes any long option of sbatch by name (``{"partition": "gpu", "time": "02:00:00", "gres": "gpu:1"}``), and of ours

- ``setup``: lines of shell of your own that run first, such as ``["module load cuda"]``;
- ``folder``: where script and output are, which the nodes and this machine must see; ``~/.nbtrack-slurm`` by default;
- ``poll_s``: seconds between two questions, 10 by default.

The nodes must see the project's folder, its environment and the store, too (a server is best).

Words and variables stand in the script quoted by ``shlex``: the shell reads each as one word, whatever is in it. Options go to sbatch as
words of its command line, never as ``#SBATCH`` lines. The script writes the exit code beside itself, so that clusters without accounting
(no ``sacct``) are no worse. SLURM sends SIGTERM when time is up; a notebook takes that as an interrupt and keeps what it has.

Tested with stand-ins for ``sbatch``, ``squeue``, ``sacct`` and ``scancel`` that really run the script and speak their documented formats;
not on a cluster.
"""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends.local import TAIL_BYTES, show
from nbtrack.projects.backends.polled import CommandError, PolledJob, ask, patiently
from nbtrack.projects.backends.words import tail, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbtrack.projects.plan import Plan

OURS = ("folder", "poll_s", "setup")
TAKEN = ("array", "chdir", "error", "export", "export-file", "output", "parsable", "wait", "wrap")
"""Options of sbatch that the backend sets itself, or that would make a job it does not follow."""
POLL_S = 10.0
PATIENCE_S = 15.0
BY_SIGNAL = (130, 143)
KEPT_SECRET = 0o700
ENDED_WELL = "COMPLETED"
KILLED = frozenset(("CANCELLED", "DEADLINE", "PREEMPTED", "REVOKED", "TIMEOUT"))
ENDED = frozenset(("BOOT_FAIL", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "OUT_OF_ME", ENDED_WELL, *KILLED))
GONE_S = 30.0
"""How long a job that nobody knows any more may leave no exit code: network file systems show new files late."""
INSTALL = "run this where jobs are submitted"

_OPTION = re.compile(r"[a-z][a-z0-9-]*")


class SlurmBackend:
    """Runs plans as batch jobs of SLURM."""

    name = "slurm"

    def check(self, config: Mapping[str, Any]) -> None:
        """Take long options of sbatch, ``setup``, ``folder`` and ``poll_s``."""
        for key, value in config.items():
            if key == "setup":
                if isinstance(value, str) or not all(isinstance(line, str) for line in value):
                    raise InvalidValueError(f"setup is {value!r}; use a list of lines, such as ['module load cuda'].")
            elif key == "poll_s":
                if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                    raise InvalidValueError(f"poll_s is {value!r}; use a number of seconds above 0, such as 10.")
            elif key not in OURS:
                _check_option(key, value)

    def submit(self, plan: Plan) -> SlurmJob:
        """Write the script and give it to sbatch."""
        folder = Path(plan.config.get("folder") or Path.home() / ".nbtrack-slurm").expanduser().absolute() / plan.run_id
        folder.mkdir(mode=KEPT_SECRET, parents=True, exist_ok=True)  # variables may hold what is nobody else's business
        place = folder / "job.sh"
        place.write_text(script(plan, folder))
        place.chmod(KEPT_SECRET)
        said = ask(sbatch_words(plan, place), why="to submit jobs to SLURM", install=INSTALL)
        number = said.strip().split(";")[0]  # "1234", or "1234;cluster"
        if not number.isdigit():
            raise NbtrackError(f"sbatch gave no job number: {said.strip()[:200]!r}.")
        return SlurmJob(number, folder, float(plan.config.get("poll_s", POLL_S)), echo=plan.echo)


def sbatch_words(plan: Plan, place: Path) -> list[str]:
    """Return the words of sbatch: its options as the caller gave them, ours after them."""
    options = []
    for key, value in plan.config.items():
        if key in OURS or value is False or value is None:
            continue
        options.append(f"--{key}" if value is True else f"--{key}={value}")
    title = re.sub(r"[^A-Za-z0-9_.-]", "-", plan.entry)[:60]
    named = [] if "job-name" in plan.config else [f"--job-name=nbtrack-{title}"]
    output = str(place.parent / "output.txt").replace("%", "%%")  # %j and its like are sbatch's
    fixed = ["--parsable", f"--chdir={plan.folder}", f"--output={output}"]
    return ["sbatch", *named, *options, *fixed, str(place)]


def script(plan: Plan, folder: Path) -> str:
    """Return the batch script of a plan."""
    code = shlex.quote(str(folder / "exit"))
    lines = [
        "#!/bin/bash",
        f"# nbtrack: {plan.run_id}",
        *(f"unset {name}" for name in sorted(plan.unset) if name.isidentifier()),
        *(f"export {name}={shlex.quote(value)}" for name, value in plan.variables.items() if name.isidentifier()),
        *(f'export {name}="${{{source}-}}"' for name, source in plan.copies.items() if (name + source).isidentifier()),
        *plan.config.get("setup", ()),
        f"cd -- {shlex.quote(str(plan.folder))} || exit 1",
        'trap \'[ -n "$child" ] && kill -TERM "$child"\' TERM',
        f"{shlex.join(words(plan))} &",
        "child=$!",
        'wait "$child"',
        "code=$?",
        '[ "$code" -gt 128 ] && kill -0 "$child" 2>/dev/null && { wait "$child"; code=$?; }',
        f'echo "$code" > {code}',
        'exit "$code"',
    ]
    return "\n".join(lines) + "\n"


class SlurmJob(PolledJob):
    """A batch job."""

    def __init__(self, number: str, folder: Path, poll_s: float, *, echo: bool) -> None:
        super().__init__(number, poll_s)
        self._folder = folder
        self._echo = echo
        self._shown = 0
        self._gone_at: float | None = None

    def look(self) -> tuple[RunStatus, int | None]:
        """Ask the queue, then the accounts, then for what the script left."""
        return patiently(self._look)

    def stop(self) -> None:
        """Ask SLURM to end the job: SIGTERM to the script, which passes it on, and SIGKILL some time later."""
        ask(["scancel", "--batch", "--signal=TERM", self._job_id], why="to end a job of SLURM", install=INSTALL)
        if self.wait(PATIENCE_S) == RunStatus.RUNNING:
            ask(["scancel", self._job_id], why="to end a job of SLURM", install=INSTALL)

    def output(self) -> str:
        """Return the end of the job's output file."""
        return tail(self._folder / "output.txt", TAIL_BYTES)

    def heard(self) -> None:
        """Show what is new in the output file."""
        if not self._echo:
            return
        try:
            with (self._folder / "output.txt").open("rb") as file:
                file.seek(self._shown)
                block = file.read()
        except OSError:
            return
        self._shown += len(block)
        show(block.decode(errors="replace"))

    def ended(self) -> None:
        """Show the rest, and take the script away: its variables need not stay."""
        super().ended()
        (self._folder / "job.sh").unlink(missing_ok=True)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _look(self) -> tuple[RunStatus, int | None]:
        state = self._queued()
        if state and state not in ENDED:
            return RunStatus.RUNNING, None
        accounted, code = self._accounted()
        if accounted and accounted not in ENDED:
            return RunStatus.RUNNING, None  # accounts may be behind
        state, code = accounted or state, code if code is not None else self._left()
        if state == ENDED_WELL:
            return RunStatus.FINISHED, code or 0
        if state:
            return (RunStatus.KILLED if state in KILLED else RunStatus.FAILED), code
        return self._by_code(code)

    def _by_code(self, code: int | None) -> tuple[RunStatus, int | None]:
        """Return the status of a job that neither queue nor accounts know: without an exit code it did not come to its end."""
        if code is None:
            self._gone_at = self._gone_at or time.monotonic()
            is_late = time.monotonic() - self._gone_at > GONE_S
            return (RunStatus.FAILED if is_late else RunStatus.RUNNING), None
        return (RunStatus.FINISHED if code == 0 else RunStatus.KILLED if code in BY_SIGNAL else RunStatus.FAILED), code

    def _queued(self) -> str:
        """Return the state in the queue; "" when the queue has forgotten the job."""
        argv = ["squeue", "--noheader", "--states=all", f"--jobs={self._job_id}", "--format=%T"]
        try:
            return _state(ask(argv, why="to ask SLURM for a job", install=INSTALL).split())
        except CommandError as error:
            if "invalid job" in error.said.lower():
                return ""
            raise  # the scheduler is away: nobody knows

    def _accounted(self) -> tuple[str, int | None]:
        """Return state and exit code as accounting has them; "" where there is none."""
        words_ = [
            "sacct",
            "--noheader",
            "--allocations",
            "--parsable2",
            f"--jobs={self._job_id}",
            "--format=State,ExitCode",
        ]
        try:
            said = ask(words_, why="to ask SLURM for a job", install=INSTALL).strip().splitlines()
        except NbtrackError:
            return "", None
        if not said:
            return "", None
        state, _, code = said[0].partition("|")
        number, _, by_signal = code.partition(":")
        known = number.isdigit() and by_signal.isdigit()
        return _state(state.split()), (-int(by_signal) or int(number)) if known else None

    def _left(self) -> int | None:
        """Return the exit code that the script wrote."""
        text = tail(self._folder / "exit", 100).strip()
        return int(text) if text.isdigit() else None


def _state(said: Sequence[str]) -> str:
    """Return the state without what stands behind it, as in ``CANCELLED by 1000`` or ``OUT_OF_ME+``."""
    return said[0].rstrip("+") if said else ""


def _check_option(key: str, value: Any) -> None:
    if key in TAKEN:
        raise InvalidValueError(f"Option {key!r} of sbatch is set by nbtrack itself; leave it out of backend_config.")
    if not _OPTION.fullmatch(key):
        raise InvalidValueError(
            f"backend_config of slurm has {key!r}; use long options of sbatch such as 'partition', or {', '.join(OURS)}."
        )
    if not isinstance(value, (str, int, float)) or "\n" in str(value):
        raise InvalidValueError(f"Option {key!r} of sbatch is {value!r}; use a text, a number, or true.")
