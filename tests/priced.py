"""A made-up priced market in a database: two cities with adverts and a trained model, one without, and price series.

Made once per worker as a template database, with the model's folder; each test gets a copy.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from core.database import Database
from core.scope import Scope
from core.settings import Settings
from knowledge.resources import Resources
from knowledge.tables.market import Area, Listing, Observation, Series
from knowledge.understanding.text import fold
from tests.conftest import apart
from tests.knowledge.valuation.conftest import CITIES, LEVELS, made_up

NAMES = {"es/norte": "Norte", "es/sur": "Sur", "es/vacia": "Vacía"}
#: Last part of a neighbourhood's id -> its name, the cheapest first.
INSIDE = {"bajo": "Ribera", "medio": "Molino", "alto": "Mirador"}
AS_OF = "2024-06"
#: The newest advert's month has just ended; a year and a half later everything is old.
FRESH, LATER = date(2024, 7, 10), date(2026, 1, 10)
_made: dict[str, tuple[str, Path]] = {}


def areas() -> list[Area]:
    def area(area_id: str, parent: str | None, level: str, name: str, at: tuple[float, float]) -> Area:
        return Area(id=area_id, parent_id=parent, level=level, country="ES", name=name, name_folded=fold(name),
                    latitude=at[0], longitude=at[1])

    rows = [area("es", None, "country", "España", (40.0, -3.7))]
    for city, name in NAMES.items():
        latitude, longitude, _ = CITIES.get(city, (39.5, -6.3, 0))
        rows.append(area(city, "es", "city", name, (latitude, longitude)))
        if city in CITIES:
            rows += [area(f"{city}/{n}", city, "neighbourhood", INSIDE[n], (latitude + 0.02 * i, longitude))
                     for i, n in enumerate(LEVELS)]
    return rows


def listings() -> list[Listing]:
    """500 flats, and 20 plots in Norte alone."""
    rows = []
    for i, row in enumerate(made_up(520, seed=1).to_dict("records")):
        plot = i >= 500
        if plot:
            row |= {"city_id": "es/norte", "area_id": "es/norte/medio", "property_type": "land", "bedrooms": None,
                    "bathrooms": None, "floor": None, "features": []}
        kind = "Solar" if plot else "Piso"
        rows.append(Listing(
            tenant_id="default", source="made", title=f"{kind} {i} en {NAMES[row['city_id']]}", price_per_m2=round(
                row["price"] / row["area_m2"], 2), first_seen=row["observed_on"], fingerprint=str(i),
            **(row | {"demo": False, "attributes": {}}),
        ))
    return rows


def series() -> tuple[list[Series], list[Observation]]:
    heads, points = [], []

    def add(series_id: str, area: str | None, metric: str, region: str, frequency: str, first: date,
            values: list[float]) -> None:
        heads.append(Series(
            id=series_id, area_id=area, country="ES", region=region, name=f"{metric}, {region}", metric=metric,
            unit="EUR/m2" if metric.endswith("_m2") else "index", source="made", frequency=frequency,
            currency="EUR" if metric.endswith("_m2") else None, attribution="made up",
        ))
        step = {"M": 1, "Q": 3}[frequency]
        for i, value in enumerate(values):
            month = first.year * 12 + first.month - 1 + i * step
            points.append(Observation(series_id=series_id, period=date(month // 12, month % 12 + 1, 1), value=value))

    def growing(count: int, start: float, yearly: float, per_year: int) -> list[float]:
        noise = random.Random(start)
        return [round(start * (1 + yearly) ** (i / per_year) * math.exp(noise.gauss(0, 0.005)), 3) for i in range(count)]

    add("M/norte", "es/norte", "price_m2", "Norte", "M", date(2018, 7, 1), growing(72, 3000, 0.04, 12))
    add("R/norte", "es/norte", "rent_m2", "Norte", "M", date(2018, 7, 1), growing(72, 12, 0.03, 12))
    add("M/sur", "es/sur", "price_m2", "Sur", "M", date(2024, 4, 1), [2000.0, 2010.0, 2020.0])
    add("I/ES", "es", "price_index", "Spain", "Q", date(2004, 1, 1), growing(81, 100, 0.03, 4))
    # newer than the country's and of no area of ours: it must never stand in for the country
    add("I/01", None, "price_index", "Andalucía", "Q", date(2004, 1, 1), growing(82, 500, 0.2, 4))
    return heads, points


async def _fill(url: str, data_dir: Path) -> None:
    from knowledge.valuation.registry import train_market

    database, scope = Database(url), Scope()
    heads, points = series()
    async with database.session(scope) as session:
        for rows in (areas(), listings(), heads, points):
            session.add_all(rows)
            await session.flush()
    await train_market(database, scope, data_dir, "ES")
    await database.close()


def _at(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _clone(postgres: str, name: str, source: str) -> None:
    with psycopg.connect(_plain(postgres), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')


@pytest.fixture(scope="session")
def priced_template(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Name of the filled database, and the data folder with its model."""
    if postgres not in _made:
        name, folder = "template_priced", tmp_path_factory.mktemp("priced")
        _clone(postgres, name, "template_ladrillo")
        apart(_fill(_at(postgres, name), folder))
        _made[postgres] = (name, folder)
    return _made[postgres]


@pytest.fixture
async def priced(postgres: str, priced_template: tuple[str, Path]) -> AsyncIterator[Resources]:
    """Resources over a copy of the filled database; the model's folder is shared and only read."""
    source, folder = priced_template
    name = f"priced_{uuid.uuid4().hex[:12]}"
    _clone(postgres, name, source)
    database = Database(_at(postgres, name))
    yield Resources(Settings(data_dir=folder), database)
    await database.close()
    with psycopg.connect(_plain(postgres), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
