"""How the tables in PostgreSQL came to be, one step a file; Alembic takes them."""
