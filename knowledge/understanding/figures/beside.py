"""What the plain words right beside a figure say of it, where the trained reader took it for something else."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.figures.surroundings import LEAST_RENT, LENDERS, PARTS, Surrounded, surroundings
from knowledge.understanding.rules.contexts import Context, period_of
from knowledge.understanding.rules.rooms import times_before
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: How far (in tokens) a list that a sum is for stands before it.
_REACH_BEFORE = 12
#: The same of what a cost is spread over: "el seguro y el IBI, repartidos por meses, se nos van otros 47".
_SPREAD_AWAY = 7
#: Costs that are a year's.
_YEARLY = words("yearly_costs")
#: What costs of a purchase may be taken for, an instalment, and the share of a year that stands empty.
_PAID = frozenset({"cost", "works", "own"})
_TAXED = frozenset({"price", "rent", "cost", "works", "own", NOTHING})
_OWED = frozenset({"affordable", "rentbudget", "rent", "cost"})
_SHARES = frozenset({NOTHING, "target", "growth", "rent_growth", "discount", "financed", "down", "rate"})
_PAID_FOR = tuple(words("paid_for_stems"))
_BOUGHT = tuple(words("bought_stems")) + tuple(words("worth_stems"))
_DEPOSITED = frozenset({NOTHING, "cost_of_price", "once_pct", "financed", "target", "selling"})
_EMPTIED = frozenset({"vacancy", "occupancy", "cost_of_price", NOTHING})
_YEARS_OF = frozenset({12, 52, 365})
_GROWING, _OF_RENTS = frozenset({"growth", "target", "discount"}), words("of_rents") | words("opens_rent")
_EMPTY, _BOUNDS = words("of_empty"), words("bounds_of_payments")
_ARTICLES, _PRICED, _WHOLE_YEAR = words("the"), frozenset({"de", "of", "at", "por", "for", "worth"}), 12
_RENTS = frozenset({"rent", "netrent"})
#: What a sum that comes in or is left may be taken for, and what a percentage is never.
_SPENT, _COMES_IN = frozenset({"cost", "once", "works", "own", "convert"}), frozenset({"cost", "convert"})
_STRETCHES = frozenset({"term", "hold"})
_OTHERS = frozenset({"other", "otro", "otra"})
#: A smaller share paid down is a whole number.
_LEAST_DOWN, _PAID_DOWN = 10.0, words("paid_down")
_DEPOSIT_OF = _PRICED | {"del"}
_RETURNED = tuple(words("returned_stems"))
_SOLD = tuple(words("sold_stems"))


def as_named(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """Each figure as its own words call it, where they name one thing only."""
    found = []
    for figure in surroundings(seen, meanings):
        label = next((said_of for read in _READINGS if (said_of := read(figure))), None)
        found.append(figure.meaning.instead(label, figure.meaning.probability) if label else figure.meaning)
    return found


def _cost(figure: Surrounded) -> str | None:
    """Dues of a building are no instalment, costs and taxes of a purchase are paid once, a cost beside a month's rent is a
    month's."""
    meaning, before, after = figure.meaning, figure.before, figure.after
    if meaning.role == "instalment" and said(before, "dues"):
        return f"cost/{meaning.period}"
    if meaning.role in _PAID | {"once", "flow"} and said(figure.beyond, "every_year") and said(before, "pays"):
        return "cost/year"  # "pago 2 millones de predial al final de cada uno de los cuatro años"
    if meaning.role in _RENTS and said(before, "costs_come_to"):
        return f"cost/{meaning.period}"
    if meaning.role == "own" and said(after, "into_works"):
        return "works"
    if meaning.role == "netrent" and said(before[-3:], "net_of"):
        return f"cost/{meaning.period}"
    if meaning.role in _PAID and (said(after, "costs_of_purchase") or said(before, "costs_of_purchase")):
        return "once"
    if meaning.role in _TAXED and figure.message.largest > figure.amount.value and said(after, "taxes_of_purchase"):
        return "once"
    spread = figure.tokens[max(figure.context.left, figure.amount.first - _SPREAD_AWAY) : figure.amount.first]
    if meaning.label == "cost/year" and said(spread, "spread_over_months"):
        return "cost/month"  # "predial mensualizado 95 mil"
    if meaning.label == "cost/year" and figure.message.monthly and period_of(figure.tokens, figure.context) is None:
        likely = meaning.perhaps("cost/month") and not {t.text for t in (*before, *after)} & _YEARLY
        return "cost/month" if likely else None
    return None


def _rent_or_price(figure: Surrounded) -> str | None:
    """ "arriendo del apto de Bucaramanga: 1.900.000", "cobro 640 de alquiler"; the amount of a property is its price: "¿a
    cuánto tendría que alquilar un local de 96.000 €?"."""
    meaning = figure.meaning
    of_a_type = len(figure.before) > 1 and figure.before[-1].text in _PRICED and bool(
        figure.before[-2].classes & {"type", "types"}
    )
    clause = figure.tokens[figure.context.left : figure.amount.first]
    bought = any(t.text.startswith(_PAID_FOR) for t in (*clause, *to_break(figure.after)))
    plain = period_of(figure.tokens, figure.context) is None and not figure.message.rents_named
    if meaning.role == "price" and said(figure.after, "collected"):
        return "rent/month"  # "de los 940 que cobro de alquiler el banco se lleva 515"
    if meaning.role == "room" and bought and plain:
        return "price"  # "cuatro trasteros, a 5.200 € cada uno me salieron"
    if meaning.role == "price" and not of_a_type and _opens_with(figure.tokens, figure.context, _OF_RENTS):
        return "rent/month"
    part = bool({t.text for t in figure.before} & PARTS - _OTHERS)
    if meaning.role == "price" and part and figure.message.least_rent > figure.amount.value >= LEAST_RENT:
        return "rent/month"  # "el piso lo tengo alquilado a 640 y la plaza, aparte, a 65"
    if meaning.label == "rent/month" and of_a_type and meaning.perhaps("price") and not said(figure.after, "rent_behind"):
        return "price"
    if meaning.label == "rent/month" and times_before(figure.tokens, figure.amount.first):
        return "room/month"
    if meaning.role == "rentbudget" and said(figure.before, "lets_for"):
        return "rent/month"
    named = meaning.role == NOTHING and meaning.perhaps("rent/month") and said(figure.after[:2], "rent_behind")
    return "rent/month" if named else None


def _instalment(figure: Surrounded) -> str | None:
    """ "la hipoteca se me va a 512 al mes", unless it is what one could pay at most."""
    clause = figure.tokens[figure.context.left : figure.amount.first]
    if figure.meaning.role in ("loan", "debt") and said(clause, "instalment_of"):
        return "instalment/month"
    taken = figure.meaning.role in _OWED and said(clause, "takes_of_loans")
    return "instalment/month" if taken and not {t.text for t in figure.before} & _BOUNDS else None


def _share(figure: Surrounded) -> str | None:
    """Where money is lent a percentage is its rate rather than growth; a share "lost to vacancy" is that, and "all 12 months"
    stand empty nowhere."""
    meaning = figure.meaning
    if figure.amount.value in _YEARS_OF and figure.amount.literal and said(figure.before[-2:], "out_of"):
        return NOTHING  # "11 months out of 12"
    if meaning.role == "vacant_months" and figure.amount.value >= _WHOLE_YEAR:
        return NOTHING
    timed = meaning.role == "target" and figure.message.repaying and said(figure.beyond, "over_years")
    if meaning.role in _GROWING and figure.message.lending and (meaning.perhaps("rate") or timed):
        return "rate"
    if meaning.role in ("growth", "rent_growth") and meaning.perhaps("target") and said(figure.before[-3:], "a_yield_of"):
        return "target"
    if figure.amount.kind == "percent" and meaning.role in _DEPOSITED and said(figure.beyond, "as_deposit"):
        return "down"
    if figure.amount.kind == "percent" and meaning.role in _SHARES | _EMPTIED and said(figure.after, "of_the_rents") and (
        said(figure.before, "paid_for_letting") or said(figure.beyond, "paid_for_letting") or said(figure.before, "takes_off")
    ):
        return "cost_of_rent"  # "el seguro de impago es un 4 % de las rentas"
    percent = meaning.role in _SHARES and figure.amount.kind == "percent"
    return "vacancy" if percent and _stands_empty(figure.before, figure.beyond) else None


def _income(figure: Surrounded) -> str | None:
    """ "ingresa 21.600 al año" is no cost, and neither is what is left: "after every cost it leaves 5,950 a year"."""
    if figure.like_a_rent and figure.meaning.role == "cost" and not figure.names_a_cost():
        return "rent/month"  # "900 mil por la casa de adelante y 650 mil por la de atrás"
    period = period_of(figure.tokens, figure.context)
    if period is None or figure.meaning.role not in _SPENT or figure.names_a_cost():
        return None
    if said(figure.before, "is_left") and not {t.text for t in figure.before} & LENDERS:
        return f"netrent/{period}"
    comes_in = figure.meaning.role in _COMES_IN and said(figure.before[-3:], "comes_in")
    return f"rent/{period}" if comes_in else None


def _money(figure: Surrounded) -> str | None:
    """ "€60,000 deposit" is own money; "se fueron 71 mil en comisiones, 48 mil de limpieza" lists costs; a price "per square
    metre" of a home whose size is told."""
    role, after = figure.meaning.role, figure.after
    if figure.amount.kind != "money":
        return None
    if role == "price" and said(to_break(after[:1]), "deposit_behind") and not {t.text for t in after[1:2]} & _DEPOSIT_OF:
        return "own"
    clause = figure.tokens[max(figure.context.left, figure.amount.first - _REACH_BEFORE) : figure.amount.first]
    if role in ("own", "flow") and figure.message.over_years and any(t.text.startswith(_RETURNED) for t in figure.before):
        return "sale"  # "con el último pago me devuelven 115k"
    if role in ("works", "once") and said(clause, "between_deposit"):
        return "own"  # "entre entrada, impuestos y reforma se me han ido 46.000"
    if role == NOTHING and figure.before_a_cost and figure.names_a_cost(joined=True):
        return f"cost/{figure.before_a_cost}"
    if role == NOTHING and figure.message.sized and said(to_break(after), "per_metre"):
        return "price"
    sold = figure.message.over_years and any(t.text.startswith(_SOLD) for t in figure.before)
    return "sale" if role == NOTHING and sold else None


def _percent(figure: Surrounded) -> str | None:
    """ "an 11% loan" is no stretch of years; a share below ten that is no whole number, with a term, is a rate: "gives me 6.5 %
    on 150k for 10 years"."""
    role, value = figure.meaning.role, figure.amount.value
    if figure.amount.kind != "percent":
        return None
    odd = role == "down" and value < _LEAST_DOWN and value != int(value) and figure.message.termed
    around = {t.text for t in (*figure.before, *figure.after)}
    deposited = said(figure.beyond, "as_deposit") or around & _PAID_DOWN
    return "rate" if role in _STRETCHES or (odd and not deposited) else None


_READINGS = (_cost, _income, _money, _percent, _rent_or_price, _instalment, _share)


def _opens_with(tokens: Sequence[Token], context: Context, names: frozenset[str]) -> bool:
    """Whether a figure's clause is its own and begins with one of these words."""
    at = context.left
    clause = tokens[at : context.first]
    if context.shared_left or any(t.text.startswith(_BOUGHT) for t in clause):
        return False
    while at < len(tokens) and tokens[at].text in _ARTICLES:
        at += 1
    return at < len(tokens) and tokens[at].text in names


def _stands_empty(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """ "5% of the gross rent lost to vacancy", "desocupación del 8 %", in the figure's own sentence."""
    return any(t.text in _EMPTY for t in (*since_break(before), *to_break(after)))
