"""What an environment must have: a Python and lines of requirements, each checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an environment must have.

    Attributes
    ----------
    python : str
        A version such as ``3.11`` or ``3.11.7``; "" for the one that runs here.
    requirements, constraints : tuple of str
        Lines such as ``scikit-learn==1.9.1``, checked.
    name : str
        For people: what it is the environment of.
    unmet : tuple of str
        What cannot be had from a Python package index, such as conda's ``r-base``; told, not installed.
    """

    python: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    name: str = ""
    unmet: tuple[str, ...] = ()
