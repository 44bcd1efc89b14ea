"""The places of a message as slots, and what becomes of the ones spoken of before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

_ALSO, _ALSO_FILLERS = words("also"), words("also_fillers")
_BOTH = phrases("both_places")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def one_or_several(values: Sequence[Any]) -> Any:
    """The only one of the values, or a list of them, each once."""
    unique = list(dict.fromkeys(values))
    return unique[0] if len(unique) == 1 else unique


def place_slots(places: Sequence[Place]) -> dict[str, Any]:
    """country, city, neighbourhood of the places a message is about."""
    slots: dict[str, Any] = {}
    neighbourhoods = [p for p in places if p.level == "neighbourhood"]
    cities = [p.name for p in places if p.level == "city" or (p.level == "other" and p.latitude is not None)]
    cities += [p.city for p in neighbourhoods if p.city and fold(p.city) not in {fold(c) for c in cities}]
    if cities:
        slots["city"] = one_or_several(cities)
    if neighbourhoods:
        slots["neighbourhood"] = one_or_several([p.name for p in neighbourhoods])
    precise = [p.country for p in places if p.country and p.level in ("city", "neighbourhood")]
    countries = precise or [p.country for p in places if p.country]
    if countries:
        slots["country"] = one_or_several(countries)
    return slots


def exchanged(turn: Mapping[str, Any], known: Mapping[str, Any], refused: Sequence[Place]) -> dict[str, Any]:
    """ "I meant Cádiz rather than Huelva" after Seville or Huelva: the place refused leaves the list to the one named."""
    names = {fold(p.name) for p in refused}
    found: dict[str, Any] = {}
    for key in ("city", "neighbourhood"):
        before, now = known.get(key), turn.get(key)
        if isinstance(before, list) and isinstance(now, str) and names & {fold(str(b)) for b in before}:
            found[key] = one_or_several([now if fold(str(b)) in names else b for b in before])
    return found


def added(
    tokens: Sequence[Token], about: Sequence[Place], turn: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """ "mírame también los de Águilas" after Lorca asks for both, and so does "a mí Almuñécar: ventajas de una y otra"."""
    key = "neighbourhood" if "neighbourhood" in turn else "city"
    now, before = turn.get(key), known.get(key)
    place = next((p for p in about if p.name == now), None)
    if place is None or not isinstance(before, str) or before == now:
        return {}
    first = next((i for i, t in enumerate(tokens) if t.start >= place.start), 0)
    last = max((i for i, t in enumerate(tokens) if t.start < place.end), default=0)
    before_it = first
    while before_it and tokens[before_it - 1].text in _ALSO_FILLERS and not tokens[before_it].opens:
        before_it -= 1
    ends = last + 2 == len(tokens) or (last + 2 < len(tokens) and (tokens[last + 2].comma or tokens[last + 2].opens))
    also = (before_it > 0 and tokens[before_it - 1].text in _ALSO) or (ends and tokens[last + 1].text in _ALSO)
    both = any(words_at(list(tokens), at, len(p)) == p for p in _BOTH for at in range(len(tokens)))
    if not (also or both):
        return {}
    found = {key: [before, now]}
    here, there = turn.get("city"), known.get("city")
    if key == "neighbourhood" and isinstance(here, str) and isinstance(there, str) and here != there:
        found["city"] = [there, here]
    return found


def with_earlier(
    turn: Mapping[str, Any], known: Mapping[str, Any], named: bool, beside: bool, of_all: bool = False
) -> dict[str, Any]:
    """ "¿y comparado con Palmira?" takes the place before as the other option, "¿cuál de las dos?" the last two; `beside`:
    what is named, one place or several, is set beside what was spoken of; `of_all`: the message is about all of the list spoken
    of ("compáreme los dos"), of which it names only some."""
    if named:
        for key in ("neighbourhood", "city"):
            now, before = turn.get(key), known.get(key)
            inside = key == "city" and "neighbourhood" in turn
            if of_all and now is not None and isinstance(before, list) and not inside and set(_listed(now)) <= set(before):
                return {key: before}
            if isinstance(now, str) and isinstance(before, str) and now != before and not inside:
                return {key: [before, now]}
            if beside and isinstance(now, list) and isinstance(before, str) and before not in now and not inside:
                return {key: [before, *now]}
        return {}
    recent = known.get("_places") or []
    if len(recent) < 2 or any(isinstance(known.get(k), list) for k in ("city", "neighbourhood")):
        return {}
    key = "neighbourhood" if all("neighbourhood" in p for p in recent[-2:]) else "city"
    names = [p[key] for p in recent[-2:] if key in p]
    return {key: names} if len(names) == 2 else {}


def forget_refused(after: dict[str, Any], refused: Sequence[Place], turn: Mapping[str, Any]) -> None:
    """Takes places just refused out of what was known before ("I don't want Bogotá")."""
    names = {fold(p.name) for p in refused}
    for key in ("city", "neighbourhood"):
        value = after.get(key)
        if key in turn or value is None:
            continue
        kept = [v for v in (value if isinstance(value, list) else [value]) if fold(str(v)) not in names]
        if not kept:
            after.pop(key)
            if key == "city":
                after.pop("neighbourhood", None)
        elif isinstance(value, list):
            after[key] = one_or_several(kept)


def remember_places(known: Mapping[str, Any], after: dict[str, Any], moved: bool) -> None:
    """Keeps the last places under `_places`, one entry a turn."""
    recent = list(known.get("_places") or [])
    if moved and isinstance(after.get("city", after.get("neighbourhood")), str):
        entry = {k: after[k] for k in ("city", "neighbourhood") if isinstance(after.get(k), str)}
        recent = [p for p in recent if p != entry] + [entry]
    if recent:
        after["_places"] = recent[-4:]
