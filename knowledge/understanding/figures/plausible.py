"""What the other figures and the plain words around it make of a meaning that the trained reader gave to a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.contexts import contexts, period_of, years_of
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token

#: A rent is no larger than so many times another; smaller figures may stand in thousands or millions.
_MOST_RENTS, _LEAST_BARE = 40.0, 100.0
#: Months of rent that a price comes to, at least and at most, where the one follows the other.
_MONTHS, _MOST_MONTHS = 80.0, 600.0
#: Kinds of figure of which a property has one, and the words of one that goes from so much to so much.
_ONE = frozenset({"price", "rent", "netrent", "value", "loan", "instalment", "own", "sale", "savings"})
_SAVED = words("saved")
_FROM, _TO, _MOVES, _MOVES_BEFORE = words("goes_from"), words("goes_to"), tuple(words("moves")), 6
#: How far (in tokens) a name stands from its figure, before and after.
_NAME_BEFORE, _NAME_AFTER = 5, 5
#: From this probability on a cost whose period is not said is a month's beside a month's rent.
_PERHAPS = 0.2
#: Costs that are a year's, and what stands between the figures of a list.
_YEARLY = words("yearly_costs")
#: What costs of a purchase may be taken for.
_PAID = frozenset({"cost", "works", "own"})
_AND = frozenset({"y", "e", "and"})
#: A month's or a year's rent, and more of its price in percent than any property costs a year.
_RENTS = frozenset({"rent/month", "rent/year", "netrent/month", "netrent/year"})
_MOST_OF_PRICE = 6.0
#: Measures that costs come off, how many months' rents costs are a year's from, and a night above any hotel's, in any currency
#: but pesos of Colombia.
_NET, _YEARS_COST, _DEAREST_NIGHT = frozenset({"net_yield", "cap_rate", "noi", "cash_flow_year"}), 0.6, 20_000.0
#: Fewer months let than these are those that stand empty.
_FEWEST_LET, _LET = 7, tuple(words("let_stems"))
_MOST_UNITS, _UNITS = 99, frozenset({"units", "unidades"})
_DEFINITE, _BOUGHT, _WORTH = words("definite"), tuple(words("bought_stems")), tuple(words("worth_stems"))
_PLAIN, _NIGHT = words("plain_costs"), words("nights") | words("each_night")
_MONTHLY, _ANNUAL = words("months"), words("years")
_PERIODIC = frozenset({"rent", "netrent", "cost", "room"})
_JOINTS = frozenset({"al", "a", "por", "per", "cada", "each", "every", "the"})
_CURRENCIES = frozenset(lexicon().currency) | words("pesos") | {"€", "$"}


def plausible(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's rent that is many times another one is a price, whatever its words, and what follows a price and is a hundredth
    of it is its rent."""
    rents = [t.value for t in past.told if t.role == "rent/month"]
    rents += [a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.label == "rent/month"]
    found: list[Meaning] = []
    price = 0.0
    meanings = _worth_now(seen, _spoken_of(seen, _alike(seen, meanings), past))
    meanings = _sized(seen, _named(seen, meanings), past)
    meanings = _own_money(seen, _that_hold(seen, meanings, past), past)
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


def rows(tokens: Sequence[Token], amounts: Sequence[Amount]) -> Iterator[tuple[int, int]]:
    """(first, end) of figures that follow each other with nothing but commas or "and" between: "1.6, 2.05 y 2.3 millones"."""
    start = 0
    for at in range(1, len(amounts) + 1):
        if at < len(amounts) and not tokens[amounts[at].first].opens:
            between = tokens[amounts[at - 1].last + 1 : amounts[at].first]
            if len(between) <= 1 and all(t.text in _AND for t in between):
                continue
        if at - start > 1:
            yield start, at
        start = at


def _alike(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """In a row of three or more the odd one out is what the others are."""
    found = list(meanings)
    for start, end in rows(seen.tokens, seen.amounts):
        label, times = Counter(m.label for m in meanings[start:end]).most_common(1)[0]
        if end - start > 2 and times == end - start - 1 and label != NOTHING:
            found[start:end] = [m if m.label == label else m.instead(label, m.probability) for m in meanings[start:end]]
    return found


def _spoken_of(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A figure that was told comes back with an article before it, and tells nothing new: "qué porcentaje es sobre los 410"."""
    told = [t.value for t in past.told]
    found = []
    for amount, meaning in zip(seen.amounts, meanings, strict=True):
        before = seen.tokens[amount.first - 1] if amount.first and not seen.tokens[amount.first].opens else None
        again = any(abs(amount.value * size - value) <= 1e-6 * value for value in told for size in (1.0, 1e3, 1e6))
        if again and before is not None and before.text in _DEFINITE and amount.kind in ("money", "other"):
            meaning = meaning.instead(NOTHING, meaning.probability)
        found.append(meaning)
        told.append(amount.value)
    return found


def _worth_now(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "compré en 1.9 mdp, ya entregaron y vale 2.42": of two prices of one property the later is what it is worth."""
    prices = [n for n, m in enumerate(meanings) if m.role == "price"]
    found = list(meanings)
    if len(prices) == 2 and not seen.compares and not seen.marks:
        start, amount = seen.amounts[prices[0]].first, seen.amounts[prices[1]]
        bought = any(t.text.startswith(_BOUGHT) for t in seen.tokens[max(0, start - _NAME_BEFORE) : start])
        worth = any(t.text.startswith(_WORTH) for t in seen.tokens[max(0, amount.first - 2) : amount.first])
        if bought and worth:
            found[prices[1]] = found[prices[1]].instead("value", found[prices[1]].probability)
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


def _sized(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's costs that eat up the month's rent are a year's, and a share of the price that no year costs is one of the
    rent."""
    told = [(t.role, t.value) for t in past.told]
    told += [(m.label, a.value) for a, m in zip(seen.amounts, meanings, strict=True)]
    rent = max((v / (12 if label.endswith("/year") else 1) for label, v in told if label in _RENTS and v >= _LEAST_BARE),
               default=0.0)
    let = rent > 0 or any(label in ("night", "room/month") for label, _ in told)
    priced = any(label == "price" for label, _ in told) and not any(m.label == "price" for m in meanings)
    monthly = any(t.text in _MONTHLY for t in seen.tokens)
    yearly = not monthly and any(m.label in ("rent/year", "netrent/year") for m in meanings)
    asked = any(h.cue.route in _NET for h in seen.hits) or bool(_NET & {*seen.known.get("asked", ())})
    found = []
    for amount, meaning in zip(seen.amounts, meanings, strict=True):
        if meaning.role == "once" and rent and priced and asked and _just_costs(seen, amount):
            meaning = meaning.instead("cost/year" if amount.value >= _YEARS_COST * rent else "cost/month", meaning.probability)
        if meaning.label == "night" and amount.value >= _DEAREST_NIGHT and _likely(meaning, "price") and not _of_a_night(seen):
            meaning = meaning.instead("price", meaning.probability)
        if meaning.label == "cost/month" and rent and amount.value >= rent and _bare_period(seen, amount):
            meaning = meaning.instead("cost/year", meaning.probability)
        elif meaning.role == "cost_of_price" and let and amount.value > _MOST_OF_PRICE:
            meaning = meaning.instead("cost_of_rent", meaning.probability)
        if amount.kind == "months" and rent and meaning.role == NOTHING and _lets(seen, amount):
            meaning = meaning.instead("vacant_months", meaning.probability)
        if yearly and meaning.label == "cost/month":
            # "grosses 61,000 a year, 9,400 utilities, 1,150 insurance"
            meaning = meaning.instead("cost/year", meaning.probability)
        said_of = _period_behind(seen, amount)
        if said_of and meaning.period not in (None, said_of) and meaning.role in _PERIODIC:
            meaning = meaning.instead(f"{meaning.role}/{said_of}", meaning.probability)
        found.append(meaning)
    return found


def _period_behind(seen: Seen, amount: Amount) -> str | None:
    """ "800 mil mes", "35 al mes", "1,200 a year": the period that is said right behind a figure."""
    after = seen.tokens[amount.last + 1 : amount.last + 4]
    end = next((n for n, t in enumerate(after) if t.opens or t.comma), len(after))
    words_after = [t.text for t in after[:end] if t.text not in _CURRENCIES]
    if words_after and words_after[0] in _JOINTS:
        words_after = words_after[1:]
    first = words_after[0] if words_after else ""
    return "month" if first in _MONTHLY else "year" if first in _ANNUAL else None


def _lets(seen: Seen, amount: Amount) -> bool:
    """ "solo lo tengo alquilado 11 meses", "let ten months of the year": months of the year that it is let."""
    near = seen.tokens[max(0, amount.first - _NAME_BEFORE) : amount.last + 1 + _NAME_AFTER]
    return _FEWEST_LET <= amount.value < 12 and any(t.text.startswith(_LET) for t in near)


def _just_costs(seen: Seen, amount: Amount) -> bool:
    """ "gastos 120 mil, ¿neto?", "ponle que los gastos suben a 145": costs and nothing else, which is none of a purchase."""
    near = seen.tokens[max(0, amount.first - _NAME_BEFORE) : amount.first]
    start = max((n for n, t in enumerate(near) if t.opens or t.comma), default=0)
    named = [t.text for t in near[start:] if t.text in _PLAIN]
    after = seen.tokens[amount.last + 1 : amount.last + 1 + _NAME_AFTER]
    return bool(named) and not said((*near, *after), "costs_of_purchase")


def _likely(meaning: Meaning, label: str) -> bool:
    return any(other == label and p >= _PERHAPS for other, p in meaning.others)


def _of_a_night(seen: Seen) -> bool:
    return any(t.text in _NIGHT for t in seen.tokens)


def _bare_period(seen: Seen, amount: Amount) -> bool:
    """Whether no word right behind a figure says that it is a month's."""
    after = seen.tokens[amount.last + 1 : amount.last + 4]
    return not any(t.text in _MONTHLY for t in after)


def _that_hold(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """What no longer holds is nothing: the first of "ha bajado de 249.000 a 231.000", and the figure told before of "el
    alquiler es de 790, los 760 eran del inquilino anterior"."""
    found = list(meanings)
    before = {(t.role, t.value) for t in past.told}
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        again = [n for n, other in enumerate(meanings) if n != at and other.label == meaning.label != NOTHING]
        if len(again) != 1 or seen.compares or meaning.role not in _ONE or amount.kind not in ("money", "other"):
            continue
        changed = again[0] == at + 1 and _goes_to(seen.tokens, amount, seen.amounts[at + 1])
        corrected = (meaning.label, amount.value) in before and (meaning.label, seen.amounts[again[0]].value) not in before
        if changed or corrected:
            found[at] = meaning.instead(NOTHING, meaning.probability)
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


def _goes_to(tokens: Sequence[Token], amount: Amount, following: Amount) -> bool:
    """Whether a figure goes from one to the following: "de 249.000 a 231.000", "from 310k down to 285k"."""
    opened = amount.first and tokens[amount.first - 1].text in _FROM
    between = [t.text for t in tokens[amount.last + 1 : following.first]]
    moves = {t.text for t in tokens[max(0, amount.first - _MOVES_BEFORE) : amount.first]}
    return bool(opened and between and len(between) <= 2 and between[-1] in _TO and any(m.startswith(_MOVES) for m in moves))


def _counts(seen: Seen, amount: Amount) -> bool:
    """ "10 departamentos rentados a 6,500": how many there are."""
    following = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
    bare = amount.kind == "other" and amount.literal and not amount.scaled and 2 <= amount.value <= _MOST_UNITS
    units = following is not None and not following.opens and not following.comma and following.text.endswith("s")
    return bool(bare and units and following is not None and ("type" in following.classes or following.text in _UNITS))


def _too_much(rent: float, others: Sequence[float]) -> bool:
    return any(_LEAST_BARE <= other <= rent / _MOST_RENTS for other in others)
