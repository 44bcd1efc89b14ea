"""Pace, medians and neighbours of a market are read from an index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_listings_market", "listings", ["city_id", "operation", "area_id"],
        postgresql_where=sa.text("status <> 'superseded'"),
        postgresql_include=["tenant_id", "property_type", "status", "first_seen", "observed_on", "currency",
                            "price_per_m2", "area_m2", "latitude", "longitude", "demo", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_listings_market", table_name="listings")
