"""Stores of runs behind one Protocol; here on DuckDB and journals."""
