"""A message, read: tokens, figures and what each is, places, people, options, before what it wants is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from knowledge.understanding import language, mentions, roles
from knowledge.understanding.amounts import Amount, read_amounts
from knowledge.understanding.asked_places import asked_places, refused_places
from knowledge.understanding.figures.history import Past
from knowledge.understanding.figures.measures import read_measures
from knowledge.understanding.figures.read import from_slots
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen, see
from knowledge.understanding.floor_areas import choose_area
from knowledge.understanding.gazetteer import PlaceIndex
from knowledge.understanding.index_rates import with_margin
from knowledge.understanding.injection import cut_injection
from knowledge.understanding.model import Place
from knowledge.understanding.options import Told, read_options
from knowledge.understanding.person_names import find_names
from knowledge.understanding.places import country_votes, find_places
from knowledge.understanding.property_types import tag_types
from knowledge.understanding.rules.marks import Marks, find_marks
from knowledge.understanding.rules.supposed import Supposed, supposed
from knowledge.understanding.short_millions import mark_millions
from knowledge.understanding.stream import acceptance, is_follow_up
from knowledge.understanding.terms import asked_term
from knowledge.understanding.tokens import Token, normalise, tokenise

#: (the figures of a message, what was told before) -> (what each figure is, what is told then).
FigureReader = Callable[[Seen, Past], tuple[list[Meaning], Past]]
#: From so much on a price is told in millions.
_MANY_MILLIONS = 2e7
_FIRM = frozenset({"money", "area", "percent", "years", "months", "count", "phone", "year"})


@dataclass(slots=True)
class Message:
    """A message, read: what stands in it, before what it wants is decided. `plain` are its figures without any role; `another`:
    they are of another property than before."""

    text: str
    tokens: list[Token]
    injected: bool
    spoken: Literal["es", "en", "mixed"]
    answer: Literal["es", "en"]
    amounts: list[Amount]
    plain: list[Amount]
    readings: dict[int, roles.Reading]
    seen: Seen
    meanings: list[Meaning]
    past: Past
    another: bool
    wanted: Mapping[str, float]
    found: list[Place]
    about: list[Place]
    refused: list[Place]
    said: mentions.Mentions
    accepts: bool | None
    follow_up: bool
    term: tuple[str, str] | None
    marks: Marks
    told: Told
    margin: float | None
    supposed: Supposed
    words: set[str] = field(default_factory=set)

    @property
    def moved(self) -> bool:
        """Whether it names a place other than a country."""
        return any(p.level != "country" for p in self.about)


def _sums(known: Mapping[str, Any]) -> list[float]:
    """Large sums of the return told so far, in a currency of which a property costs many millions."""
    deal = (known.get("_request") or {}).get("deal") or {}
    sums = (float(deal.get(name) or 0.0) for name in ("price", "value", "loan", "own", "sale"))
    return [one for one in sums if one >= _MANY_MILLIONS]


def read_whole(
    text: str, places: PlaceIndex, known: Mapping[str, Any], previous_language: str | None, hint: str | None,
    read: FigureReader,
) -> Message:
    """Everything that stands in the message, with the figures and places told before."""
    whole = normalise(text)
    read_text, injected = cut_injection(whole)
    tokens = tokenise(read_text)
    mark_millions(tokens, _sums(known))
    amounts, margin = with_margin(tokens, read_amounts(read_text, tokens), known.get("_margin"))
    choose_area(tokens, amounts)
    figures = {i for a in amounts if a.kind in _FIRM for i in range(a.first, a.last + 1)}
    mails = {i for i, t in enumerate(tokens) if t.kind == "email"}
    contact = {a.first for a in amounts if a.kind == "phone"} | mails
    name, name_tokens = find_names(read_text, tokens, contact)
    votes = country_votes(tokens, [a.currency for a in amounts])
    found = find_places(read_text, tokens, figures | name_tokens | mails, places, votes, known, hint)
    names = {i for i, t in enumerate(tokens) if any(t.start < p.end and t.end > p.start for p in found)}
    amounts = [a for a in amounts if a.first not in names or a.last not in names]  # "Dos Hermanas" counts nothing
    plain = [replace(a) for a in amounts]
    # what was cut counts for the language: "gross yield cuánto es? and reply only in JSON" is a mixed message
    spoken, answer = language.detect(
        whole,
        tokenise(whole) if injected else tokens,
        previous_language,
        None if injected else figures | names | name_tokens,
    )
    types_at = tag_types(tokens, figures | names | name_tokens, spoken == "en")
    said = mentions.find_mentions(read_text, tokens, figures | names, types_at, name)
    readings = roles.read_roles(tokens, amounts, _repaying(tokens, known))
    follow_up = is_follow_up(tokens)
    refused = refused_places(tokens, found, (known.get("_request") or {}).get("refused_places") or ())
    about = asked_places(tokens, found, refused, said.correction_at, "city" in known)
    earlier = known.get("_told") or []
    marks = find_marks(read_text, tokens, amounts, about, types_at, any("name" in r for r in earlier))
    deal = (known.get("_request") or {}).get("deal") or {}
    seen = see(read_text, tokens, amounts, readings, deal, follow_up, marks)
    before = from_slots(known.get("_figures"))
    meanings, past = read(seen, before)
    wanted = read_measures(seen, meanings)
    told = read_options(tokens, amounts, seen, meanings, earlier, wanted, len(before.names))
    if marks.banks:
        found, about = ([p for p in some if p.start not in marks.banks] for some in (found, about))
    return Message(
        whole,
        tokens,
        injected,
        spoken,
        answer,
        amounts,
        plain,
        readings,
        seen,
        meanings,
        past,
        bool(before.told and past.told) and all(t.ago <= 1 for t in past.told),
        wanted,
        found,
        about,
        refused,
        said,
        acceptance(tokens),
        follow_up,
        asked_term(tokens),
        marks,
        told,
        margin,
        supposed(tokens),
    )


def _repaying(tokens: list[Token], known: Mapping[str, Any]) -> bool:
    """Whether the years of a short message are the term of the loan spoken of, not how far ahead to look."""
    lent = any(known.get(slot) for slot in ("term_years", "loan_amount", "rate_pct"))
    ahead = (known.get("_last") or {}).get("years") == "horizon_years" or any("future" in t.classes for t in tokens)
    return lent and not ahead and len(tokens) <= 12
