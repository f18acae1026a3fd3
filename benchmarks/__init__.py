"""Measures nbtrack beside its peers and the physical floor, in turns, on one machine: ``make bench``."""
