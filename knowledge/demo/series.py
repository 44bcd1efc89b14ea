"""Monthly series of the demo portfolio: prices, rents, days on market, stock of each city; mortgage rates of countries.

Prices follow the yearly growth of `growth.toml` through the published level of `cities.toml`; what is added is small,
seasonal and mean-reverting, so a backtest finds trend and season but not a perfect line.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

from core.locale import COUNTRY_NAMES
from knowledge.demo.calibration import Calibration, City, Rate

Row = dict[str, Any]

FIRST = date(2020, 11, 1)
#: First days of the 72 months 2020-11 .. 2026-10.
MONTHS: tuple[date, ...] = tuple(
    date(FIRST.year + (FIRST.month - 1 + i) // 12, (FIRST.month - 1 + i) % 12 + 1, 1) for i in range(72)
)
ATTRIBUTION = "Ladrillo demo portfolio: generated, see knowledge/demo/data"


def price_path(calibration: Calibration, city: City) -> list[float]:
    """Asking price per m2 of dwellings at each of `MONTHS`, local currency, without noise."""
    logs = [0.0]
    for day in MONTHS[1:]:
        logs.append(logs[-1] + math.log1p(calibration.growth_pct(city, day.year) / 100) / 12)
    anchor = logs[MONTHS.index(city.price_as_of)]
    return [city.price_m2 * math.exp(value - anchor) for value in logs]


def level_now(calibration: Calibration, city: City) -> float:
    """Asking price per m2 of the city's dwellings at the portfolio's date, local currency."""
    return price_path(calibration, city)[-1]


def rate_path(anchors: Sequence[Rate]) -> list[float]:
    """Mortgage rate at each of `MONTHS`, per cent a year, straight lines between the anchors."""
    path = []
    for day in MONTHS:
        before = max((a for a in anchors if a.month <= day), key=lambda a: a.month)
        after = min((a for a in anchors if a.month >= day), key=lambda a: a.month)
        span = _months_between(before.month, after.month)
        weight = _months_between(before.month, day) / span if span else 0.0
        path.append(before.pct + weight * (after.pct - before.pct))
    return path


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _wobble(rng: random.Random, size: float, memory: float = 0.7) -> list[float]:
    """A mean-reverting disturbance in log points, one a month; the last month is undisturbed."""
    values, value = [], 0.0
    for _ in MONTHS:
        value = memory * value + rng.gauss(0.0, size)
        values.append(value)
    last = values[-1]
    return [v - last * i / (len(values) - 1) for i, v in enumerate(values)]


def _season(day: date, depth: float, peak: int) -> float:
    return depth * math.cos(2 * math.pi * (day.month - peak) / 12)


def build(calibration: Calibration, seed: int) -> tuple[list[Row], list[Row]]:
    """Rows of `series` and `observations`; four series a city and one a country, 72 months each."""
    rng = random.Random(f"{seed}/series")
    series: list[Row] = []
    observations: list[Row] = []

    def add(row: Row, values: Sequence[float], digits: int) -> None:
        series.append(row | {"frequency": "M", "source": "demo", "attribution": ATTRIBUTION, "demo": True})
        observations.extend(
            {"series_id": row["id"], "period": day, "value": round(value, digits)}
            for day, value in zip(MONTHS, values, strict=True)
        )

    for city in calibration.cities:
        start = calibration.countries[city.country].yield_start_ratio
        digits = 0 if city.country == "CO" else 2
        noise = _wobble(rng, 0.0035)
        prices = [p * math.exp(w) for p, w in zip(price_path(calibration, city), noise, strict=True)]
        last = len(MONTHS) - 1
        rents = [
            price * city.gross_yield_pct / 1200 * (start + (1 - start) * i / last)
            * math.exp(w + _season(day, 0.008, 9))
            for i, (day, price, w) in enumerate(zip(MONTHS, prices, _wobble(rng, 0.005), strict=True))
        ]
        slow = _wobble(rng, 0.03, 0.85)
        days = [
            city.days_on_market * (1.18 - 0.18 * i / last) * math.exp(w + _season(day, 0.06, 1))
            for i, (day, w) in enumerate(zip(MONTHS, slow, strict=True))
        ]
        stock = [
            city.stock * (1.12 - 0.12 * i / last) * math.exp(0.6 * w + v + _season(day, 0.03, 6))
            for i, (day, w, v) in enumerate(zip(MONTHS, slow, _wobble(rng, 0.015), strict=True))
        ]
        metrics = (
            ("price_m2", f"{city.currency}/m2", city.currency, prices, digits),
            ("rent_m2", f"{city.currency}/m2/month", city.currency, rents, digits),
            ("days_on_market", "days", None, days, 1),
            ("stock", "listings", None, stock, 0),
        )
        for metric, unit, currency, values, places in metrics:
            add(_row(metric, city.country, city.id, city.name, unit, currency), values, places)

    for country, anchors in calibration.rates.items():
        row = _row("mortgage_rate", country, country.lower(), COUNTRY_NAMES[country]["es"], "percent", None)
        kind = {"effective": "efectiva anual", "nominal": "nominal anual"}[anchors[-1].kind]
        add(row | {"name": row["name"].replace(", ", f" {kind}, ", 1)}, rate_path(anchors), 2)
    return series, observations


_NAMES = {
    "price_m2": "Precio de oferta por m2", "rent_m2": "Renta de oferta por m2 al mes",
    "days_on_market": "Días en el mercado", "stock": "Anuncios en oferta", "mortgage_rate": "Tasa hipotecaria",
}


def _row(metric: str, country: str, area: str, place: str, unit: str, currency: str | None) -> Row:
    return {
        "id": f"DEMO/{metric}/{area}", "area_id": area, "country": country, "region": place,
        "name": f"{_NAMES[metric]}, {place} (demo)", "metric": metric, "segment": "all", "unit": unit,
        "currency": currency,
    }
