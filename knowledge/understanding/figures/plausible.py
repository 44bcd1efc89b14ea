"""What the other figures and the plain words around it make of a meaning that the trained reader gave to a figure."""

from __future__ import annotations

from collections.abc import Sequence

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.beside import as_named
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.periods import of_their_period
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.repeats import (
    alike,
    all_in,
    in_series,
    of_others,
    on_what,
    spoken_of,
    that_hold,
    totals,
    worth_now,
)
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.figures.shared_periods import of_lists
from knowledge.understanding.figures.stretches import of_seasons, of_weeks
from knowledge.understanding.rules.contexts import Context, contexts, years_of
from knowledge.understanding.rules.settle import FLOWS
from knowledge.understanding.rules.vocabulary import names, said, words
from knowledge.understanding.slots import guess_country

#: A rent is no larger than so many times another; smaller figures may stand in thousands or millions.
_MOST_RENTS, _LEAST_BARE = 40.0, 100.0
#: Months of rent that a price comes to, at least and at most, where the one follows the other.
_MONTHS, _MOST_MONTHS = 80.0, 600.0
#: Rents of one property differ by no more than so many times, those of its rooms by less; smaller bare amounts may be
#: thousands.
_OF_A_SIZE, _OF_ROOMS, _LEAST_PRICE = 3.0, 1.5, 1_000.0
#: What own money is told by, or follows from.
_PUT_IN = frozenset({"own", "down", "financed", "loan", "rate", "once", "works"})
#: What a flow may have been taken for.
_MAY_FLOW, _SPENT = frozenset({"works", "rent", "netrent", "room", NOTHING}), tuple(words("spent_stems"))
_SAVED = words("saved")
#: No month's rent of a message without a word of rent is so large.
_LEAST_LARGE, _MONTHLY = 1e6, words("months")
#: From here on no amount in a currency is a month's rent of a home, whatever stands beside it; in one that nothing tells, where
#: it and the rent are the only two sums, and where there are more.
_NO_RENT, _SOFT, _ALONE, _AMONG = 30_000.0, {"COP": 30e6, "MXN": 300e3}, 30_000.0, 30e6
_MOST_UNITS, _UNITS = 99, frozenset({"units", "unidades"})

#: Measures over the years that a purchase is kept, and the longest message that tells nothing but other years.
_OVER_YEARS, _FEW_WORDS = FLOWS | {"levered_irr", "real_irr", "leverage_effect", "left_after_sale", "equity_multiple"}, 7
_OF_LOANS = words("of_loans")
#: A home sells for no more than so many times what it cost, and no less than that part of it.
_MOST_CHANGED = 8.0

#: How words of a tax and of a rent begin.
_TAXES, _RENTS = ("tax", "impuest", "isr", "irpf"), ("rent", "alquil", "arriend", "canon")

#: Words of another term to compare with.
_OR = frozenset({"o", "u", "or", "y", "and", "vs", "versus", "contra", "against", "frente"})


def plausible(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A month's rent that is many times another one is a price, whatever its words, and what follows a price and is a hundredth
    of it is its rent."""
    rents = [t.value for t in past.told if t.role == "rent/month"]
    rents += [a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.label == "rent/month"]
    found: list[Meaning] = []
    price = 0.0
    meanings = all_in(seen, worth_now(seen, on_what(seen, spoken_of(seen, in_series(seen, alike(seen, meanings)), past))))
    meanings = of_their_period(seen, of_lists(seen, as_named(seen, of_weeks(seen, meanings))), past)
    meanings = of_seasons(seen, _own_money(seen, that_hold(seen, meanings, past), past))
    around = contexts(seen.tokens, seen.amounts)
    meanings = _dated(seen, meanings, around)
    meanings = totals(seen, _converted(seen, meanings), past)
    flows = any(m.role == "flow" for m in meanings)
    dear = _no_rent(seen)
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
        like = None if amount.value >= dear else _like_a_rent(amount, seen.amounts, meanings)
        if meaning.label in ("price", "budget") and like and not _too_much(amount.value, rents):
            meaning = meaning.instead(like, meaning.probability)
        monthly = not _bare(amount) and any(_LEAST_BARE <= amount.value <= _OF_A_SIZE * rent for rent in rents)
        if meaning.role == "loan" and monthly:
            # "15.300 de hipoteca" beside a rent of 28.000
            meaning = meaning.instead("instalment/month", meaning.probability)
        price = amount.value if meaning.label == "price" else 0.0
        found.append(meaning)
    found = _kept_for(seen, _taxed_rent(seen, _the_only_sum(seen, found, past)))
    return of_others(seen, _by_the_room(seen, _of_the_sale(seen, found)), past)


def _of_the_sale(seen: Seen, meanings: list[Meaning]) -> list[Meaning]:
    """ "¿y al venderlo en 5 años por 300.000?" of a purchase told before: the only sum is what it sells for, the only years are
    how long it is kept; so are years alone ("¿y a 20 años?") after a return over years."""
    if not seen.known.get("price"):
        return meanings
    awaited = {"left_after_sale", "real_irr"} & {*seen.known.get("asked", ())} and not seen.known.get("hold_years")
    sold, over_years = bool(awaited) or bool(said(seen.tokens, "sells_it")), bool(_OVER_YEARS & {*seen.known.get("asked", ())})
    alone = len(seen.amounts) == 1 and len(seen.tokens) <= _FEW_WORDS and not any(t.text in _OF_LOANS for t in seen.tokens)
    roles = {}
    if sold:
        price = float(seen.known["price"])
        roles["sale"] = [n for n, a in enumerate(seen.amounts) if a.kind in ("money", "other")
                         and price / _MOST_CHANGED <= a.value <= price * _MOST_CHANGED]
    if sold or (over_years and alone):
        roles["hold"] = [n for n, a in enumerate(seen.amounts) if a.kind == "years"]
    only = {at[0]: role for role, at in roles.items() if len(at) == 1}
    return [m.instead(only[n], 1.0) if n in only and m.role != "selling" else m for n, m in enumerate(meanings)]


def _converted(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """An amount is converted only where another currency is spoken of; else it is the next likeliest."""
    foreign = len({a.currency for a in seen.amounts if a.currency} - {None}) > 1 or seen.known.get("fx") or any(
        m.role == "fx" for m in meanings
    )
    if foreign or any(h.cue.route == "converted" for h in seen.hits):
        return list(meanings)
    found = []
    for meaning in meanings:
        other = next((label for label, _ in meaning.others if label not in ("convert", NOTHING)), None)
        found.append(meaning.instead(other, meaning.probability) if meaning.role == "convert" and other else meaning)
    return found


def _dated(seen: Seen, meanings: Sequence[Meaning], around: Sequence[Context]) -> list[Meaning]:
    """Where a return over years is asked, what comes in in years that its words name is a flow: "14 millones al cierre del
    primer año", "20m at the end of years 1 and 2"."""
    if not seen.asked & FLOWS and not said(seen.tokens, "flows_told"):
        return list(meanings)
    years = [
        years_of(seen.tokens, c)
        if m.role in _MAY_FLOW and a.kind == "money" and not (m.role == NOTHING and a.value < _LEAST_PRICE)
        and not (m.role == "works" and any(t.text.startswith(_SPENT) for t in seen.tokens[c.left : c.right]))
        else ()
        for a, m, c in zip(seen.amounts, meanings, around, strict=True)
    ]
    told = sum(bool(y) for y in years) + sum(m.role == "flow" for m in meanings)
    return [
        m.instead("flow", m.probability) if y and (told > 1 or len(y) > 1) else m
        for m, y in zip(meanings, years, strict=True)
    ]


def _the_only_sum(seen: Seen, meanings: list[Meaning], past: Past) -> list[Meaning]:
    """ "edificio en Zaragoza, 12 viviendas, 1,9 millones": one large sum that nothing calls a rent is a price."""
    sums = [n for n, a in enumerate(seen.amounts) if a.kind == "money"]
    if len(sums) != 1 or past.told or meanings[sums[0]].label != "rent/month" or seen.amounts[sums[0]].value < _LEAST_LARGE:
        return meanings
    if any(n.role in ("rent", "net_rent") for n in names(seen.tokens)) or any(t.text in _MONTHLY for t in seen.tokens):
        return meanings
    return [m.instead("price", m.probability) if n in sums else m for n, m in enumerate(meanings)]


def _taxed_rent(seen: Seen, meanings: list[Meaning]) -> list[Meaning]:
    """ "how much tax do I pay on rent of 20,000 a month?": beside a tax, what is called a rent is no instalment."""
    if not any(t.text.startswith(_TAXES) for t in seen.tokens):
        return meanings
    rents = {at for at, t in enumerate(seen.tokens) if t.text.startswith(_RENTS)}
    return [
        m.instead("rent/month", m.probability) if m.label == "instalment/month" and {a.first - 1, a.first - 2} & rents else m
        for a, m in zip(seen.amounts, meanings, strict=True)
    ]


def _kept_for(seen: Seen, meanings: list[Meaning]) -> list[Meaning]:
    """ "al 3,1 % a 30 años, 10 años: ¿el peor caso?": of a purchase that is let, years told after the loan's longer term are
    how long it is kept, unless they are another term to compare."""
    terms = [at for at, m in enumerate(meanings) if m.role == "term" and seen.amounts[at].kind == "years"]
    roles = {m.role for m in meanings}
    if len(terms) != 2 or not {"price", "rent"} <= roles or "hold" in roles or "interest_saved" in seen.asked:
        return meanings
    first, second = (seen.amounts[at] for at in terms)
    between = {t.text for t in seen.tokens[first.last + 1 : second.first]}
    if first.value <= second.value or between & _OR:
        return meanings
    return [m.instead("hold", m.probability) if at == terms[1] else m for at, m in enumerate(meanings)]


def _by_the_room(seen: Seen, meanings: list[Meaning]) -> list[Meaning]:
    """ "alquilo por piezas: una a 650 mil, otra a 700 mil": where rooms are let and no price is told, rents are of one each."""
    rents = [m for m in meanings if m.label in ("rent/month", "room/month")]
    if len(rents) < 2 or any(m.role in ("price", "value") for m in meanings) or not said(seen.tokens, "by_the_room"):
        return meanings
    return [m.instead("room/month", m.probability) if m.label == "rent/month" else m for m in meanings]


def _own_money(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """Of two amounts of own money in one property without a price the larger is its price ("equity of 120k in a 300k
    building"), a price below zero among flows, or the first of them, is money put in, and "30.000 ahorrados" are savings,
    unless they are for the deposit."""
    found = list(meanings)
    priced = any(m.role in ("price", "value") for m in meanings) or any(t.role in ("price", "value") for t in past.told)
    owns = [at for at, m in enumerate(meanings) if m.role == "own"]
    if len(owns) == 2 and not priced and not seen.compares and not seen.asked & FLOWS:
        largest = max(owns, key=lambda at: seen.amounts[at].value)
        behind = seen.amounts[largest].last + 1
        if not said(seen.tokens[behind : behind + 1], "deposit_behind"):
            found[largest] = meanings[largest].instead("price", meanings[largest].probability)
    prices = [at for at, m in enumerate(meanings) if m.role == "price"]
    put_in = past.told or any(m.role in _PUT_IN for m in meanings)
    if said(seen.tokens, "cash_on_cash_by_name") and len(prices) == 1 and not put_in:
        found[prices[0]] = meanings[prices[0]].instead("own", meanings[prices[0]].probability)  # "put in 58k, rents 9,600"
    flows = any(m.role in ("flow", "sale") for m in meanings)
    paid = any(m.role == "own" for m in meanings) or priced or any(t.role == "own" for t in past.told)
    for at, (amount, meaning) in enumerate(zip(seen.amounts, found, strict=True)):
        after = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
        if amount.below and flows and (meaning.role in ("price", NOTHING) or (meaning.role == "flow" and not paid)):
            paid = True
            found[at] = meaning.instead("own", meaning.probability)
        elif meaning.role == "own" and after is not None and not after.opens and after.text in _SAVED and not (
            said(seen.tokens[amount.last + 1 : amount.last + 6], "for_the_deposit")
        ):
            found[at] = meaning.instead("savings", meaning.probability)
    return found


def _counts(seen: Seen, amount: Amount) -> bool:
    """ "10 departamentos rentados a 6,500": how many there are."""
    following = seen.tokens[amount.last + 1] if amount.last + 1 < len(seen.tokens) else None
    bare = amount.kind == "other" and amount.literal and not amount.scaled and 2 <= amount.value <= _MOST_UNITS
    units = following is not None and not following.opens and not following.comma and following.text.endswith("s")
    return bool(bare and units and following is not None and ("type" in following.classes or following.text in _UNITS))


def _no_rent(seen: Seen) -> float:
    """From what on an amount of the message is no month's rent: by the currency told, else by that of the country whose words
    it speaks."""
    sums = [a for a in seen.amounts if a.kind == "money"]
    told = next((a.currency for a in sums if a.currency), None) or CURRENCY_OF.get(guess_country(seen.tokens) or "")
    if told is None:
        return _ALONE if len(sums) == 2 else _AMONG
    return _AMONG if told == "PESO" else _SOFT.get(told, _NO_RENT)


def _like_a_rent(amount: Amount, amounts: Sequence[Amount], meanings: Sequence[Meaning]) -> str | None:
    """What the month's rents of the message are called that an amount taken for a price is of the size of: "nine flats paying
    780 each plus a shop on 1,300"."""
    if _bare(amount):
        return None
    for other, meaning in zip(amounts, meanings, strict=True):
        near = other.value / _OF_A_SIZE <= amount.value <= other.value * _OF_A_SIZE
        if meaning.label in ("rent/month", "room/month") and near and other.value >= _LEAST_BARE:
            return meaning.label if meaning.label == "rent/month" or amount.value < other.value * _OF_ROOMS else "rent/month"
    return None


def _bare(amount: Amount) -> bool:
    """Whether an amount may stand in thousands or millions."""
    return amount.value < _LEAST_PRICE and not (amount.scaled or amount.currency)


def _too_much(rent: float, others: Sequence[float]) -> bool:
    return any(_LEAST_BARE <= other <= rent / _MOST_RENTS for other in others)
