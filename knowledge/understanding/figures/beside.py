"""What the plain words right beside a figure say of it, where the trained reader took it for something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import Context, contexts, period_of
from knowledge.understanding.rules.rooms import times_before
from knowledge.understanding.rules.settle import FLOWS
from knowledge.understanding.rules.vocabulary import names, said, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: How far (in tokens) a name stands from its figure, before and after.
_NAME_BEFORE, _NAME_AFTER = 5, 5
#: The same of a share of the year that stands empty: "5% of the gross rent lost to vacancy".
_EMPTY_AFTER = 8
#: The same of a list that a sum is for, before it.
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
_PAID_FOR = ("salier", "costar", "costo", "cost", "pagu", "compr", "bought", "paid")
_BOUGHT = tuple(words("bought_stems")) + tuple(words("worth_stems"))
_DEPOSITED = frozenset({NOTHING, "cost_of_price", "once_pct", "financed", "target", "selling"})
_EMPTIED = frozenset({"vacancy", "occupancy", "cost_of_price", NOTHING})
_YEARS_OF = frozenset({12, 52, 365})
_GROWING, _OF_RENTS = frozenset({"growth", "target", "discount"}), words("of_rents") | words("opens_rent")
_EMPTY, _BOUNDS = words("of_empty"), words("bounds_of_payments")
_REPAID = frozenset({"monthly_payment", "total_interest"})
_LENDERS, _LENDS = words("of_loans"), tuple(words("lends_stems"))
_ARTICLES, _PRICED, _WHOLE_YEAR = words("the"), frozenset({"de", "of", "at", "por", "for", "worth"}), 12
_RENTS = frozenset({"rent", "netrent"})
#: What names of figures call a cost, what a sum that comes in or is left may be taken for, what a percentage is never.
_NAMED_COSTS = frozenset({"cost", "once", "works", "rent_cost", "own", "instalment"})
_SPENT, _COMES_IN = frozenset({"cost", "once", "works", "own", "convert"}), frozenset({"cost", "convert"})
_STRETCHES = frozenset({"term", "hold"})
_JOINTS = frozenset({"en", "de", "of", "in", "for"})
_OF_A_SIZE, _LEAST_RENT = 3.0, 20.0
_OTHERS = frozenset({"other", "otro", "otra"})
_PARTS, _AND = words("parts"), frozenset({"y", "and"})
#: A smaller share paid down is a whole number.
_LEAST_DOWN, _PAID_DOWN = 10.0, frozenset({"down", "deposit", "enganche", "entrada", "inicial", "put", "pongo", "doy", "pie"})
_DEPOSIT_OF = _PRICED | {"del"}
_RETURNED = ("devuelv", "devolver", "regres", "reembols", "repaid", "returned", "returns")
_SOLD = ("vent", "vend", "sale", "sell", "sold", "resale")


@dataclass(frozen=True, slots=True)
class _Beside:
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
    message: _Message

    def names_a_cost(self, *, joined: bool = False) -> bool:
        """Whether a cost is named beside it; `joined`: right behind it with a preposition ("71 mil en comisiones")."""
        start = self.amount.last + 1
        if joined:
            return bool(self.after) and self.after[0].text in _JOINTS and start + 1 in self.message.costs
        before, after = since_break(self.before), to_break(self.after)
        near = range(self.amount.first - len(before), start + len(after))
        return any(at in self.message.costs for at in near)


@dataclass(frozen=True, slots=True)
class _Message:
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


def as_named(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """Each figure as its own words call it, where they name one thing only."""
    roles = {m.role for m in meanings}
    message = _Message(
        any(m.label in ("rent/month", "netrent/month") for m in meanings),
        min((a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.label == "rent/month"), default=0.0),
        any(n.role in ("rent", "net_rent") for n in names(seen.tokens)),
        max((a.value for a, m in zip(seen.amounts, meanings, strict=True) if m.role == "price"), default=0.0),
        any(t.text in _LENDERS or t.text.startswith(_LENDS) for t in seen.tokens)
        or any(h.cue.route in _REPAID for h in seen.hits),
        any(h.cue.route in _REPAID for h in seen.hits) and not seen.known.get("rate_pct"),
        "term" in roles and not {"rate", "target"} & roles,
        any(a.kind == "area" for a in seen.amounts) and not {"price", "value"} & roles,
        bool({h.cue.route for h in seen.hits} & FLOWS),
        frozenset(at for n in names(seen.tokens) if n.role in _NAMED_COSTS for at in range(n.start, n.end)),
    )
    found = []
    for at, (amount, meaning, context) in enumerate(
        zip(seen.amounts, meanings, contexts(seen.tokens, seen.amounts), strict=True)
    ):
        previous = seen.amounts[at - 1].last + 1 if at else 0
        following = seen.amounts[at + 1].first if at + 1 < len(meanings) else len(seen.tokens)
        figure = _Beside(
            amount, meaning, context, seen.tokens,
            seen.tokens[max(previous, amount.first - _NAME_BEFORE) : amount.first],
            seen.tokens[amount.last + 1 : min(following, amount.last + 1 + _NAME_AFTER)],
            seen.tokens[amount.last + 1 : min(following, amount.last + 1 + _EMPTY_AFTER)],
            meanings[at + 1].period if at + 1 < len(meanings) and meanings[at + 1].role == "cost" else None,
            bool(at) and meanings[at - 1].label in ("rent/month", "room/month") and _told_alike(seen, at - 1, at),
            message,
        )
        label = next((said_of for read in _READINGS if (said_of := read(figure))), None)
        found.append(meaning.instead(label, meaning.probability) if label else meaning)
    return found


def _cost(figure: _Beside) -> str | None:
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


def _rent_or_price(figure: _Beside) -> str | None:
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
    part = bool({t.text for t in figure.before} & _PARTS - _OTHERS)
    if meaning.role == "price" and part and figure.message.least_rent > figure.amount.value >= _LEAST_RENT:
        return "rent/month"  # "el piso lo tengo alquilado a 640 y la plaza, aparte, a 65"
    if meaning.label == "rent/month" and of_a_type and meaning.perhaps("price") and not said(figure.after, "rent_behind"):
        return "price"
    if meaning.label == "rent/month" and times_before(figure.tokens, figure.amount.first):
        return "room/month"
    if meaning.role == "rentbudget" and said(figure.before, "lets_for"):
        return "rent/month"
    named = meaning.role == NOTHING and meaning.perhaps("rent/month") and said(figure.after[:2], "rent_behind")
    return "rent/month" if named else None


def _instalment(figure: _Beside) -> str | None:
    """ "la hipoteca se me va a 512 al mes", unless it is what one could pay at most."""
    clause = figure.tokens[figure.context.left : figure.amount.first]
    if figure.meaning.role in ("loan", "debt") and said(clause, "instalment_of"):
        return "instalment/month"
    taken = figure.meaning.role in _OWED and said(clause, "takes_of_loans")
    return "instalment/month" if taken and not {t.text for t in figure.before} & _BOUNDS else None


def _share(figure: _Beside) -> str | None:
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


def _income(figure: _Beside) -> str | None:
    """ "ingresa 21.600 al año" is no cost, and neither is what is left: "after every cost it leaves 5,950 a year"."""
    if figure.like_a_rent and figure.meaning.role == "cost" and not figure.names_a_cost():
        return "rent/month"  # "900 mil por la casa de adelante y 650 mil por la de atrás"
    period = period_of(figure.tokens, figure.context)
    if period is None or figure.meaning.role not in _SPENT or figure.names_a_cost():
        return None
    if said(figure.before, "is_left") and not {t.text for t in figure.before} & _LENDERS:
        return f"netrent/{period}"
    comes_in = figure.meaning.role in _COMES_IN and said(figure.before[-3:], "comes_in")
    return f"rent/{period}" if comes_in else None


def _money(figure: _Beside) -> str | None:
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


def _percent(figure: _Beside) -> str | None:
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


def _told_alike(seen: Seen, one: int, other: int) -> bool:
    """ "900 mil por la casa de adelante y 650 mil por la de atrás", "por la de arriba 550 y por la de abajo 480": whether two
    amounts of a size are told in the same words, or of a part such as a parking space."""
    first, second = seen.amounts[one], seen.amounts[other]
    behind = [[t.text for t in to_break(seen.tokens[a.last + 1 : a.last + 3])] for a in (first, second)]
    before = [[t.text for t in since_break(seen.tokens[max(0, a.first - _NAME_BEFORE) : a.first])] for a in (first, second)]
    between = [t.text for t in seen.tokens[first.last + 1 : second.first]]
    same = len(behind[0]) == 2 and behind[0] == behind[1]
    led = any(between[n : n + 2] == before[0][m : m + 2] for n in range(len(between) - 1) for m in range(len(before[0]) - 1))
    part = same and bool({t.text for t in seen.tokens[second.last + 1 : second.last + 4]} & _PARTS)
    of_a_size = second.value / _OF_A_SIZE <= first.value <= second.value * _OF_A_SIZE
    plain = all(a.kind == "money" or (a.kind == "other" and a.value >= _LEAST_RENT) for a in (first, second))
    return plain and (part or (of_a_size and (same or (led and between[:1] != [] and between[0] in _AND))))


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
