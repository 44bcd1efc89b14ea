"""What the cue grammar and the route rules see: the message as tagged tokens, and a summary of what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.bounds import Bound
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.intent import Context
from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.mentions import Mentions, option_groups
from knowledge.understanding.model import Place
from knowledge.understanding.tokens import Token, words_at

#: From this amount on, in the currency, a deal is a person's: about ten million US dollars.
LARGE_DEAL = {"EUR": 10e6, "USD": 10e6, "COP": 40e9, "MXN": 180e6}
#: A longer message is no bare yes or no.
LONGEST_ANSWER = 8
_CLASSES: dict[str, set[str]] = {
    "money": {"money"},
    "area": {"area"},
    "percent": {"pct"},
    "years": {"years"},
    "months": {"years"},
    "count": {"count", "num"},
    "phone": {"phone"},
    "year": {"year"},
    "other": {"num"},
}
_FOLLOW_UPS = phrases("follow_ups")
_YES, _YES_AFTER = words("yes"), words("yes_after")
_AREA_WORDS = words("area_words")
_OWN_WORDS = words("own_words")
#: What the trained reader calls figures that are of no return.
_NO_RETURN = frozenset({NOTHING, "budget", "rentbudget"})
_NO = frozenset({"no", "nope", "nah"})
_YES_PHRASES = (("de", "una"), ("por", "favor"), ("go", "ahead"), ("of", "course"))


def build_stream(
    tokens: list[Token], amounts: Sequence[Amount], found: Sequence[Place], about: Sequence[Place]
) -> tuple[list[Token], int]:
    """(tokens in which each figure and each place is one token with its class; the length of the longest run of options).

    `about` are the places the question is about: only they can be options.
    """
    merged = _spans(tokens, amounts, found)
    stream: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if "inner" in token.classes:
            tokens[at + 1].opens = tokens[at + 1].opens or token.opens
            at += 1
            continue
        last, classes, text = merged.get(at, (at, set(), token.text))
        classes = token.classes | classes | ({"email"} if token.kind == "email" else set())
        end = tokens[last].end
        stream.append(
            Token(text, token.raw, token.start, end, token.kind, token.gap, token.opens, token.comma, classes)
        )
        at = last + 1
    return stream, _mark_options(stream, {p.start for p in about})


def _spans(
    tokens: list[Token], amounts: Sequence[Amount], found: Sequence[Place]
) -> dict[int, tuple[int, set[str], str]]:
    """First token -> (last token, classes, text) of figures and places."""
    merged: dict[int, tuple[int, set[str], str]] = {}
    for amount in amounts:
        classes = _CLASSES[amount.kind]
        if amount.kind == "money" and amount.value >= LARGE_DEAL.get(amount.currency or "", float("inf")):
            classes = {"money", "big"}
        lone = amount.first == amount.last and amount.kind in ("other", "year")
        merged[amount.first] = (amount.last, classes, tokens[amount.first].text if lone else f"<{amount.kind}>")
    for place in found:
        inside = [i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start]
        if inside and inside[0] not in merged:
            merged[inside[0]] = (inside[-1], {"place"}, f"<{place.level}>")
    return merged


def _mark_options(stream: list[Token], about: set[int]) -> int:
    places = [
        (i, i, t.text)
        for i, t in enumerate(stream)
        if "place" in t.classes and t.start in about and t.text != "<region>"
    ]
    types = [(i, i, "type") for i, t in enumerate(stream) if "type" in t.classes]
    longest = 0
    for members in (places, types):
        for first, last, choice in option_groups(stream, members):
            for token in stream[first : last + 1]:
                token.classes.add("opts")
            if choice:
                stream[first].classes.add("or")
            longest = max(longest, sum(first <= m[0] <= last for m in members))
    return longest


def summarise(
    stream: Sequence[Token],
    amounts: Sequence[Amount],
    about: Sequence[Place],
    said: Mentions,
    known: Mapping[str, Any],
    *,
    bounds: Mapping[str, Bound],
    term: tuple[str, str] | None,
    listed: int,
    question: bool,
    follow_up: bool,
    accepts: bool | None,
    open_question: str | None,
    previous: Sequence[str] = (),
    told: int = 0,
    meanings: Sequence[Meaning] = (),
    wanted: Mapping[str, float] = MappingProxyType({}),
) -> Context:
    """The facts of a message that its routes depend on."""
    given = [a.role for a in amounts]
    several = any(isinstance(known.get(k), list) for k in ("city", "neighbourhood", "price"))
    named = [p for p in about if p.level in ("city", "neighbourhood", "other")]
    loose_term = any(a.kind in ("years", "months") and a.role is None for a in amounts)
    counted = {"money", "area", "percent", "years", "months", "count"}
    return Context(
        places=len(about),
        types=sum("type" in t.classes for t in stream),
        amounts=sum(a.kind in counted or a.role is not None for a in amounts),
        areas=given.count("area_m2"),
        sought=said.operation == "rent"
        or given.count("area_m2") > 1
        or any(bound != "as_said" for bound in bounds.values()),
        prices=given.count("price"),
        rents=given.count("monthly_rent") + given.count("annual_rent") + given.count("nightly"),
        rent_start=next((a.start for a in amounts if a.role in ("monthly_rent", "annual_rent")), 0),
        loan_start=next((a.start for a in amounts if a.role in ("loan_amount", "rate_pct", "financed_pct")), 0),
        loan=bool({"rate_pct", "loan_amount", "financed_pct"} & set(given)),
        budget="budget_max" in given,
        contact=bool(said.email or said.name or "phone" in given),
        term="term_years" in given or loose_term,
        target_yield="target_yield_pct" in given,
        asked_term=term,
        listed=listed,
        plural=any("types" in t.classes for t in stream),
        question=question,
        options=several
        or len(known.get("_places", ())) > 1
        or len(named) > 1
        or any("opts" in t.classes for t in stream)
        or bool(named and known.get("city") and follow_up),
        references=bool(said.references),
        features=bool(said.features or said.refused_features),
        follow_up=follow_up and bool(known),
        correction=said.correction_at is not None,
        accepts=accepts,
        open_question=open_question,
        shown="_shown" in known or "market_research" in previous,
        area_asked=any(t.text in _AREA_WORDS for t in stream),
        own=any(t.text in _OWN_WORDS for t in stream),
        told=told,
        returns=sum(m.role not in _NO_RETURN for m in meanings),
        budgets=sum(m.role in ("budget", "rentbudget") for m in meanings),
        measured=round(3 * max(wanted.values(), default=0.0)),
    )


def is_follow_up(tokens: list[Token]) -> bool:
    """Whether a message begins as the continuation of another ("¿y …?", "what about …")."""
    return any(words_at(tokens, 0, len(p)) == p for p in _FOLLOW_UPS)


def acceptance(tokens: list[Token]) -> bool | None:
    """True for "sí, por favor", False for "no, gracias", None for anything else."""
    if not tokens or len(tokens) > LONGEST_ANSWER:
        return None
    first, after = tokens[0].text, tokens[1] if len(tokens) > 1 else None
    if (
        first in _NO
        and len(tokens) <= 4
        and (after is None or after.comma or after.text in ("gracias", "thanks", "thank"))
    ):
        return False
    if first in _YES and (after is None or after.comma or after.opens or after.text in _YES_AFTER):
        return True
    return True if words_at(tokens, 0, 2) in _YES_PHRASES else None
