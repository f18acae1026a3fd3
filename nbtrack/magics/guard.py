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

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def __iter__(self):
            return iter(())

        def __repr__(self):
            return "(nbtrack is not installed)"

    def _without_magics(lines):
        ours = ("%%track", "%track", "%runs", "%load_ext nbtrack")
        return ["\\n" if line.startswith(ours) else line for line in lines]

    nbtrack = sys.modules["nbtrack"] = types.ModuleType("nbtrack")
    nbtrack.__getattr__ = _NoTracking().__getattr__
    get_ipython().input_transformers_cleanup.insert(0, _without_magics)
    print("nbtrack is not installed: this notebook runs, nothing is recorded (pip install nbtrack)")
'''
