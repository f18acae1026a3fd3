"""The model registry: versions, aliases and stages that only move when their gates let them, their history, and who is told."""
