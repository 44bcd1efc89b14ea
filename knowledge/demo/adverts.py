"""Writes the advert of a property in the country's own Spanish, or in English, from the phrase files in `data/adverts`.

A text may only name features that the property has: phrases that name one stand in the sections `phrase`, `state` and
`short`, which are read by feature; every other sentence is free of them. Figures in a text are the row's own.
"""

from __future__ import annotations

import random
import re
from datetime import date
from functools import lru_cache
from typing import Any

from core.locale import Language, Locale, locale_for, money, month, number
from knowledge.demo.calibration import read
from knowledge.demo.properties import DWELLINGS, Property
from knowledge.demo.wording import capital, contract, landmark, listing_of

_WORDS: dict[Language, dict[int, str]] = {
    "es": {2: "dos", 3: "tres", 4: "cuatro", 5: "cinco"},
    "en": {2: "two", 3: "three", 4: "four", 5: "five"},
}
#: Features said in a sentence of their own; the others are items of a list.
_STATES = frozenset(
    {"exterior", "new_build", "to_renovate", "furnished", "pets", "duplex", "penthouse", "ground_floor"}
)
_ARTICLE = re.compile(r"^(el|la|un|una) ")
_FEMININE_UNITS = ("alcoba", "habitaci", "recámara")


@lru_cache
def phrases(variant: str) -> dict[str, Any]:
    """The phrase file of a country's Spanish (`co`, `es`, `mx`) or of English (`en`)."""
    return read(f"adverts/{variant}.toml")


def write(rng: random.Random, item: Property, language: Language) -> tuple[str, str]:
    """Title and text of the advert of `item`."""
    return _Writer(rng, item, language).advert()


class _Writer:
    """The words chosen for one advert, so that title and text agree."""

    def __init__(self, rng: random.Random, item: Property, language: Language) -> None:
        self.rng, self.item, self.language = rng, item, language
        self.bank = phrases("en" if language == "en" else item.city.country.lower())
        self.locale: Locale = locale_for(language, item.city.country)
        self.dwelling = item.kind.name in DWELLINGS
        noun, gender = rng.choice(self.bank["noun"][item.kind.name])
        feminine = gender == "f"
        near = rng.sample(item.place.near, 2)
        self.fields: dict[str, str] = {
            "tipo": noun, "Tipo": capital(noun), "o": "a" if feminine else "o", "un": "una" if feminine else "un",
            "el": "la" if feminine else "el", "este": "esta" if feminine else "este",
            "place": landmark(item.place.called, language), "city": item.city.name,
            "area": rng.choice(self.bank["area"]).format(n=number(item.area_m2, self.locale)),
            "rooms": self._rooms(), "baths": self._count(item.bathrooms or 0, self.bank["bathroom"]),
            "price": money(item.price, item.city.currency, self.locale), "near": landmark(near[0], language),
            "near2": landmark(near[1], language), "estrato": str(item.attributes.get("estrato", "")),
            "year": str(item.year_built or ""), "floor": self._floor(), "delivery": self._delivery(),
            "fee": money(item.attributes.get("community_fee", 0), item.city.currency, self.locale),
            "fee_name": self.bank.get("fee_name", {}).get(item.city.country, ""),
        }

    def advert(self) -> tuple[str, str]:
        weights = (68, 18, 14) if self.dwelling else (80, 0, 20)
        style = self.rng.choices((self._long, self._short, self._bullets), weights)[0]
        return capital(self._fill(self._title())), style()

    def _title(self) -> str:
        key = self.item.operation if self.dwelling else f"work_{self.item.operation}"
        bank: list[str] = self.bank["title"][key]
        if self.item.kind.name == "studio":
            bank = [title for title in bank if "{rooms}" not in title]
        title = self.rng.choice(bank)
        listed = [f for f in self.item.features if f not in _STATES]
        if self.dwelling and listed and "{price}" not in title and self.rng.random() < 0.3:
            word = self.bank["short"][self.rng.choice(listed)]
            link = ", " if "{rooms}" in title else " with " if self.language == "en" else " con "
            title += link + word
        return title

    def _long(self) -> str:
        lines = self._about() + self._features() + self._building()
        self.rng.shuffle(lines)
        tail = self._around() + self._money()
        return " ".join(line for line in [self._open(), *lines, *tail, self._close()] if line)

    def _short(self) -> str:
        """The telegraphic advert of an owner in a hurry."""
        gap = self.rng.choice((" · ", ", ", " / ", " - "))
        bits = [self.fields["area"], self.fields["rooms"], self.fields["baths"]]
        if self.fields["floor"] and self.rng.random() < 0.6 and "ground_floor" not in self.item.features:
            bits.append(_ARTICLE.sub("", self.fields["floor"]))
        bits += [self.bank["short"][feature] for feature in self._mentioned()]
        head = self._fill("{Tipo} {place}") if self.rng.random() < 0.5 else self._fill("{place}, {city}. {Tipo}")
        lines = [f"{capital(head)}{gap}{gap.join(bits)}.", *self._sample(self._building(floor=0.0), 1)]
        lines += [*self._sample(self._around(), 1), *self._money(), self._close()]
        return " ".join(line for line in lines if line)

    def _bullets(self) -> str:
        points = [line.rstrip(".") for line in self._about() + self._building()]
        for feature in self._mentioned():
            bank = self.bank["state"][feature] if feature in _STATES else self._wording(feature)
            points.append(self._fill(self.rng.choice(bank)).rstrip("."))
        self.rng.shuffle(points)
        mark = self.rng.choice(("- ", "• ", "* "))
        tail = " ".join(line for line in [*self._around(), *self._money(), self._close()] if line)
        return "\n".join([self._open(), *(mark + point for point in points), tail])

    def _open(self) -> str:
        if self.item.kind.name == "studio":
            key = f"studio_{self.item.operation}"
        else:
            key = self.item.operation if self.dwelling else self.item.kind.name
        return self._pick(self.bank["open"][key])

    def _about(self) -> list[str]:
        """Sentences on the inside; none where all is to be renovated, others where it is new."""
        body, item = self.bank["body"], self.item
        if "to_renovate" in item.features:
            return []
        if "new_build" in item.features:
            return [self._fill(line) for line in self._sample(body["new"], self.rng.randint(1, 2))]
        bank: list[str] = body[item.kind.name if item.kind.name in body else "dwelling"]
        if self.dwelling and (item.bathrooms or 0) > 1 and (item.bedrooms or 0) > 1:
            bank = bank + body["two_baths"]
        if item.kind.name == "apartment":
            bank = bank + body["flat"]
        return [self._fill(line) for line in self._sample(bank, self.rng.randint(1, min(3, len(bank))))]

    def _features(self) -> list[str]:
        chosen = self._mentioned()
        listed = [self.rng.choice(self._wording(feature)) for feature in chosen if feature not in _STATES]
        lines = [self._fill(self.rng.choice(self.bank["state"][feature])) for feature in chosen if feature in _STATES]
        self.rng.shuffle(listed)
        while listed:
            group, listed = listed[:4], listed[4:]
            template = self.rng.choice(self.bank["with"]["features"])
            lines.append(template.format(features=listing_of(group, self.language)))
        return lines

    def _building(self, floor: float = 0.55, year: float = 0.45) -> list[str]:
        lines = []
        if self.fields["floor"] and "ground_floor" not in self.item.features and self.rng.random() < floor:
            lines.append(self._pick(self.bank["floor_line"]["lines"]))
        if self.fields["delivery"]:
            lines.append(self._pick(self.bank["delivery_line"]["lines"]))
        if self.fields["year"] and self.rng.random() < year:
            lines.append(self._pick(self.bank["year_line"]["lines"]))
        if self.fields["estrato"] and self.rng.random() < 0.6:
            lines.append(self._pick(self.bank["estrato_line"]["lines"]))
        return lines

    def _around(self) -> list[str]:
        lines = []
        if self.rng.random() < 0.75:
            lines.append(self._pick(self.bank["place_line"]["near"]))
        if self.dwelling and self.rng.random() < 0.6:
            lines.append(self._pick(self.bank["tag"][self.item.place.tag]))
        self.rng.shuffle(lines)
        return lines

    def _money(self) -> list[str]:
        lines = []
        if "community_fee" in self.item.attributes and self.rng.random() < 0.6:
            lines.append(self._pick(self.bank["fee_line"]["lines"]))
        if self.rng.random() < 0.4:
            lines.append(self._pick(self.bank["price_line"][self.item.operation]))
        if self.dwelling and not self.fields["delivery"] and self.rng.random() < 0.6:
            lines.append(self._pick(self.bank["terms"][self.item.operation]))
        self.rng.shuffle(lines)
        return lines

    def _close(self) -> str:
        return self._pick(self.bank["close"]["lines"])

    def _mentioned(self) -> list[str]:
        """Most of the features, in no fixed order; what decides a price or a visit is always said."""
        must = {"to_renovate", "new_build", "furnished", "ground_floor"}
        return [f for f in self.item.features if f in must or self.rng.random() < 0.85]

    def _wording(self, feature: str) -> list[str]:
        if feature == "parking" and self.item.attributes.get("parking_spaces", 1) > 1:
            return list(self.bank["phrase"]["parking_two"])
        bank: list[str] = self.bank["phrase"][feature]
        avoid = {"house": self.bank["shared"], "studio": self.bank["sleeping"]}.get(self.item.kind.name, [])
        return [phrase for phrase in bank if not any(word in phrase for word in avoid)] or bank

    def _pick(self, bank: list[str]) -> str:
        return self._fill(self.rng.choice(bank))

    def _sample(self, bank: list[str], count: int) -> list[str]:
        return self.rng.sample(bank, min(count, len(bank)))

    def _fill(self, template: str) -> str:
        return capital(contract(template.format(**self.fields), self.language))

    def _rooms(self) -> str:
        if self.item.bedrooms == 0:
            return str(self.rng.choice(self.bank["no_bedroom"]))
        return self._count(self.item.bedrooms or 0, self.bank["bedroom"])

    def _count(self, count: int, names: list[str]) -> str:
        pair = self.rng.randrange(len(names) // 2) * 2
        name = names[pair] if count == 1 else names[pair + 1]
        if self.rng.random() < 0.35:
            if count == 1:
                one = "one" if self.language == "en" else "una" if name.startswith(_FEMININE_UNITS) else "un"
                return f"{one} {name}"
            return f"{_WORDS[self.language].get(count, count)} {name}"
        return f"{count} {name}"

    def _delivery(self) -> str:
        day = self.item.attributes.get("delivery_on")
        return month(date.fromisoformat(day), self.locale) if day else ""

    def _floor(self) -> str:
        if self.item.floor is None:
            return ""
        return str(self.rng.choice(self.bank["floor"])).format(n=self.item.floor)
