"""The watcher under its old name; it lives a floor lower, where the web interface can use it too."""

from nbtrack.views.watcher import watch

__all__ = ["watch"]
