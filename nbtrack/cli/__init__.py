"""The command line: one module a noun, and what they share to print."""
