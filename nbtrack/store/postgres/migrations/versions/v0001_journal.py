"""Journals, who writes them, what is given out once, files, and what runs are asked."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE nbtrack.meta (one bool PRIMARY KEY DEFAULT true CHECK (one), generation uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO nbtrack.meta DEFAULT VALUES;
COMMENT ON COLUMN nbtrack.meta.generation IS 'changes when what was written is changed, as by a purge: copies begin anew';

CREATE TABLE nbtrack.journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    writer text NOT NULL,
    last_q bigint NOT NULL,
    lines bytea NOT NULL
);
CREATE UNIQUE INDEX ON nbtrack.journal (writer, last_q);
CREATE INDEX ON nbtrack.journal (xid);
COMMENT ON TABLE nbtrack.journal IS 'whole lines of the journals of nbtrack, oldest first; the truth, of which all else is made';

CREATE TABLE nbtrack.writers (writer text PRIMARY KEY, expires timestamptz NOT NULL);
CREATE INDEX ON nbtrack.writers (expires);
COMMENT ON TABLE nbtrack.writers IS 'until when a process that writes counts as alive';

CREATE TABLE nbtrack.counters (name text PRIMARY KEY, value bigint NOT NULL);
INSERT INTO nbtrack.counters VALUES ('run', 0), ('experiment', 0);
CREATE TABLE nbtrack.experiments (name text PRIMARY KEY, id bigint NOT NULL);
INSERT INTO nbtrack.experiments VALUES ('Default', 0);
COMMENT ON TABLE nbtrack.experiments IS 'names in use';
CREATE TABLE nbtrack.purged (run_id text PRIMARY KEY);

CREATE TABLE nbtrack.blobs (sha256 text PRIMARY KEY, size bigint NOT NULL, kept timestamptz NOT NULL DEFAULT now());
CREATE TABLE nbtrack.blob_parts (
    sha256 text NOT NULL REFERENCES nbtrack.blobs ON DELETE CASCADE, n int NOT NULL, data bytea NOT NULL, PRIMARY KEY (sha256, n)
);
ALTER TABLE nbtrack.blob_parts ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE nbtrack.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text NOT NULL, body text NOT NULL);
CREATE INDEX ON nbtrack.orders (run_id, id);
CREATE TABLE nbtrack.states (run_id text PRIMARY KEY, body text NOT NULL)
"""
_LZ4 = """
DO $$ BEGIN
    ALTER TABLE nbtrack.journal ALTER COLUMN lines SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN NULL;  -- PostgreSQL 13, or built without it: its own, slower
END $$
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in _TABLES.split(";\n"):
        op.execute(statement)
    op.execute(_LZ4)
