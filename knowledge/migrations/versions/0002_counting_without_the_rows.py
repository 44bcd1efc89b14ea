"""Counting the listings that pass a filter reads an index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("status = 'active'")
_FIRST = {"ix_listings_city": "city_id", "ix_listings_country": "country"}
_INCLUDED = {
    "ix_listings_city": ["tenant_id", "country", "area_m2", "bedrooms", "bathrooms", "features"],
    "ix_listings_country": ["tenant_id", "area_m2", "bedrooms", "bathrooms", "features"],
}


def upgrade() -> None:
    _rebuild(_INCLUDED)


def downgrade() -> None:
    _rebuild({})


def _rebuild(included: dict[str, list[str]]) -> None:
    for name, first in _FIRST.items():
        op.drop_index(name, table_name="listings")
        op.create_index(
            name, "listings", [first, "operation", "property_type", "price"], postgresql_where=_ACTIVE,
            postgresql_include=included.get(name, []),
        )
