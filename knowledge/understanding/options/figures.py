"""What a figure is in the option where it stands, which the words around it may not say: "99.000 y 560" is a price and its
rent, "4.1" after 5.9 million is 4.1 million.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.lexicon import words
from knowledge.understanding.options.marks import vocabulary
from knowledge.understanding.tokens import Token

Record = dict[str, Any]
#: Roles of figures -> the record's entry.
ENTRIES = {
    "price": "price", "monthly_rent": "monthly_rent", "annual_rent": "annual_rent", "nightly": "nightly_rent",
    "area_m2": "area_m2", "rate_pct": "rate_pct", "term_years": "term_years", "loan_amount": "loan_amount",
    "bedrooms": "bedrooms", "down_payment_pct": "down_payment_pct", "financed_pct": "down_payment_pct",
    "vacancy_pct": "vacancy_pct", "purchase_costs": "purchase_costs",
    # what an option's return rests on besides
    "own": "own", "sale": "sale", "value": "value", "debt": "debt", "instalment": "instalment", "affordable": "affordable",
    "savings": "savings", "nights": "nights", "hold": "hold", "growth": "growth", "rent_growth": "rent_growth", "target": "target",
    "discount": "discount", "selling": "selling", "occupancy": "occupancy", "vacant": "vacant", "room_rent": "room_rent",
}
#: Meanings of the trained reader -> roles here; those that are not named are told by any number of times (`MANY`).
_MEANT = {
    "price": "price", "rent/month": "monthly_rent", "netrent/month": "monthly_rent", "rent/year": "annual_rent",
    "netrent/year": "annual_rent", "night": "nightly", "rate": "rate_pct", "term": "term_years", "loan": "loan_amount",
    "down": "down_payment_pct", "financed": "financed_pct", "vacancy": "vacancy_pct", "vacant_months": "vacant",
    "room/month": "room_rent", "instalment/month": "instalment", "affordable/month": "affordable", "nights/month": "nights",
}
#: Roles of which an option has any number.
MANY = frozenset({"cost", "once", "flow"})
_MANY_OF = {
    "cost/month": "cost", "cost/year": "cost", "cost/night": "cost", "cost_of_rent": "cost", "cost_of_price": "cost",
    "once": "once", "works": "once", "once_pct": "once", "flow": "flow",
}


def meant_role(meaning: Meaning) -> str | None:
    """The role here of what the trained reader made of a figure; None where it is nothing of an option."""
    label = meaning.label
    if label in _MEANT or label in _MANY_OF:
        return _MEANT.get(label) or _MANY_OF[label]
    return meaning.role if meaning.role in ENTRIES else None
#: A price is this many months of rent at least and at most.
_MONTHS = (40.0, 1_500.0)
_SIMILAR = 8.0
#: Roles of an amount that the option where it stands may correct.
_UNSURE = (None, "price", "price_per_m2", "annual_rent", "payment")


@dataclass(slots=True)
class Judge:
    """Gives figures their roles by the records told so far."""

    tokens: list[Token]
    figures: Sequence[Amount]
    records: list[Record]
    meanings: Mapping[int, Meaning]

    def role(self, amount: Amount, index: int | None, named: bool) -> str | None:
        """What a figure is in the record where it stands, which the words around it may not say; `named`: the record was
        opened by a mark, so that a bare "4.1" may be of the size of the other's price."""
        if meaning := self.meanings.get(amount.first):
            return meant_role(meaning)
        record = self.records[index] if index is not None else {}
        role = amount.role
        bare = amount.literal and not amount.unit and not amount.scaled and amount.kind in ("other", "money")
        termless = record.get("rate_pct") and "term_years" not in record
        if bare and termless and 1 <= amount.value <= 50 and self.tokens[amount.first - 1].text in ("a", "over", "for", "en"):
            return "term_years"  # "al 2,6 % a 20"
        if role == "budget_max" and named and self.tokens[amount.first - 1].text not in vocabulary()["limits"]:
            role = None  # "tengo otro visto en Oviedo: 136.000 €"
        if role == "annual_rent" and record.get("monthly_rent") and self.cost_word(amount):
            return "cost"
        if role == "monthly_rent" and like(record.get("price"), amount.value):
            return "price"  # "400k renting at 1,900, and 350k renting at 1,750"
        if amount.kind in ("money", "other") and role in _UNSURE:
            guess = self._money_role(amount, record, named)
            return guess or (role if role in ENTRIES else None)
        if amount.kind == "percent" and role is None and any(r.get("rate_pct") for r in self.records):
            return "rate_pct"
        if amount.kind in ("years", "months") and role in (None, "horizon_years"):
            return "term_years" if record.get("rate_pct") or any(r.get("term_years") for r in self.records) else None
        return role if role in ENTRIES or role == "cost" else None

    def _money_role(self, amount: Amount, record: Record, named: bool) -> str | None:
        before = self.tokens[amount.first - 1].text if amount.first else ""
        if amount.kind == "other" and (not amount.literal or before in words("year_words")):
            return None
        price, rent = record.get("price"), record.get("monthly_rent")
        if price and not rent and amount.role != "annual_rent":
            for value in (amount.value, amount.value * self.scale(amount, "monthly_rent")):
                if value > 0 and _MONTHS[0] <= price / value <= _MONTHS[1]:
                    amount.value = value
                    return "monthly_rent"
        size = self.scale(amount, "price") if named else 1.0
        value = amount.value * size
        if rent and not price and _MONTHS[0] <= value / rent <= _MONTHS[1]:
            amount.value = value
            return "price"
        if amount.role == "annual_rent" or (amount.kind == "other" and size == 1.0):
            return None
        if amount.role == "price_per_m2" and not any(like(r.get("price"), value) for r in self.records):
            return None
        if amount.role == "payment":
            return None
        amount.value = value
        return "price"

    def scale(self, amount: Amount, key: str) -> float:
        """By how much to multiply a bare figure so that it is like the others' (`key`): "4.1" after 5.9 million."""
        if amount.scaled or amount.currency or not amount.literal or not 0 < amount.value < 1000:
            return 1.0
        values = [r[key] for r in self.records if isinstance(r.get(key), (int, float)) and r[key] > 0]
        sizes = [(abs(math.log(amount.value * size / held)), size) for held in values for size in (1.0, 1e3, 1e6)
                 if like(held, amount.value * size)]
        return min(sizes)[1] if sizes else 1.0

    def cost_word(self, amount: Amount) -> str | None:
        """The word of the clause that makes a yearly figure a cost: "el predial del apto 1 es 900 mil al año"."""
        for at in range(amount.first - 1, max(-1, amount.first - 9), -1):
            if self.tokens[at].text in vocabulary()["costs"]:
                return self.tokens[at].text
            if self.tokens[at].opens or any(a.first <= at <= a.last and a.kind == "money" for a in self.figures):
                break
        return next((c["label"] for r in self.records for c in r["costs"][-1:]), None)


def level(left: Amount, right: Amount) -> None:
    """ "a 20 o a 30 años", "24 y 21 mil": a bare figure is of the kind and size of the one it is listed with."""
    if left.kind != "other" or not left.literal or right.first - left.last > 3:
        return
    if right.kind == "years" and left.value <= 50:
        left.kind, left.role = right.kind, right.role
    elif right.kind == "money" and right.first - left.last == 2 and 0 < left.value < 1000 <= right.value:
        for size in (1e3, 1e6):
            if like(right.value, left.value * size):
                left.value, left.kind, left.role = left.value * size, "money", right.role
                return


def like(held: Any, value: float) -> bool:
    return isinstance(held, (int, float)) and held > 0 and value > 0 and 1 / _SIMILAR <= value / held <= _SIMILAR
