"""The words around each figure of a message, and what the whole message tells: what `beside` reads a figure by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import Context, contexts
from knowledge.understanding.rules.settle import FLOWS
from knowledge.understanding.rules.vocabulary import names, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: How far (in tokens) a name stands from its figure, before and after.
_NAME_BEFORE, _NAME_AFTER = 5, 5
#: The same of a share of the year that stands empty: "5% of the gross rent lost to vacancy".
_FAR_AFTER = 8
#: Measures of a loan that is repaid, and the words of one.
_REPAID = frozenset({"monthly_payment", "total_interest"})
LENDERS, _LENDS = words("of_loans"), tuple(words("lends_stems"))
#: What names of figures call a cost, and what joins a figure to its name.
_NAMED_COSTS = frozenset({"cost", "once", "works", "rent_cost", "own", "instalment"})
_JOINTS = frozenset({"en", "de", "of", "in", "for"})
#: Rents of parts told alike differ by no more than so many times; smaller figures are none.
_OF_A_SIZE, LEAST_RENT = 3.0, 20.0
PARTS, _AND = words("parts"), frozenset({"y", "and"})


@dataclass(frozen=True, slots=True)
class Surrounded:
    """A figure with the words right before it and after it, up to the next figures; `beyond` reaches further after it.
    `before_a_cost` is the period of the cost that the next figure is; `like_a_rent`: it is told in the words of the month's
    rent before it; `message` is what the whole message tells."""

    amount: Amount
    meaning: Meaning
    context: Context
    tokens: list[Token]
    before: Sequence[Token]
    after: Sequence[Token]
    beyond: Sequence[Token]
    before_a_cost: str | None
    like_a_rent: bool
    message: Message

    def names_a_cost(self, *, joined: bool = False) -> bool:
        """Whether a cost is named beside it; `joined`: right behind it with a preposition ("71 mil en comisiones")."""
        start = self.amount.last + 1
        if joined:
            return bool(self.after) and self.after[0].text in _JOINTS and start + 1 in self.message.costs
        before, after = since_break(self.before), to_break(self.after)
        near = range(self.amount.first - len(before), start + len(after))
        return any(at in self.message.costs for at in near)


@dataclass(frozen=True, slots=True)
class Message:
    """Whether a month's rent is told (`monthly`), the least of them, whether any is named, the largest price, whether money is
    lent, whether a payment is asked for whose rate is not known yet (`repaying`), a loan's term is told without a rate
    (`termed`), a floor area without a price is (`sized`), a return over years is asked (`over_years`), and which tokens
    name `costs`."""

    monthly: bool
    least_rent: float
    rents_named: bool
    largest: float
    lending: bool
    repaying: bool
    termed: bool
    sized: bool
    over_years: bool
    costs: frozenset[int]


def surroundings(seen: Seen, meanings: Sequence[Meaning]) -> Iterator[Surrounded]:
    """Each figure with what stands around it."""
    message = _message(seen, meanings)
    for at, (amount, meaning, context) in enumerate(
        zip(seen.amounts, meanings, contexts(seen.tokens, seen.amounts), strict=True)
    ):
        previous = seen.amounts[at - 1].last + 1 if at else 0
        following = seen.amounts[at + 1].first if at + 1 < len(meanings) else len(seen.tokens)
        yield Surrounded(
            amount,
            meaning,
            context,
            seen.tokens,
            seen.tokens[max(previous, amount.first - _NAME_BEFORE) : amount.first],
            seen.tokens[amount.last + 1 : min(following, amount.last + 1 + _NAME_AFTER)],
            seen.tokens[amount.last + 1 : min(following, amount.last + 1 + _FAR_AFTER)],
            meanings[at + 1].period if at + 1 < len(meanings) and meanings[at + 1].role == "cost" else None,
            bool(at) and meanings[at - 1].label in ("rent/month", "room/month") and _told_alike(seen, at - 1, at),
            message,
        )


def _message(seen: Seen, meanings: Sequence[Meaning]) -> Message:
    roles = {m.role for m in meanings}
    told = list(zip(seen.amounts, meanings, strict=True))
    named = names(seen.tokens)
    repaying = any(h.cue.route in _REPAID for h in seen.hits)
    return Message(
        monthly=any(m.label in ("rent/month", "netrent/month") for m in meanings),
        least_rent=min((a.value for a, m in told if m.label == "rent/month"), default=0.0),
        rents_named=any(n.role in ("rent", "net_rent") for n in named),
        largest=max((a.value for a, m in told if m.role == "price"), default=0.0),
        lending=repaying or any(t.text in LENDERS or t.text.startswith(_LENDS) for t in seen.tokens),
        repaying=repaying and not seen.known.get("rate_pct"),
        termed="term" in roles and not {"rate", "target"} & roles,
        sized=any(a.kind == "area" for a in seen.amounts) and not {"price", "value"} & roles,
        over_years=bool({h.cue.route for h in seen.hits} & FLOWS),
        costs=frozenset(at for n in named if n.role in _NAMED_COSTS for at in range(n.start, n.end)),
    )


def _told_alike(seen: Seen, one: int, other: int) -> bool:
    """ "900 mil por la casa de adelante y 650 mil por la de atrás", "por la de arriba 550 y por la de abajo 480": whether two
    amounts of a size are told in the same words, or of a part such as a parking space."""
    first, second = seen.amounts[one], seen.amounts[other]
    behind = [[t.text for t in to_break(seen.tokens[a.last + 1 : a.last + 3])] for a in (first, second)]
    before = [[t.text for t in since_break(seen.tokens[max(0, a.first - _NAME_BEFORE) : a.first])] for a in (first, second)]
    between = [t.text for t in seen.tokens[first.last + 1 : second.first]]
    same = len(behind[0]) == 2 and behind[0] == behind[1]
    led = any(between[n : n + 2] == before[0][m : m + 2] for n in range(len(between) - 1) for m in range(len(before[0]) - 1))
    part = same and bool({t.text for t in seen.tokens[second.last + 1 : second.last + 4]} & PARTS)
    of_a_size = second.value / _OF_A_SIZE <= first.value <= second.value * _OF_A_SIZE
    plain = all(a.kind == "money" or (a.kind == "other" and a.value >= LEAST_RENT) for a in (first, second))
    return plain and (part or (of_a_size and (same or (led and between[:1] != [] and between[0] in _AND))))
