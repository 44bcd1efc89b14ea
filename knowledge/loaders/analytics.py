"""Aggregates of active listings into `analytics_data`: by area, operation, property type and quarter.

A listing counts for its own area and for every area above it, under its property type and under `all`, in the quarter
it was last seen in. Only prices in the country's own currency count: a median over two currencies means nothing. An
aggregate over any demo listing is marked demo.
"""

from __future__ import annotations

from collections.abc import Collection

from core.locale import CURRENCY_OF
from knowledge.loaders.staging import Connection

_REFRESH = """
INSERT INTO analytics_data (tenant_id, area_id, operation, property_type, period, listings, currency,
  price_q1, price_median, price_q3, price_m2_q1, price_m2_median, price_m2_q3, area_m2_median, new_listings, source,
  demo)
WITH RECURSIVE up AS (
  SELECT id AS area_id, id AS above, parent_id FROM areas WHERE country = ANY(%(countries)s)
  UNION ALL
  SELECT up.area_id, a.id, a.parent_id FROM up JOIN areas a ON a.id = up.parent_id
), counted AS (
  SELECT up.above AS area_id, l.operation, l.property_type, date_trunc('quarter', l.observed_on)::date AS period,
         l.currency, l.price, l.price_per_m2, l.area_m2, l.source, l.demo,
         date_trunc('quarter', l.first_seen) = date_trunc('quarter', l.observed_on) AS new
  FROM listings l JOIN up ON up.area_id = l.area_id
  WHERE l.tenant_id = %(tenant)s AND l.status = 'active' AND l.country = ANY(%(countries)s)
    AND (l.country, l.currency) IN (SELECT * FROM unnest(%(all_countries)s::text[], %(currencies)s::text[]))
    AND up.above = ANY(%(areas)s)
), summed AS (
  SELECT area_id, operation, coalesce(property_type, 'all') AS property_type, period, count(*) AS listings,
         min(currency) AS currency,
         percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY price) AS price,
         percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY price_per_m2) AS price_m2,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY area_m2) AS area_m2,
         count(*) FILTER (WHERE new) AS new_listings, string_agg(DISTINCT source, ', ') AS source, bool_or(demo) AS demo
  FROM counted
  GROUP BY GROUPING SETS ((area_id, operation, period, property_type), (area_id, operation, period))
)
SELECT %(tenant)s, area_id, operation, property_type, period, listings, currency, price[1], price[2], price[3],
       price_m2[1], price_m2[2], price_m2[3], area_m2, new_listings, source, demo
FROM summed
"""


async def refresh_analytics(connection: Connection, tenant: str, cities: Collection[str]) -> int:
    """Rebuild the aggregates of these cities, of the areas in them and of their countries. Returns the rows written.

    Runs in the caller's transaction. Prices in the country's currency, price per m2 in currency/m2, areas in m2.
    """
    if not cities:
        return 0
    cursor = await connection.execute(
        """
        WITH RECURSIVE inside AS (
          SELECT id, country FROM areas WHERE id = ANY(%(cities)s)
          UNION SELECT a.id, a.country FROM areas a JOIN inside ON a.parent_id = inside.id
        )
        SELECT id, country FROM inside UNION SELECT lower(country), country FROM inside
        """, {"cities": sorted(cities)})
    touched = await cursor.fetchall()
    areas, countries = sorted({row[0] for row in touched}), sorted({row[1] for row in touched})
    await connection.execute(
        "DELETE FROM analytics_data WHERE tenant_id = %s AND area_id = ANY(%s)", (tenant, areas))
    cursor = await connection.execute(_REFRESH, {
        "tenant": tenant, "areas": areas, "countries": countries,
        "all_countries": list(CURRENCY_OF), "currencies": list(CURRENCY_OF.values()),
    })
    return cursor.rowcount
