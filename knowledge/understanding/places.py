"""Finds the places a message names and settles which of several places of one name is meant.

Everything known about the conversation votes for a country (a named country or region, the currency, words such as
piso or depa, the country so far); each name then takes the reading with the most inhabitants and votes. A lower-case
common word is a place only after a word like `en`, and words such as avenida make the next name a street.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from knowledge.understanding.gazetteer import (
    MARKETS,
    SAME_PLACE_KM,
    Entry,
    PlaceIndex,
    kilometres,
)
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.place_gaps import centre, parts_of_known, unknown_neighbourhoods, unknown_regions
from knowledge.understanding.place_spans import Span, candidates, choose, is_city, led_in, typed_before, weight
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

#: A reading in the three markets weighs as much as one with this many times more inhabitants elsewhere (log10).
MARKET_PRIOR = 1.5
#: A town from this size on may stand for its province ("Andorra, Teruel").
_PROVINCIAL = 30_000
#: A country wins over a village of its name in the three markets up to this size.
_VILLAGE = 20_000
#: A city of the three markets from this size on is meant by its name whatever city was spoken of.
_LARGE_CITY = 100_000
_LISTING = frozenset({"o", "u", "or", "y", "e", "ni", "and", "vs", "versus"})
_VERSUS = frozenset({"vs", "versus", "contra", "against"})
_OF_ONE = frozenset({"la", "el", "de", "del", "en", "the", "one", "in", "from", "that", "is"})
_PROVINCES = frozenset(phrases("provinces"))
_OF = frozenset({"de", "del", "of"})
_NOT_THERE = words("negators") | {"from"}
#: How strongly a foreign country or region named says that a town of an ambiguous name is there.
_ABROAD = 5.0
_Admins = dict[tuple[str, str], set[int]]
_ESTATES, _INSTITUTIONS, _TOLD = words("estates"), words("institutions"), (*phrases("biography"), *phrases("origin"))
_PARTS = words("parts_of_cities")
#: Thousands parted by dots, as in Spain and Colombia and never in Mexico or in English, and how much that says.
_DOTTED, _WRITTEN = re.compile(r"\d{1,3}(?:\.\d{3})+"), 1.0
_Settled = tuple[Span, Entry, str]
#: A city of so many times the people of its namesakes abroad, which are small towns, is meant.
_SMALL_TOWN = 50_000
_DWARFS = 10
#: How much a place that lies in one country alone votes for it.
_SURE = 1.6


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
    possible = candidates(tokens, taken, index)
    spans = choose(possible, tokens)
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
    cities = {fold(e.name) for s in spans for e, _ in s.readings if is_city(e)}
    old_cities = {fold(str(c)) for c in _listed_values(previous.get("city"))}
    if old_cities and isinstance(before, str):
        possible = [s for s in (_without_tails(s, before) for s in possible) if s.readings]
        spans = choose(possible, tokens)
    centres = [e for city in old_cities for e, _ in index.lookup(city) if e.level == "city" and e.country == before]
    talk = _Talk(total, admins, cities, old_cities, centres, any(t.text in _PARTS for t in tokens))
    unread = [s for s in spans if _settle(s, talk) is None]
    if any(s.last > s.first for s in unread):  # "sevilla este" may be no district, but Sevilla is a city
        spans = choose([s for s in possible if s not in unread], tokens)
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
    places += unknown_neighbourhoods(text, tokens, taken, places)
    places += parts_of_known(text, tokens, taken, places, previous)
    places += centre(tokens, places, bool(old_cities), taken)
    places += unknown_regions(text, tokens, taken, places)
    sizes = {(entry.name, entry.country): (entry.admin1, entry.population) for _, entry, _ in settled}
    return _without_provinces(tokens, _drop_redundant(places), sizes)


def _abroad(spans: list[Span], tokens: list[Token]) -> set[str]:
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


def _without_tails(span: Span, country: str) -> Span:
    """Without readings as a village of another country than that spoken of, of whose name this is only the end."""
    kept = [(e, shown) for e, shown in span.readings if e.country == country or not _is_tail(e, span.key)]
    return replace(span, readings=kept)


def _admins(spans: list[Span], tokens: list[Token]) -> _Admins:
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
    the_one = the_one and len(between) <= 4 and set(between) <= _OF_ONE
    return not until[0].opens and (between in (["de"], ["del"], ["in"]) or the_one)


def _settle(span: Span, talk: _Talk) -> _Settled | None:
    """The reading with the most weight, or None if only guarded ones are left without what they need."""
    votes, admins, cities, old_cities = talk.votes, talk.admins, talk.cities, talk.old
    best: tuple[float, Entry, str] | None = None
    known_alone = any(e.level == "neighbourhood" and not e.guarded for e, _ in span.readings)
    for entry, shown in span.readings:
        score = weight(entry) + votes.get(entry.country, 0.0)
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


def _outweighs(rival: Entry, entry: Entry, span: Span, talk: _Talk) -> bool:
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


def _shared(span: Span, votes: Mapping[str, float]) -> Entry | None:
    """A district that several cities have ("en la Castellana"), in the country that the message speaks of, without city."""
    if not all(e.level == "neighbourhood" for e, _ in span.readings) or tuple(span.key.split()) in lexicon().centre:
        return None
    countries = sorted({e.country for e, _ in span.readings} & MARKETS, key=lambda c: -votes.get(c, 0.0))
    if not countries or (len(countries) > 1 and votes.get(countries[0], 0.0) <= votes.get(countries[1], 0.0)):
        return None
    entry = next(e for e, _ in span.readings if e.country == countries[0])
    return Entry(entry.name, "neighbourhood", entry.country)


def _stands_alone(span: Span, cities: set[str]) -> bool:
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


def _parts_of_cities(settled: list[_Settled], tokens: list[Token]) -> dict[int, tuple[Span, _Settled]]:
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
    placed = span.placed or (tokens[span.first].capital and led_in(tokens, span.first))
    return {span.first: (span, whole)} if placed or typed_before(tokens, span.first) else {}


def _is_in(part: Entry, city: Entry) -> bool:
    """Whether a place that stands before a city can only be a part of it which has the name of a place elsewhere."""
    outside = city.country not in MARKETS
    if city.level == "neighbourhood" or city.latitude is None or (part.country == city.country and not outside):
        return False
    if part.level == "neighbourhood":
        return outside
    return part.population < city.population and (outside or part.country not in MARKETS)


def _inside(text: str, tokens: list[Token], part: Span, whole: _Settled) -> Place:
    """A name as a neighbourhood of the city that follows it."""
    start, end = tokens[part.first].start, tokens[part.last].end
    covered = whole[1].country in MARKETS
    country = whole[1].country if covered else None
    return Place(text[start:end], "neighbourhood", country, None, whole[2], covered, None, None, start, end, 0.5)


def _agree(settled: list[_Settled], spans: list[Span], talk: _Talk) -> list[_Settled]:
    """Names of one message usually lie in one country, and neighbourhoods in one city ("Usaquén y Suba"): settle again with
    each name voting for its likely country."""
    if not settled or len(spans) < 2:
        return settled
    total = dict(talk.votes)
    for span, entry, _ in settled:
        others = [e.population for e, _ in span.readings if e.country != entry.country]
        alone = 1.0 if not others else 0.35
        hamlets = max(others, default=0) < _SMALL_TOWN and _DWARFS * max(others, default=0) <= entry.population
        sure = _SURE if is_city(entry) and hamlets else alone  # not the hamlet Oviedo of Mexico
        total[entry.country] = total.get(entry.country, 0.0) + sure
    city_names = {fold(e.name) for _, e, _ in settled if is_city(e)} | {
        fold(e.city) for _, e, _ in settled if e.level == "neighbourhood" and e.city
    }
    if not any(is_city(e) and e.population >= _LARGE_CITY for _, e, _ in settled):
        parts = [{fold(e.city) for e, _ in s.readings if e.level == "neighbourhood" and e.city} for s in spans]
        city_names |= set.intersection(*parts)  # "el apto de Belén … el de Robledo": districts of Medellín both
    agreed = replace(talk, votes=total, cities=city_names)
    again = [_settle(s, agreed) for s in spans]
    return [s for s in again if s is not None]


def _without_institutions(settled: list[_Settled], tokens: list[Token], had_city: bool) -> list[_Settled]:
    """Without the town in the name of an institution ("la Universidad de Caldas, en Manizales") or of an industrial estate,
    where the message or the talk has a place of its own; else a small town is the region of its name."""
    inside = [s for s in settled if s[1].level != "country" and _of_institution(tokens, s[0].first)]
    inside += [s for s, city in pairwise(settled) if _names_estate(s, city, tokens)]
    own = any(s not in inside and (is_city(s[1]) or s[1].level == "neighbourhood") for s in settled)
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
    return estate and beside and is_city(city[1]) and one[1].admin1 != city[1].admin1


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
        listed = listed or (at > 0 and _in_a_row(tokens, cities[at - 1], town))  # "Celaya, Irapuato, Salamanca: ¿cuál?"
        if len(until) > 1 or (named and not listed) or (len(cities) == 2 and second[1] > first[1]):
            dropped.append(other)
    return [p for p in places if p not in dropped]


def _in_a_row(tokens: Sequence[Token], one: Place, other: Place) -> bool:
    """Whether only a comma stands between two places."""
    ends = max(i for i, t in enumerate(tokens) if t.start < one.end)
    begins = next(i for i, t in enumerate(tokens) if t.end > other.start)
    return begins == ends + 1 and tokens[begins].comma


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
