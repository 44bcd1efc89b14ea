"""The one entry point: a message and what was known before it -> what it means. No database, no network; of the clock only
which years are still to come."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.understanding import intent, language, request, slots
from knowledge.understanding.amounts import Amount
from knowledge.understanding.by_words import asked_by_words, of_one
from knowledge.understanding.deal.as_one import as_one
from knowledge.understanding.deal.in_hand import LOAN_SLOTS, awaits_a_sale, changed, in_hand, lent_again
from knowledge.understanding.deal.slots import deal_of, told_slots
from knowledge.understanding.decision import Decided, Judge, decide
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.read import read_message, to_slots
from knowledge.understanding.gazetteer import PlaceIndex, default_places
from knowledge.understanding.market_aims import aims_of
from knowledge.understanding.message import FigureReader, Message, read_whole
from knowledge.understanding.model import Quantity, Understanding
from knowledge.understanding.options import FIGURES, asked_of_options, option_slots
from knowledge.understanding.place_slots import forget_refused, remember_places
from knowledge.understanding.records import OF_ONE, chosen_options, of_all, remembered, routes_beside, were_options
from knowledge.understanding.rules.asked import ASKED, base_of, named_measures
from knowledge.understanding.rules.rooms import taken_together
from knowledge.understanding.rules.supposed import Supposed
from knowledge.understanding.tax_questions import foreign_buyer
from knowledge.understanding.tokens import normalise, tokenise
from knowledge.understanding.turn import is_fresh, turn_slots, uncovered
from knowledge.understanding.verdict import classified

__all__ = ["PlaceIndex", "Understanding", "default_places", "understand"]

#: Words of a message that the next one's reading looks at.
_WORDS = 60
#: From this probability on a measure that was asked before is asked again.
_SURELY = 0.9
#: A longer message tells more than a supposition; the words of one.
_LONGEST_SUPPOSED, _IF = 16, frozenset({"si", "if"})
#: Entries of the request that belong to their turn alone.
_MOMENTARY = frozenset({"accepts", "dialect", "convert", "define", "risk", "residence"})


def understand(
    text: str,
    *,
    places: PlaceIndex,
    previous_slots: Mapping[str, Any] | None = None,
    previous_routes: Sequence[str] = (),
    previous_language: str | None = None,
    open_question: str | None = None,
    country_hint: str | None = None,
    judge: Judge = classified,
    figures: FigureReader = read_message,
) -> Understanding:
    """Understand one message.

    `previous_slots` and `previous_routes` are those of the turn before (`Understanding.slots`, `.routes`);
    `open_question` is the slot the assistant asked for (or `human` where it offered a person). `country_hint` is the
    investor's own country: it settles places of one name in several countries, and the currency where neither words nor
    places do. `judge` turns the grammar's decision into the one that counts, `figures` tells what each figure is. Total: any
    string is understood as something, an empty one as `none`.
    """
    known = dict(previous_slots or {})
    if len(known.get("_told") or ()) > 1 and _asks_of_all(text):
        known = as_one(known)
    message = read_whole(text, places, known, previous_language, country_hint, figures)
    known = lent_again(known, [m.role for m in message.meanings])
    decided = decide(message, known, previous_routes, open_question, judge)
    deal = (known.get("_request") or {}).get("deal") or {}
    supposed = _of_the_purchase(message, decided, known)
    if supposed:
        decided = replace(decided, meant=_sure(decided.meant))
    meant, says = decided.meant, decided.says
    if not message.told.several:
        meanings = {a.first: m for a, m in zip(message.seen.amounts, message.meanings, strict=True)}
        deal = deal_of(
            message.text, message.tokens, message.plain, message.amounts, known, meant, open_question, meanings, message.wanted,
            follow_up=message.follow_up, correcting=message.said.correction_at is not None,
        )
    if supposed:
        deal = changed(deal, supposed)
    meant, asked = asked_by_words(message, decided, deal, known)
    comparing = "comparison" in meant.routes
    turn = turn_slots(message, meant, says, known, open_question)
    if "effects" in asked:  # a characteristic whose price is asked is none that a home must have
        turn.pop("features", None)
    fresh = is_fresh(message, meant, turn, known)
    options = chosen_options(message, comparing, fresh, known)
    if options:
        meant.routes = routes_beside(meant.routes, message, options)
        turn |= {k: v for k, v in option_slots(options).items() if k in turn}
    elif of_one(message, meant, deal, known):
        meant.routes = tuple(dict.fromkeys("roi" if route == "comparison" else route for route in meant.routes))
    home = None if uncovered(message) else country_hint
    currency, written = slots.resolve_currency(message.amounts, turn, {} if fresh else known, home)
    if deal.get("last_year") and {"irr", "npv"} & set(deal.get("asked") or ()):
        turn.setdefault("horizon_years", deal["last_year"])
    if currency:
        turn["currency"] = currency
        if written:
            turn["_last"] = {**turn.get("_last", {}), "currency": currency}
    after = slots.merge(known, turn, fresh=fresh, moved=message.moved)
    if options:
        after |= option_slots(options)
    if not options:
        told, earlier = told_slots(deal), told_slots((known.get("_request") or {}).get("deal") or {})
        if meant.routes == ("roi",):
            after = told | after
        after |= {k: v for k, v in told.items() if k in known and k not in turn and earlier.get(k) not in (None, v)}
    if not message.moved and after.get("property_type") in message.said.refused_types:
        after.pop("property_type")
    if supposed.loan is False:
        after = {name: value for name, value in after.items() if name not in LOAN_SLOTS}
    forget_refused(after, message.refused, turn)
    slots.forget_features(after, (*message.said.refused_features, *(("new_build",) if supposed.new_build is False else ())))
    remember_places(known, after, message.moved)

    wanted = request.build_request(
        message.tokens, of_all(message), message.readings, message.about, meant.wishes, after, comparing and not options
    )
    wanted |= _asides(message) | asked
    if supposed.currency and not deal.get("fx"):
        wanted["shown_in"] = supposed.currency
    if "roi" in meant.routes and message.supposed.new_build is not None:
        wanted["new_build"] = message.supposed.new_build
    if deal:
        wanted["deal"] = deal
    before = _still_known(message, known, bool(options))
    if options:
        named = {h.cue.route for h in message.seen.hits}
        wanted["options"] = asked_of_options(options, message.wanted, named, before, base_of(message.tokens))
    wanted = request.merge_request(before, wanted, not meant.own_cue, fresh)
    if meant.routes == ("roi",) and deal.get("turn") and not any(set(FIGURES) & o.keys() for o in wanted.get("options") or ()):
        wanted.pop("options", None)  # one return is asked for, not the places that were compared before
    after["_told"] = remembered(message, turn, wanted, fresh)
    if message.margin is not None:
        after["_margin"] = message.margin
    after["_words"] = sorted(message.words)[:_WORDS]
    after["_figures"] = to_slots(message.past)
    after["_request"] = {k: v for k, v in wanted.items() if k not in _MOMENTARY}
    return Understanding(
        text=message.text,
        language=message.spoken,
        answer_language=message.answer,
        register=language.register(message.tokens),
        routes=meant.routes,
        scores={k: round(v, 2) for k, v in meant.scores.items()},
        confidence=meant.confidence,
        figures_confidence=round(math.prod(m.probability for m in message.meanings if m.role != NOTHING), 3),
        human_reason=meant.human_reason,
        small_talk=_small_talk(message, meant) if _told(deal) == _told(before.get("deal") or {}) else None,
        slots=after,
        turn_slots={k: v for k, v in turn.items() if k != "_last"},
        places=tuple(message.found),
        quantities=tuple(_quantity(a, message.text) for a in message.amounts),
        uncovered=uncovered(message),
        injection=message.injected,
        references=tuple(message.said.references),
        request=wanted,
    )


def _still_known(message: Message, known: Mapping[str, Any], options: bool) -> dict[str, Any]:
    """The request before, without what this message takes the place of: a region by another place; what the only property so
    far cost by the records of several; newness by another property; what a home lacked by having it."""
    before = dict(known.get("_request") or {})
    gone: set[str] = {"region"} if message.about else set()
    gone |= OF_ONE if options and not were_options(known) else set()
    gone |= {"new_build"} if message.another or message.moved else set()
    if "refused_features" in before:
        before["refused_features"] = [name for name in before["refused_features"] if name not in message.said.features]
    return {name: value for name, value in before.items() if name not in gone}


def _sure(meant: intent.Intent) -> intent.Intent:
    """A question of the purchase in hand, told by its closed phrase: the words leave little to doubt."""
    return replace(meant, routes=("roi",), small_talk=None, confidence=max(meant.confidence, intent.SURE_OF_CORRECTION))


def _elsewhere(message: Message, meant: intent.Intent) -> bool:
    """Whether the message is a long one, a person's, an order's, or of other properties."""
    others = message.moved or message.told.several or message.injected or len(message.tokens) > _LONGEST_SUPPOSED
    return others or meant.human_reason is not None or "human" in meant.routes


def _asks_another(message: Message, before: Collection[str]) -> bool:
    """Whether the message names a measure of its own, or the trained reader finds one; one of `before` only if it is sure."""
    found = any(chance >= (_SURELY if name in before else ASKED) for name, chance in message.wanted.items())
    return bool(message.seen.hits) or found


def _of_the_purchase(message: Message, decided: Decided, known: Mapping[str, Any]) -> Supposed:
    """What the message supposes of the purchase told before; nothing where it is about something else: another place or
    property, several, a person, how fast homes sell, what prices will do."""
    before = known.get("_request") or {}
    deal = before.get("deal") or {}
    found, meant = message.supposed, decided.meant
    if _elsewhere(message, meant) or not in_hand(deal, before.get("measures") or ()):
        return Supposed()
    if not found and awaits_a_sale(deal) and any(m.role in ("hold", "sale") for m in message.meanings):
        real = "real_irr" in deal["asked"]
        return Supposed(real=real, sold=not real)  # "en 6 años por 280.000" answers what was asked
    if aims_of(decided.stream) or ("price_prediction" in meant.routes and not found.kept):
        return Supposed()
    asks = "?" in message.text or message.follow_up
    if not asks or (found.sold and not found.kept and _asks_another(message, deal.get("asked") or ())):
        found = replace(found, sold=False, kept=False)  # it is told, or another measure is asked
    if found.currency and (found.currency == "PESO" or found.currency == (deal.get("currency") or known.get("currency"))):
        found = replace(found, currency=None)
    searched = not {"roi", "none"} & set(meant.routes) and not any(t.text in _IF for t in message.tokens)
    return replace(found, new_build=None) if searched else found


def _asks_of_all(text: str) -> bool:
    """Whether the message asks a measure of all that was told as one."""
    tokens = tokenise(normalise(text))
    return taken_together(tokens) and ("?" in text or bool(named_measures(tokens, text)))


def _asides(message: Message) -> dict[str, Any]:
    said = message.said
    found: dict[str, Any] = {
        "refused_types": said.refused_types,
        "refused_features": said.refused_features,
        "refused_places": [p.name for p in message.refused],
        "accepts": message.accepts,
        "dialect": slots.guess_country(message.tokens),
        "define": message.term[0] if message.term else None,
        "foreign": foreign_buyer(message.tokens),
    }
    return {k: v for k, v in found.items() if v is not None and v != []}


def _told(deal: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a return, without what is asked of it."""
    return {name: value for name, value in deal.items() if name not in ("asked", "turn")}


def _small_talk(message: Message, meant: intent.Intent) -> str | None:
    rest = [t for t in message.tokens if t.kind == "word" and len(t.text) > 3]
    return "injection_only" if message.injected and meant.routes == ("none",) and not rest else meant.small_talk


def _quantity(amount: Amount, text: str) -> Quantity:
    kind = "rate" if amount.role == "rate_pct" else amount.kind
    value = float(amount.unit.lstrip("+") or 0) if amount.kind == "phone" else amount.value
    return Quantity(
        value, kind, amount.currency, amount.role, amount.start, amount.end, text[amount.start : amount.end]
    )
