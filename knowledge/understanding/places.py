"""Finds the places a message names and settles which of several places of one name is meant.

Everything known about the conversation votes for a country (a named country or region, the currency, words such as
piso or depa, the country so far); each name then takes the reading with the most inhabitants and votes. A lower-case
common word is a place only after a word like `en`, and words such as avenida make the next name a street.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from knowledge.understanding.cues import cue_words
from knowledge.understanding.gazetteer import (
    MARKETS,
    NEIGHBOURHOOD_WEIGHT,
    SAME_PLACE_KM,
    Entry,
    PlaceIndex,
    edits,
    kilometres,
)
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

#: Names of so few letters are abbreviations, which a foreign country's is written in capitals.
_ABBREVIATED = 3
#: Longest name, in words.
LONGEST = 6
#: A reading in the three markets weighs as much as one with this many times more inhabitants elsewhere (log10).
MARKET_PRIOR = 1.5
#: Least evidence for a span of words to be a place.
ACCEPTED = 0.72
#: A town from this size on may stand for its province ("Andorra, Teruel").
_PROVINCIAL = 30_000
#: A country wins over a village of its name in the three markets up to this size.
_VILLAGE = 20_000
#: A city of the three markets from this size on is meant by its name whatever city was spoken of.
_LARGE_CITY = 100_000
#: Evidence from which a name that looks like a common word may be a place if its neighbours are.
_POSSIBLE = 0.35
#: A name with two slips is only taken for a place of at least this many inhabitants.
_TWO_SLIPS = 100_000
#: A doubtful name in a list of cities is one of at least this many inhabitants.
_LISTED_CITY = 15_000
_NATURAL = words("natural")
_INTO = frozenset({"en", "in"})
_LISTING = frozenset({"o", "u", "or", "y", "e", "ni", "and", "vs", "versus"})
_NO_AREAS = words("no_areas")
_VERSUS = frozenset({"vs", "versus", "contra", "against"})
_DEFINITE = words("definite")
_GIVEN, _SAYING = words("given_names"), words("saying")
_OF_ONE = frozenset({"la", "el", "de", "del", "en", "the", "one", "in", "from", "that", "is"})
_PROVINCES = frozenset(phrases("provinces"))
_OF_STREETS = frozenset({"de", "del"}) | _DEFINITE
_OF = frozenset({"de", "del", "of"})
_NOT_THERE = words("negators") | {"from"}
#: How strongly a foreign country or region named says that a town of an ambiguous name is there.
_ABROAD = 5.0
_Admins = dict[tuple[str, str], set[int]]
_ESTATES, _INSTITUTIONS, _TOLD = words("estates"), words("institutions"), (*phrases("biography"), *phrases("origin"))
_PARTS = words("parts_of_cities")
_ADJECTIVE_COUNTRY = words("adjective_country")


@dataclass(slots=True)
class _Span:
    """Tokens [first, last] that may be a place, with its readings.

    `placed`: a capital after `en`, `in la` and the like; `named`: a capital, or no common words, or the word before says where;
    `inside`: a neighbourhood's city follows ("el Grao, Valencia").
    """

    first: int
    last: int
    key: str
    readings: list[tuple[Entry, str]]
    evidence: float
    marked: bool
    article: bool
    placed: bool = False
    named: bool = False
    inside: bool = False


@dataclass(slots=True)
class _Talk:
    """What settles which of several places of one name is meant.

    `votes`: country -> weight; `admins`: regions named; `cities`: folded names of the cities of the message, `old` those
    spoken of before, `centres` these as places; `parts`: the message says that it is about neighbourhoods.
    """

    votes: dict[str, float]
    admins: Mapping[tuple[str, str], set[int]]
    cities: set[str]
    old: set[str]
    centres: list[Entry]
    parts: bool


#: Thousands parted by dots, as in Spain and Colombia and never in Mexico or in English, and how much that says.
_DOTTED, _WRITTEN = re.compile(r"\d{1,3}(?:\.\d{3})+"), 1.0


def country_votes(tokens: Sequence[Token], currencies: Sequence[str | None]) -> dict[str, float]:
    """How strongly the words, the currencies and the way figures are written ("67.000") in a message point at each market."""
    votes = {country: 0.0 for country in MARKETS}
    for country, table in lexicon().country_words.items():
        votes[country] += sum(table.get(w, 0.0) for w in {t.text for t in tokens})
    for currency, country in (("EUR", "ES"), ("COP", "CO"), ("MXN", "MX")):
        if currency in currencies:
            votes[country] += 1.5
    if any(_DOTTED.fullmatch(t.raw) for t in tokens):
        votes["ES"], votes["CO"] = votes["ES"] + _WRITTEN, votes["CO"] + _WRITTEN
    return {country: min(vote, 3.0) for country, vote in votes.items()}


def find_places(
    text: str,
    tokens: list[Token],
    taken: set[int],
    index: PlaceIndex,
    votes: Mapping[str, float],
    previous: Mapping[str, object],
    hint: str | None = None,
) -> list[Place]:
    """Places named in the message, in order. `taken` are tokens that are something else (figures, e-mails, names)."""
    candidates = _spans(tokens, taken, index)
    spans = _choose(candidates, tokens)
    total = dict(votes)
    named = {e.country for s in spans for e, _ in s.readings if e.level == "country"}
    regions = [s.readings for s in spans if s.readings and all(e.level == "region" for e, _ in s.readings)]
    for country in named:
        total[country] = total.get(country, 0.0) + 4.0
    for readings in regions:
        for country in {e.country for e, _ in readings}:
            total[country] = total.get(country, 0.0) + 2.5
    abroad = _abroad(spans, tokens)
    for country in abroad:
        total[country] = total.get(country, 0.0) + _ABROAD
    before = previous.get("country")
    if isinstance(before, str):
        total[before] = total.get(before, 0.0) + 1.2
    if hint:
        total[hint] = total.get(hint, 0.0) + 0.6
    admins = _admins(spans, tokens)
    cities = {fold(e.name) for s in spans for e, _ in s.readings if _is_city(e)}
    old_cities = {fold(str(c)) for c in _listed_values(previous.get("city"))}
    if old_cities and isinstance(before, str):
        candidates = [s for s in (_without_tails(s, before) for s in candidates) if s.readings]
        spans = _choose(candidates, tokens)
    centres = [e for city in old_cities for e, _ in index.lookup(city) if e.level == "city" and e.country == before]
    talk = _Talk(total, admins, cities, old_cities, centres, any(t.text in _PARTS for t in tokens))
    unread = [s for s in spans if _settle(s, talk) is None]
    if any(s.last > s.first for s in unread):  # "sevilla este" may be no district, but Sevilla is a city
        spans = _choose([s for s in candidates if s not in unread], tokens)
    settled = [s for s in (_settle(s, talk) for s in spans) if s is not None]
    settled = _agree(settled, spans, talk)
    kept = _without_institutions(settled, tokens, bool(old_cities))
    borne = [s for s, *_ in settled if _of_institution(tokens, s.first) and not any(k[0] is s for k in kept)]
    settled = [(s, e, shown.partition(" (")[0] if e.country in abroad else shown) for s, e, shown in kept]
    parts = _parts_of_cities(settled, tokens)
    settled = [s for s in _outside_parts(settled, tokens) if s[0].first not in parts]
    places = [
        Place(
            shown,
            e.level,
            e.country if e.country in MARKETS else None,
            e.area_id,
            e.city,
            e.country in MARKETS,
            e.latitude,
            e.longitude,
            tokens[s.first].start,
            tokens[s.last].end,
            round(min(1.0, s.evidence), 2),
        )
        for s, e, shown in settled
    ]
    places += [_inside(text, tokens, part, whole) for part, whole in parts.values()]
    taken = taken | {i for s in borne for i in range(s.first, s.last + 1)}
    places += _unknown_neighbourhoods(text, tokens, taken, places)
    places += _parts_of_known(text, tokens, taken, places, previous)
    places += _centre(tokens, places, bool(old_cities), taken)
    places += _unknown_regions(text, tokens, taken, places)
    sizes = {(entry.name, entry.country): (entry.admin1, entry.population) for _, entry, _ in settled}
    return _without_provinces(tokens, _drop_redundant(places), sizes)


def _is_city(entry: Entry) -> bool:
    """Whether a place is a town or city, of the three markets or outside."""
    return entry.level == "city" or (entry.level == "other" and entry.latitude is not None)


def _abroad(spans: list[_Span], tokens: list[Token]) -> set[str]:
    """Countries outside the markets that are named, themselves or by a region ("the Algarve"), not as somebody's home."""
    found: set[str] = set()
    for span in spans:
        if not all(e.level == "other" and e.latitude is None for e, _ in span.readings):
            continue
        begins = next((i for i in range(span.first, 0, -1) if tokens[i].opens), 0)
        before = [words_at(tokens, at, len(p)) == p for p in _TOLD for at in range(begins, span.first + 1 - len(p))]
        if not any(before) and (not span.first or tokens[span.first - 1].text not in _NOT_THERE):
            found |= {e.country for e, _ in span.readings}
    return found


def _listed_values(value: object) -> list[object]:
    return [v for v in (value if isinstance(value, list) else [value]) if v]


def _is_tail(entry: Entry, key: str) -> bool:
    """Whether a name is only the end of the village's: "Crespo" of Primera Fracción de Crespo."""
    name = fold(entry.name)
    return entry.level == "city" and entry.population < _VILLAGE and name != key and name.endswith(f" {key}")


def _without_tails(span: _Span, country: str) -> _Span:
    """Without readings as a village of another country than that spoken of, of whose name this is only the end."""
    kept = [(e, shown) for e, shown in span.readings if e.country == country or not _is_tail(e, span.key)]
    return replace(span, readings=kept)


def _admins(spans: list[_Span], tokens: list[Token]) -> _Admins:
    """Regions named, each with the spans that name them: "Guadalajara, Jalisco", "Andorra, Teruel"."""
    found: _Admins = {}
    for before, span in zip([None, *spans], spans, strict=False):
        beside = before is not None and _says_where(tokens[before.last + 1 : span.first + 1])
        for entry, _ in span.readings:
            town = beside and entry.level == "city" and entry.population >= _PROVINCIAL
            if entry.admin1 and (entry.level == "region" or town):
                found.setdefault((entry.country, entry.admin1), set()).add(span.first)
    return found


def _says_where(until: list[Token]) -> bool:
    """Whether the tokens from a place up to and with the next one make that its province: "Córdoba, Veracruz",
    "Cartagena, la de Murcia", "Guadalajara (the one in Spain)"."""
    between = [t.text for t in until[:-1]]
    if not between:
        return until[0].comma
    the_one = bool({"la", "el", "one"} & set(between)) and between[-1] in ("de", "del", "in", "from")
    return not until[0].opens and (between in (["de"], ["del"]) or (the_one and len(between) <= 4 and set(between) <= _OF_ONE))


def _evidence(
    tokens: list[Token], first: int, last: int, index: PlaceIndex, all_caps: bool
) -> tuple[float, bool, bool]:
    """(how much speaks for tokens [first, last] being a place, a word like barrio before it, an article before it)."""
    lex = lexicon()
    words = [t.text for t in tokens[first : last + 1]]
    before = tokens[first - 1].text if first and not tokens[first].opens else ""
    article = before in lex.articles
    two_before = tokens[first - 2].text if article and first > 1 and not tokens[first - 1].opens else ""
    marked = before in lex.place_markers or (
        before in ("de", "del") and first > 1 and tokens[first - 2].text in lex.place_markers
    )
    if before in lex.place_blockers or two_before in lex.place_blockers:
        return -1.0, marked, article
    street = next((t.text for t in reversed(tokens[max(0, first - 3) : first]) if t.text not in _OF_STREETS), "")
    estate = before == "de" and street in _ESTATES  # "polígono de X" lies in X, "polígono X" bears a name
    if first and before in _OF_STREETS and street in lex.place_blockers and words[0] not in ("bogota",) and not estate:
        return -0.5, marked, article
    if len(words) == 1 and words[0] in _GIVEN and words_at(tokens, last + 1, 1)[:1] and tokens[last + 1].text in _SAYING:
        return -1.0, marked, article  # "Santiago me recomendó"
    score = 0.0
    if before in lex.strong_places or two_before in lex.strong_places or marked or estate:
        score += 0.4
    elif before in lex.weak_places or two_before in lex.weak_places:
        score += 0.2
    elif tokens[first].comma:
        score += 0.1
    elif before in lex.plurals or (before,) in lex.types:
        score += 0.2 if len(words) == 1 else 0.4  # "condos playa del carmen", as in a search box
        following = tokens[last + 1] if last + 1 < len(tokens) else None
        score += 0.1 if following is not None and following.kind == "num" and not following.opens else 0.0
    if before in lex.english and len(words) > 1 and words[0] in _DEFINITE:
        score += 0.2  # "is el poblado still safe"
    proper = [
        t for t in tokens[first : last + 1] if t.text not in ("de", "del", "la", "el", "los", "las", "y", "of", "the")
    ]
    if proper and all(t.capital for t in proper) and not all_caps:
        score += 0.2 if tokens[first].opens and len(proper) == 1 else 0.35
    if len(words) > 1:
        score += 0.2
    if all(w in lex.common for w in words):
        led = before in lex.strong_places or before in lex.weak_places
        named = led and tokens[first].capital and not tokens[first].opens and not all_caps  # "el de Bello"
        score -= (0.45 if named else 0.55) if len(words) == 1 else 0.35
        score += 0.45 if _heads(tokens, first, last) else 0.0
    return score, marked, article


def _heads(tokens: list[Token], first: int, last: int) -> bool:
    """Whether a capitalised name stands before a colon at the beginning, as what the rest is about: "Bello: ¿cuánto…"."""
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    headed = tokens[first].opens and tokens[first].capital and after is not None and after.gap.startswith(":")
    return headed and after is not None and after.kind == "word"


def _weight(entry: Entry) -> float:
    if entry.level in ("country", "region"):
        return 6.0
    people = NEIGHBOURHOOD_WEIGHT if entry.level == "neighbourhood" else entry.population
    return math.log10(people + 100)


def _spans(tokens: list[Token], taken: set[int], index: PlaceIndex) -> list[_Span]:
    letters = [t for t in tokens if t.kind == "word"]
    all_caps = (
        sum(t.raw.isupper() and len(t.raw) > 1 for t in letters) > 0.7 * max(1, len(letters)) and len(letters) > 3
    )
    found: list[_Span] = []
    doubtful: list[_Span] = []
    for first in range(len(tokens)):
        if first in taken or tokens[first].kind not in ("word", "num"):
            continue
        for last in range(min(len(tokens), first + LONGEST) - 1, first - 1, -1):
            if any(i in taken or (i > first and (tokens[i].opens or tokens[i].comma)) for i in range(first, last + 1)):
                continue
            if last == first and (tokens[first].kind == "num" or len(tokens[first].text) < 3):
                continue
            key = " ".join(words_at(tokens, first, last - first + 1))
            if not index.known(key):
                continue
            readings = index.lookup(key)
            raw_text = " ".join(t.raw for t in tokens[first : last + 1])
            foreign = len(key) <= _ABBREVIATED and all(e.level == "other" for e, _ in readings)
            if foreign and not tokens[first].capital and not _led_in(tokens, first):
                continue  # "usa mis datos" is no country
            evidence, marked, article = _evidence(tokens, first, last, index, all_caps)
            strength = 0.12 * max(_weight(e) for e, _ in readings)
            if last > first and tokens[first].text in _DEFINITE:  # "el Grao" is a town, and the Grao of Valencia
                readings += [r for r in index.lookup(key.partition(" ")[2]) if r[0].level == "neighbourhood"]
            if key in _ADJECTIVE_COUNTRY:
                evidence += 0.6
            if _beside_city(readings, tokens, first, last):
                evidence += 0.4
            accented = not raw_text.isascii() and any(raw_text == bare_name(e.name) for e, _ in readings)
            if accented:  # "Gràcia" is not the word "gracia"
                evidence += 0.35
            if evidence + strength >= ACCEPTED:
                inner = last > first and tokens[first].text in _DEFINITE and all(e.level != "city" for e, _ in readings)
                article = (article and tokens[first - 1].text != "the") or inner
                placed = tokens[first].capital and (
                    _stands_in(tokens, first) or _led_in(tokens, first) or _goes_on_list(tokens, first, found)
                )
                named = tokens[last].capital or not _all_common(tokens[first : last + 1]) or _led_in(tokens, first)
                inside = _before_city(readings, tokens, last, index)
                support = evidence + strength
                found.append(_Span(first, last, key, readings, support, marked, article, placed, named, inside))
            elif evidence + strength >= _POSSIBLE and (
                tokens[first].capital or _listed(tokens, first, last) or _before_city(readings, tokens, last, index)
            ):
                doubtful.append(_Span(first, last, key, readings, ACCEPTED, marked, article))
        found.extend(_misspelt(tokens, first, taken, index, all_caps))
    return found + [
        s
        for s in doubtful
        if _beside_its_like(s, found, tokens)
        or _before_city(s.readings, tokens, s.last, index)
        or _after_part(s, found)
        or _led_to_part(s, found, tokens)
    ]


def _goes_on_list(tokens: list[Token], first: int, found: list[_Span]) -> bool:
    """Whether the name goes on with a list that stands after `en` ("en Juriquilla o El Refugio")."""
    joined = tokens[first - 1].text in _LISTING and not tokens[first].opens if first else False
    ends = first - 2 if joined else first - 1 if tokens[first].comma and not tokens[first].opens else None
    return ends is not None and any(s.last == ends and s.placed for s in found)


def _led_to_part(span: _Span, found: list[_Span], tokens: list[Token]) -> bool:
    """Whether a doubtful name is led in as part of a city that the message names: "en Lima, por Barranco"."""
    if not tokens[span.first].capital or tokens[span.first].opens or not _led_by(tokens, span.first):
        return False
    cities = {fold(e.name) for s in found for e, _ in s.readings if _is_city(e)}
    return any(e.level == "neighbourhood" and fold(e.city or "") in cities for e, _ in span.readings)


def _led_by(tokens: list[Token], first: int) -> bool:
    """Whether `en`, `por` and the like stand before the name and its article."""
    before = [t.text for t in tokens[max(0, first - 2) : first] if t.text not in lexicon().articles]
    return bool(before) and (before[-1] in lexicon().strong_places or before[-1] in ("por", "de", "of"))


def _beside_city(readings: list[tuple[Entry, str]], tokens: list[Token], first: int, last: int) -> bool:
    """Whether a neighbourhood's own city stands right beside its name ("flats zaragoza delicias")."""
    for city in {fold(e.city) for e, _ in readings if e.level == "neighbourhood" and e.city}:
        words = tuple(city.split())
        size = len(words)
        after = last + 1 < len(tokens) and not tokens[last + 1].opens and words_at(tokens, last + 1, size) == words
        before = first >= size and not tokens[first].opens and words_at(tokens, first - size, size) == words
        if after or before:
            return True
    return False


def _listed(tokens: list[Token], first: int, last: int) -> bool:
    """Whether the name stands before or after a word such as `o` or `vs`, with nothing else beside it."""
    after = words_at(tokens, last + 1, 1)
    return bool(after) and after[0] in _LISTING and (first == 0 or tokens[first].opens or tokens[first].comma)


def _before_city(readings: list[tuple[Entry, str]], tokens: list[Token], last: int, index: PlaceIndex) -> bool:
    """Whether a neighbourhood's own city follows its name, after a comma ("gracia, barcelona")."""
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    if after is None or not after.comma or after.opens or not index.known(after.text):
        return False
    return any(e.city is not None and fold(e.city).split()[0] == after.text for e, _ in readings)


def _all_common(part: list[Token]) -> bool:
    return all(_is_word(t.text) for t in part)


def _led_in(tokens: list[Token], first: int) -> bool:
    """Whether `en`, `in`, `por` and the like stand before the name and its article."""
    before = [t.text for t in tokens[max(0, first - 2) : first] if t.text not in lexicon().articles]
    return bool(before) and before[-1] in lexicon().strong_places


def _stands_in(tokens: list[Token], first: int) -> bool:
    """Whether the name at `first` says where: "en Suba", "mi apto de Suba"."""
    before = words_at(tokens, first - 2, 2) if first > 1 else words_at(tokens, 0, first)
    return before[-1:] != () and (before[-1] in _INTO or (before[-1] == "de" and (before[0],) in lexicon().types))


def bare_name(name: str) -> str:
    """A name without its article."""
    first, _, rest = name.partition(" ")
    return rest if rest and fold(first) in _DEFINITE else name


def _beside_its_like(span: _Span, sure: list[_Span], tokens: list[Token]) -> bool:
    """Whether a doubtful name stands in a list with places of its kind: "Gracia, Poblenou o Sarrià", "ourense o lugo"."""
    mine = _kinds(span)
    for other in sure:
        apart = other.first - span.last if other.first > span.last else span.first - other.last
        if not 1 <= apart <= 3 or not (mine & _kinds(other) or _both_named(span, other, tokens)):
            continue
        between = tokens[min(span.last, other.last) + 1 : max(span.first, other.first)]
        after = tokens[max(span.first, other.first)]
        if (between and {t.text for t in between} <= _LISTING) or (not between and after.comma):
            return True
    return False


def _both_named(one: _Span, other: _Span, tokens: list[Token]) -> bool:
    """Whether both names are written with capitals and may lie in one country."""
    capitals = tokens[one.first].capital and tokens[other.first].capital
    return capitals and bool({e.country for e, _ in one.readings} & {e.country for e, _ in other.readings})


def _kinds(span: _Span) -> set[tuple[str, str]]:
    """What a name may be: a neighbourhood of some city, a city of some country."""
    return {
        ("neighbourhood", e.city or "") if e.level == "neighbourhood" else ("city", e.country)
        for e, _ in span.readings
        if e.level == "neighbourhood" or (e.level == "city" and e.population >= _LISTED_CITY)
    }


def _after_part(span: _Span, sure: list[_Span]) -> bool:
    """Whether a doubtful city follows one of its neighbourhoods ("Génova, Palma")."""
    cities = {fold(e.name) for e, _ in span.readings if e.level == "city"}
    before = [s for s in sure if s.last + 1 == span.first]
    return any(e.city and fold(e.city) in cities for s in before for e, _ in s.readings if e.level == "neighbourhood")


def _is_word(text: str) -> bool:
    """Whether a word has a meaning of its own, so that it is no slip of the pen for a place."""
    lex = lexicon()
    return text in lex.common or text in lex.plain or text in lex.vocabulary or text in cue_words()


def _misspelt(tokens: list[Token], first: int, taken: set[int], index: PlaceIndex, all_caps: bool) -> list[_Span]:
    """A place one slip away, where the word is in no vocabulary and stands where a place would."""
    found: list[_Span] = []
    for count in (2, 1):
        part = tokens[first : first + count]
        if (
            len(part) < count
            or any(t.kind != "word" for t in part)
            or any(i in taken for i in range(first, first + count))
        ):
            continue
        if count == 2 and (part[1].opens or part[1].comma):
            continue
        key = " ".join(t.text for t in part)
        if count == 2 and (index.known(part[0].text) or index.known(part[1].text) or len(part[1].text) < 3):
            continue
        meant = count == 1 and part[0].capital and key in lexicon().plain and _led_in(tokens, first)  # "en Enviado"
        if len(key) < 5 or index.known(key) or any(len(t.text) > 3 and _is_word(t.text) and not meant for t in part):
            continue
        evidence, marked, article = _evidence(tokens, first, first + count - 1, index, all_caps)
        if evidence < (0.3 if count == 1 else 0.45):
            continue
        names = index.similar(key)
        readings = [item for name in names[:2] for item in index.lookup(name) if _may_be_misspelt(key, name, item[0])]
        if readings:
            found.append(_Span(first, first + count - 1, names[0], readings, evidence + 0.45, marked, article))
            break
    return found


def _may_be_misspelt(key: str, name: str, entry: Entry) -> bool:
    """Whether `key` may be a slip for a place of this name: the more slips, the bigger the place must be."""
    if entry.guarded:
        return False
    if edits(key, name, 2) > 1:
        return entry.population >= _TWO_SLIPS
    return entry.population >= 10_000 or entry.level == "neighbourhood"


def _choose(spans: list[_Span], tokens: list[Token]) -> list[_Span]:
    """Spans that do not overlap: longer first, then the better supported."""
    chosen: list[_Span] = []
    for span in sorted(spans, key=lambda s: (-(s.last - s.first), -s.evidence)):
        if all(span.last < c.first or span.first > c.last for c in chosen):
            chosen.append(span)
    return sorted(chosen, key=lambda s: s.first)


_Settled = tuple[_Span, Entry, str]


def _settle(span: _Span, talk: _Talk) -> _Settled | None:
    """The reading with the most weight, or None if only guarded ones are left without what they need."""
    votes, admins, cities, old_cities = talk.votes, talk.admins, talk.cities, talk.old
    best: tuple[float, Entry, str] | None = None
    known_alone = any(e.level == "neighbourhood" and not e.guarded for e, _ in span.readings)
    for entry, shown in span.readings:
        score = _weight(entry) + votes.get(entry.country, 0.0)
        if entry.country in MARKETS:
            score += MARKET_PRIOR
        if entry.level == "city" and admins.get((entry.country, entry.admin1), set()) - {span.first}:
            score += 4.0
        villages = all(e.population < _VILLAGE for e, _ in span.readings if e.level == "city")
        if entry.level == "other" and entry.latitude is None and villages:
            score += 3.0
        if entry.level == "neighbourhood" and entry.area_id:
            score += 1.0  # the name that the database knows
            score += 0.5 if fold(entry.name) == span.key else 0.0
        if entry.level == "neighbourhood":
            city = fold(entry.city or "")
            here = city in cities or (city != span.key and f" {city} " in f" {span.key} ")
            old = city in old_cities
            only = not any(_outweighs(e, entry, span, talk) for e, _ in span.readings)
            if here and city == span.key:
                continue
            if entry.guarded and entry.country not in MARKETS and not (here or old):
                continue
            if entry.guarded and known_alone and not (here or old):
                continue  # "la Condesa" is that of Mexico City, not that of Acapulco
            if here:
                score += 5.0 if span.inside else 3.0
            elif old:
                score += 2.2
            if span.marked:
                score += 2.0
            elif span.article and span.named and entry.guarded and entry.country == "MX" and votes.get("MX", 0.0) >= 0:
                score += 2.5
            elif entry.guarded and not here and not (old and only) and not _stands_alone(span, cities | old_cities):
                continue
        elif span.marked and entry.level == "city":
            score -= 1.0
        elif entry.level == "region" and any(e.level == "city" and e.population > 80_000 for e, _ in span.readings):
            score -= 2.0
        if best is None or score > best[0]:
            best = (score, entry, shown)
    if best is not None:
        return span, best[1], best[2]
    shared = _shared(span, votes) if span.placed and not cities | old_cities else None
    return None if shared is None else (span, shared, shared.name)


def _outweighs(rival: Entry, entry: Entry, span: _Span, talk: _Talk) -> bool:
    """Whether another reading keeps a guarded neighbourhood of the city spoken of from being meant: any place, but after
    "en" ("¿y en Palermo?") or a word like barrio only a town of its own country or a city of one of the others. A town that is
    the neighbourhood itself, at the gates of the city, never does."""
    if rival.level == "neighbourhood":
        return False
    beside = [c for c in talk.centres if fold(c.name) == fold(entry.city or "")]
    if rival.level == "city" and any(kilometres(rival, c) <= SAME_PLACE_KM for c in beside):
        return False
    placed = span.placed or talk.parts
    if not placed or rival.level != "city":
        return not placed or rival.level != "other" or rival.latitude is None
    return rival.population >= (_VILLAGE if rival.country == entry.country else _LARGE_CITY)


def _shared(span: _Span, votes: Mapping[str, float]) -> Entry | None:
    """A district that several cities have ("en la Castellana"), in the country that the message speaks of, without city."""
    if not all(e.level == "neighbourhood" for e, _ in span.readings) or tuple(span.key.split()) in lexicon().centre:
        return None
    countries = sorted({e.country for e, _ in span.readings} & MARKETS, key=lambda c: -votes.get(c, 0.0))
    if not countries or (len(countries) > 1 and votes.get(countries[0], 0.0) <= votes.get(countries[1], 0.0)):
        return None
    entry = next(e for e, _ in span.readings if e.country == countries[0])
    return Entry(entry.name, "neighbourhood", entry.country)


def _stands_alone(span: _Span, cities: set[str]) -> bool:
    """Whether a guarded name can be nothing but its neighbourhood: "en Suba", with no city spoken of."""
    inside = [e for e, _ in span.readings if e.level != "neighbourhood" or e.country in MARKETS]
    only = all(e.guarded for e in inside) and len({e.city for e in inside}) == 1
    return span.placed and only and not cities and tuple(span.key.split()) not in lexicon().centre


def _outside_parts(settled: list[_Settled], tokens: list[Token]) -> list[_Settled]:
    """Without the town of the three markets that is read into a district of a city outside ("Miraflores, Lima")."""
    dropped: list[_Settled] = []
    for part, whole in pairwise(settled):
        beside = part[0].last + 1 == whole[0].first and tokens[whole[0].first].comma
        outside = whole[1].country not in MARKETS and part[1].country in MARKETS
        if beside and outside and any(e.country == whole[1].country for e, _ in part[0].readings):
            dropped.append(part)
    return [s for s in settled if s not in dropped]


def _parts_of_cities(settled: list[_Settled], tokens: list[Token]) -> dict[int, tuple[_Span, _Settled]]:
    """Names that are read into the city which follows them after a comma, though a place elsewhere has the same name:
    "en Palermo, Buenos Aires", "piso en Providencia, Santiago". First token -> (the part, its city).

    Not where places are listed or compared ("Miami, Medellín o Lima").
    """
    named = [s for s in settled if s[1].level in ("city", "neighbourhood", "other")]
    if len(named) != 2 or any(t.text.startswith("compar") or t.text in _VERSUS for t in tokens):
        return {}
    part, whole = named
    span, city = part[0], whole[1]
    after = tokens[whole[0].last + 1] if whole[0].last + 1 < len(tokens) else None
    if span.last + 1 != whole[0].first or not tokens[whole[0].first].comma or tokens[whole[0].first].opens:
        return {}
    if (after is not None and after.text in _LISTING and not after.comma) or not _is_in(part[1], city):
        return {}
    placed = span.placed or (tokens[span.first].capital and _led_in(tokens, span.first))
    return {span.first: (span, whole)} if placed or _typed_before(tokens, span.first) else {}


def _is_in(part: Entry, city: Entry) -> bool:
    """Whether a place that stands before a city can only be a part of it which has the name of a place elsewhere."""
    outside = city.country not in MARKETS
    if city.level == "neighbourhood" or city.latitude is None or (part.country == city.country and not outside):
        return False
    if part.level == "neighbourhood":
        return outside
    return part.population < city.population and (outside or part.country not in MARKETS)


def _typed_before(tokens: list[Token], first: int) -> bool:
    """Whether a kind of property stands right before the name, or before `de`, `en` or `in`."""
    before = [t.text for t in tokens[max(0, first - 3) : first] if t.text not in lexicon().articles]
    near = before[-2:] if before[-1:] and before[-1] in ("de", *_INTO) else before[-1:]
    return any((word,) in lexicon().types or word in lexicon().plurals for word in near)


def _inside(text: str, tokens: list[Token], part: _Span, whole: _Settled) -> Place:
    """A name as a neighbourhood of the city that follows it."""
    start, end = tokens[part.first].start, tokens[part.last].end
    covered = whole[1].country in MARKETS
    country = whole[1].country if covered else None
    return Place(text[start:end], "neighbourhood", country, None, whole[2], covered, None, None, start, end, 0.5)


def _agree(settled: list[_Settled], spans: list[_Span], talk: _Talk) -> list[_Settled]:
    """Names of one message usually lie in one country, and neighbourhoods in one city ("Usaquén y Suba"): settle again with
    each name voting for its likely country."""
    if not settled or len(spans) < 2:
        return settled
    total = dict(talk.votes)
    for span, entry, _ in settled:
        countries = {e.country for e, _ in span.readings}
        sure = 1.0 if len(countries) == 1 else 0.35
        total[entry.country] = total.get(entry.country, 0.0) + sure
    city_names = {fold(e.name) for _, e, _ in settled if _is_city(e)} | {
        fold(e.city) for _, e, _ in settled if e.level == "neighbourhood" and e.city
    }
    agreed = replace(talk, votes=total, cities=city_names)
    again = [_settle(s, agreed) for s in spans]
    return [s for s in again if s is not None]


def _without_institutions(settled: list[_Settled], tokens: list[Token], had_city: bool) -> list[_Settled]:
    """Without the town in the name of an institution ("la Universidad de Caldas, en Manizales") or of an industrial estate,
    where the message or the talk has a place of its own; else a small town is the region of its name."""
    inside = [s for s in settled if s[1].level != "country" and _of_institution(tokens, s[0].first)]
    inside += [s for s, city in pairwise(settled) if _names_estate(s, city, tokens)]
    own = any(s not in inside and (_is_city(s[1]) or s[1].level == "neighbourhood") for s in settled)
    kept: list[_Settled] = []
    for one in settled:
        span, entry, _ = one
        region = next(((e, shown) for e, shown in span.readings if e.level == "region"), None)
        if one not in inside or (not own and region is None):
            kept.append(one)
        elif not own and not had_city and region is not None:
            kept.append(one if entry.population >= _LARGE_CITY else (span, *region))
    return kept


def _names_estate(one: _Settled, city: _Settled, tokens: list[Token]) -> bool:
    """Whether an industrial estate only bears a town's name, its own city follows: "polígono de Malpica, Zaragoza"."""
    first, after = one[0].first, tokens[city[0].first]
    estate = first > 1 and tokens[first - 1].text in _OF and tokens[first - 2].text in _ESTATES
    beside = one[0].last + 1 == city[0].first and after.comma
    return estate and beside and _is_city(city[1]) and one[1].admin1 != city[1].admin1


def _of_institution(tokens: list[Token], first: int) -> bool:
    """Whether the name is that of a university, a hospital or the like: "Universidad Autónoma de X", "hospital X"."""
    if not first or tokens[first].opens or tokens[first].comma:
        return False
    at = first - 1
    while at and tokens[at].text in lexicon().articles and not (tokens[at].opens or tokens[at].comma):
        at -= 1
    if tokens[at].text in _INSTITUTIONS:
        return at == first - 1
    if tokens[at].text not in _OF:
        return False
    for before in range(at - 1, max(-1, at - 4), -1):
        if tokens[before].text in _INSTITUTIONS:
            return True
        if not tokens[before].capital or tokens[before + 1].opens or tokens[before + 1].comma:
            return False
    return False


def _unknown_neighbourhoods(text: str, tokens: list[Token], taken: set[int], places: list[Place]) -> list[Place]:
    """Names no list has, in positions that make them neighbourhoods: "barrio X", "X, Toronto"."""
    lex = lexicon()
    found: list[Place] = []
    busy = set(taken)
    for place in places:
        busy |= {i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start}
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if (
            at in busy
            or not token.capital
            or token.kind != "word"
            or (token.text in lex.common and not (at and tokens[at - 1].text in lex.place_markers))
            or (token.opens and at == 0)
        ):
            at += 1
            continue
        end = at
        while (
            end + 1 < len(tokens)
            and end + 1 not in busy
            and tokens[end + 1].capital
            and not tokens[end + 1].opens
            and not (tokens[end + 1].comma)
        ):
            end += 1
        before = [] if token.opens else [t.text for t in tokens[max(0, at - 3) : at]]
        after = next(
            (
                p
                for p in places
                if end + 1 < len(tokens) and p.start == tokens[end + 1].start and p.level in ("city", "other")
            ),
            None,
        )
        joined = after is not None and (tokens[end + 1].comma or False)
        marker = any(w in lex.place_markers for w in before[-2:])
        strong = bool(before) and (
            before[-1] in ("en", "in", "near", "de")
            or (before[-1] in lex.articles and before[:-1][-1:] in (["en"], ["in"], ["de"]))
        )
        typed = joined and _typed_before(tokens, at) and token.text not in _GIVEN
        if (marker or (joined and strong) or typed) and len(token.text) > 2:
            name = text[token.start : tokens[end].end]
            city = after.name if after else None
            country = after.country if after else None
            covered = after.covered if after else True
            found.append(
                Place(
                    name, "neighbourhood", country, None, city, covered, None, None, token.start, tokens[end].end, 0.5
                )
            )
        at = end + 1
    return found


def _parts_of_known(
    text: str, tokens: list[Token], taken: set[int], places: list[Place], previous: Mapping[str, object]
) -> list[Place]:
    """A capitalised name of no list after `en` or `in` is a neighbourhood of the city spoken of ("mejor en Zarabanda")."""
    city, country = previous.get("city"), previous.get("country")
    if not isinstance(city, str) or any(p.level != "country" for p in places):
        return []
    busy = set(taken) | {i for i, t in enumerate(tokens) for p in places if t.start < p.end and t.end > p.start}
    for at, token in enumerate(tokens):
        if at in busy or not at or not token.capital or token.kind != "word" or token.opens or token.comma:
            continue
        before = [t.text for t in tokens[max(0, at - 2) : at]]
        placed = before[-1] in _INTO or (before[-1] in lexicon().articles and before[0] in _INTO)
        end = at
        while end + 1 < len(tokens) and _goes_on(tokens[end + 1]) and end + 1 not in busy:
            end += 1
        part = tokens[at : end + 1]
        if not placed or any(_is_word(t.text) for t in part) or any(t.text in _NO_AREAS for t in part):
            continue
        if len(token.text) > 3 and not (token.raw.isupper() and len(token.raw) > 1):
            name, covered = text[token.start : part[-1].end], isinstance(country, str)
            where = country if isinstance(country, str) else None
            return [Place(name, "neighbourhood", where, None, city, covered, None, None, token.start, part[-1].end, 0.4)]
    return []


def _goes_on(token: Token) -> bool:
    """Whether a word goes on with the name before it."""
    return token.capital and token.kind == "word" and not (token.opens or token.comma)


def _unknown_regions(text: str, tokens: list[Token], taken: set[int], places: list[Place]) -> list[Place]:
    """A stretch of coast, an island or another name that no list has, so that a place named never goes unnoticed.

    "Costa Quebrada", "Isla Fuerte": always; another capitalised name ("pisos en Villarriba") only after `en` or `in`
    where the message names a kind of property and no other place.
    """
    lex = lexicon()
    busy = set(taken) | {
        i for i, t in enumerate(tokens) for p in places if t.start < p.end and t.end > p.start
    }
    typed = any((t.text,) in lex.types or t.text in lex.plurals for t in tokens)
    follows = words_at(tokens, 0, 2) in (("y", "en"), ("and", "in"), ("what", "about"), ("que", "tal"))
    alone = (typed or follows) and not any(p.level != "country" for p in places)
    for at, token in enumerate(tokens):
        if at in busy or not token.capital or token.kind != "word" or (token.raw.isupper() and len(token.raw) > 4):
            continue
        before = [t.text for t in tokens[max(0, at - 2) : at]]
        placed = bool(before) and not token.opens and not token.comma and (
            before[-1] in _INTO or (before[-1] in lex.articles and before[0] in (*_INTO, "on"))
        )
        end = at
        while (
            end + 1 < len(tokens)
            and end + 1 not in busy
            and tokens[end + 1].capital
            and tokens[end + 1].kind == "word"
            and not (tokens[end + 1].opens or tokens[end + 1].comma)
        ):
            end += 1
        natural = token.text in _NATURAL and end > at
        own = alone and placed and len(token.text) > 3 and not any(_is_word(t.text) for t in tokens[at : end + 1])
        article = alone and placed and token.text in _DEFINITE and end > at and not _is_word(tokens[at + 1].text)
        if (natural and placed) or own or article:
            name = text[token.start : tokens[end].end]
            return [Place(name, "region", None, None, None, True, None, None, token.start, tokens[end].end, 0.4)]
    return []


def _centre(tokens: list[Token], places: list[Place], had_city: bool, taken: set[int]) -> list[Place]:
    """ "en el centro de Morelia", "vigo, centro", "downtown Cali": the neighbourhood called Centro."""
    lex = lexicon()
    city = next((p for p in places if p.level == "city"), None)
    if (city is None and not had_city) or any(p.level == "neighbourhood" for p in places):
        return []
    for at in range(len(tokens)):
        for count in (2, 1):
            words = words_at(tokens, at, count)
            if len(words) < count or words not in lex.centre:
                continue
            after = words_at(tokens, at + count, 1)
            before = words_at(tokens, at - 1, 1) if at else ()
            beside = (
                city is not None
                and at + count < len(tokens)
                and any(p is city and 0 <= p.start - tokens[at + count - 1].end <= 5 for p in places)
            )
            if (after and after[0] in lex.not_centre) or (tokens[at].text in ("old",) and not beside):
                continue
            if not (beside or tokens[at].comma or (before and before[0] in ("el", "in", "en", "the", "del"))):
                continue
            name = "Centro Histórico" if "historico" in words else "Casco Antiguo" if "casco" in words else "Centro"
            return [
                Place(
                    name,
                    "neighbourhood",
                    city.country if city else None,
                    None,
                    city.name if city else None,
                    city.covered if city else True,
                    None,
                    None,
                    tokens[at].start,
                    tokens[at + count - 1].end,
                    0.6,
                )
            ]
    return []


def _without_provinces(
    tokens: list[Token], places: list[Place], entries: Mapping[tuple[str, str], tuple[str, int]]
) -> list[Place]:
    """Without the province that follows a town: "Ronda, Málaga", "Cartagena, la de Murcia", "León, Guanajuato"."""
    cities = [p for p in places if p.level == "city"]
    dropped: list[Place] = []
    for at, (town, other) in enumerate(pairwise(cities)):
        ends = max(i for i, t in enumerate(tokens) if t.start < town.end)
        begins = next(i for i, t in enumerate(tokens) if t.end > other.start)
        until = tokens[ends + 1 : begins + 1]
        if town in dropped or not _says_where(until):
            continue
        first, second = (entries.get((p.name, p.country or ""), ("", 0)) for p in (town, other))
        if not first[0] or first[0] != second[0]:
            continue
        named = tuple(fold(other.name).split()) in _PROVINCES
        follows = tokens[begins + len(fold(other.name).split())] if begins + 1 < len(tokens) - 1 else None
        listed = len(cities) > 2 and follows is not None and follows.text in _LISTING and not follows.comma and at == 0
        if len(until) > 1 or (named and not listed) or (len(cities) == 2 and second[1] > first[1]):
            dropped.append(other)
    return [p for p in places if p not in dropped]


def _drop_redundant(places: list[Place]) -> list[Place]:
    """A place named twice counts once; "Armenia, Quindío" keeps the city, with the region as context."""
    seen: set[tuple[str, str]] = set()
    kept: list[Place] = []
    for place in sorted(places, key=lambda p: p.start):
        key = (fold(place.name), place.level)
        if key not in seen:
            seen.add(key)
            kept.append(place)
    return kept
