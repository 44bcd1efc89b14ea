"""From cues to routes: what the message wants, how surely, and why a person would be needed.

Each route's score is the sum of its cues' weights. The rest is absorption: a comparison swallows the yield it is
measured by unless the message brings its own figures for one, a search is not also "market statistics", and so on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.understanding.cues import Cue, Hit, cue_book
from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import Token

SPECIALISTS = ("market_research", "price_prediction", "roi", "lead_qualification", "comparison")
#: Least score for a route alone, and for one among several.
ALONE, AMONG = 2.0, 2.5
#: Least sum of weak evidence that names a route where no cue does.
LIKELY = 1.5
#: Highest confidence where no cue names the route.
WEAK_CONFIDENCE = 0.55
HUMAN_SURE, HUMAN_LIKELY = 4.5, 2.5
#: Confidence where a message only puts a value right, and the longest that does no more.
SURE_OF_CORRECTION, LONGEST_CORRECTION = 0.8, 25
_CONNECTORS = words("connectors")
_WHEN = words("when")
_SEARCH = frozenset({"search", "demand", "rules"})
#: Open questions that a "yes" answers: an offered person, and contact data to be stored. "Listo, gracias" names no city.
A_PERSON = frozenset({"human", "person", "case", "adviser"})
_YES_OR_NO = A_PERSON | {"consent"}
#: Reasons for a person that a general question may speak of without having them.
_GENERAL = frozenset({"fraud_or_money", "legal_tax_advice"})


@dataclass(slots=True)
class Context:
    """What the message holds, as far as routes depend on it. `told`: options that it seems to tell figures of; `returns`,
    `budgets`: figures of a return and of what one wants to spend; `measured`: how likely it asks for a measure of a return, in
    thirds; `correcting`: it does no more than put a value right, and so goes on with the routes before (`decide` sets it)."""

    places: int
    types: int
    amounts: int
    areas: int
    sought: bool
    prices: int
    rents: int
    rent_start: int
    loan_start: int
    loan: bool
    budget: bool
    contact: bool
    term: bool
    target_yield: bool
    asked_term: tuple[str, str] | None
    listed: int
    plural: bool
    question: bool
    options: bool
    references: bool
    features: bool
    follow_up: bool
    correction: bool
    accepts: bool | None
    open_question: str | None
    shown: bool
    area_asked: bool
    own: bool
    told: int = 0
    returns: int = 0
    budgets: int = 0
    measured: int = 0
    correcting: bool = False


@dataclass(slots=True)
class Intent:
    """Routes with their scores; `wishes` are the finer things the cues said (`measures`, `market`, `wish`, …).

    `probabilities` are the classifier's, by route; empty where the grammar decided alone.
    """

    routes: tuple[str, ...]
    scores: dict[str, float]
    confidence: float
    human_reason: str | None
    small_talk: str | None
    wishes: dict[str, list[str]] = field(default_factory=dict)
    own_cue: bool = False
    probabilities: dict[str, float] = field(default_factory=dict)


def score(tokens: list[Token], context: Context) -> tuple[list[Hit], dict[str, float]]:
    """Cue hits and what they add up to by route; what a longer cue swallows counts for nothing."""
    hits = _fitting(cue_book().hits(tokens), context)
    hits += _structure(tokens, context, rent_asked=any(("market", "rent_value") in h.cue.says for h in hits))
    longer = [h for h in hits if h.cue.group < 0]
    kept = [h for h in hits if h.cue.group >= 0 or not any(_swallows(other, h) for other in longer)]
    scores: dict[str, float] = {}
    counted: dict[int, int] = {}
    for hit in kept:
        cue = hit.cue
        if cue.group >= 0:
            counted[cue.group] = counted.get(cue.group, 0) + 1
            if counted[cue.group] > cue.most:
                continue
        scores[cue.route] = scores.get(cue.route, 0.0) + cue.weight
    return kept, scores


def _fitting(hits: list[Hit], context: Context) -> list[Hit]:
    """Without the hits that what is known rules out: an item or an order where nothing is listed, the bank's rate where
    the writer gives a loan, the money to get back where a return is asked."""
    said = {pair for h in hits for pair in h.cue.says}
    figures = context.prices or context.loan or context.rents or context.areas
    comparing = context.listed > 1 or (context.options and not context.shown)
    listing = context.shown or context.plural or (context.types and context.places)
    ordering = listing and not comparing and not context.area_asked
    wants_a_return = context.target_yield or context.prices or context.loan
    rents = [h for h in hits if ("market", "rent_value") in h.cue.says and not wants_a_return]
    general = ("general", "asked") in said and not context.own
    orders = [h for h in hits if ordering and "order" in dict(h.cue.says)]

    def fits(hit: Hit) -> bool:
        says = dict(hit.cue.says)
        if says.get("price") == "fairness":  # "¿cuál es la más barata?" is no doubt about a price
            return not any(hit.start <= o.start and o.end <= hit.end for o in orders)
        if says.get("market") == "rent_value":
            return hit in rents
        if rents and (says.get("price") or says.get("wish") == "let"):
            return False  # "¿en cuánto puedo arrendar mi apto?" asks for a figure, of a rent
        if says.get("market") == "detail":
            return context.shown and not context.places and not context.plural and not context.amounts
        if "order" in says:
            return hit in orders
        if says.get("small") == "trust":  # "¿qué tan seguro es Getsemaní?" is about the place
            return not context.places
        if says.get("market") == "mortgage_rate":
            return not figures
        if "human" in says and general and says["human"] in _GENERAL:
            return False
        if says.get("human") == "fraud_or_money" or says.get("wish") == "contact":
            paying = ("measures", "payback_years") in said and hit.cue.route == "human"
            return not paying and not (hit.cue.route != "human" and ("refuses", "contact") in said)
        return True

    return [h for h in hits if fits(h)]


def _swallows(other: Hit, hit: Hit) -> bool:
    """Market words inside a longer cue of another wish ("la oferta" in "pásele la oferta al dueño") are not their own; a
    price inside a longer market cue ("precio" in "precio medio") neither."""
    wider = other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start
    if hit.cue.route == "market_research":
        return wider and other.cue.route in ("price_prediction", "lead_qualification")
    return wider and (hit.cue.route, other.cue.route) == ("price_prediction", "market_research")


def _structure(tokens: list[Token], context: Context, *, rent_asked: bool) -> list[Hit]:
    """What the figures alone say: a price with a rent asks for a yield, a loan with its term for the instalment."""
    found: list[Hit] = []

    def add(route: str, weight: float, number: int, start: int = 0, **says: str) -> None:
        at = next((i for i, t in enumerate(tokens) if t.start >= start), 0) if start else 0
        found.append(Hit(Cue(-number, route, weight, tuple(says.items())), at, at))

    if context.prices == 1 and context.rents == 1:
        add("roi", 2.5, 1, context.rent_start)
    elif context.rents == 1 and not context.plural and not context.budget:
        add("roi", 1.5, 7, context.rent_start)
    if context.loan and context.term:
        add("roi", 3.0, 2, context.loan_start, measures="monthly_payment")
    if context.places and any("types" in t.classes for t in tokens[:2]):
        add("market_research", 2.5, 8, market="search")
    if context.asked_term:
        add(context.asked_term[1], 9.0, 11)
    if context.target_yield:
        add("roi", 3.0, 10)
    if context.prices > 1 and context.rents > 1:
        add("comparison", 3.5, 3)
    if context.listed > 2 and not any("types" in t.classes for t in tokens):
        add("comparison", 2.5, 4)
    if context.sought and not (context.rents or context.loan or rent_asked):
        # "de 2 habitaciones o más", "en arriendo": no home of one's own to value
        add("market_research", 1.5, 9, market="search")
    elif context.areas and context.types and not context.plural and not (context.rents or context.loan or context.budget):
        add("price_prediction", 1.5, 5, price="value")
    if (
        context.prices == 1
        and context.types
        and not context.plural
        and context.question
        and not (context.rents or context.loan)
    ):
        add("price_prediction", 1.2, 6, price="fairness")
    return found


def strong(hit: Hit) -> bool:
    """Whether a cue can bring a route in by itself."""
    return hit.cue.group < 0 and hit.cue.weight >= ALONE


def _wishes(hits: Sequence[Hit]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for hit in sorted((h for h in hits if h.cue.group < 0), key=lambda h: h.start):
        for key, value in hit.cue.says:
            if value not in found.setdefault(key, []):
                found[key].append(value)
    return found


def _joined_later(tokens: list[Token], anchor: Sequence[Hit], hits: Sequence[Hit]) -> bool:
    """Whether one of `hits` stands in another clause than all of `anchor`, after a connector or a new sentence."""
    for hit in hits:
        for other in anchor:
            low, high = sorted((other, hit), key=lambda h: h.start)
            if low.end > high.start:
                break
            middle = tokens[low.end : high.start + 1]
            if not any(t.opens or t.comma or t.text in _CONNECTORS for t in middle):
                break
        else:
            return True
    return False


def _human(hits: Sequence[Hit], scores: Mapping[str, float], context: Context) -> str | None:
    mine = [h for h in hits if h.cue.route == "human"]
    if not mine:
        return None
    total = scores.get("human", 0.0)
    by_reason: dict[str, float] = {}
    for hit in mine:
        named = dict(hit.cue.says).get("human", "asked_person")
        by_reason[named] = by_reason.get(named, 0.0) + hit.cue.weight
    best = max(mine, key=lambda h: h.cue.weight)
    reason = (
        dict(best.cue.says).get("human", "asked_person") if strong(best) else max(by_reason, key=lambda r: by_reason[r])
    )
    others = max((scores.get(r, 0.0) for r in SPECIALISTS), default=0.0)
    if reason == "asked_adviser":
        wants_to_go_on = context.budget or context.contact or (context.places and context.types) or others >= 3
        return None if wants_to_go_on else "asked_person"
    if best.cue.weight >= HUMAN_SURE:
        return reason
    return reason if total >= HUMAN_LIKELY and total > others else None


class _Choice:
    """Routes in play, and the rules by which one absorbs another."""

    def __init__(self, scores: Mapping[str, float], hits: Sequence[Hit], tokens: list[Token], context: Context) -> None:
        self.tokens, self.context = tokens, context
        self.hits = {r: [h for h in hits if h.cue.route == r and h.cue.group < 0] for r in SPECIALISTS}
        backed = {h.cue.route for h in hits if strong(h)}
        self.kept = {r: s for r in SPECIALISTS if (s := scores.get(r, 0.0)) >= ALONE and r in backed}
        if not self.kept:
            best = max(SPECIALISTS, key=lambda r: scores.get(r, 0.0))
            self.kept = {best: scores[best]} if scores.get(best, 0.0) >= LIKELY else {}
        self.searches = [
            h
            for h in self.hits["market_research"]
            if h.cue.weight >= AMONG and dict(h.cue.says).get("market") in _SEARCH
        ]
        self.clear_searches = [h for h in self.searches if h.cue.weight >= 3]

    def apart(self, route: str, others: Sequence[Hit]) -> bool:
        """Whether `others` stand in another clause than the route's cues."""
        anchor = [h for h in self.hits[route] if h.cue.weight >= ALONE]
        return _joined_later(self.tokens, anchor, others)

    def drop(self, route: str) -> None:
        self.kept.pop(route, None)

    def routes(self) -> list[str]:
        """The routes that take part, strongest first."""
        leads = [h for h in self.hits["lead_qualification"] if strong(h)]
        if len(self.kept) > 1 and all(("refuses", "contact") in h.cue.says for h in leads):
            self.drop("lead_qualification")  # "no quiero que me llamen, solo ver pisos": the rest is the question
        self._doubtful_comparison()
        if "comparison" in self.kept:
            self._comparison()
        if "market_research" in self.kept:
            self._market()
        if "price_prediction" in self.kept and "roi" in self.kept:
            self._price_or_return()
        if "lead_qualification" in self.kept and len(self.kept) > 1:
            self._lead()
        if len(self.kept) > 1:
            self.kept = {r: s for r, s in self.kept.items() if s >= AMONG} or self.kept
        return sorted(self.kept, key=lambda r: -self.kept[r])

    def _doubtful_comparison(self) -> None:
        """ "in A or B" may be a search in both; without options there is nothing to compare."""
        context, score = self.context, self.kept.get("comparison")
        if score is None:
            return
        search_in_both = context.plural and not context.question and context.places > 1
        only_or = all(dict(h.cue.says).get("weak") == "or" for h in self.hits["comparison"])
        if only_or and (self.searches or search_in_both or max(self.kept.values()) > score + 1):
            self.drop("comparison")
        options = context.options or context.references or context.follow_up or context.prices > 1
        if not options and (score < 4 or len(self.kept) > 1):
            self.drop("comparison")

    def _comparison(self) -> None:
        """A comparison takes its yield, prices and areas with it, unless another clause asks for more."""
        context = self.context
        own_figures = context.prices < 2 and ((context.prices and context.rents == 1) or context.loan)
        if not own_figures:
            self.drop("roi")
        if not self.apart("comparison", self.clear_searches):
            self.drop("market_research")
        if not self.apart("comparison", self.hits["price_prediction"]):
            self.drop("price_prediction")
        if self.kept.get("lead_qualification", 3.0) < 3:
            self.drop("lead_qualification")

    def _market(self) -> None:
        """Market words beside another wish are its setting, unless they search in a clause of their own."""
        for rival in ("price_prediction", "roi", "lead_qualification"):
            if self.kept.get(rival, 0.0) < AMONG:
                continue
            needed = self.clear_searches if rival == "lead_qualification" else self.searches
            if self.apart(rival, needed):
                continue
            if rival != "lead_qualification" and self.kept["market_research"] >= self.kept[rival] + 2.5:
                self.drop(rival)
                continue
            self.drop("market_research")
            return

    def _price_or_return(self) -> None:
        """Both only where both are asked; figures of a rent or a loan speak for the return."""
        figures = self.context.rents or self.context.loan
        if not figures and max((h.cue.weight for h in self.hits["roi"]), default=0.0) < 3:
            self.drop("roi")
        elif not self.apart("price_prediction", [h for h in self.hits["roi"] if h.cue.weight >= AMONG]):
            stronger = figures or self.kept["roi"] > self.kept["price_prediction"]
            self.drop("price_prediction" if stronger else "roi")

    def _lead(self) -> None:
        """ "how much could I sell it for" is a question about the price."""
        prices = self.hits["price_prediction"] if "price_prediction" in self.kept else []
        mine = [h for h in self.hits["lead_qualification"] if strong(h)]
        inside = all(any(h.start < p.end and p.start < h.end for p in prices) for h in mine)
        if self.kept["lead_qualification"] < 3 or (prices and inside):
            self.drop("lead_qualification")
        elif prices and self.context.budget and all(self._only_when(h) for h in prices if strong(h)):
            self.drop("price_prediction")

    def _only_when(self, hit: Hit) -> bool:
        """Whether a hit says no more than a time ("en los próximos 3 meses")."""
        return all(t.text in _WHEN or "years" in t.classes for t in self.tokens[hit.start : hit.end])


def _without_cue(context: Context, previous: Sequence[str]) -> tuple[tuple[str, ...], float] | None:
    """Routes of a message whose words point nowhere: those before, or what its figures suggest."""
    content = context.places or context.types or context.amounts or context.references or context.features
    inherited = tuple(r for r in previous if r in SPECIALISTS)
    if inherited and (
        content or context.follow_up or context.correction or context.accepts is not None or context.open_question
    ):
        return inherited, 0.6
    if context.rents and context.prices:
        return ("roi",), 0.5
    if context.contact:
        return ("lead_qualification",), 0.5
    if context.areas and context.types and not context.sought:
        return ("price_prediction",), 0.35
    if context.types or (context.places and context.amounts):
        return ("market_research",), 0.4
    if context.loan:
        return ("roi",), 0.45
    if context.places:
        return ("market_research",), 0.3
    return None


def _corrected(
    tokens: Sequence[Token], hits: Sequence[Hit], context: Context, previous: Sequence[str]
) -> tuple[str, ...]:
    """The routes before, where a message says that something was wrong, names what is right, and asks nothing else ("oops, it's
    104 not 140", "my mistake, it's Juriquilla I was after"); none otherwise."""
    inherited = tuple(r for r in previous if r in SPECIALISTS)
    value = context.places or context.types or context.amounts or context.features
    asks = any(strong(h) and h.cue.route not in inherited for h in hits)
    return inherited if context.correction and value and not asks and len(tokens) <= LONGEST_CORRECTION else ()


def _confidence(margin: float) -> float:
    """From the margin of the weakest chosen route over the best one left out: 0.35 at none, 0.87 at six, below 1."""
    return max(0.15, 0.35 + 0.6 * (1 - math.exp(-margin / 3)))


def decide(
    tokens: list[Token], hits: list[Hit], scores: dict[str, float], context: Context, previous: Sequence[str]
) -> Intent:
    """Routes, confidence, reason for a person and kind of small talk."""
    wishes = _wishes([h for h in hits if h.cue.route not in ("human", "none")])
    if context.accepts and context.open_question in A_PERSON:
        return Intent(("human",), scores, 0.95, "asked_person", None, wishes)
    reason = _human(hits, scores, context)
    if reason is not None:
        confidence = min(0.98, 0.55 + 0.08 * scores.get("human", 0.0))
        return Intent(("human",), scores, confidence, reason, None, wishes, True)
    inherited = _corrected(tokens, hits, context, previous)
    if inherited:
        context.correcting = True
        return Intent(inherited, scores, SURE_OF_CORRECTION, None, None, wishes)
    small = [h for h in hits if h.cue.route == "none"]
    kinds = [dict(h.cue.says).get("small", "") for h in small]
    top = max((scores.get(r, 0.0) for r in SPECIALISTS), default=0.0)
    content = bool(context.places or context.types or context.amounts or context.references or context.features)
    off_topic = "out_of_scope" in kinds and not context.types and top < 3.5
    idle = bool(small) and top < ALONE and not (content and not off_topic)
    about_us = bool({"capabilities", "fees", "status", "trust", "identity"} & set(kinds)) and top < ALONE and not context.types
    answering = context.open_question in _YES_OR_NO and context.accepts is not None
    if off_topic or ((idle or about_us) and not answering):
        order = ("out_of_scope", "status", "trust", "identity", "fees", "capabilities", "thanks", "goodbye", "greeting")
        kind = next((k for k in order if k in kinds), "greeting")
        return Intent(("none",), scores, min(0.95, 0.5 + 0.1 * scores.get("none", 0.0)), None, kind, wishes)
    routes = _Choice(scores, hits, tokens, context).routes()
    if routes:
        chosen = min(scores[r] for r in routes)
        rest = max((s for r, s in scores.items() if r in SPECIALISTS and r not in routes), default=0.0)
        backed = any(strong(h) for h in hits if h.cue.route in routes)
        confidence = _confidence(chosen - rest) if backed else min(WEAK_CONFIDENCE, _confidence(chosen - rest))
        return Intent(tuple(routes), scores, round(confidence, 3), None, None, wishes, True)
    fallback = _without_cue(context, previous)
    if fallback is not None:
        return Intent(fallback[0], scores, fallback[1], None, None, wishes)
    return Intent(("none",), scores, 0.5, None, "out_of_scope", wishes)
