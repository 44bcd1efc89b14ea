"""What a cost is stated for: a month, a year, once, a share of the rent; by its own words, its size and its company."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.contexts import period_word
from knowledge.understanding.rules.rooms import countable, of_each
from knowledge.understanding.rules.spans import counts_a_span
from knowledge.understanding.rules.vocabulary import names, said, words
from knowledge.understanding.tokens import since_break, to_break

#: How far (in tokens) a name stands from its figure, before and after.
_NAME_BEFORE, _NAME_AFTER = 5, 5
#: The same of the words that say in how many months a property is let.
_LET_AWAY = 8
#: Smaller amounts may stand in thousands or millions.
_LEAST_BARE = 100.0
#: A month's or a year's rent, and more of its price in percent than any property costs a year.
_RENTS = frozenset({"rent/month", "rent/year", "netrent/month", "netrent/year"})
_MOST_OF_PRICE = 6.0
#: A sum of so many months' rents is no cost but a price.
_RENTS_OF_A_PRICE = 40.0
#: Measures that costs come off, how many months' rents costs are a year's from, and a night above any hotel's, in any currency
#: but pesos of Colombia.
_NET, _YEARS_COST, _DEAREST_NIGHT = frozenset({"net_yield", "cap_rate", "noi", "cash_flow_year"}), 0.6, 20_000.0
#: Fewer months let than these are those that stand empty.
_FEWEST_LET, _LET = 7, tuple(words("let_stems"))
_PLAIN, _NIGHT = words("plain_costs"), words("nights") | words("each_night")
_MONTHLY, _ANNUAL = words("months"), words("years")
_EMPTY = words("stands_empty")
_PER = words("each_of") | {"per", "por"}
_EACH, _UNITS = words("each_of"), frozenset({"unit", "unidad", "room", "habitacion", "cuarto", "uno", "una", "one"})
_MONTHS_OF = words("months_of") - {"mes", "month"}
_LABELS = frozenset({"rent", "net_rent", "price"})
_LETS = frozenset({"rent/month", "rent/year", "cost/month"})
#: What no stretch of time is.
_PAID = frozenset({"rent", "netrent", "cost", "price", "once", "works", "flow", "instalment", "own", "loan"})
_PERIODIC = frozenset({"rent", "netrent", "cost", "room"})
_JOINTS = frozenset({"al", "a", "por", "per", "cada", "each", "every", "the"})
_CURRENCIES = frozenset(lexicon().currency) | words("pesos")


def of_their_period(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's costs that eat up the month's rent are a year's, and a share of the price that no year costs is one of the
    rent."""
    told = [(t.role, t.value) for t in past.told]
    told += [(m.label, a.value) for a, m in zip(seen.amounts, meanings, strict=True)]
    rent = max((v / (12 if label.endswith("/year") else 1) for label, v in told if label in _RENTS and v >= _LEAST_BARE),
               default=0.0)
    nightly, nights = (next((v for label, v in told if label == name), 0.0) for name in ("night", "nights"))
    units = seen.known.get("rooms") or countable(seen.tokens).get("rooms", 1)
    each = max((v for label, v in told if label == "room/month" and v >= _LEAST_BARE), default=0.0)
    rent = max(rent, nightly * nights / 12, units * each)
    let = rent > 0 or any(label in ("night", "room/month") for label, _ in told)
    priced = any(label == "price" for label, _ in told) and not any(m.label == "price" for m in meanings)
    monthly = any(t.text in _MONTHLY for t in seen.tokens)
    all_monthly = bool(said(seen.tokens, "all_monthly"))
    yearly = not monthly and any(m.label in ("rent/year", "netrent/year") for m in meanings)
    asked = bool(_NET & seen.asked)
    sought = any(h.cue.route == "break_even_rent" for h in seen.hits)
    owed = max((v for label, v in told if label in ("loan", "price")), default=0.0)
    found = []
    for amount, meaning in zip(seen.amounts, meanings, strict=True):
        if meaning.role == "once" and rent and priced and asked and _just_costs(seen, amount):
            meaning = meaning.instead("cost/year" if amount.value >= _YEARS_COST * rent else "cost/month", meaning.probability)
        if meaning.label == "night" and amount.value >= _DEAREST_NIGHT and meaning.perhaps("price") and not _of_a_night(seen):
            meaning = meaning.instead("price", meaning.probability)
        if meaning.role == "cost" and rent and not priced and amount.value >= _RENTS_OF_A_PRICE * rent and not any(
            m.role in ("price", "value") for m in meanings
        ):
            meaning = meaning.instead("price", meaning.probability)  # "se valoró en 210.000 y se nos van 2.360 cada año"
        if meaning.role == "affordable" and owed and amount.value > owed:
            meaning = meaning.instead("budget", meaning.probability)  # "que no pasen de 130.000, y qué pagaría por 80.000"
        if meaning.label == "cost/night" and nightly and amount.value > nightly:
            meaning = meaning.instead("cost/year", meaning.probability)
        if meaning.label == "cost/month" and rent and amount.value >= rent and _bare_period(seen, amount):
            meaning = meaning.instead("cost/year", meaning.probability)
        elif meaning.role == "cost_of_price" and let and amount.value > _MOST_OF_PRICE:
            meaning = meaning.instead("cost_of_rent", meaning.probability)
        paid = amount.kind == "months" and meaning.role in _PAID
        if paid or counts_a_span(seen.tokens, amount):
            meaning = meaning.instead(NOTHING, meaning.probability)
        elif amount.kind == "months" and meaning.role == NOTHING and _idle(seen, amount):
            meaning = meaning.instead("vacant_months", meaning.probability)
        elif amount.kind == "months" and (rent or sought) and meaning.role == NOTHING and _lets(seen, amount):
            meaning = meaning.instead("vacant_months", meaning.probability)
        if yearly and meaning.label == "cost/month":
            # "grosses 61,000 a year, 9,400 utilities, 1,150 insurance"
            meaning = meaning.instead("cost/year", meaning.probability)
        if meaning.label in _LETS and (meaning.role == "rent" or not rent) and (
            _of_each(seen, amount, meaning.role == "rent")
        ):
            meaning = meaning.instead(f"room/{meaning.period}", meaning.probability)
        if meaning.label == "cost/year" and _period_behind(seen, amount) is None and (all_monthly or _headed(seen, amount)):
            meaning = meaning.instead("cost/month", meaning.probability)  # "como 700 de predial, todo mensual"
        if meaning.label == "cost/year" and any(m.label == "rent/month" for m in meanings) and (
            said(seen.tokens[amount.last + 1 : amount.last + 3], "of_what_was_told")
        ):
            meaning = meaning.instead("cost/month", meaning.probability)  # "HOA and tax eat 190 of that"
        said_of = _period_behind(seen, amount)
        if said_of and meaning.label == "night":
            meaning = meaning.instead(f"rent/{said_of}", meaning.probability)  # "nightly rentals gross 41,000 a yr"
        if said_of and meaning.period not in (None, said_of) and meaning.role in _PERIODIC:
            meaning = meaning.instead(f"{meaning.role}/{said_of}", meaning.probability)
        found.append(meaning)
    return found


def _headed(seen: Seen, amount: Amount) -> bool:
    """ "Monthly: rent 1,150, loan 640, fees 95": whether the list that a figure stands in is headed so."""
    start = max((at for at in range(amount.first + 1) if seen.tokens[at].opens), default=0)
    end = next((at for at in range(amount.first + 1, len(seen.tokens)) if seen.tokens[at].opens), len(seen.tokens))
    colons = [at for at in range(start + 1, end) if seen.tokens[at].gap.startswith(":")]
    if len(colons) != 1 or colons[0] > amount.first or any(n.role in _LABELS for n in names(seen.tokens[start : colons[0]])):
        return False  # "Alquiler al mes: 950, IBI: 380" labels each of them
    heads = {period_word(seen.tokens, at) for at in range(start, colons[0])}
    return "month" in heads and "year" not in heads


def _period_behind(seen: Seen, amount: Amount) -> str | None:
    """ "800 mil mes", "35 al mes", "1,200 a year": the period that is said right behind a figure."""
    after = seen.tokens[amount.last + 1 : amount.last + 4]
    words_after = [t.text for t in to_break(after) if t.text not in _CURRENCIES]
    if words_after and words_after[0] in _JOINTS:
        words_after = words_after[1:]
    first = words_after[0] if words_after else ""
    return "month" if first in _MONTHLY else "year" if first in _ANNUAL else None


def _idle(seen: Seen, amount: Amount) -> bool:
    """ "un mes vacío al año", "two months empty": months that it is said right behind to stand empty."""
    return any(t.text in _EMPTY for t in to_break(seen.tokens[amount.last + 1 : amount.last + 3]))


def _lets(seen: Seen, amount: Amount) -> bool:
    """ "solo lo tengo alquilado 11 meses", "let ten months of the year": months of the year that it is let."""
    near = seen.tokens[max(0, amount.first - _LET_AWAY) : amount.last + 1 + _NAME_AFTER]
    of_the_year = bool(said(seen.tokens[amount.last + 1 : amount.last + 4], "of_the_year"))
    let = of_the_year or any(t.text.startswith(_LET) for t in near)
    return _FEWEST_LET <= amount.value < 12 and let


def _of_each(seen: Seen, amount: Amount, let: bool) -> bool:
    """ "cada depto paga 11,200", "each flat is let at 900", "6,000 per unit per month": what one of several brings; not "los
    otros tres meses a 1.450 cada uno". `let`: it is a rent."""
    behind = to_break(seen.tokens[amount.last + 1 : amount.last + 1 + _NAME_AFTER])
    before = seen.tokens[max(0, amount.first - _NAME_BEFORE - 1) : amount.first]
    before = before[max((n for n, t in enumerate(before) if t.opens), default=0) :]
    if any(t.text in _MONTHS_OF for t in before):
        return False
    if any(a.text in _PER and ("type" in b.classes or b.text in _UNITS) for a, b in pairwise(behind)):
        return True
    if any(
        one.text in _EACH and ("type" in kind.classes or kind.text in _UNITS) and not kind.opens and not kind.comma
        for one, kind in pairwise(before)
    ):
        return True
    return let and of_each(seen.tokens, amount.first, amount.last + 1)


def _just_costs(seen: Seen, amount: Amount) -> bool:
    """ "gastos 120 mil, ¿neto?", "ponle que los gastos suben a 145": costs and nothing else, which is none of a purchase."""
    near = seen.tokens[max(0, amount.first - _NAME_BEFORE) : amount.first]
    named = [t.text for t in since_break(near) if t.text in _PLAIN]
    after = seen.tokens[amount.last + 1 : amount.last + 1 + _NAME_AFTER]
    return bool(named) and not said((*near, *after), "costs_of_purchase")


def _of_a_night(seen: Seen) -> bool:
    return any(t.text in _NIGHT for t in seen.tokens)


def _bare_period(seen: Seen, amount: Amount) -> bool:
    """Whether no word right behind a figure says that it is a month's."""
    after = seen.tokens[amount.last + 1 : amount.last + 4]
    return not any(t.text in _MONTHLY for t in after)
