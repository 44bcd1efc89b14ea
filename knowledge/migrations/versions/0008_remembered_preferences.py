"""An investor's token and the consent to remember their preferences. The table was not used before: it has no rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("user_profiles", "language")
    op.drop_column("user_profiles", "country")
    op.add_column("user_profiles", sa.Column("token_hash", sa.Text(), nullable=False))
    op.add_column("user_profiles", sa.Column("consent_version", sa.Text(), nullable=True))
    op.add_column("user_profiles", sa.Column("consent_text", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_user_profiles_tenant_id_token_hash"), "user_profiles", ["tenant_id", "token_hash"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_user_profiles_tenant_id_token_hash"), "user_profiles", type_="unique")
    for name in ("consent_text", "consent_version", "token_hash"):
        op.drop_column("user_profiles", name)
    op.add_column("user_profiles", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("user_profiles", sa.Column("language", sa.Text(), nullable=True))
