"""Messages of clients that keep the history themselves are found again by its digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ladrillo_app') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON client_turns TO ladrillo_app;
  END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "client_turns",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("memory", postgresql.JSONB(), nullable=False),
        sa.Column("preface", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_client_turns_tenant_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_client_turns_conversation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_client_turns")),
    )
    op.create_index(op.f("ix_client_turns_tenant_id"), "client_turns", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_client_turns_conversation_id"), "client_turns", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_client_turns_visitor_asked"), "client_turns", ["visitor", "asked"], unique=False)
    op.execute("ALTER TABLE client_turns ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE client_turns FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant_scope ON client_turns USING (tenant_id = (SELECT app_tenant()))"
        " WITH CHECK (tenant_id = (SELECT app_tenant()))"
    )
    op.execute(_GRANT)


def downgrade() -> None:
    op.drop_table("client_turns")
