"""Options as records: what a message tells of each of several properties or loans, put with what was told before.

Which option a figure is of is the trained reader's decision (`figures.owners`); here the records are filled and named. What
holds for all options is in each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.deal.entries import tell
from knowledge.understanding.deal.meant import figures_of
from knowledge.understanding.deal.sizes import sizes
from knowledge.understanding.figures.history import NOTHING
from knowledge.understanding.figures.owners import AREA, belongs, names_before
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.asked import ASKED, feasible, wanted_measures
from knowledge.understanding.rules.marks import Mark, Marks
from knowledge.understanding.rules.rooms import rooms_near
from knowledge.understanding.slots import rate_kind
from knowledge.understanding.tokens import Token

Record = dict[str, Any]
#: Meanings of the trained reader -> (the record's entry, the role of the figure elsewhere).
ENTRIES = {
    "price": ("price", "price"),
    "value": ("price", "price"),
    "rent/month": ("monthly_rent", "monthly_rent"),
    "netrent/month": ("monthly_rent", "monthly_rent"),
    "rent/year": ("annual_rent", "annual_rent"),
    "netrent/year": ("annual_rent", "annual_rent"),
    "night": ("nightly_rent", "nightly"),
    "rate": ("rate_pct", "rate_pct"),
    "term": ("term_years", "term_years"),
    "loan": ("loan_amount", "loan_amount"),
    "down": ("down_payment_pct", "down_payment_pct"),
    "financed": ("down_payment_pct", "financed_pct"),
    "vacancy": ("vacancy_pct", "vacancy_pct"),
    AREA: ("area_m2", "area_m2"),
}
#: Roles elsewhere of figures that only a record's return knows.
_ELSEWHERE = {
    "own": "down_payment",
    "sale": "sale",
    "debt": "debt",
    "instalment/month": "instalment",
    "once": "purchase_costs",
    "cost/month": "cost",
    "cost/year": "cost",
    "hold": "horizon_years",
    "growth": "growth_pct",
}
#: Figures that can tell options apart.
_TELLING = ("price", "monthly_rent", "annual_rent", "nightly_rent", "rate_pct", "term_years", "loan_amount")
#: What one option was told of and the others were not, where all have it or none: the terms of a loan.
_COMMON = ("rate_pct", "rate_kind", "term_years", "down_payment_pct", "loan_amount", "vacancy_pct")
FIGURES = tuple(dict.fromkeys(key for key, _ in ENTRIES.values()))
MOST = 6


@dataclass(slots=True)
class Told:
    """Records after a message; `touched`: indexes of those that it told of; `several`: it told of one or more of two or more;
    `shared`: what it told of all; `owners`: first token of a figure -> its record (None: all)."""

    records: list[Record]
    touched: list[int] = field(default_factory=list)
    several: bool = False
    shared: Record = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)


def read_options(
    tokens: list[Token],
    amounts: Sequence[Amount],
    seen: Seen,
    meanings: Sequence[Meaning],
    known: Sequence[Record],
    wanted: Mapping[str, float],
    before: int,
) -> Told:
    """What the message tells of each option. Where there are several, the figures' roles are set accordingly. `before`: how
    many options were told apart before it; an earlier property that is not spoken of any more stands before them."""
    meant = {a.first: m for a, m in zip(seen.amounts, meanings, strict=True) if m.role != NOTHING or a.kind == "area"}
    owners = {at: m.option for at, m in meant.items()}
    touched = sorted({o for at, o in owners.items() if o is not None and meant[at].role != NOTHING})
    current = known[max(0, len(known) - max(1, before)) :]
    count = max([len(current), *(o + 1 for o in touched)])
    meant = {at: m for at, m in meant.items() if m.option is None or m.option < count}  # not the area alone of another one
    told = Told([dict(r) for r in known])
    if wanted.get("interest_saved", 0.0) >= ASKED and _repeated(meant) <= {"term"} and len(current) < 2:
        return told  # two terms of one loan
    if count < 2 or not meant or not any(m.role != NOTHING for m in meant.values()):
        return told
    told.records = [dict(r) for r in current]
    told.touched, told.several, told.owners = touched, True, owners
    for _ in range(count - len(told.records)):
        told.records.append(_with_shared(told.records))
    values = _values(seen, meant, known)
    pending: list[Mark] = []  # marks that lead to a figure of all name the option that comes next
    for position, amount in enumerate(seen.amounts):
        if amount.first in meant:
            _put(told, tokens, amount, meant[amount.first], values[amount.first])
            pending = _name(told.records, seen, position, meant[amount.first].option, pending)
    _count_rooms(told, amounts, seen, meanings)
    _returns(told, tokens, seen, meant, values)
    _tell_roles(amounts, meant, values)
    _spread(told.records)
    _currencies(told.records)
    name_records(told.records)
    return told


def _repeated(meant: Mapping[int, Meaning]) -> set[str]:
    """What more than one option was told."""
    held = [(m.label, m.option) for m in meant.values() if m.option is not None and m.role != NOTHING]
    return {label for label, option in held if any(other == label and o != option for other, o in held)}


def _with_shared(records: Sequence[Record]) -> Record:
    """A new option: what was told of all holds for it."""
    shared: Record = next((r["shared"] for r in records if r.get("shared")), {})
    return {
        **{k: v for k, v in shared.items() if k != "deal"},
        "shared": shared,
        "deal": dict(shared.get("deal", {})),
    }


def _values(seen: Seen, meant: Mapping[int, Meaning], known: Sequence[Record]) -> dict[int, float]:
    """Each figure's value; bare ones in the size that the others make likely."""
    told = [a for a in seen.amounts if a.first in meant]
    places = [m.place.country for m in seen.marks if m.place and m.place.country]
    currency = next((a.currency for a in told if a.currency), None) or next(
        (r["currency"] for r in known if r.get("currency")), None
    )
    currency = currency or next((CURRENCY_OF[c] for c in places if c in CURRENCY_OF), None)
    return sizes(seen.tokens, told, meant, next((r["deal"] for r in reversed(known) if r.get("deal")), {}), currency)


def _put(told: Told, tokens: list[Token], amount: Amount, meaning: Meaning, value: float) -> None:
    """A figure into its record, or into all."""
    key, _ = ENTRIES.get(AREA if amount.kind == "area" else meaning.label, ("", ""))
    if not key:
        return
    value = 100 - value if meaning.role == "financed" else value
    entry: Record = {key: int(value) if value == int(value) else value}
    if meaning.role in ("rent", "netrent"):
        entry["net_rent"] = meaning.role == "netrent" or None
    if key == "rate_pct" and (kind := rate_kind(tokens, amount)):
        entry["rate_kind"] = kind
    if amount.currency and amount.kind == "money":
        entry["currency"] = amount.currency
    targets = told.records if meaning.option is None else [told.records[meaning.option]]
    for record in targets:
        record |= entry
    if meaning.option is None:
        told.shared |= entry


def _name(records: list[Record], seen: Seen, position: int, option: int | None, pending: list[Mark]) -> list[Mark]:
    """What the marks before a figure, and those right behind it, call its option; the marks that have none yet."""
    ahead = [*pending, *names_before(seen, position)[1]]
    if option is None:
        return ahead
    for mark in ahead:
        enter_mark(records[option], mark)
    amount = seen.amounts[position]
    end = seen.amounts[position + 1].first if position + 1 < len(seen.amounts) else len(seen.tokens)
    for mark in seen.marks:
        if amount.last < mark.first < end and belongs(seen.tokens, amount.last, mark):
            enter_mark(records[option], mark)
    return []


def enter_mark(record: Record, mark: Mark) -> None:
    if mark.place is not None:
        record["neighbourhood" if mark.place.level == "neighbourhood" else "city"] = mark.place.name
        if mark.place.level == "neighbourhood" and (city := mark.city or mark.place.city):
            record["city"] = city
        if mark.place.country:
            record["country"] = mark.place.country
        if mark.place.area_id:
            record["area_id"] = mark.place.area_id
    for key, value in (("mark", mark.label), ("name", mark.name), ("property_type", mark.kind), ("noun", mark.noun)):
        if value is not None:
            record[key] = value
    if (mark.label or mark.name) and mark.title:
        record["label"] = mark.title


def _count_rooms(told: Told, amounts: Sequence[Amount], seen: Seen, meanings: Sequence[Meaning]) -> None:
    """Rooms, which nobody's return needs, to the option of the nearest figure."""
    told_of = ((a, m.option) for a, m in zip(seen.amounts, meanings, strict=True) if a.first in told.owners)
    placed = [(a, option) for a, option in told_of if option is not None]
    for amount in amounts:
        if amount.kind != "count" or amount.unit != "bedrooms" or not placed:
            continue
        after = next(((a, o) for a, o in placed if a.first > amount.last), None)
        leads = after and any(amount.first <= m.last and m.first < after[0].first for m in seen.marks)
        _, option = after if after and leads else min(placed, key=lambda p: abs(p[0].first - amount.first))
        told.records[option or 0]["bedrooms"] = int(amount.value)


def _returns(
    told: Told, tokens: list[Token], seen: Seen, meant: Mapping[int, Meaning], values: Mapping[int, float]
) -> None:
    """What is known of each option's return."""
    told_of = [a for a in seen.amounts if a.first in meant and meant[a.first].role != NOTHING]
    for index, record in enumerate(told.records):
        own = [a for a in told_of if meant[a.first].option in (None, index)]
        if own or "deal" not in record:
            figures = [
                f for f in figures_of(tokens, told_of, meant, values, seen.ruled) if f.at in {a.first for a in own}
            ]
            each = next((a for a in own if meant[a.first].role == "room"), None)
            record["deal"] = tell(record.get("deal") or {}, figures, rooms_near(tokens, each) if each else None)
    common = [a for a in told_of if meant[a.first].option is None]
    if common:
        figures = [
            f for f in figures_of(tokens, told_of, meant, values, seen.ruled) if f.at in {a.first for a in common}
        ]
        before: Record = next((r["shared"] for r in told.records if r.get("shared")), {})
        shared = before | told.shared | {"deal": tell(before.get("deal") or {}, figures)}
        for record in told.records:
            record["shared"] = shared


def _tell_roles(amounts: Sequence[Amount], meant: Mapping[int, Meaning], values: Mapping[int, float]) -> None:
    """The figures' roles and values for whoever else reads them."""
    for amount in amounts:
        meaning = meant.get(amount.first)
        if meaning is None or amount.kind == "area":
            continue
        _, role = ENTRIES.get(meaning.label, ("", _ELSEWHERE.get(meaning.label)))
        amount.role, amount.value = role, values[amount.first]
        if amount.kind == "other" and role:
            amount.kind = {"term_years": "years", "rate_pct": "percent"}.get(role, "money")  # type: ignore[assignment]


def _spread(records: Sequence[Record]) -> None:
    """The terms of a loan that only one was told of hold for the others."""
    for key in _COMMON:
        held = [r[key] for r in records if r.get(key) is not None]
        if held and len(set(held)) == 1:
            for record in records:
                record.setdefault(key, held[0])


def _currencies(records: Sequence[Record]) -> None:
    """Options in countries of different money: each in its own where none was written."""
    if len({r.get("country") for r in records} - {None}) < 2:
        return
    for record in records:
        if "currency" not in record and (code := CURRENCY_OF.get(str(record.get("country")))):
            record["currency"] = code


def name_records(records: Sequence[Record]) -> None:
    """A name for each option: as it was called, else its place, else what it is where that differs, else its number."""
    nouns = [str(r.get("noun") or "") for r in records]
    called = next(
        (str(r["label"]).rpartition(" ")[0] for r in records if r.get("mark") and " " in str(r.get("label", ""))), ""
    )
    for position, record in enumerate(records):
        label = str(record.get("label") or "")
        if record.get("mark") and label == str(record["mark"]).upper() and called:
            record["label"] = f"{called} {label}"
        elif not record.get("mark") and not record.get("name"):
            distinct = nouns[position] if all(nouns) and len(set(nouns)) == len(nouns) > 1 else ""
            place = record.get("neighbourhood") or record.get("city")
            record["label"] = place or distinct.capitalize() or str(position + 1)


def remember(known: Sequence[Record], told: Record, marks: Marks, another: bool) -> list[Record]:
    """The records after a message about one property, the last of them: `told` are the message's own figures, place and type;
    `another`: it is another one than before."""
    record = {k: v for k, v in told.items() if not isinstance(v, list)}
    mark = next((m for m in marks.found if m.label or m.name), None)
    if mark is not None:
        record |= {"mark": mark.label} if mark.label else {"name": mark.name}
        record["label"] = mark.title
    telling = record.keys() & set(_TELLING)
    last = known[-1] if known and not another else {}
    if not last and not telling:
        return [dict(r) for r in known]
    records = [*(dict(r) for r in (known if another else known[:-1])), {**last, **record}]
    name_records(records)
    return records[-MOST:]


def asked_of_options(
    records: Sequence[Record],
    chances: Mapping[str, float],
    named: Collection[str],
    before: Mapping[str, Any],
    base: str | None,
) -> list[Record]:
    """The records with the measures that are asked of each one's return: by this message (`chances`, `named`, and `base`,
    what a yield is wanted on), else by the request `before`. What was told of one alone holds for the others where they cannot
    do without it."""
    earlier = next((o["deal"].get("asked") for o in before.get("options") or () if o.get("deal")), None)
    earlier = earlier or (before.get("deal") or {}).get("asked") or []
    deals = [dict(r.get("deal") or {}) for r in records]
    keys = {key for deal in deals for key in deal if key not in ("asked", "turn", "dated", "costs", "upfront")}
    single = {key: held[0] for key in keys if len(held := [d[key] for d in deals if d.get(key) is not None]) == 1}
    off = "gross_yield" not in named and _costs(deals) > _costs([o.get("deal") or {} for o in before.get("options") or ()])
    found = []
    for record, deal in zip(records, deals, strict=True):
        deal |= {"base": base} if base else {}
        whole = single | deal
        asked, possible = wanted_measures(chances, deal, named, earlier)
        if off and asked == ["gross_yield"] and feasible("net_yield", deal):
            asked = possible = ["net_yield"]  # what is told now comes off
        lacking = [m for m in asked if m not in possible and feasible(m, whole)]
        if lacking:
            deal, possible = whole, [m for m in asked if feasible(m, whole)]
        found.append(record | {"deal": deal | {"asked": list(asked), "turn": possible}})
    return found


def _costs(deals: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(deal.get("costs") or ()) for deal in deals)


def option_slots(records: Sequence[Record]) -> Record:
    """Slots of several options: a value in the order of mention for each, one where all have the same."""
    slots: Record = {}
    for key in (
        "country",
        "city",
        "neighbourhood",
        "property_type",
        "currency",
        "price",
        "monthly_rent",
        "area_m2",
        "bedrooms",
        "loan_amount",
        "rate_pct",
        "term_years",
        "down_payment_pct",
    ):
        values = list(dict.fromkeys(r[key] for r in records if r.get(key) is not None))
        if values:
            slots[key] = values[0] if len(values) == 1 else values
    return slots
