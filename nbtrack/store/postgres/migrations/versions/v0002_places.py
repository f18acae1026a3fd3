"""Where files are kept that are not in the database."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.execute("""
        CREATE TABLE nbtrack.places (uri text PRIMARY KEY, named timestamptz NOT NULL DEFAULT clock_timestamp())
    """)
    op.execute("COMMENT ON TABLE nbtrack.places IS 'folders and buckets with files of runs; the newest is written to'")
