"""What a percentage of a message is: a share financed, a rate, a target, a cost of the rent or of the price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.contexts import Context, Period, scores
from knowledge.understanding.rules.figure import RENTS, SURE, Figure, label_of, noun_of
from knowledge.understanding.rules.vocabulary import Named, words
from knowledge.understanding.tokens import Token

_MONTHS, _INTERROGATIVE = words("months"), words("interrogative")
#: Before a bare number that is a percentage ("si prestan el 70"), and before one that is a term.
_SHARE_OPENERS = frozenset({"el", "un", "al", "hasta", "to", "del"})
_TERM_OPENERS = frozenset({"a", "over", "en", "to", "de"})
#: Above this a rate, or a rent over the price, is not one of a month.
_HIGHEST_MONTHLY = 3.0
_REACH = 7
_PRICE_WORDS = frozenset({"precio", "price", "valor", "value"})
_SHARES = ("financed_pct", "down_pct", "growth_pct", "vacancy_pct", "target_pct")


def is_share(
    tokens: Sequence[Token], amount: Amount, context: Context, named: Sequence[Named], known: Mapping[str, Any]
) -> bool:
    """Whether a bare number of a follow-up is a percentage: "¿y si solo me dan el 70?" after 80 % was financed."""
    if amount.kind != "other" or not amount.literal or not 0 < amount.value <= 100 or amount.unit:
        return False
    best = scores(context, tokens, named, "percent")
    if amount.first and tokens[amount.first - 1].text in _TERM_OPENERS and known.get("term_years"):
        return False  # "¿y cuánto me ahorro en intereses si lo hago a 25?"
    shares = {
        "financed": "financed_pct",
        "down": "down_pct",
        "rate": "rate_pct",
        "target": "target_pct",
        "vacancy": "vacancy_pct",
    }
    opened = tokens[amount.first - 1].text in _SHARE_OPENERS if amount.first else False
    return any(
        strength >= SURE
        and (known.get(shares.get(role, "")) or (role == "financed" and opened and amount.value >= 25))
        for role, (strength, _) in best.items()
    )


def percent_figure(
    tokens: Sequence[Token], amount: Amount, context: Context, named: Sequence[Named], known: Mapping[str, Any]
) -> Figure:
    best = scores(context, tokens, named, "percent")
    around = {t.text for t in tokens[context.left : context.right]}
    if amount.value > 40:
        best = {
            r: s for r, s in best.items() if r not in ("rate", "growth", "rent_growth", "rent_cost", "once", "target")
        }
    if amount.value < 25:
        best.pop("financed", None)
    if "down" in best and best["down"][1].start == amount.last + 1:
        best.pop("target", None)  # "they want a 30% deposit"
    monthly = amount.value <= _HIGHEST_MONTHLY and _a_month(tokens, context)
    if monthly and (around & (_PRICE_WORDS | RENTS) or "target" in best) and "financed" not in best:
        return Figure("target", amount.value, "percent", amount.first, 2.0, "month")
    if (
        "rate" in best
        and best["rate"][1].weight < 1
        and set(best) & {"growth", "rent_growth", "target", "vacancy", "discount"}
    ):
        best.pop("rate")  # "se revaloriza un 3 % anual"
    if "once" in best and "rent_cost" in best:
        of_rent = best["rent_cost"][1]
        of_rent_said = any(t.text in RENTS for t in tokens[of_rent.start : of_rent.end])
        best.pop("once" if of_rent_said else "rent_cost")
    role, (strength, name) = max(best.items(), key=lambda item: item[1][0], default=("", (0.0, None)))
    if name is not None and name.weight < 1 and known.get("rate_pct") and any(known.get(share) for share in _SHARES):
        role = ""  # "¿y con 40 %?": whichever of the known ones it is closest to
    label = label_of(tokens, name) if name is not None else ""
    if role == "rent_cost":
        label = noun_of(tokens, context, named)
    net = bool(around & {"net", "neto", "neta", "netos", "limpio", "limpios"}) and role == "target"
    period: Period | None = "month" if monthly and role in ("rate", "") else None
    return Figure(role, amount.value, "percent", amount.first, strength, period, label, net)


def _a_month(tokens: Sequence[Token], context: Context) -> bool:
    """ "1,05 % mensual", "0.8% of the price each month": a percentage of a month."""
    after = tokens[context.last + 1 : min(context.right, context.last + 7)]
    before = [t.text for t in tokens[max(context.left, context.first - _REACH) : context.first]]
    if any(rent in RENTS and month in _MONTHS for rent, month in pairwise(before)):
        return True  # "que la renta mensual sea el 0,5 % del precio"
    quoted = [t.text for t in after[:2]]
    if quoted[:1] == ["mv"] or quoted == ["m", "v"]:
        return True
    end = next((n for n, t in enumerate(after) if t.comma or t.text in _INTERROGATIVE), len(after))
    return any(t.text in _MONTHS for t in after[:end])  # "al 3 %, ¿cuánto pago al mes?" is no rate of a month
