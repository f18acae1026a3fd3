"""Which params come next: of a grid, at random, or as a sampler wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.sweeps.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.sweeps.plan import Plan


class Proposals:
    """Gives each trial its params, in order, and hears how trials went.

    Parameters
    ----------
    plan : Plan
        With a seed.
    name : str
        Digest of the sweep.
    """

    def __init__(self, plan: Plan, name: str) -> None:
        assert plan.seed is not None
        self._plan = plan
        self._seed = plan.seed
        self._grid = list(plan.space.grid()) if plan.method == "grid" else []
        self._study: Study | None = None
        self._told: list[int] = []
        self.asked = 0
        if not plan.is_own or plan.pruner is not None:
            sampler = None if plan.is_own else plan.method
            assert plan.direction is not None
            self._study = Study(plan.space, sampler, plan.pruner, plan.seed, plan.direction, name)

    @property
    def remembers(self) -> bool:
        """Say whether what comes next depends on what was."""
        return self._study is not None

    @property
    def prunes(self) -> bool:
        """Say whether trials may be given up on the way."""
        return self._plan.pruner is not None

    def ask(self) -> tuple[int, dict[str, Any], list[int]]:
        """Return number and params of the next trial, and the trials told of since the last was asked for."""
        number, told = self.asked, self._told
        self.asked, self._told = number + 1, []
        asked = {} if self._study is None else self._study.ask(number)
        if self._plan.method == "grid":
            return number, self._grid[number], told
        if self._plan.method == "random":
            return number, self._plan.space.draw(self._seed, number), told
        return number, asked, told

    def impose(self, number: int, params: dict[str, Any]) -> None:
        """Say that other params than those asked for were tried as trial `number`."""
        if self._study is not None:
            self._study.impose(number, params)

    def report(self, number: int, step: int, value: float) -> bool:
        """Tell of a step of trial `number`; returns whether to give it up."""
        return self._study is not None and self._study.report(number, step, value)

    def tell(self, number: int, status: str, value: float | None, *, is_pruned: bool) -> None:
        """Tell how trial `number` ended."""
        if self._study is not None:
            self._told.append(number)
            self._study.tell(number, status, value, is_pruned=is_pruned)

    def read(self, recorded: Mapping[str, str | None]) -> dict[str, Any]:
        """Return params from the texts that are on record."""
        return {name: self._plan.space.dimensions[name].read(text) for name, text in recorded.items()}
