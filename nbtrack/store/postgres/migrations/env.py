"""What Alembic runs: all steps go over the connection that it is given, in one transaction."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from nbtrack.store.postgres.schema import SCHEMA, VERSION_TABLE

given: Any = context.config.attributes["connection"]
engine = create_engine("postgresql+psycopg://", creator=lambda: given, poolclass=StaticPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=SCHEMA)
    with context.begin_transaction():
        context.run_migrations()
