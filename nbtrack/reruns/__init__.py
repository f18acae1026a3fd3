"""Recorded runs again: reproduced, forked with a change, their variables restored."""
