"""Sweeps: a function tried with many params, one run a trial under a parent; see :func:`nbtrack.sweep`."""

from nbtrack.sweeps.ranges import choices, ints, linear, log

__all__ = ["choices", "ints", "linear", "log"]
