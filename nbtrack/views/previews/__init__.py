"""Previews of artifacts: one module a kind, each turns a file into a little data that is safe to draw."""
