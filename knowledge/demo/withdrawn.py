"""Adverts of the demo portfolio that have left the market in its last six weeks.

Drawn after the listings and with a generator of its own, so that those stay what they were to the byte. Departures come at an
even pace in every age, ln 2 / (the city's days on market) a day, faster or slower by neighbourhood: whoever estimates the days
on market from them, with those that are still up counted as such, finds the city's figure again. They carry no text: nobody
searches them.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from knowledge.demo.calibration import AS_OF, Calibration
from knowledge.demo.properties import round_price

Row = dict[str, Any]

#: Days of departures that there are.
DAYS = 45
#: Rentals go this many times as fast as sales (assumption), and neighbourhoods differ by this log deviation.
RENT_PACE, SPREAD = 1.2, 0.35


def build(calibration: Calibration, listings: Sequence[Row], seed: int) -> list[Row]:
    """Rows of `listings` with status withdrawn: each is like one of its neighbourhood that is still up, with another size."""
    rng = random.Random(f"{seed}/withdrawn")
    cities = {city.id: city for city in calibration.cities}
    up: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in listings:
        up[row["area_id"], row["operation"]].append(row)
    factors: dict[str, float] = {}
    found: list[Row] = []
    for (area, operation), rows in sorted(up.items()):
        factor = factors.setdefault(area, math.exp(rng.gauss(-SPREAD**2 / 2, SPREAD)))
        hazard = math.log(2) / cities[rows[0]["city_id"]].days_on_market * factor
        hazard *= RENT_PACE if operation == "rent" else 1.0
        # each of those up was watched for the days it has been, at most `DAYS`; those that left, for half of that
        watched = sum(min(DAYS, (AS_OF - row["first_seen"]).days) for row in rows)
        expected = hazard * watched / max(0.3, 1 - hazard * DAYS / 2)
        for _ in range(int(expected) + (rng.random() < expected % 1)):
            found.append(_gone(rng, rng.choice(rows), len(found) + 1))
    return found


def _gone(rng: random.Random, like: Row, number: int) -> Row:
    age = max(1, (AS_OF - like["first_seen"]).days - rng.randint(0, DAYS // 2))
    left = AS_OF - timedelta(days=rng.randint(1, DAYS))
    area = max(12.0, float(round(like["area_m2"] * math.exp(rng.gauss(0.0, 0.12)))))
    price = round_price(like["price"] / like["area_m2"] * area * math.exp(rng.gauss(0.0, 0.05)), like["country"],
                        like["operation"])
    return like | {
        "external_id": f"demo-gone-{number:06d}", "title": "", "text": "", "project_id": None, "status": "withdrawn",
        "area_m2": area, "price": price, "price_per_m2": round(price / area, 2), "features": [], "attributes": {},
        "first_seen": left - timedelta(days=age), "observed_on": left,
    }
