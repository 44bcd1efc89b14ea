"""Finds the words of a message that point at one option of several: "piso A", "el segundo", "the other one", "Banco B",
a place, a type of property; and the words that speak of all options at once ("las dos", "each").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from core.data_files import read
from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import DATA, words
from knowledge.understanding.model import Place
from knowledge.understanding.tokens import Token

_ITEM = re.compile(r"(?:^|\n|;|:)\s*(?:[-*•·|]\s*)?$")
_AFTER_ITEM = re.compile(r"^\s*[).:\-–|]")
_BULLET = re.compile(r"(?:^|\n)\s*[-*•·]\s*$")
_NAMED_AFTER = re.compile(r"^\s*[:(,=|\-–]")
_LAST = 6
#: Letters that name an option by themselves; after a noun any does.
_LETTERS = "abcdefxyz"
#: "uno y otro" speaks of both.
_ONE, _AND_OTHER = frozenset({"uno", "una"}), (["y", "otro"], ["y", "otra"])


@dataclass(slots=True)
class Mark:
    """One option as the words [first, last] name it. What is set: `label` ("b", "2"), `nth`, `name` (a bank, a kind of loan),
    `noun`, `place`, `kind` (a property type), `other` ("el otro"), `item` (a bullet, "one")."""

    first: int
    last: int
    label: str | None = None
    nth: int | None = None
    name: str | None = None
    noun: str | None = None
    title: str | None = None
    place: Place | None = None
    city: str | None = None
    kind: str | None = None
    other: bool = False
    item: bool = False


@dataclass(slots=True)
class Marks:
    """Marks of a message in order.

    `taken` are tokens that are part of a name and no figures; `banks` offsets of
    banks named like a place; `all` how many options it says there are; `asks` whether options are asked about or set
    against each other; `beside` whether what it names is set beside what was spoken of before;
    `measured` whether it names a yield or a payment.
    """

    found: list[Mark] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    banks: set[int] = field(default_factory=set)
    all: int = 0
    asks: bool = False
    beside: bool = False
    measured: bool = False


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, Any]:
    """`data/options.toml`: lists of words as sets, tables as they are."""
    raw = read(DATA / "options.toml", dict[str, str | dict[str, int]])
    return {name: frozenset(value.split()) if isinstance(value, str) else value for name, value in raw.items()}


def find_marks(
    text: str, tokens: list[Token], amounts: Sequence[Amount], places: Sequence[Place], types_at: Mapping[int, str],
    named_before: bool = False,
) -> Marks:
    """The marks of a message; `named_before`: an option told before bears a bank's name."""
    marks = Marks(taken=_numerals(text, tokens))
    figures = {i for a in amounts if a.kind not in ("other", "count") for i in range(a.first, a.last + 1)}
    places = _every_mention(tokens, places)
    within = [p for p in places if any(q is not p and p.start <= q.start and q.end <= p.end for q in places)]
    inside = {i: p for p in places if p.level in ("city", "neighbourhood", "other") and p not in within
              for i, t in enumerate(tokens) if t.start < p.end and t.end > p.start}
    at = 0
    while at < len(tokens):
        if at in inside:
            place = inside[at]
            last = max(i for i, p in inside.items() if p is place)
            marks.found.append(Mark(at, last, place=place, title=text[place.start : place.end]))
            at = last + 1
            continue
        mark = None if at in figures else _mark(text, tokens, at, types_at, marks)
        if mark is not None:
            marks.found.append(mark)
            at = mark.last
        at += 1
    loans = [m for m in marks.found if m.noun in vocabulary()["lending"] and not m.label]
    if len(loans) < 2 or any(m.kind for m in marks.found):  # "un piso con hipoteca" is one thing
        marks.found = [m for m in marks.found if m not in loans]
    _names(tokens, marks, named_before)
    return marks


def _every_mention(tokens: Sequence[Token], places: Sequence[Place]) -> list[Place]:
    """The places with their later mentions in the same words: "Pereira or Manizales? Flat in Pereira 280M"."""
    found = list(places)
    for place in places:
        name = [t.text for t in tokens if t.start < place.end and t.end > place.start]
        for at in range(len(tokens) - len(name) + 1):
            part = tokens[at : at + len(name)]
            told = any(p.start < part[-1].end and p.end > part[0].start for p in found)
            if name and not told and [t.text for t in part] == name and part[0].capital:
                found.append(replace(place, start=part[0].start, end=part[-1].end))
    return sorted(found, key=lambda p: p.start)


def _numerals(text: str, tokens: Sequence[Token]) -> set[int]:
    """ "1) gross yield 2) the payment": numbers of a list, which are no figures."""
    return {
        at for at, t in enumerate(tokens)
        if t.kind == "num" and t.raw.isdigit() and int(t.raw) <= _LAST and text[t.end : t.end + 1] == ")"
        and text.rfind("(", 0, t.start) <= text.rfind(")", 0, t.start)
    }


def _mark(text: str, tokens: list[Token], at: int, types_at: Mapping[int, str], marks: Marks) -> Mark | None:
    """The mark that begins at token `at`, if any; what speaks of all is noted in `marks`."""
    known, token = vocabulary(), tokens[at]
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    before = tokens[at - 1].text if at and not token.opens else ""
    marks.asks = marks.asks or token.text in known["asks"]
    marks.beside = marks.beside or token.text in known["beside"]
    marks.measured = marks.measured or token.text in known["measured"]
    if token.text in _ONE and [t.text for t in tokens[at + 1 : at + 3]] in _AND_OTHER:
        marks.all, marks.asks = marks.all or 2, True  # "el bruto de uno y otro"
    if token.text in known["all"]:
        marks.all = marks.all or (2 if token.text in ("ambos", "ambas", "both") else 0)
        marks.asks = True
        return None
    if token.text in known["counted_all"] and before in ("los", "las", "the", "of", "de"):
        marks.taken.add(at)
        marks.all, marks.asks = known["numbers"][token.text], True
        return None
    kind = types_at.get(at)
    noun = token.text if kind or "type" in token.classes or token.text in known["nouns"] or token.text == "piso" else None
    label = _label_after(text, tokens, at, noun) if noun else None
    if noun and label:
        marks.taken.add(at + 1)
        return Mark(at, at + 1, label=label, noun=noun, kind=kind, title=f"{token.raw} {tokens[at + 1].raw}")
    lent = noun in known["lending"] and before not in known["definite_others"]
    if noun and ("types" not in token.classes or kind is None) and (kind or lent):
        return Mark(at, at, noun=noun, kind=kind)
    if label := _alone(text, tokens, at):
        marks.taken.add(at)
        return Mark(at, at, label=label, title=token.raw)
    if _BULLET.search(token.gap):
        return Mark(at, at, item=True)
    follows = after.text if after and not after.opens else ""
    if token.text in known["ordinals"] and (before in known["openers"] or follows in ("one", *known["nouns"])):
        if follows not in words("not_items"):
            return Mark(at, at + (follows == "one"), nth=known["ordinals"][token.text])
    elif token.text in known["others"] and follows not in known["not_others"]:
        return Mark(at, at + (follows == "one"), other=True)
    elif (
        token.text in ("one", "uno", "una", "un")
        and before not in ("cada", "which", "other", "this", "that", "each")
        and (follows in known["after_one"] or (after and after.kind == "num" and not after.opens))
    ):
        return Mark(at, at, item=True)
    return None


def _label_after(text: str, tokens: list[Token], at: int, noun: str | None) -> str | None:
    """The letter or number that follows a noun as its name; "piso 2" is a storey unless a colon follows."""
    if at + 1 >= len(tokens) or tokens[at + 1].opens:
        return None
    after, known = tokens[at + 1], vocabulary()
    tail = text[after.end : after.end + 2]
    if len(after.raw) == 1 and after.raw.isalpha() and after.kind == "word":
        sure = after.raw.isupper() or bool(_NAMED_AFTER.match(tail))
        return after.text if sure and after.text not in "eyou" else None
    number = int(after.raw) if after.kind == "num" and after.raw.isdigit() else known["numbers"].get(after.text, 0)
    if not 1 <= number <= _LAST or (tail[:1] in "%€$" and tail[:1]):
        return None
    begins = tokens[at + 2] if at + 2 < len(tokens) else None
    spoken = begins is not None and not begins.opens and begins.text not in known["after_one"]
    if _NAMED_AFTER.match(tail) or noun == "piso" or not spoken:
        return str(number) if _NAMED_AFTER.match(tail) or noun != "piso" else None
    named = noun in known["nouns"] or (begins is not None and begins.kind == "num")
    return str(number) if named and begins is not None else None


def _alone(text: str, tokens: list[Token], at: int) -> str | None:
    """ "A: 142k", "2) casa", "el B cuesta", "with B": a letter or a list's number by itself."""
    token = tokens[at]
    tail = text[token.end : token.end + 2]
    begins = bool(_ITEM.search(text[: token.start])) or token.opens
    if token.kind == "num":
        listed = token.raw.isdigit() and 1 <= int(token.raw) <= _LAST and bool(_AFTER_ITEM.match(tail))
        spaced = len(tail) > 1 and tail[1] in " \n"  # "2.5" is a figure, "2. casa" an item
        return token.raw if begins and listed and spaced else None
    if len(token.raw) != 1 or not token.raw.isupper() or token.text not in _LETTERS:
        return None
    before = tokens[at - 1].text if at and not token.opens else ""
    after = tokens[at + 1].text if at + 1 < len(tokens) and not tokens[at + 1].opens else ""
    says = (begins or token.comma) and after in vocabulary()["says"]
    if _NAMED_AFTER.match(tail) or before in vocabulary()["openers"] or says:
        return token.text
    return None


def _names(tokens: list[Token], marks: Marks, named_before: bool) -> None:
    """Marks of banks, and of kinds of loan where two are named or one was before: "fija" alone only says how the rate is."""
    known = vocabulary()
    held = {i for m in marks.found if m.place is None for i in range(m.first, m.last + 1)}
    banks = [i for i, t in enumerate(tokens) if t.text in known["names"] and i not in held]
    sure = [i for i in banks if tokens[i].text not in known["names_of_places"]]
    after = {i: tokens[i + 1].text for i in banks if i + 1 < len(tokens)}
    banks = [i for i in banks if i in sure or sure or len(banks) > 1 or after.get(i) in known["lends"] - {"al", "at"}]
    kinds = [i for i, t in enumerate(tokens) if t.text in known["kinds"] and i not in held]
    if (len({tokens[i].text for i in kinds}) < 2 and not named_before) or banks:
        kinds = []
    if any(t.text in words("home_prices") for t in tokens):
        banks = [i for i in banks if i in sure]
    found = [*banks, *kinds]
    if not any(t.kind == "num" for t in tokens):
        return
    marks.banks = {m.place.start for m in marks.found if m.place and m.first in found}
    marks.found = [m for m in marks.found if not (m.place and m.first in found)]
    marks.found += [Mark(i, i, name=tokens[i].text, title=tokens[i].raw) for i in found]
    marks.found.sort(key=lambda m: m.first)
