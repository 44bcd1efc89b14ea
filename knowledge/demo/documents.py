"""Area guides, market notes and rules of the demo portfolio, in Spanish and English.

Guides carry no figures. Notes quote the demo series only. Rules are written by hand in `data/documents.toml` and state
what their sources say, nothing from memory.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

from core.locale import COUNTRY_NAMES, Language, locale_for, money, month, number, percent
from knowledge.demo.calibration import AS_OF, Calibration, City, read
from knowledge.demo.series import ATTRIBUTION, MONTHS
from knowledge.demo.wording import capital, contract, landmark, listing_of

Row = dict[str, Any]
Values = dict[tuple[str, date], float]
_LANGUAGES: tuple[Language, ...] = ("es", "en")


def build(calibration: Calibration, series: Sequence[Row], observations: Sequence[Row], seed: int) -> list[Row]:
    """Rows of `documents` without tenant and fingerprint: a guide a city, two notes a country, rules; all twice."""
    rng = random.Random(f"{seed}/documents")
    words = read("documents.toml")
    known = {row["id"] for row in series}
    values: Values = {(o["series_id"], o["period"]): o["value"] for o in observations if o["series_id"] in known}
    rows = [_guide(rng, words, calibration, city, language) for city in calibration.cities for language in _LANGUAGES]
    for country in calibration.countries:
        cities = [city for city in calibration.cities if city.country == country]
        for language in _LANGUAGES:
            rows.append(_prices_note(words, country, cities, values, language))
            rows.append(_rents_note(words, calibration, country, cities, values, language))
    for rule in words["rule"]:
        for language in _LANGUAGES:
            rows.append(_document(
                f"rule-{rule['key']}", "rule", language, rule["country"], rule["country"].lower(),
                rule[f"{language}_title"], rule[language].strip(), rule["attribution"], date(2026, 10, 15),
            ))
    return rows


def _document(
    key: str, kind: str, language: Language, country: str, area: str, title: str, text: str, attribution: str, day: date
) -> Row:
    external = f"demo-{key}-{language}"
    return {
        "id": external, "source": "demo", "external_id": external, "title": title, "language": language, "kind": kind,
        "country": country, "area_id": area, "published_on": day, "text": text, "attribution": attribution, "url": "",
        "demo": True,
    }


def _guide(rng: random.Random, words: Row, calibration: Calibration, city: City, language: Language) -> Row:
    bank, tags = words["guide"][language], words["guide"]["tag"][language]
    places = list(calibration.neighbourhoods[city.id])
    ranked = [landmark(place.called, language) for place in sorted(places, key=lambda p: -p.level)]
    rng.shuffle(places)
    lines = [
        capital(rng.choice(bank["line"]).format(
            name=landmark(place.called, language), tag=tags[place.tag],
            near=listing_of([landmark(name, language) for name in place.near[:2]], language),
        ))
        for place in places[:8]
    ]
    parts = [
        rng.choice(bank["intro"]).format(city=city.name),
        " ".join(lines),
        bank["dear"].format(names=listing_of(ranked[:3], language), cheap=listing_of(ranked[-2:], language)),
        rng.choice(bank["outro"]),
    ]
    text = "\n\n".join(contract(part, language) for part in parts)
    return _document(
        f"guide-{city.id.replace('/', '-')}", "area_guide", language, city.country, city.id,
        bank["title"].format(city=city.name), text, ATTRIBUTION, date(2026, 9, rng.randint(1, 28)),
    )


def _prices_note(words: Row, country: str, cities: Sequence[City], values: Values, language: Language) -> Row:
    bank, locale = words["note"]["prices"][language], locale_for(language, country)
    now, before = MONTHS[-1], MONTHS[-13]
    name = COUNTRY_NAMES[country][language]
    lines = []
    for city in cities:
        price = values[f"DEMO/price_m2/{city.id}", now]
        change = (price / values[f"DEMO/price_m2/{city.id}", before] - 1) * 100
        sign = "+" if change >= 0 else ""
        lines.append(bank["line"].format(
            city=city.name, price=money(price, city.currency, locale), change=sign + percent(change, locale, 1),
            days=number(values[f"DEMO/days_on_market/{city.id}", now], locale),
            stock=number(values[f"DEMO/stock/{city.id}", now], locale),
        ))
    intro = bank["intro"].format(country=name, month=month(now, locale))
    text = "\n\n".join([intro, " ".join(lines), bank["outro"]])
    return _document(f"note-prices-{country.lower()}", "market_note", language, country, country.lower(),
                     bank["title"].format(country=name), text, ATTRIBUTION, AS_OF)


def _rents_note(
    words: Row, calibration: Calibration, country: str, cities: Sequence[City], values: Values, language: Language
) -> Row:
    bank, locale = words["note"]["rents"][language], locale_for(language, country)
    now, before = MONTHS[-1], MONTHS[-13]
    name = COUNTRY_NAMES[country][language]
    decimals = 0 if country == "CO" else 2
    lines = []
    for city in cities:
        price, rent = values[f"DEMO/price_m2/{city.id}", now], values[f"DEMO/rent_m2/{city.id}", now]
        lines.append(bank["line"].format(**{
            "city": city.name, "rent": money(rent, city.currency, locale, decimals),
            "price": money(price, city.currency, locale), "yield": percent(1200 * rent / price, locale, 1),
        }))
    rate = f"DEMO/mortgage_rate/{country.lower()}"
    lines.append(bank["rate"].format(
        rate=percent(values[rate, now], locale), before=percent(values[rate, before], locale),
        kind=words["words"][f"kind_{language}"][calibration.rates[country][-1].kind],
    ))
    intro = bank["intro"].format(country=name, month=month(now, locale))
    title = bank["title"].format(country=name, rent_word=words["words"]["rent_word"][country])
    return _document(f"note-rents-{country.lower()}", "market_note", language, country, country.lower(), title,
                     "\n\n".join([intro, " ".join(lines), bank["outro"]]), ATTRIBUTION, AS_OF)
