"""The files of runs: kept once by content, and what they are."""
