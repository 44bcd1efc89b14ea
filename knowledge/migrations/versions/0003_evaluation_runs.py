"""Evaluation runs are kept, to be listed and compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ladrillo_app') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON eval_runs TO ladrillo_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ladrillo_app;
  END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "eval_runs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("brain", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("cases_name", sa.Text(), nullable=False),
        sa.Column("cases_digest", sa.Text(), nullable=False),
        sa.Column("case_count", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("versions", postgresql.JSONB(), nullable=False),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.Column("records", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_eval_runs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eval_runs")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_eval_runs_tenant_id_number")),
    )
    op.create_index(op.f("ix_eval_runs_tenant_id"), "eval_runs", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_eval_runs_name"), "eval_runs", ["name"], unique=False)
    op.execute("ALTER TABLE eval_runs ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE eval_runs FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant_scope ON eval_runs USING (tenant_id = (SELECT app_tenant()))"
        " WITH CHECK (tenant_id = (SELECT app_tenant()))"
    )
    op.execute(_GRANT)


def downgrade() -> None:
    op.drop_table("eval_runs")
