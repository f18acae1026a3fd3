"""A cell with which a notebook also runs for people who have no nbtrack."""

from __future__ import annotations

GUARD = '''\
# Also runs without nbtrack: %%track cells then run as they are, and nothing is recorded.
try:
    import nbtrack

    get_ipython().run_line_magic("load_ext", "nbtrack")
except ImportError:
    import sys, types

    class _NoTracking:
        """Stands in for nbtrack: every call is accepted and does nothing."""

        def __call__(self, *args, **kwargs):
            return self

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return _NoTracking()

        def __exit__(self, *error):
            return None

        def __iter__(self):
            return iter(())

        def __repr__(self):
            return "(nbtrack is not installed)"

        def __format__(self, how):
            return "-"

    for name in "enter getitem add radd sub rsub mul rmul truediv rtruediv pow neg abs round".split():
        setattr(_NoTracking, f"__{name}__", lambda self, *other: self)
    for name in "lt le gt ge contains bool".split():
        setattr(_NoTracking, f"__{name}__", lambda self, *other: False)
    for name in "setitem delitem".split():
        setattr(_NoTracking, f"__{name}__", lambda self, *other: None)
    _NoTracking.__len__ = _NoTracking.__int__ = lambda self: 0
    _NoTracking.__float__ = lambda self: float("nan")

    def _without_magics(lines):
        ours = ("%%track", "%track", "%runs", "%load_ext nbtrack")
        margins = [line[: len(line) - len(line.lstrip())] for line in lines]
        empty = [margin + "pass\\n" if margin else "\\n" for margin in margins]
        return [other if line.lstrip().startswith(ours) else line for line, other in zip(lines, empty)]

    nbtrack = sys.modules["nbtrack"] = types.ModuleType("nbtrack")
    nbtrack.__getattr__ = _NoTracking().__getattr__
    nbtrack.data = sys.modules["nbtrack.data"] = _NoTracking()
    get_ipython().input_transformers_cleanup.insert(0, _without_magics)
    print("nbtrack is not installed: this notebook runs, nothing is recorded (pip install nbtrack)")
'''
