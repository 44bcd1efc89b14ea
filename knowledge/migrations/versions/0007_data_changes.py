"""Every write to what answers are made from leaves a stamp: results may be kept until the stamps change.

Triggers see to it, whoever writes: a load, a training, another process, `psql`. A stamp is a transaction's own row, so writers
never wait for each other, and it becomes visible with the data itself. A counter would do neither: its row would be locked from a
load's first statement to its commit, and the largest number of a sequence does not tell that a smaller one was committed later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHARED = ("areas", "forecasts", "observations", "series")
OWNED = ("analytics_data", "documents", "listings", "models", "price_history", "project_owners", "projects")
#: Rows of older transactions that one leaves: they are no more than a set that is compared.
_KEPT = 16

_MARK = f"""
CREATE FUNCTION mark_data_change(whose text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE mine text := pg_current_xact_id()::text || '@' || extract(epoch FROM now())::text;
BEGIN
  INSERT INTO data_changes (owner, stamp) VALUES (whose, mine) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    DELETE FROM data_changes WHERE owner = whose AND stamp IN (
      SELECT stamp FROM data_changes WHERE owner = whose AND stamp <> mine OFFSET {_KEPT} FOR UPDATE SKIP LOCKED
    );
  END IF;
END $$
"""
_NOTE = """
CREATE FUNCTION note_data_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mark_data_change(
    CASE WHEN TG_ARGV[0] = 'shared' THEN '*' ELSE coalesce(nullif(current_setting('app.tenant', true), ''), '*') END);
  RETURN NULL;
END $$
"""
_GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ladrillo_app') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON data_changes TO ladrillo_app;
  END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "data_changes",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "stamp", name=op.f("pk_data_changes")),
    )
    op.execute("ALTER TABLE data_changes ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE data_changes FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant_scope ON data_changes USING (owner IN ('*', (SELECT current_setting('app.tenant', true))))"
        " WITH CHECK (owner IN ('*', (SELECT current_setting('app.tenant', true))))"
    )
    op.execute(_GRANT)
    op.execute(_MARK)
    op.execute(_NOTE)
    for kind, tables in (("shared", SHARED), ("owned", OWNED)):
        for table in tables:
            op.execute(
                f"CREATE TRIGGER data_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION note_data_change('{kind}')"
            )
    op.execute("SELECT mark_data_change('*')")  # no two databases start from the same stamp


def downgrade() -> None:
    op.execute("DROP FUNCTION note_data_change() CASCADE")
    op.execute("DROP FUNCTION mark_data_change(text)")
    op.drop_table("data_changes")
