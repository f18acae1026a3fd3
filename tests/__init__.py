"""Ours, whatever else is installed: some wheels bring a package of this name, and a folder without this file would lose to it."""
