"""Where a message may name a place: stretches of words that the index knows, with what speaks for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from knowledge.understanding.cues import cue_words
from knowledge.understanding.gazetteer import (
    NEIGHBOURHOOD_WEIGHT,
    Entry,
    PlaceIndex,
    edits,
)
from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, stretches, words_at

#: Names of so few letters are abbreviations, which a foreign country's is written in capitals.
_ABBREVIATED = 3
#: Longest name, in words.
LONGEST = 6
#: Least evidence for a span of words to be a place.
ACCEPTED = 0.72
#: Evidence from which a name that looks like a common word may be a place if its neighbours are.
_POSSIBLE = 0.35
#: A name with two slips is only taken for a place of at least this many inhabitants.
_TWO_SLIPS = 100_000
#: A doubtful name in a list of cities is one of at least this many inhabitants.
_LISTED_CITY = 15_000
_INTO = frozenset({"en", "in"})
_LISTING = frozenset({"o", "u", "or", "y", "e", "ni", "and", "vs", "versus"})
_DEFINITE = words("definite")
_GIVEN, _SAYING = words("given_names"), words("saying")
_OF_STREETS = frozenset({"de", "del"}) | _DEFINITE
_ESTATES = words("estates")
#: Also names of villages; whoever says them means the centre of a city.
_CENTRES = frozenset({"centro", "el centro"})
_MEASURES = words("cash_flow_words")
_ADJECTIVE_COUNTRY = words("adjective_country")


@dataclass(slots=True)
class Span:
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


def is_city(entry: Entry) -> bool:
    """Whether a place is a town or city, of the three markets or outside."""
    return entry.level == "city" or (entry.level == "other" and entry.latitude is not None)


def _evidence(
    tokens: list[Token], first: int, last: int, index: PlaceIndex, all_caps: bool
) -> tuple[float, bool, bool]:
    """(how much speaks for tokens [first, last] being a place, a word like barrio before it, an article before it)."""
    lex = lexicon()
    words = [t.text for t in tokens[first : last + 1]]
    before = tokens[first - 1].text if first and not tokens[first].opens else ""
    article = before in lex.articles
    two_before = tokens[first - 2].text if article and first > 1 and not tokens[first - 1].opens else ""
    marker = tokens[first - 2].text if before in ("de", "del") and first > 1 else ""
    parts = marker in lex.place_markers and marker.endswith("s")  # "qué barrios de Zaragoza": the city
    marked = before in lex.place_markers or (marker in lex.place_markers and not parts)
    if before in lex.place_blockers or two_before in lex.place_blockers:
        return -1.0, marked, article
    street = next((t.text for t in reversed(tokens[max(0, first - 3) : first]) if t.text not in _OF_STREETS), "")
    estate = before == "de" and street in _ESTATES  # "polígono de X" lies in X, "polígono X" bears a name
    if first and before in _OF_STREETS and street in lex.place_blockers and words[0] not in ("bogota",) and not estate:
        return -0.5, marked, article
    if len(words) == 1 and words[0] in _GIVEN and words_at(tokens, last + 1, 1)[:1] and tokens[last + 1].text in _SAYING:
        return -1.0, marked, article  # "Santiago me recomendó"
    score = 0.0
    if before in lex.strong_places or two_before in lex.strong_places or marked or parts or estate:
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
        score += 0.2 if tokens[first].opens and len(proper) == 1 and not _titles(tokens, last) else 0.35
    if len(words) > 1:
        score += 0.2
    if all(w in lex.common for w in words):
        led = before in lex.strong_places or before in lex.weak_places
        named = led and tokens[first].capital and not tokens[first].opens and not all_caps  # "el de Bello"
        score -= (0.45 if named else 0.55) if len(words) == 1 else 0.35
        score += 0.45 if _heads(tokens, first, last) else 0.0
    return score, marked, article


def _titles(tokens: list[Token], last: int) -> bool:
    """Whether a comma or a property follows the first word: "Chapala casita, 2.1m pesos"."""
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    return after is not None and not after.opens and (after.comma or (after.text,) in lexicon().types)


def _heads(tokens: list[Token], first: int, last: int) -> bool:
    """Whether a capitalised name stands before a colon at the beginning, as what the rest is about: "Bello: ¿cuánto…"."""
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    headed = tokens[first].opens and tokens[first].capital and after is not None and after.gap.startswith(":")
    return headed and after is not None and after.kind == "word"


def weight(entry: Entry) -> float:
    if entry.level in ("country", "region"):
        return 6.0
    people = NEIGHBOURHOOD_WEIGHT if entry.level == "neighbourhood" else entry.population
    return math.log10(people + 100)


def candidates(tokens: list[Token], taken: set[int], index: PlaceIndex) -> list[Span]:
    letters = [t for t in tokens if t.kind == "word"]
    all_caps = (
        sum(t.raw.isupper() and len(t.raw) > 1 for t in letters) > 0.7 * max(1, len(letters)) and len(letters) > 3
    )
    found: list[Span] = []
    doubtful: list[Span] = []
    taken = taken | _in_idioms(tokens)
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
            if key in _CENTRES:
                readings = [r for r in readings if r[0].level == "neighbourhood"]
            if not readings:
                continue
            if last == first and _is_past_tense(tokens[first], readings):
                continue
            raw_text = " ".join(t.raw for t in tokens[first : last + 1])
            foreign = len(key) <= _ABBREVIATED and all(e.level == "other" for e, _ in readings)
            if foreign and (key in _MEASURES or not (tokens[first].capital or led_in(tokens, first))):
                continue  # "usa mis datos" is no country, "el VAN" no city
            evidence, marked, article = _evidence(tokens, first, last, index, all_caps)
            strength = 0.12 * max(weight(e) for e, _ in readings)
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
                    _stands_in(tokens, first) or led_in(tokens, first) or _goes_on_list(tokens, first, found)
                )
                named = tokens[last].capital or not _all_common(tokens[first : last + 1]) or led_in(tokens, first)
                inside = _before_city(readings, tokens, last, index)
                support = evidence + strength
                found.append(Span(first, last, key, readings, support, marked, article, placed, named, inside))
            elif evidence + strength >= _POSSIBLE and (
                tokens[first].capital or _listed(tokens, first, last) or _before_city(readings, tokens, last, index)
            ):
                doubtful.append(Span(first, last, key, readings, ACCEPTED, marked, article))
        found.extend(_misspelt(tokens, first, taken, index, all_caps))
    return found + [
        s
        for s in doubtful
        if _beside_its_like(s, found, tokens)
        or _before_city(s.readings, tokens, s.last, index)
        or _after_part(s, found)
        or _led_to_part(s, found, tokens)
    ]


def _in_idioms(tokens: list[Token]) -> set[int]:
    """Where sayings stand whose words are a town's name too: "traigo en la mira una bodega"."""
    return {at for at in stretches(tokens, phrases("idioms")) if not tokens[at].capital}


def _is_past_tense(token: Token, readings: list[tuple[Entry, str]]) -> bool:
    """ "la inmobiliaria ya quitó su comisión" is not about Quito: nobody adds an accent that the name has not."""
    if token.capital or token.raw[-1:] not in ("ó", "é"):
        return False
    return not any(entry.name.lower().endswith(token.raw[-1]) for entry, _ in readings)


def _goes_on_list(tokens: list[Token], first: int, found: list[Span]) -> bool:
    """Whether the name goes on with a list that stands after `en` ("en Juriquilla o El Refugio")."""
    joined = tokens[first - 1].text in _LISTING and not tokens[first].opens if first else False
    ends = first - 2 if joined else first - 1 if tokens[first].comma and not tokens[first].opens else None
    return ends is not None and any(s.last == ends and s.placed for s in found)


def _led_to_part(span: Span, found: list[Span], tokens: list[Token]) -> bool:
    """Whether a doubtful name is led in as part of a city that the message names: "en Lima, por Barranco"."""
    if not tokens[span.first].capital or tokens[span.first].opens or not _led_by(tokens, span.first):
        return False
    cities = {fold(e.name) for s in found for e, _ in s.readings if is_city(e)}
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
    return all(is_word(t.text) for t in part)


def led_in(tokens: list[Token], first: int) -> bool:
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


def _beside_its_like(span: Span, sure: list[Span], tokens: list[Token]) -> bool:
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


def _both_named(one: Span, other: Span, tokens: list[Token]) -> bool:
    """Whether both names are written with capitals and may lie in one country."""
    capitals = tokens[one.first].capital and tokens[other.first].capital
    return capitals and bool({e.country for e, _ in one.readings} & {e.country for e, _ in other.readings})


def _kinds(span: Span) -> set[tuple[str, str]]:
    """What a name may be: a neighbourhood of some city, a city of some country."""
    return {
        ("neighbourhood", e.city or "") if e.level == "neighbourhood" else ("city", e.country)
        for e, _ in span.readings
        if e.level == "neighbourhood" or (e.level == "city" and e.population >= _LISTED_CITY)
    }


def _after_part(span: Span, sure: list[Span]) -> bool:
    """Whether a doubtful city follows one of its neighbourhoods ("Génova, Palma")."""
    cities = {fold(e.name) for e, _ in span.readings if e.level == "city"}
    before = [s for s in sure if s.last + 1 == span.first]
    return any(e.city and fold(e.city) in cities for s in before for e, _ in s.readings if e.level == "neighbourhood")


def is_word(text: str) -> bool:
    """Whether a word has a meaning of its own, so that it is no slip of the pen for a place."""
    lex = lexicon()
    return text in lex.common or text in lex.plain or text in lex.vocabulary or text in cue_words()


def _misspelt(tokens: list[Token], first: int, taken: set[int], index: PlaceIndex, all_caps: bool) -> list[Span]:
    """A place one slip away, where the word is in no vocabulary and stands where a place would."""
    found: list[Span] = []
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
        meant = count == 1 and part[0].capital and key in lexicon().plain and led_in(tokens, first)  # "en Enviado"
        if len(key) < 5 or index.known(key) or key in lexicon().place_blockers:
            continue
        if any(len(t.text) > 3 and is_word(t.text) and not meant for t in part):
            continue
        evidence, marked, article = _evidence(tokens, first, first + count - 1, index, all_caps)
        if evidence < (0.3 if count == 1 else 0.45):
            continue
        names = index.similar(key)
        readings = [item for name in names[:2] for item in index.lookup(name) if _may_be_misspelt(key, name, item[0])]
        if readings:
            found.append(Span(first, first + count - 1, names[0], readings, evidence + 0.45, marked, article))
            break
    return found


def _may_be_misspelt(key: str, name: str, entry: Entry) -> bool:
    """Whether `key` may be a slip for a place of this name: the more slips, the bigger the place must be."""
    if entry.guarded:
        return False
    if edits(key, name, 2) > 1:
        return entry.population >= _TWO_SLIPS
    return entry.population >= 10_000 or entry.level == "neighbourhood"


def choose(spans: list[Span], tokens: list[Token]) -> list[Span]:
    """Spans that do not overlap: longer first, then the better supported."""
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda s: (-(s.last - s.first), -s.evidence)):
        if all(span.last < c.first or span.first > c.last for c in chosen):
            chosen.append(span)
    return sorted(chosen, key=lambda s: s.first)


def typed_before(tokens: list[Token], first: int) -> bool:
    """Whether a kind of property stands right before the name, or before `de`, `en` or `in`."""
    before = [t.text for t in tokens[max(0, first - 3) : first] if t.text not in lexicon().articles]
    near = before[-2:] if before[-1:] and before[-1] in ("de", *_INTO) else before[-1:]
    return any((word,) in lexicon().types or word in lexicon().plurals for word in near)
