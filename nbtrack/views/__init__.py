"""Store -> small tables to draw; no drawing here."""
