"""Loads `data/lexicon.toml` once, spread out for lookup: every word folded, plurals added."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.data_files import read
from knowledge.understanding.text import fold

DATA = Path(__file__).with_name("data")
#: Property that no listing type fits (a garage): it counts as something to buy, but fills no slot.
OTHER = "other"
#: role -> (phrases that stand before a figure, phrases that stand after it), as tuples of words
Roles = dict[str, tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lexicon, ready to be asked. Phrase tables are keyed by tuples of folded words."""

    short_forms: dict[str, str]
    spanish: frozenset[str]
    english: frozenset[str]
    telling: frozenset[str]
    tu: frozenset[str]
    usted: frozenset[str]
    numbers: dict[str, float]
    months: dict[str, int]
    scales: dict[str, float]
    scale_currency: dict[str, str]
    currency: dict[str, str]
    areas: dict[tuple[str, ...], float]
    counts: dict[str, str]
    types: dict[tuple[str, ...], str]
    plurals: frozenset[str]
    features: dict[tuple[str, ...], str]
    feature_negators: frozenset[str]
    operations: dict[tuple[str, ...], str]
    country_words: dict[str, dict[str, float]]
    strong_places: frozenset[str]
    weak_places: frozenset[str]
    place_blockers: frozenset[str]
    place_markers: frozenset[str]
    articles: frozenset[str]
    centre: frozenset[tuple[str, ...]]
    not_centre: frozenset[str]
    name_openers: frozenset[tuple[str, ...]]
    closings: frozenset[tuple[str, ...]]
    money_roles: Roles
    percent_roles: Roles
    years_roles: Roles
    common: frozenset[str]
    plain: frozenset[str]
    vocabulary: frozenset[str]
    words: dict[str, frozenset[str]]
    phrases: dict[str, tuple[tuple[str, ...], ...]]


def _words(text: str) -> list[str]:
    return [w for item in text.split() if (w := fold(item))]


def _phrases(text: str) -> list[tuple[str, ...]]:
    """Space-separated entries, `-` standing for the space inside one."""
    return [tuple(fold(item).split()) for item in text.split()]


def plural_forms(word: str) -> tuple[str, ...]:
    """`local` -> locales, `flat` -> flats: both languages' regular plurals."""
    return (word + "s", word + "es")


def _roles(table: dict[str, dict[str, str]]) -> Roles:
    def side(entry: dict[str, str], key: str) -> frozenset[tuple[str, ...]]:
        text = entry.get(key, "").replace("\n", " ")
        return frozenset(tuple(fold(p).split()) for p in text.split("|") if fold(p))

    return {role: (side(entry, "before"), side(entry, "after")) for role, entry in table.items()}


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon of the data folder, read once."""
    raw: dict[str, Any] = read(DATA / "lexicon.toml", dict[str, dict[str, str | int | float | dict[str, str]]])
    types: dict[tuple[str, ...], str] = {}
    plurals: set[str] = set()
    for kind, text in raw["property_types"].items():
        for phrase in _phrases(text):
            types[phrase] = kind
            for form in plural_forms(phrase[-1]):
                types[(*phrase[:-1], form)] = kind
                plurals.add(form)
    plurals |= {
        "properties",
        "propiedades",
        "inmuebles",
        "viviendas",
        "proyectos",
        "preventas",
        "homes",
        "garajes",
        "garages",
    }
    for phrase in _phrases(raw["other_property"]["words"]):
        types.setdefault(phrase, OTHER)
    for text, kind in raw["property_phrases"].items():
        types[tuple(fold(text).split())] = kind
    common = set(_words((DATA / "common_words.txt").read_text(encoding="utf-8")))
    language = raw["language"]
    spanish, english = frozenset(_words(language["es"])), frozenset(_words(language["en"]))
    counts = {w: slot for slot, text in raw["counts"].items() for w in _words(text)}
    common |= spanish | english | set(counts) | {w for phrase in types for w in phrase}
    names, places = raw["names"], raw["places"]
    return Lexicon(
        short_forms=raw["short_forms"],
        spanish=spanish - english,
        english=english - spanish,
        telling=frozenset(_words(language["function"])),
        tu=frozenset(_words(raw["register"]["tu"])),
        usted=frozenset(_words(raw["register"]["usted"])),
        months={k: int(v) for k, v in raw["months"].items()},
        numbers={k: float(v) for k, v in raw["numbers"].items()},
        scales={k: float(v) for k, v in raw["scales"].items()},
        scale_currency=raw["scale_currency"],
        currency=raw["currency"],
        areas={tuple(k.split()): float(v) for k, v in raw["areas"].items()},
        counts=counts,
        types=types,
        plurals=frozenset(plurals),
        features={p: name for name, text in raw["features"].items() for p in _phrases(text)},
        feature_negators=frozenset(_words(raw["features_negated"]["words"])),
        operations={p: name for name, text in raw["operations"].items() for p in _phrases(text)},
        country_words={
            country: {w: float(v) for item in text.split() for w, v in [item.split(":")]}
            for country, text in raw["country_words"].items()
        },
        strong_places=frozenset(_words(places["strong"])),
        weak_places=frozenset(_words(places["weak"])),
        place_blockers=frozenset(_words(places["blockers"])),
        place_markers=frozenset(_words(places["markers"])),
        articles=frozenset(_words(places["articles"])),
        centre=frozenset(_phrases(places["centre"])),
        not_centre=frozenset(_words(places["not_centre"].replace("-", " "))),
        name_openers=frozenset(tuple(fold(p).split()) for p in names["before"].split("|")),
        closings=frozenset(tuple(fold(p).split()) for p in names["closings"].split("|")),
        money_roles=_roles(raw["money_roles"]),
        percent_roles=_roles(raw["percent_roles"]),
        years_roles=_roles(raw["years_roles"]),
        common=frozenset(common),
        plain=frozenset((DATA / "plain_words.txt").read_text(encoding="utf-8").split()),
        vocabulary=frozenset(
            w
            for name in ("money_roles", "percent_roles", "years_roles")
            for entry in raw[name].values()
            for text in entry.values()
            for w in _words(text.replace("|", " "))
        ),
        words={name: frozenset(text.split()) for name, text in raw["words"].items()},
        phrases={name: tuple(tuple(fold(p).split()) for p in text.split("|")) for name, text in raw["phrases"].items()},
    )


def words(name: str) -> frozenset[str]:
    """A closed list of the lexicon by its name."""
    return lexicon().words[name]


def phrases(name: str) -> tuple[tuple[str, ...], ...]:
    """A closed list of phrases of the lexicon by its name, each a tuple of words."""
    return lexicon().phrases[name]
