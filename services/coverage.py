"""What is covered: the cities with adverts and how new they are, and the dated series of each country."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from core.database import Database
from core.locale import COUNTRIES, COUNTRY_NAMES, CURRENCY_OF
from core.scope import Scope

_CITIES = text(
    "SELECT l.country, c.name AS city, count(*) FILTER (WHERE l.operation = 'sale') AS sale,"
    " count(*) FILTER (WHERE l.operation = 'rent') AS rent, max(l.observed_on) AS seen, bool_or(l.demo) AS demo"
    " FROM listings l JOIN areas c ON c.id = l.city_id WHERE l.status = 'active'"
    " GROUP BY l.country, c.id, c.name ORDER BY count(*) DESC, c.id"
)
_SERIES = text(
    "SELECT s.country, s.metric, max(o.period) AS until, bool_and(s.demo) AS demo"
    " FROM series s JOIN observations o ON o.series_id = s.id GROUP BY s.country, s.metric ORDER BY s.metric"
)


async def coverage(database: Database, scope: Scope) -> dict[str, Any]:
    """By country its currency, its cities (active adverts for sale and rent, date of the newest) and its series (the last
    period of each metric). `demo` marks what rests on generated data, in a series where all of it does."""
    async with database.session(scope) as session:
        cities = (await session.execute(_CITIES)).all()
        series = (await session.execute(_SERIES)).all()
    return {
        "countries": [
            {
                "country": code, "name": COUNTRY_NAMES[code]["en"], "currency": CURRENCY_OF[code],
                "cities": [
                    {"city": row.city, "for_sale": row.sale, "for_rent": row.rent, "newest": row.seen.isoformat(),
                     "demo": row.demo}
                    for row in cities if row.country == code
                ],
                "series": [
                    {"metric": row.metric, "until": row.until.isoformat(), "demo": row.demo}
                    for row in series if row.country == code
                ],
            }
            for code in COUNTRIES
        ]
    }
