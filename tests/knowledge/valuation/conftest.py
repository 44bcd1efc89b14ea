"""A made-up market whose prices follow a known rule, and a model trained on it once per worker."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from knowledge.valuation.training import Trained, train

#: City -> (latitude, longitude, EUR/m2); its neighbourhoods ask 0.7, 1.0 and 1.4 times that.
CITIES = {"es/sur": (37.4, -6.0, 2000.0), "es/norte": (43.3, -2.9, 4000.0)}
LEVELS = {"bajo": 0.7, "medio": 1.0, "alto": 1.4}


def made_up(rows: int, seed: int) -> pd.DataFrame:
    """Price = city level x neighbourhood x (lift 8 %) x (age 0.2 % a year) x noise of 10 %."""
    rng = np.random.default_rng(seed)
    records = []
    for i in range(rows):
        city = list(CITIES)[i % 2]
        latitude, longitude, level = CITIES[city]
        name = list(LEVELS)[int(rng.integers(3))]
        area, year, lift = float(rng.integers(40, 160)), int(rng.integers(1950, 2020)), bool(rng.random() < 0.5)
        m2 = level * LEVELS[name] * (1.08 if lift else 1.0) * np.exp(0.002 * (year - 1985) + 0.1 * rng.normal())
        records.append({
            "country": "ES", "operation": "sale", "currency": "EUR", "city_id": city, "area_id": f"{city}/{name}",
            "property_type": "apartment", "price": round(m2 * area, -2), "area_m2": area,
            "bedrooms": max(1, round(area / 30)), "bathrooms": 1 + int(area > 90), "floor": int(rng.integers(0, 8)),
            "year_built": year, "latitude": latitude + 0.02 * list(LEVELS).index(name) + 0.004 * rng.normal(),
            "longitude": longitude + 0.004 * rng.normal(), "features": ["lift"] if lift else [],
            "attributes": {"distance_km": float(rng.random()), "asking_price_m2": m2},
            "dwelling_group": f"{seed}-{i}", "external_id": f"{seed}-{i}", "observed_on": date(2024, 1 + i % 6, 1),
            "demo": True,
        })
    return pd.DataFrame(records)


@pytest.fixture(scope="session")
def listings() -> pd.DataFrame:
    return made_up(900, seed=1)


@pytest.fixture(scope="session")
def trained(listings: pd.DataFrame) -> Trained:
    return train(listings, "ES")
