"""The line after ``%%track sweep``, read into one object; what is wrong is said with the allowed forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbtrack.errors import InvalidValueError
from nbtrack.names import check_name
from nbtrack.sweeps.plan import check_goal, check_jobs, check_method, check_trials
from nbtrack.sweeps.space import space_of

if TYPE_CHECKING:
    from nbtrack.sweeps.space import Space

USAGE = """%%track sweep NAME=RANGE … [options], as in
       %%track sweep lr=log(1e-5,1e-2,6) depth=[2,4,8] --jobs 2 --seed 3
  ranges   log(LOW,HIGH[,N])  linear(LOW,HIGH[,N])  ints(LOW,HIGH[,STEP])  [A,B,…]
  options  --jobs N  --seed S  --optimizer grid|random|tpe|cmaes|gp|qmc|nsgaii  --trials N  --metric M
           --direction max|min  --pruner median|percentile|hyperband|halving  --name NAME  --experiment E
           --keep best|last  --again  --retry-failed"""
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\[[^\]]*\]|\([^)]*\)|[^\s\[("'])+|\S""")
_WITH_VALUE = (
    "--jobs",
    "--seed",
    "--optimizer",
    "--trials",
    "--metric",
    "--direction",
    "--pruner",
    "--name",
    "--experiment",
    "--keep",
)
_FLAGS = ("--again", "--retry-failed")
_KEEPS = ("best", "last")


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """What the line after ``%%track sweep`` says.

    Attributes
    ----------
    space : Space
    jobs : int
        Trials at a time; more than one go on in processes of their own.
    seed, trials : int or None
    method : str
    metric, direction, pruner, name, experiment : str or None
    keep : {"best", "last"} or None
        Whose variables the notebook has afterwards.
    is_new : bool
        Begin anew, whatever was done before.
    retries : bool
        Try failed trials again.
    """

    space: Space
    jobs: int = 1
    seed: int | None = None
    method: str = "grid"
    trials: int | None = None
    metric: str | None = None
    direction: str | None = None
    pruner: str | None = None
    name: str | None = None
    experiment: str | None = None
    keep: str | None = None
    is_new: bool = False
    retries: bool = False


def parse_sweep_options(line: str) -> SweepOptions:
    """Read what follows ``%%track sweep``; ``# …`` at its end is a comment.

    Raises
    ------
    UsageError
        Says what was received and shows the allowed forms.
    """
    space, values, flags = _sorted(line)
    if not space:
        raise _usage("no range is given: say what to try")
    try:
        options = SweepOptions(
            space=space_of(space),
            jobs=_whole("--jobs", values.get("--jobs"), 1),
            seed=_whole("--seed", values.get("--seed"), None),
            method=check_method(values.get("--optimizer", "grid")),
            trials=_whole("--trials", values.get("--trials"), None),
            metric=values.get("--metric"),
            direction=values.get("--direction"),
            pruner=values.get("--pruner"),
            name=check_name(values["--name"], "Run name") if "--name" in values else None,
            experiment=check_name(values["--experiment"], "Experiment") if "--experiment" in values else None,
            keep=values.get("--keep"),
            is_new="--again" in flags,
            retries="--retry-failed" in flags,
        )
        check_jobs(options.jobs)
        check_trials(options.trials, options.method, options.space)
        check_goal(options.method, options.pruner, options.metric, options.direction)
    except InvalidValueError as error:
        raise _usage(_as_typed(str(error))) from None
    _check_together(options)
    return options


def _sorted(line: str) -> tuple[str, dict[str, str], set[str]]:
    """Return the text of the space, options with their values, and flags."""
    space = ""
    values: dict[str, str] = {}
    flags: set[str] = set()
    words = list(_WORD.finditer(line))
    end = 0
    while words:
        found = words.pop(0)
        word = found[0]
        if word.startswith("#"):
            break
        option, equals, value = word.partition("=")
        if not word.startswith("--"):
            space += line[end : found.end()]  # as it was typed: an error points at a place in it
        elif word in _FLAGS:
            flags.add(word)
        elif option in _WITH_VALUE:
            if not equals and (not words or words[0][0].startswith("--")):
                raise _usage(f"{option} needs a value")
            found = found if equals else words.pop(0)
            values[option] = (value if equals else found[0]).strip("\"'")
        else:
            near = get_close_matches(option, (*_WITH_VALUE, *_FLAGS), n=1)
            raise _usage(f"unknown option {option}" + (f"; did you mean {near[0]}?" if near else ""))
        end = found.end()
    return space.strip(), values, flags


def _check_together(options: SweepOptions) -> None:
    for name in options.space.dimensions:
        if not name.isidentifier():
            raise _usage(f"{name!r} is no name of a variable, and a cell is given variables")
    if options.keep is not None and options.keep not in _KEEPS:
        raise _usage(f"--keep {options.keep!r} is not allowed; use --keep best or --keep last")
    if options.keep is not None and options.jobs != 1:
        raise _usage("--keep needs --jobs 1: with more, variables stay in the processes that made them")


def _whole(option: str, text: str | None, default: Any) -> Any:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise _usage(f"{option} {text!r} is not allowed; use a whole number") from None


def _as_typed(text: str) -> str:
    """Return an error of :func:`nbtrack.sweep` in the words of the magic."""
    for python, typed in (
        ("method=", "--optimizer "),
        ("n_trials=", "--trials "),
        ("n_trials is", "--trials is"),
        ("direction=", "--direction "),
        ("metric=", "--metric "),
        ("jobs is", "--jobs is"),
        (", or an object of optuna.samplers", ""),
        (", or an object of optuna.pruners", ""),
    ):
        text = text.replace(python, typed)
    return text


def _usage(problem: str) -> UsageError:
    return UsageError(f"%%track sweep: {problem}\n  Use: {USAGE}")
