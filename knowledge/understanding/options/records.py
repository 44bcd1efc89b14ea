"""Options as records: what a message tells of each of several properties or loans, put with what was told before.

What is told before the first option, or of both, is everybody's. Nothing is split unless two records end up with a figure
of the same kind: only then are there options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.deal.meant import sizes
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.options.figures import ENTRIES, Record
from knowledge.understanding.options.marks import Marks
from knowledge.understanding.options.scan import Scan
from knowledge.understanding.roles import Reading
from knowledge.understanding.tokens import Token

#: Figures that can tell options apart.
_TELLING = ("price", "monthly_rent", "annual_rent", "nightly_rent", "rate_pct", "term_years", "loan_amount", "own", "sale",
            "value", "instalment", "room_rent", "debt")
#: Figures that make an option; rooms alone do not.
_SUBSTANCE = {*_TELLING, "area_m2"}
#: What one option was told of and the others were not, where all have it or none: the terms of a loan.
_COMMON = ("rate_pct", "rate_kind", "term_years", "down_payment_pct", "loan_amount", "vacancy_pct")
FIGURES = tuple(dict.fromkeys(ENTRIES.values()))
MOST = 6


@dataclass(slots=True)
class Told:
    """Records after a message; `touched`: indexes of those that it told of; `several`: it told of two or more, or of one
    beside an earlier one; `shared`: what holds for all; `owners`: first token of a figure -> its record (None: all)."""

    records: list[Record]
    touched: list[int] = field(default_factory=list)
    several: bool = False
    shared: Record = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)


def read_options(
    tokens: list[Token], amounts: Sequence[Amount], readings: Mapping[int, Reading], marks: Marks, known: Sequence[Record],
    correction_at: int | None, meanings: Mapping[int, Meaning],
) -> Told:
    """What the message tells of each option. Where there are several, the figures' roles are set accordingly."""
    figures = [a for a in amounts if not any(i in marks.taken for i in range(a.first, a.last + 1))]
    of_tokens = {amounts[i].first: reading for i, reading in readings.items()}
    before = [(a.value, a.kind, a.role) for a in amounts]
    _size(figures, meanings, known)
    scan = Scan(tokens, figures, of_tokens, marks, known, correction_at, meanings)
    scan.read()
    shared, common = _shared(scan)
    kept = [i for i in range(len(scan.records)) if i < scan.before or (i not in common and _stands(scan, i))]
    touched = [i for i in kept if scan.fresh[i]]
    records = [scan.records[i] for i in kept]
    _lend(records)
    told = Told(records, [kept.index(i) for i in touched], shared=shared)
    told.several = _several(scan, told, known)
    if not told.several:
        for amount, (value, kind, role) in zip(amounts, before, strict=True):
            amount.value, amount.kind, amount.role = value, kind, role
        return Told([dict(r) for r in known])
    for amount, (value, kind, role) in zip(amounts, before, strict=True):
        if not any(e.amount is amount and e.record in (None, *kept, *common) for e in scan.entries):
            amount.value, amount.kind, amount.role = value, kind, role
    for entry in scan.entries:
        if entry.record is not None and entry.record not in kept and entry.record not in common:
            continue
        entry.amount.role = "loan_amount" if entry.role == "price" and _is_loan(records, shared) else entry.role
        if entry.amount.kind == "other":
            entry.amount.kind = {"term_years": "years", "rate_pct": "percent"}.get(entry.role, "money")  # type: ignore[assignment]
        told.owners[entry.amount.first] = kept.index(entry.record) if entry.record in kept else None
    _spread(records, shared)
    _currencies(records)
    name_records(records)
    told.records = records[-MOST:]
    return told


def _size(figures: Sequence[Amount], meanings: Mapping[int, Meaning], known: Sequence[Record]) -> None:
    """Bare figures in the size that their meanings and the other figures make likely."""
    told = [a for a in figures if a.first in meanings]
    money = next((a.currency for a in figures if a.currency), None) or next((r["currency"] for r in known if r.get("currency")), None)
    values = sizes(told, meanings, next((dict(r) for r in reversed(known) if r.get("price")), {}), money)
    for amount in told:
        if meanings[amount.first].label != "nights/month":
            amount.value = values[amount.first]


def _stands(scan: Scan, index: int) -> bool:
    """Whether a record of this message is an option: named as one, told in rows, or told of like another one; a second amount
    alone ("lo vendo en 240") is none."""
    told = scan.fresh[index]
    if not told & _SUBSTANCE:
        return False
    if index in scan.opened:
        return True
    if index in scan.in_rows and (scan.rows > 1 or scan.marks.asks or scan.marks.shared):
        return True
    others = [scan.fresh[i] for i in range(len(scan.records)) if i != index]
    return any(len(told & other & _SUBSTANCE) > 1 for other in others)


def _shared(scan: Scan) -> tuple[Record, set[int]]:
    """What was told of all, and the records that were no option: before the first mark if no option has its own, or with
    "both", "las dos"."""
    shared: Record = {}
    common: set[int] = set()
    for index in (scan.loose, _unnamed(scan)):
        if index is None:
            continue
        told = scan.records[index]
        others = [r for i, r in enumerate(scan.records)
                  if i not in {index, *common} and (scan.fresh[i] or i < scan.before)]
        keys = scan.fresh[index] & set(FIGURES)
        if others and not any(key in r for r in others for key in keys):
            shared |= {k: told[k] for k in (*sorted(keys), "net_rent", "rate_kind", "currency") if k in told}
            common.add(index)
    for entry in scan.entries:
        if entry.record is None and entry.role in ENTRIES:
            value = 100 - entry.value if entry.role == "financed_pct" else entry.value
            shared[ENTRIES[entry.role]] = int(value) if value == int(value) else value
    return shared, common


def _unnamed(scan: Scan) -> int | None:
    """The loan, or the thing, of which the options named after it are kinds: "una hipoteca de 250.000: fija… variable…"."""
    touched = [i for i in range(scan.before, len(scan.records)) if scan.fresh[i] and i != scan.loose]
    if len(touched) < 3:
        return None
    first, *others = touched
    named = {"mark", "name", "city", "neighbourhood"}
    return first if not named & scan.records[first].keys() and all(named & scan.records[i].keys() for i in others) else None


def _several(scan: Scan, told: Told, known: Sequence[Record]) -> bool:
    """Whether there are two options that one kind of figure can compare, of which the message told at least one."""
    if len(told.records) < 2 or not (told.touched or told.shared):
        return False
    if len(told.touched) < 2 and not known:
        return False
    keys = [k for k in _TELLING if sum(k in r for r in told.records) > 1]
    if not keys:
        return False
    if len(told.touched) == 1 and told.touched[0] >= len(known) and len(known) == 1:
        # a second property beside the one before: another one, not a changed figure of the same
        record = told.records[told.touched[0]]
        set_against = scan.marks.asks or any(m.other for m in scan.marks.found)
        return bool({"mark", "name"} & record.keys()) or (set_against and bool(scan.run))
    return len(known) > 1 or len(told.touched) > 1 or bool(scan.run)


def _is_loan(records: Sequence[Record], shared: Record) -> bool:
    """Whether the amounts are loans: rates and nothing of a property."""
    property_told = {"monthly_rent", "annual_rent", "area_m2", "property_type", "nightly_rent", "down_payment_pct"}
    rated = any("rate_pct" in r for r in records)
    return rated and not any(property_told & r.keys() for r in (*records, shared))


def _lend(records: Sequence[Record]) -> None:
    """Amounts of loans where nothing else is told than their terms."""
    if _is_loan(records, {}):
        for record in records:
            if "price" in record:
                record.setdefault("loan_amount", record.pop("price"))


def _spread(records: Sequence[Record], shared: Record) -> None:
    """Gives every record what was told of all, and the terms of a loan that only one was told of."""
    if _is_loan(records, shared) and "price" in shared:
        shared["loan_amount"] = shared.pop("price")
    for key in _COMMON:
        held = [r[key] for r in records if key in r]
        if held and len(set(held)) == 1:
            shared.setdefault(key, held[0])
    for record in records:
        for key, value in shared.items():
            record.setdefault(key, value)


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
    called = next((str(r["label"]).rpartition(" ")[0] for r in records if r.get("mark") and " " in str(r.get("label", ""))), "")
    for position, record in enumerate(records):
        label = str(record.get("label") or "")
        if record.get("mark") and label == str(record["mark"]).upper() and called:
            record["label"] = f"{called} {label}"
        elif not label or label.isdigit():
            distinct = nouns[position] if all(nouns) and len(set(nouns)) == len(nouns) > 1 else ""
            place = record.get("neighbourhood") or record.get("city")
            record["label"] = label or place or distinct.capitalize() or str(position + 1)


def remember(known: Sequence[Record], told: Record, marks: Marks, fresh: bool) -> list[Record]:
    """The records after a message about one property: a new one, or the last with what was told now.

    `told` are the message's own figures, place and type.
    """
    record = {k: v for k, v in told.items() if not isinstance(v, list) or k == "costs"}
    mark = next((m for m in marks.found if m.label or m.name), None)
    if mark is not None:
        record |= {"mark": mark.label} if mark.label else {"name": mark.name}
        record["label"] = mark.title
    records = [dict(r) for r in known]
    telling = record.keys() & set(_TELLING)
    last = records[-1] if records else {}
    identity = ("mark", "name", "property_type", "city", "neighbourhood")
    differs = any(key in record and record[key] != last.get(key, record[key] if key != "mark" else None) for key in identity)
    other = any(m.other for m in marks.found) or {"price", "monthly_rent"} <= telling
    if not records or ((fresh or differs or other) and telling & {"price", "monthly_rent", "loan_amount", "rate_pct"}):
        if not telling:
            return records
        records.append(record)
    else:
        records[-1] = {**last, **record, "costs": [*last.get("costs", ()), *record.get("costs", ())]}
    name_records(records)
    return records[-MOST:]


def option_slots(records: Sequence[Record]) -> Record:
    """Slots of several options: a value in the order of mention for each, one where all have the same."""
    slots: Record = {}
    for key in ("country", "city", "neighbourhood", "property_type", "currency", "price", "monthly_rent", "area_m2", "bedrooms",
                "loan_amount", "rate_pct", "term_years", "down_payment_pct"):
        values = list(dict.fromkeys(r[key] for r in records if r.get(key) is not None))
        if values:
            slots[key] = values[0] if len(values) == 1 else values
    return slots
