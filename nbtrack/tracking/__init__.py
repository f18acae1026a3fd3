"""The active run, and what is captured with it."""
