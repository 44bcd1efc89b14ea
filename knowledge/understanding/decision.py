"""What a message wants: the grammar and the classifier over what was read, and the roles of figures that only that tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.understanding import intent, request
from knowledge.understanding.amounts import Amount
from knowledge.understanding.bounds import size_bounds
from knowledge.understanding.cues import Hit
from knowledge.understanding.features import Features, describe, words_of
from knowledge.understanding.lexicon import phrases, words
from knowledge.understanding.loose_figures import fill_figures, lend
from knowledge.understanding.message import Message
from knowledge.understanding.rules.exchange import asks_amount, stated_exchange
from knowledge.understanding.stream import LONGEST_ANSWER, build_stream, summarise
from knowledge.understanding.tokens import Token, stretches

#: (the grammar's decision, what the classifier sees, what the message holds) -> the decision that counts.
Judge = Callable[[intent.Intent, Features, intent.Context], intent.Intent]
#: What comes in once a home is bought, and figures that no other reading of their words may use.
_OF_FLOWS = frozenset({"sale", "flow"})
#: From this probability on a measure is likely asked.
_LIKELY = 0.3
#: Before a type, these point at one property: its amount is a price.
_CHOSEN = words("chosen")
_READY = phrases("credit_ready")
_OFFERING = words("offering")


@dataclass(frozen=True, slots=True)
class Decided:
    """What a message wants, what its cues say, and what both were read from."""

    meant: intent.Intent
    says: set[tuple[str, str]]
    stream: list[Token]
    context: intent.Context


def decide(
    message: Message, known: Mapping[str, Any], previous_routes: Sequence[str], open_question: str | None, judge: Judge
) -> Decided:
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
    return Decided(meant, {pair for h in hits for pair in h.cue.says}, stream, context)


def _unnamed(message: Message, known: Mapping[str, Any]) -> list[Amount]:
    """The figures that are not part of an option's name ("bodega 2", "las dos"), and no sale or flow of what was bought."""
    read = zip(message.seen.amounts, message.meanings, strict=True)
    sold = {a.first for a, m in read if m.role in _OF_FLOWS} if known.get("price") else set()
    taken = message.marks.taken | sold
    return [a for a in message.amounts if not any(i in taken for i in range(a.first, a.last + 1))]


def _converts(message: Message) -> bool:
    """Whether an amount is asked for in another currency at a rate that the message states."""
    return asks_amount(message.tokens) and stated_exchange(message.tokens, message.plain) is not None


def _settle_figures(message: Message, meant: intent.Intent, known: Mapping[str, Any]) -> None:
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


def _to_spend(message: Message, meant: intent.Intent, price: Amount) -> bool:
    """Whether a buyer's only amount is what there is to spend: nothing says that it is asked or offered for one property."""
    reading = message.readings.get(message.amounts.index(price))
    wishes = set(meant.wishes.get("wish", ()))
    offered = wishes & {"offer", "sell"} or any(t.text in _OFFERING for t in message.tokens)
    if stretches(message.tokens, _READY):
        return True
    told = offered or (reading is not None and reading.role is not None)
    chosen = any(at and message.tokens[at - 1].text in _CHOSEN for at in message.said.types_at)
    return message.said.operation == "buy" and not (told or chosen)
