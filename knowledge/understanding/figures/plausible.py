"""What the other figures and the plain words around it make of a meaning that the trained reader gave to a figure."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.periods import of_their_period
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.repeats import alike, spoken_of, that_hold, worth_now
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import contexts, period_of, years_of
from knowledge.understanding.rules.vocabulary import said, words

#: A rent is no larger than so many times another; smaller figures may stand in thousands or millions.
_MOST_RENTS, _LEAST_BARE = 40.0, 100.0
#: Months of rent that a price comes to, at least and at most, where the one follows the other.
_MONTHS, _MOST_MONTHS = 80.0, 600.0
_SAVED = words("saved")
#: How far (in tokens) a name stands from its figure, before and after.
_NAME_BEFORE, _NAME_AFTER = 5, 5
#: From this probability on a cost whose period is not said is a month's beside a month's rent.
_PERHAPS = 0.2
#: Costs that are a year's.
_YEARLY = words("yearly_costs")
#: What costs of a purchase may be taken for.
_PAID = frozenset({"cost", "works", "own"})
_MOST_UNITS, _UNITS = 99, frozenset({"units", "unidades"})


def plausible(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's rent that is many times another one is a price, whatever its words, and what follows a price and is a hundredth
    of it is its rent."""
    rents = [t.value for t in past.told if t.role == "rent/month"]
    rents += [a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.label == "rent/month"]
    found: list[Meaning] = []
    price = 0.0
    meanings = worth_now(seen, spoken_of(seen, alike(seen, meanings), past))
    meanings = of_their_period(seen, _named(seen, meanings), past)
    meanings = _own_money(seen, that_hold(seen, meanings, past), past)
    flows = any(m.role == "flow" for m in meanings)
    around = contexts(seen.tokens, seen.amounts)
    for amount, meaning, context in zip(seen.amounts, meanings, around, strict=True):
        if flows and meaning.role == "hold" and amount.kind == "other" and len(years_of(seen.tokens, context)) == 1:
            meaning = meaning.instead("flow", meaning.probability)  # "el segundo 7 y el tercero 8": what the third year brings
        if amount.kind == "area" or _counts(seen, amount):
            meaning = meaning.instead(NOTHING, meaning.probability)
        its_rent = amount.value >= _LEAST_BARE and price / _MOST_MONTHS <= amount.value <= price / _MONTHS
        if meaning.label == "rent/month" and not its_rent and _too_much(amount.value, rents):
            meaning = meaning.instead("price", meaning.probability)
        elif meaning.label == "price" and its_rent:
            meaning = meaning.instead("rent/month", meaning.probability)
        price = amount.value if meaning.label == "price" else 0.0
        found.append(meaning)
    return found


def _named(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """Dues of a building are no instalment, costs of a purchase are paid once, a cost beside a month's rent is a month's."""
    found = []
    monthly = any(m.label in ("rent/month", "netrent/month") for m in meanings)
    for at, (amount, meaning, context) in enumerate(
        zip(seen.amounts, meanings, contexts(seen.tokens, seen.amounts), strict=True)
    ):
        previous = seen.amounts[at - 1].last + 1 if at else 0
        following = seen.amounts[at + 1].first if at + 1 < len(meanings) else len(seen.tokens)
        before = seen.tokens[max(previous, amount.first - _NAME_BEFORE) : amount.first]
        after = seen.tokens[amount.last + 1 : min(following, amount.last + 1 + _NAME_AFTER)]
        if meaning.role == "instalment" and said(before, "dues"):
            meaning = meaning.instead(f"cost/{meaning.period}", meaning.probability)
        elif meaning.role in _PAID and (said(after, "costs_of_purchase") or said(before, "costs_of_purchase")):
            meaning = meaning.instead("once", meaning.probability)
        elif meaning.label == "cost/year" and monthly and period_of(seen.tokens, context) is None:
            likely = any(label == "cost/month" and p >= _PERHAPS for label, p in meaning.others)
            if likely and not {t.text for t in (*before, *after)} & _YEARLY:
                meaning = meaning.instead("cost/month", meaning.probability)
        found.append(meaning)
    return found


def _own_money(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """Of two amounts of own money in one property without a price the larger is its price ("equity of 120k in a 300k
    building"), a price below zero among flows, or the first of them, is money put in, and "30.000 ahorrados" are savings."""
    found = list(meanings)
    priced = any(m.role in ("price", "value") for m in meanings) or any(t.role in ("price", "value") for t in past.told)
    owns = [at for at, m in enumerate(meanings) if m.role == "own"]
    if len(owns) == 2 and not priced and not seen.compares:
        largest = max(owns, key=lambda at: seen.amounts[at].value)
        found[largest] = meanings[largest].instead("price", meanings[largest].probability)
    flows = any(m.role in ("flow", "sale") for m in meanings)
    paid = any(m.role == "own" for m in meanings) or priced or any(t.role == "own" for t in past.told)
    for at, (amount, meaning) in enumerate(zip(seen.amounts, found, strict=True)):
        after = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
        if amount.below and flows and (meaning.role == "price" or (meaning.role == "flow" and not paid)):
            paid = True
            found[at] = meaning.instead("own", meaning.probability)
        elif meaning.role == "own" and after is not None and not after.opens and after.text in _SAVED:
            found[at] = meaning.instead("savings", meaning.probability)
    return found


def _counts(seen: Seen, amount: Amount) -> bool:
    """ "10 departamentos rentados a 6,500": how many there are."""
    following = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
    bare = amount.kind == "other" and amount.literal and not amount.scaled and 2 <= amount.value <= _MOST_UNITS
    units = following is not None and not following.opens and not following.comma and following.text.endswith("s")
    return bool(bare and units and following is not None and ("type" in following.classes or following.text in _UNITS))


def _too_much(rent: float, others: Sequence[float]) -> bool:
    return any(_LEAST_BARE <= other <= rent / _MOST_RENTS for other in others)
