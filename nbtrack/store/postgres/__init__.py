"""A store in PostgreSQL: journals are kept there; what is asked is answered by a copy on this machine, which may be deleted."""
