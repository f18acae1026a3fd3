"""Journals: append, list, check; what a call has returned survives ``kill -9``."""
