"""A store in PostgreSQL: journals are kept there; what is asked is answered by a copy of them on this machine, which may be deleted at any time."""
