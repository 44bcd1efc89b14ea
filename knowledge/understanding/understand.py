"""The one entry point: a message and what was known before it -> what it means. Pure, no database, no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from knowledge.understanding import intent, language, mentions, request, roles, slots
from knowledge.understanding.amounts import Amount, read_amounts
from knowledge.understanding.asked_places import asked_places, refused_places
from knowledge.understanding.bounds import size_bounds
from knowledge.understanding.cues import Hit
from knowledge.understanding.deal.as_one import as_one
from knowledge.understanding.deal.slots import deal_of, told_slots
from knowledge.understanding.features import Features, describe, words_of
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.measures import read_measures
from knowledge.understanding.figures.read import from_slots, read_message, to_slots
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen, see
from knowledge.understanding.floor_areas import choose_area
from knowledge.understanding.gazetteer import PlaceIndex, default_places
from knowledge.understanding.index_rates import with_margin
from knowledge.understanding.injection import cut_injection
from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.loose_figures import fill_figures, lend
from knowledge.understanding.market_aims import refine
from knowledge.understanding.model import Place, Quantity, Understanding
from knowledge.understanding.options import (
    FIGURES,
    Told,
    asked_of_options,
    option_slots,
    read_options,
    remember,
)
from knowledge.understanding.person_names import find_names
from knowledge.understanding.place_slots import (
    added,
    exchanged,
    forget_refused,
    place_slots,
    remember_places,
    with_earlier,
)
from knowledge.understanding.places import country_votes, find_places
from knowledge.understanding.property_types import tag_types
from knowledge.understanding.rules.asked import base_of, feasible, named_measures
from knowledge.understanding.rules.exchange import asks_amount, stated_exchange
from knowledge.understanding.rules.marks import Marks, find_marks
from knowledge.understanding.rules.risk import asked_risk
from knowledge.understanding.rules.rooms import taken_together
from knowledge.understanding.short_millions import mark_millions
from knowledge.understanding.stream import LONGEST_ANSWER, acceptance, build_stream, is_follow_up, summarise
from knowledge.understanding.tax_questions import buys_abroad, foreign_buyer, residence_of, tax_question
from knowledge.understanding.terms import asked_term
from knowledge.understanding.tokens import Token, normalise, stretches, tokenise
from knowledge.understanding.verdict import classified

__all__ = ["PlaceIndex", "Understanding", "default_places", "understand"]

#: (the grammar's decision, what the classifier sees, what the message holds) -> the decision that counts.
Judge = Callable[[intent.Intent, Features, intent.Context], intent.Intent]
#: (the figures of a message, what was told before) -> (what each figure is, what is told then).
FigureReader = Callable[[Seen, Past], tuple[list[Meaning], Past]]
#: From so much on a price is told in millions.
_MANY_MILLIONS = 2e7
#: What comes in once a home is bought, and figures that no other reading of their words may use.
_OF_FLOWS = frozenset({"sale", "flow"})
_FIRM = frozenset({"money", "area", "percent", "years", "months", "count", "phone", "year"})
#: From this probability on a measure is likely asked; words of a message that the next one's reading looks at.
_LIKELY, _SURELY, _WORDS = 0.3, 0.9, 60
#: Measures whose words also ask for what is no return.
_ANYTHINGS = frozenset({"price_per_m2", "future_value", "down_payment", "loan_amount", "converted"})
#: The longest message, in words, that takes up a place told before without naming it.
_FEW_WORDS = 6
#: Before a type, these point at one property: its amount is a price.
_CHOSEN = words("chosen")
_READY = phrases("credit_ready")
_OFFERING, _GOING_ON = words("offering"), words("going_on")
#: Entries of the request that belong to their turn alone.
_MOMENTARY = frozenset({"accepts", "dialect", "convert", "define", "risk", "residence"})
#: Entries of the request that are a property's own.
_OF_ONE = frozenset({"costs", "purchase_costs", "annual_rent", "net_rent", "nightly_rent", "vacancy_pct"})


@dataclass(slots=True)
class _Message:
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
    words: set[str] = field(default_factory=set)

    @property
    def moved(self) -> bool:
        """Whether it names a place other than a country."""
        return any(p.level != "country" for p in self.about)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a message wants, what its cues say, and what both were read from."""

    meant: intent.Intent
    says: set[tuple[str, str]]
    stream: list[Token]
    context: intent.Context


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
    message = _read(text, places, known, previous_language, country_hint, figures)
    decided = _decide(message, known, previous_routes, open_question, judge)
    meant, says = decided.meant, decided.says
    deal = (known.get("_request") or {}).get("deal") or {}
    if not message.told.several:
        meanings = {a.first: m for a, m in zip(message.seen.amounts, message.meanings, strict=True)}
        deal = deal_of(
            message.text, message.tokens, message.plain, message.amounts, known, meant, open_question, meanings, message.wanted,
            follow_up=message.follow_up, correcting=message.said.correction_at is not None,
        )
    meant, asked = _asked_by_words(message, decided, deal, known)
    comparing = "comparison" in meant.routes
    turn = _turn_slots(message, meant, says, known, open_question)
    fresh = _is_fresh(message, meant, turn, known)
    options = _options(message, comparing, fresh, known)
    if options:
        meant.routes = _routes_beside(meant.routes, message, options)
        turn |= {k: v for k, v in option_slots(options).items() if k in turn}
    elif _of_one(message, meant, deal, known):
        meant.routes = tuple(dict.fromkeys("roi" if route == "comparison" else route for route in meant.routes))
    home = None if _uncovered(message) else country_hint
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
    forget_refused(after, message.refused, turn)
    slots.forget_features(after, message.said.refused_features)
    remember_places(known, after, message.moved)

    wanted = request.build_request(
        message.tokens, _of_all(message), message.readings, message.about, meant.wishes, after, comparing and not options
    )
    wanted |= _asides(message) | asked
    if deal:
        wanted["deal"] = deal
    before = known.get("_request") or {}
    if options:
        named = {h.cue.route for h in message.seen.hits}
        wanted["options"] = asked_of_options(options, message.wanted, named, before, base_of(message.tokens))
        # what the only property so far cost is in its record now
        before = before if _were_options(known) else {k: v for k, v in before.items() if k not in _OF_ONE}
    wanted = request.merge_request(before, wanted, not meant.own_cue, fresh)
    if meant.routes == ("roi",) and deal.get("turn") and not any(set(FIGURES) & o.keys() for o in wanted.get("options") or ()):
        wanted.pop("options", None)  # one return is asked for, not the places that were compared before
    after["_told"] = _remembered(message, turn, wanted, fresh)
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
        uncovered=_uncovered(message),
        injection=message.injected,
        references=tuple(message.said.references),
        request=wanted,
    )


def _sums(known: Mapping[str, Any]) -> list[float]:
    """Large sums of the return told so far, in a currency of which a property costs many millions."""
    deal = (known.get("_request") or {}).get("deal") or {}
    sums = (float(deal.get(name) or 0.0) for name in ("price", "value", "loan", "own", "sale"))
    return [one for one in sums if one >= _MANY_MILLIONS]


def _asks_of_all(text: str) -> bool:
    """Whether the message asks a measure of all that was told as one."""
    tokens = tokenise(normalise(text))
    return taken_together(tokens) and ("?" in text or bool(named_measures(tokens, text)))


def _read(
    text: str, places: PlaceIndex, known: Mapping[str, Any], previous_language: str | None, hint: str | None,
    read: FigureReader,
) -> _Message:
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
    return _Message(
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
    )


def _repaying(tokens: list[Token], known: Mapping[str, Any]) -> bool:
    """Whether the years of a short message are the term of the loan spoken of, not how far ahead to look."""
    lent = any(known.get(slot) for slot in ("term_years", "loan_amount", "rate_pct"))
    ahead = (known.get("_last") or {}).get("years") == "horizon_years" or any("future" in t.classes for t in tokens)
    return lent and not ahead and len(tokens) <= 12


def _decide(
    message: _Message, known: Mapping[str, Any], previous_routes: Sequence[str], open_question: str | None, judge: Judge
) -> _Decided:
    """Routes and what the cues say; figures that had no role get one on the way, and count in the second scoring."""
    stream, listed = build_stream(message.tokens, message.amounts, message.found, message.about)

    def score() -> tuple[intent.Context, list[Hit], dict[str, float]]:
        context = summarise(
            stream,
            message.amounts,
            message.about,
            message.said,
            known,
            bounds=size_bounds(message.tokens, message.amounts),
            term=message.term,
            listed=listed,
            question="?" in message.text,
            follow_up=message.follow_up,
            accepts=message.accepts,
            open_question=open_question,
            previous=previous_routes,
            told=len(message.told.records) if message.told.several else 0,
            meanings=message.meanings,
            wanted=message.wanted,
        )
        return context, *intent.score(stream, context)

    _, hits, scores = score()
    says = {pair for h in hits for pair in h.cue.says}
    elsewhere = max(scores.get("roi", 0.0), scores.get("price_prediction", 0.0)) >= 3
    if not message.told.several:
        fill_figures(
            message.tokens,
            _unnamed(message, known),
            message.said,
            known,
            open_question,
            searching=("market", "search") in says and not elsewhere,
            lead=scores.get("lead_qualification", 0.0) >= 3,
            follow_up=message.follow_up or (bool(known) and len(message.tokens) <= LONGEST_ANSWER),
        )
        lend(message.amounts, bool(message.said.types))
    context, hits, scores = score()
    grammar = intent.decide(stream, hits, scores, context, previous_routes)
    told = {m.label for m in message.meanings} | {name for name, p in message.wanted.items() if p >= _LIKELY}
    message.words = words_of(stream)
    meant = judge(grammar, describe(stream, context, grammar, previous_routes, told, known.get("_words") or ()), context)
    if message.injected and meant.routes == ("human",) and grammar.human_reason is None:
        meant = replace(meant, routes=("none",), human_reason=None, small_talk="out_of_scope")  # orders are nobody's case
    if not {"roi", "comparison"} & set(meant.routes) and meant.human_reason is None and _converts(message):
        meant = replace(meant, routes=("roi",), small_talk=None)
    _settle_figures(message, meant, known)
    return _Decided(meant, {pair for h in hits for pair in h.cue.says}, stream, context)


def _asked_by_words(
    message: _Message, decided: _Decided, deal: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[intent.Intent, dict[str, Any]]:
    """The intent, and entries of the request, after the questions that words alone ask: no trained reader knows them.

    One of them counts, the one that needs most: a tax on figures that were told; what may go wrong with one purchase whose
    price was told; a return asked by its name; else what of a market is asked. So the risk of a purchase is the return's, that
    of a place the market's.
    """
    meant = decided.meant
    of_a_return = replace(meant, routes=("roi",), small_talk=None)
    if tax := _tax(message, meant, deal, known):
        return (of_a_return if tax.get("measures") else meant), {"tax": tax}
    if risk := _risk(message, meant, deal, known):
        residence = residence_of(message.tokens)
        return of_a_return, {"risk": risk} | ({"residence": residence} if residence else {})
    if _asks_a_return(message, meant, deal):
        return of_a_return, {}
    placed = bool(message.about or message.said.references or known.get("city") or known.get("neighbourhood"))
    follows = placed and not message.about and not message.injected and len(message.tokens) <= _FEW_WORDS
    refined = refine(meant, decided.stream, decided.context, placed, follows)
    if refined.routes == ("market_research",) and buys_abroad(message.tokens) and any(p.country == "MX" for p in message.about):
        # a foreigner's purchase in Mexico may need a trust: what it costs is told beside the adverts
        return refined, {"tax": {"rules": "buy", "beside": True}}
    return refined, {}


def _tax(message: _Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of taxes, where a return or a sale was told to reckon them on; none of a person's own case. The rules alone
    are asked of those whom the question went to anyway."""
    if message.injected or meant.human_reason is not None or "human" in meant.routes or message.told.several:
        return {}
    told = {name: known.get(name) for name in ("price", "monthly_rent", "rate_pct", "loan_amount")}
    before = (known.get("_request") or {}).get("tax")
    found = tax_question(message.tokens, message.amounts, told | {k: v for k, v in deal.items() if v}, before)
    general = "roi" in meant.routes or meant.routes == ("market_research",)
    return found if found.get("measures") or general else {}


def _asks_a_return(message: _Message, meant: intent.Intent, deal: Mapping[str, Any]) -> bool:
    """Whether a measure is surely asked by name and can be worked out, though the words around it speak of a search or of
    nothing ("Torrefiel, 3 habitaciones: piden 164.500 y el inquilino paga 895. ¿Bruta?"). A square metre may be its price's, a
    share of an amount anything's."""
    if message.injected or meant.routes not in (("none",), ("market_research",), ("lead_qualification",)):
        return False
    if meant.routes == ("lead_qualification",) and (message.amounts or deal.get("turn") != ["price_for_yield"]):
        return False  # "¿hasta cuánto puedo ofrecer?" for the return told before is no offer yet
    turn = [m for m in deal.get("turn") or () if m not in _ANYTHINGS]
    named = {h.cue.route for h in message.seen.hits}
    return any(m in named and message.wanted.get(m, 0.0) >= _SURELY and feasible(m, deal) for m in turn)


def _risk(message: _Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """What the message asks the risk of, where it speaks of one purchase whose price was told: an area has no such risk."""
    if message.injected or message.told.several or "human" in meant.routes or isinstance(known.get("price"), list):
        return None
    let = bool(deal.get("rent") or deal.get("nightly") or known.get("monthly_rent"))
    if "price_prediction" in meant.routes and not let:
        return None  # "proyécteme el valor, con un escenario bueno y uno malo" is of the price alone
    priced = bool(deal.get("price")) or known.get("price") is not None
    return asked_risk(message.tokens, [amount.first for amount in message.plain]) if priced else None


def _of_one(message: _Message, meant: intent.Intent, deal: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether a comparison is of one property with itself: "deme la bruta y la neta, ambas sobre 240"."""
    places = {p.name for p in message.about if p.level in ("city", "neighbourhood", "other")}
    several = len(places) > 1 or isinstance(known.get("city"), list) or len(set(message.said.types_at.values())) > 1
    return "comparison" in meant.routes and bool(deal.get("turn")) and not several and len(message.told.records) < 2


def _converts(message: _Message) -> bool:
    """Whether an amount is asked for in another currency at a rate that the message states."""
    return asks_amount(message.tokens) and stated_exchange(message.tokens, message.plain) is not None


def _settle_figures(message: _Message, meant: intent.Intent, known: Mapping[str, Any]) -> None:
    """Roles that only the intent can tell: flows of a return, an amount to convert, what a buyer wants to spend."""
    measures = set(meant.wishes.get("measures", ()))
    money = [a for a in message.amounts if a.kind == "money"]
    if measures & {"irr", "npv"} and request.cash_flows(message.tokens, message.amounts):
        for amount in money:
            amount.role = amount.role if amount.role == "monthly_rent" else "cash_flow"
    if "fx" in measures and request.conversion_asked(message.tokens, message.amounts, known):
        money[0].role = "to_convert"
    wants = message.said.operation == "buy"
    if meant.human_reason == "large_deal" and wants and len(money) == 1 and money[0].role in (None, "price"):
        money[0].role = "budget_max"  # "un fondo con 85 millones"
    prices = [a for a in money if a.role == "price"]
    offered = any(t.text in _OFFERING for t in message.tokens)
    if meant.routes == ("market_research",) and len(prices) == 1 and message.said.operation == "buy" and not offered:
        prices[0].role = "budget_max"
    if set(meant.routes) == {"lead_qualification"} and len(prices) == 1 and _to_spend(message, meant, prices[0]):
        prices[0].role = "budget_max"
    of_one = message.told.several or message.moved or known.get("price") or "roi" in meant.routes
    if "comparison" in meant.routes and len(prices) == 1 and not of_one:
        prices[0].role = "budget_max"  # "¿cuál sale mejor con dos millones?"


def _to_spend(message: _Message, meant: intent.Intent, price: Amount) -> bool:
    """Whether a buyer's only amount is what there is to spend: nothing says that it is asked or offered for one property."""
    reading = message.readings.get(message.amounts.index(price))
    wishes = set(meant.wishes.get("wish", ()))
    offered = wishes & {"offer", "sell"} or any(t.text in _OFFERING for t in message.tokens)
    if stretches(message.tokens, _READY):
        return True
    told = offered or (reading is not None and reading.role is not None)
    chosen = any(at and message.tokens[at - 1].text in _CHOSEN for at in message.said.types_at)
    return message.said.operation == "buy" and not (told or chosen)


def _turn_slots(
    message: _Message,
    meant: intent.Intent,
    says: set[tuple[str, str]],
    known: Mapping[str, Any],
    open_question: str | None,
) -> dict[str, Any]:
    """What this message says, as slots."""
    said, comparing = message.said, "comparison" in meant.routes
    turn = place_slots(message.about)
    permitting = open_question == "consent" and message.accepts is not None  # "yes, you can store it" is about no shop
    if said.types and not permitting:
        turn["property_type"] = said.types[0] if len(said.types) == 1 else list(said.types)
    if operation := _operation(message, meant, says):
        turn["operation"] = operation
    turn |= slots.figure_slots(message.tokens, message.amounts, comparing, said.correction_at)
    if "price_prediction" in meant.routes and "horizon_years" not in turn and (ahead := slots.years_ahead(message.tokens)):
        turn["horizon_years"] = ahead
        turn["_last"] = {"years": "horizon_years"} | turn.get("_last", {})
    turn |= slots.contact_slots(said, message.amounts)
    if said.features:
        turn["features"] = said.features
    if open_question == "consent" and message.accepts is not None:
        turn["consent"] = message.accepts
    short = 0 < len(message.tokens) <= 4 and all(t.kind == "word" for t in message.tokens)
    if open_question == "name" and "name" not in turn and short:
        turn["name"] = message.text.strip(" .!")
    turn |= exchanged(turn, known, message.refused)
    turn |= added(message.tokens, message.about, turn, known)
    if comparing or message.marks.beside:
        turn |= with_earlier(
            turn,
            known,
            message.moved or bool(said.references),
            message.marks.beside and (message.follow_up or mentions.points_back(message.tokens)),
            bool(message.marks.all),
        )
    if "neighbourhood" in turn and "city" not in turn and known.get("city"):
        turn["city"] = known["city"]
        turn.setdefault("country", known.get("country"))
    return turn


def _uncovered(message: _Message) -> tuple[str, ...]:
    outside = [p for p in message.about if not p.covered]
    names = [p.city if p.level == "neighbourhood" else p.name for p in outside]
    return tuple(dict.fromkeys(name for name in names if name))


def _operation(message: _Message, meant: intent.Intent, says: set[tuple[str, str]]) -> str | None:
    spoken = message.said.operation
    if "lead_qualification" in meant.routes:
        if ("operation", "sell") in says:
            return "rent" if spoken == "rent" else "sell"  # "quiero poner en arriendo mi apartamento"
        going_on = any(("wish", w) in says for w in ("offer", "reserve", "buy")) or any(
            t.text in _GOING_ON for t in message.tokens
        )
        if spoken != "rent" and (going_on or any(a.role == "budget_max" for a in message.amounts)):
            return "buy"
        if spoken == "sell":
            return "sell"
    sold = ("wish", "sell") in says or set(meant.routes) <= {"lead_qualification", "human", "none"}
    return spoken if spoken != "sell" or sold else None


def _unnamed(message: _Message, known: Mapping[str, Any]) -> list[Amount]:
    """The figures that are not part of an option's name ("bodega 2", "las dos"), and no sale or flow of what was bought."""
    read = zip(message.seen.amounts, message.meanings, strict=True)
    sold = {a.first for a, m in read if m.role in _OF_FLOWS} if known.get("price") else set()
    taken = message.marks.taken | sold
    return [a for a in message.amounts if not any(i in taken for i in range(a.first, a.last + 1))]


def _of_all(message: _Message) -> list[Amount]:
    """The figures that no single option has for its own."""
    return [a for a in message.amounts if message.told.owners.get(a.first) is None]


def _were_options(known: Mapping[str, Any]) -> bool:
    return any(set(FIGURES) & o.keys() for o in (known.get("_request") or {}).get("options") or ())


def _options(message: _Message, comparing: bool, fresh: bool, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records that are now set side by side: those the message told, or earlier ones that it asks about."""
    told, marks = message.told, message.marks
    if told.several:
        return told.records
    if len(told.records) < 2 or fresh or (message.moved and not told.touched and len(message.about) > 1):
        return []
    if not (_were_options(known) or marks.all or ((comparing or marks.asks) and not message.moved)):
        return []
    return told.records[-marks.all :] if marks.all else told.records


def _routes_beside(routes: tuple[str, ...], message: _Message, options: list[dict[str, Any]]) -> tuple[str, ...]:
    """Several options with figures of their own are a comparison, also where their yields or payments are asked; one thing
    with a choice of terms ("a 20 o a 30 años") is not."""
    own = [option.keys() & {"mark", "name", "city", "neighbourhood", "price", "monthly_rent"} for option in options]
    alike = all(len({str(o.get(key)) for o in options}) == 1 for key in ("mark", "name", "city", "price", "monthly_rent"))
    if alike or not all(own):
        return routes
    swallowed = {"roi", "comparison"} | ({"market_research", "price_prediction"} if message.told.several else set())
    swallowed |= {"none"} if message.marks.measured else set()
    kept = tuple(route for route in routes if route not in swallowed)
    return ("comparison", *kept) if len(kept) < len(routes) else routes


def _remembered(message: _Message, turn: Mapping[str, Any], wanted: Mapping[str, Any], fresh: bool) -> list[dict[str, Any]]:
    """The records that later messages may come back to."""
    told = message.told
    if told.several or (len(told.records) > 1 and wanted.get("options") and not fresh):
        return told.records
    names = (*FIGURES, "country", "city", "neighbourhood", "property_type", "currency")
    own = {name: turn[name] for name in names if turn.get(name) is not None}
    own |= {name: wanted[name] for name in _OF_ONE if name in wanted and own}
    if wanted.get("deal"):
        own["deal"] = {k: v for k, v in wanted["deal"].items() if k not in ("asked", "turn", "spoken")}
    return remember(told.records, own, message.marks, fresh or message.another or _elsewhere(message, own))


def _elsewhere(message: _Message, own: Mapping[str, Any]) -> bool:
    """Whether a price is told in another place than the last one, which was no slip."""
    last = message.told.records[-1] if message.told.records else {}
    moved = last.get("city") and own.get("city") and last["city"] != own["city"]
    return bool(moved and last.get("price") and own.get("price")) and message.said.correction_at is None


def _is_fresh(message: _Message, meant: intent.Intent, turn: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the message is about another property than the one spoken of: a whole new question, type and place."""
    continues = message.follow_up or message.said.correction_at is not None or "comparison" in meant.routes
    placed = "city" in turn or "neighbourhood" in turn
    return bool(meant.own_cue and not continues and message.said.types and placed and "property_type" in known)


def _asides(message: _Message) -> dict[str, Any]:
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


def _small_talk(message: _Message, meant: intent.Intent) -> str | None:
    rest = [t for t in message.tokens if t.kind == "word" and len(t.text) > 3]
    return "injection_only" if message.injected and meant.routes == ("none",) and not rest else meant.small_talk


def _quantity(amount: Amount, text: str) -> Quantity:
    kind = "rate" if amount.role == "rate_pct" else amount.kind
    value = float(amount.unit.lstrip("+") or 0) if amount.kind == "phone" else amount.value
    return Quantity(
        value, kind, amount.currency, amount.role, amount.start, amount.end, text[amount.start : amount.end]
    )
