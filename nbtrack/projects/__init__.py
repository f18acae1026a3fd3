"""Runs projects: an ``MLproject`` folder, a script or a notebook, from a folder, a git repository or a zip file."""
