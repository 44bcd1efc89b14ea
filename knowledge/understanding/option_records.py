"""Options as records: what a message tells of each of several properties or loans, put with what was told before.

A message is read from left to right. A mark ("el otro", "Banco B", a place) opens a record or comes back to one; a figure
goes to the record that is open, and a second price or rent opens the next. Figures in a row ("rents 28k and 21k") go one to
each. What is told before the first mark, or of both, is everybody's. Nothing is split unless two records end up with a figure
of the same kind: only then are there options.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.locale import CURRENCY_OF
from knowledge.understanding.amounts import Amount
from knowledge.understanding.option_marks import Mark, Marks, vocabulary
from knowledge.understanding.roles import Reading, cost_period
from knowledge.understanding.slots import rate_kind
from knowledge.understanding.tokens import Token

Record = dict[str, Any]
#: Roles of figures -> the record's entry; those that may decide that there are several options come first.
ENTRIES = {
    "price": "price", "monthly_rent": "monthly_rent", "annual_rent": "annual_rent", "nightly": "nightly_rent",
    "area_m2": "area_m2", "rate_pct": "rate_pct", "term_years": "term_years", "loan_amount": "loan_amount",
    "bedrooms": "bedrooms", "down_payment_pct": "down_payment_pct", "financed_pct": "down_payment_pct",
    "vacancy_pct": "vacancy_pct", "purchase_costs": "purchase_costs",
}
_TELLING = ("price", "monthly_rent", "annual_rent", "nightly_rent", "rate_pct", "term_years", "loan_amount")
#: What one option was told of and the others were not, where all have it or none: the terms of a loan.
_COMMON = ("rate_pct", "rate_kind", "term_years", "down_payment_pct", "loan_amount", "vacancy_pct")
FIGURES = tuple(dict.fromkeys(ENTRIES.values()))
MOST = 6
#: A price is this many months of rent at least and at most.
_MONTHS = (40.0, 1_500.0)
_SIMILAR = 8.0
#: Roles of an amount that the option where it stands may correct.
_UNSURE = (None, "price", "budget_max", "price_per_m2", "annual_rent", "payment")


@dataclass(slots=True)
class Told:
    """Records after a message; `touched`: indexes of those that it told of; `several`: it told of two or more, or of one
    beside an earlier one; `shared`: what holds for all; `owners`: first token of a figure -> its record (None: all)."""

    records: list[Record]
    touched: list[int] = field(default_factory=list)
    several: bool = False
    shared: Record = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Entry:
    """A figure put into a record: kept apart until it is sure that there are options."""

    amount: Amount
    role: str
    value: float
    record: int | None


class _Scan:
    """One reading of a message over the records known before it."""

    def __init__(
        self, tokens: list[Token], figures: Sequence[Amount], readings: Mapping[int, Reading], marks: Marks,
        known: Sequence[Record], correction_at: int | None,
    ) -> None:
        self.tokens, self.figures, self.readings, self.marks = tokens, figures, readings, marks
        self.records: list[Record] = [dict(r) | {"costs": list(r.get("costs", ()))} for r in known]
        self.before = len(known)
        self.fresh: list[set[str]] = [set() for _ in known]
        self.run: list[int] = []
        self.cur: int | None = None
        self.loose: int | None = None
        self.pending: Mark | None = None
        self.last_figure = -1
        self.entries: list[_Entry] = []
        self.correction_at = correction_at

    def read(self) -> None:
        items: list[Mark | int] = [*self.marks.found, *range(len(self.figures))]
        items.sort(key=lambda x: x.first if isinstance(x, Mark) else self.figures[x].first)
        done: set[int] = set()
        for item in items:
            if isinstance(item, Mark):
                self._mark(item)
            elif item not in done:
                done |= self._figure(item)

    # marks

    def _mark(self, mark: Mark) -> None:
        if self.pending is not None:
            if not self._parted(self.pending.last, mark.first, joined=True) and self.pending.joins(mark):
                return
            self._open()
        elif self._belongs_before(mark):
            assert self.cur is not None
            self._enter_mark(self.cur, mark)
            self.loose = None if self.loose == self.cur else self.loose
            return
        self.pending = replace(mark)

    def _parted(self, last: int, first: int, joined: bool = False) -> bool:
        """Whether the words between two places of the message begin another option."""
        between = self.tokens[last + 1 : first]
        here = self.tokens[first]
        if here.opens or any(t.opens for t in between):
            return True
        parts = vocabulary()["parts"]
        pending_item = joined and self.pending is not None and not self.pending.named
        return not pending_item and any(t.text in parts for t in between)

    def _belongs_before(self, mark: Mark) -> bool:
        """ "390M in Bogotá": what names the option follows its figure."""
        if self.cur is None or self.last_figure < 0 or mark.other or mark.item or mark.label or mark.nth or mark.name:
            return False
        record, between = self.records[self.cur], self.tokens[self.last_figure + 1 : mark.first]
        taken = (mark.place and ("city" in record or "neighbourhood" in record)) or (mark.kind and "property_type" in record)
        if taken or mark.first - self.last_figure > 5 or (mark.kind is None and mark.place is None):
            return False
        broken = self.tokens[mark.first].opens or any(t.opens or t.comma for t in [*between, self.tokens[mark.first]])
        return not broken and all(t.text in vocabulary()["links"] for t in between) and not any(
            t.text in ("y", "and", "un", "una", "an") for t in between)

    def _open(self) -> None:
        """Makes the record that the pending mark names the open one."""
        mark, self.pending = self.pending, None
        if mark is None:
            return
        index = self._find(mark)
        if index is None:
            index = self._new()
        self._enter_mark(index, mark)
        if self.run and not any(self.fresh[i] for i in self.run):
            self.run.append(index)
        else:
            self.run = [index]
        self.cur = index

    def _new(self) -> int:
        self.records.append({"costs": []})
        self.fresh.append(set())
        return len(self.records) - 1

    def _find(self, mark: Mark) -> int | None:
        """The record that a mark comes back to."""
        count = len(self.records)
        if mark.nth:
            index = mark.nth - 1 if mark.nth > 0 else count - 1
            return index if 0 <= index < count and (self.before or index < count) else None
        for index, record in enumerate(self.records):
            if mark.label and record.get("mark") == mark.label:
                return index
            if mark.name and record.get("name") == mark.name:
                return index
        if mark.label:
            number = int(mark.label) if mark.label.isdigit() else "abcdef".find(mark.label) + 1
            unnamed = self.before >= 2 and not any("mark" in r for r in self.records)
            return number - 1 if unnamed and 1 <= number <= count else None
        if mark.name:
            return None
        if mark.place:
            return self._placed(mark)
        if mark.other and count >= 2 and mark.definite:
            return next((i for i in range(count) if i != self.cur and not self.fresh[i]), None)
        if mark.kind and not mark.other and mark.definite:
            same = [i for i, r in enumerate(self.records) if r.get("property_type") == mark.kind]
            return same[0] if len(same) == 1 else None
        return None

    def _placed(self, mark: Mark) -> int | None:
        assert mark.place is not None
        key = "neighbourhood" if mark.place.level == "neighbourhood" else "city"
        same = [i for i, r in enumerate(self.records) if r.get(key) == mark.place.name
                and (mark.kind is None or r.get("property_type") in (None, mark.kind))]
        return same[0] if len(same) == 1 and not mark.other else None

    def _enter_mark(self, index: int, mark: Mark) -> None:
        record = self.records[index]
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

    # figures

    def _figure(self, index: int) -> set[int]:
        amount = self.figures[index]
        if amount.kind == "phone":
            return {index}
        self._open()
        row = self._row(index)
        in_row = self._row_role(row) if len(row) > 1 else None
        if in_row and (targets := self._columns(len(row), in_row)):
            for i, target in zip(row, targets, strict=True):
                self._enter(self.figures[i], in_row, target)
            self.cur = targets[-1]
            self.last_figure = self.figures[row[-1]].last
            return set(row)
        if self._is_shared(amount):
            if role := self._role(amount, self.cur):
                self.entries.append(_Entry(amount, role, amount.value, None))
            return {index}
        if self.cur is None:
            self.cur = self.loose = self._new()
        role = self._role(amount, self.cur)
        if role is None:
            return {index}
        target = self.cur
        corrects = self.correction_at is not None and amount.first >= self.correction_at
        if role != "cost" and ENTRIES[role] in self.fresh[target] and not corrects:
            target = next((i for i in self.run if i > target and ENTRIES[role] not in self.fresh[i]), -1)
            target = self._new() if target < 0 else target
        elif role == "cost" and self._label(amount) in {c["label"] for c in self.records[target]["costs"]} & self.fresh[target]:
            later = [i for i in self.run if i > target]
            target = later[0] if later else target
        self.cur = target
        self._enter(amount, role, target)
        self.last_figure = amount.last
        return {index}

    def _row(self, index: int) -> list[int]:
        """Figures of one kind and size with nothing but joiners between them."""
        first = self.figures[index]
        opener = self.tokens[first.first - 1].text if first.first and not self.tokens[first.first].opens else ""
        row = [index]
        if opener in ("entre", "between"):
            return row
        for i in range(index + 1, len(self.figures)):
            left, right = self.figures[row[-1]], self.figures[i]
            between = {t.text for t in self.tokens[left.last + 1 : right.first]}
            broken = self.tokens[right.first].opens or between - vocabulary()["rows"]
            if broken or any(left.last < m.first < right.first for m in self.marks.found):
                break
            _level(left, right)
            alike = left.kind == "money" or left.role == right.role or None in (left.role, right.role)
            if left.kind != right.kind or not alike or not _like(left.value, right.value):
                break
            row.append(i)
        return row

    def _row_role(self, row: Sequence[int]) -> str | None:
        """What the figures of a row are; a rent before a price, which a figure is called for lack of better."""
        roles = [role for i in row if (role := self.figures[i].role)]
        told = next((self.figures[i] for i in row if self.figures[i].role == "monthly_rent"), None)
        told = told or next((self.figures[i] for i in row if self.figures[i].role in roles), self.figures[row[0]])
        return self._role(told, self.cur)

    def _columns(self, count: int, role: str | None) -> list[int] | None:
        """The records that `count` figures in a row go to, one each."""
        if role is None or role == "cost":
            return None
        held = [i for i in range(len(self.records)) if i != self.loose]
        told = [i for i in held if i >= self.before or self.fresh[i]]
        if len(self.run) == count and len(told) <= count:
            return list(self.run)
        for group in (told, held):
            if len(group) == count:
                return list(group)
        if not told and (self.cur is None or self.cur == self.loose):
            if self.loose is not None and ENTRIES[role] in self.fresh[self.loose]:
                return None
            self.run = [self._new() for _ in range(count)]
            return list(self.run)
        if len(told) == 1 and ENTRIES[role] not in self.fresh[told[0]] and not self.before:
            return self._twins(told[0], count)
        return None

    def _twins(self, index: int, count: int) -> list[int]:
        """ "180.000 al 3 % a 20 o a 30 años": one thing told, of which the figures in a row are the choices."""
        self.run = [index]
        for _ in range(count - 1):
            twin = self._new()
            base = self.records[index]
            self.records[twin] = {**base, "costs": list(base["costs"])}
            self.fresh[twin] = set(self.fresh[index])
            self.run.append(twin)
        for i in self.run:
            self.records[i].pop("label", None)
        return list(self.run)

    def _is_shared(self, amount: Amount) -> bool:
        """ "las dos de 170.000 €", "30% down on both", "the same 25 years"."""
        for at in self.marks.shared:
            low, high = (at, amount.first) if at < amount.first else (amount.last, at)
            near = high - low <= (5 if at < amount.first else 4)
            between = self.tokens[low + 1 : high + 1]
            others = any(low < a.first < high for a in self.figures if a is not amount)
            marked = any(low < m.first < high for m in self.marks.found if m.named)
            if near and not others and not marked and not any(t.opens for t in between):
                return True
        return False

    def _role(self, amount: Amount, index: int | None) -> str | None:
        """What a figure is in the record where it stands, which the words around it may not say."""
        record = self.records[index] if index is not None else {}
        role = amount.role
        if role == "annual_rent" and record.get("monthly_rent") and self._cost_word(amount):
            return "cost"
        if role == "monthly_rent" and _like(record.get("price"), amount.value):
            return "price"  # "400k renting at 1,900, and 350k renting at 1,750"
        if amount.kind in ("money", "other") and role in _UNSURE:
            guess = self._money_role(amount, record)
            return guess or (role if role in ENTRIES else None)
        if amount.kind == "percent" and role is None and any(r.get("rate_pct") for r in self.records):
            return "rate_pct"
        if amount.kind in ("years", "months") and role in (None, "horizon_years"):
            return "term_years" if record.get("rate_pct") or any(r.get("term_years") for r in self.records) else None
        return role if role in ENTRIES or role == "cost" else None

    def _money_role(self, amount: Amount, record: Record) -> str | None:
        before = self.tokens[amount.first - 1].text if amount.first else ""
        if amount.kind == "other" and not amount.literal:
            return None
        termless = record.get("rate_pct") and "term_years" not in record
        if amount.kind == "other" and termless and before in ("a", "over", "for", "en"):
            return "term_years" if 1 <= amount.value <= 50 else None
        price, rent = record.get("price"), record.get("monthly_rent")
        if price and not rent and amount.role != "annual_rent":
            for value in (amount.value, amount.value * self._scale(amount, "monthly_rent")):
                if value > 0 and _MONTHS[0] <= price / value <= _MONTHS[1]:
                    amount.value = value
                    return "monthly_rent"
        size = self._scale(amount, "price")
        value = amount.value * size
        if rent and not price and _MONTHS[0] <= value / rent <= _MONTHS[1]:
            amount.value = value
            return "price"
        if amount.role == "annual_rent" or (amount.kind == "other" and size == 1.0):
            return None
        if amount.role == "price_per_m2" and not any(_like(r.get("price"), value) for r in self.records):
            return None
        if amount.role == "payment":
            return None
        amount.value = value
        return "price"

    def _scale(self, amount: Amount, key: str) -> float:
        """By how much to multiply a bare figure so that it is like the others' (`key`): "4.1" after 5.9 million."""
        if amount.scaled or amount.currency or not amount.literal or not 0 < amount.value < 1000:
            return 1.0
        values = [r[key] for r in self.records if isinstance(r.get(key), (int, float)) and r[key] > 0]
        sizes = [(abs(math.log(amount.value * size / held)), size) for held in values for size in (1.0, 1e3, 1e6)
                 if _like(held, amount.value * size)]
        return min(sizes)[1] if sizes else 1.0

    def _cost_word(self, amount: Amount) -> str | None:
        """The word of the clause that makes a yearly figure a cost: "el predial del apto 1 es 900 mil al año"."""
        for at in range(amount.first - 1, max(-1, amount.first - 9), -1):
            if self.tokens[at].text in vocabulary()["costs"]:
                return self.tokens[at].text
            if self.tokens[at].opens or any(a.first <= at <= a.last and a.kind == "money" for a in self.figures):
                break
        return next((c["label"] for r in self.records for c in r["costs"][-1:]), None)

    def _label(self, amount: Amount) -> str:
        reading = self.readings.get(amount.first)
        return (reading.label if amount.role == "cost" else self._cost_word(amount) or reading.label) if reading else ""

    def _enter(self, amount: Amount, role: str, index: int) -> None:
        self.entries.append(_Entry(amount, role, amount.value, index))
        record, value = self.records[index], amount.value
        if role == "cost":
            reading = self.readings.get(amount.first)
            label, period = self._label(amount), reading.period if reading else None
            record["costs"] = [c for c in record["costs"] if c["label"] != label]
            record["costs"].append({"amount": value, "period": cost_period(label, period), "label": label})
            self.fresh[index].add(label)
            return
        key = ENTRIES[role]
        if role == "financed_pct":
            value = 100 - value
        if role == "term_years" and amount.kind == "months":
            value = round(value / 12, 4)
        if role == "monthly_rent":
            value *= self._scale(amount, role)
        record[key] = int(value) if value == int(value) else value
        if key == "rate_pct" and (kind := rate_kind(self.tokens, amount)):
            record["rate_kind"] = kind
        if amount.currency and amount.kind == "money":
            record["currency"] = amount.currency
        if key == "monthly_rent" and vocabulary()["net"] & {t.text for t in self._around(amount)}:
            record["net_rent"] = True
        self.fresh[index].add(key)

    def _around(self, amount: Amount) -> list[Token]:
        after: list[Token] = []
        for token in self.tokens[amount.last + 1 : amount.last + 4]:
            if token.opens or token.comma or token.kind == "num":
                break
            after.append(token)
        return [*self.tokens[max(0, amount.first - 3) : amount.first], *after]


def _level(left: Amount, right: Amount) -> None:
    """ "a 20 o a 30 años", "24 y 21 mil": a bare figure is of the kind and size of the one it is listed with."""
    if left.kind != "other" or not left.literal or right.first - left.last > 3:
        return
    if right.kind == "years" and left.value <= 50:
        left.kind, left.role = right.kind, right.role
    elif right.kind == "money" and right.first - left.last == 2 and 0 < left.value < 1000 <= right.value:
        for size in (1e3, 1e6):
            if _like(right.value, left.value * size):
                left.value, left.kind, left.role = left.value * size, "money", right.role
                return


def _like(held: Any, value: float) -> bool:
    return isinstance(held, (int, float)) and held > 0 and value > 0 and 1 / _SIMILAR <= value / held <= _SIMILAR


def read_options(
    tokens: list[Token], amounts: Sequence[Amount], readings: Mapping[int, Reading], marks: Marks, known: Sequence[Record],
    correction_at: int | None,
) -> Told:
    """What the message tells of each option. Where there are several, the figures' roles are set accordingly."""
    figures = [a for a in amounts if not any(i in marks.taken for i in range(a.first, a.last + 1))]
    of_tokens = {amounts[i].first: reading for i, reading in readings.items()}
    scan = _Scan(tokens, figures, of_tokens, marks, known, correction_at)
    before = [(a.value, a.kind, a.role) for a in amounts]
    scan.read()
    shared = _shared(scan)
    loose = scan.loose
    kept = [i for i in range(len(scan.records)) if i != loose and (i < scan.before or scan.fresh[i])]
    touched = [i for i in kept if scan.fresh[i]]
    records = [scan.records[i] for i in kept]
    _lend(records)
    told = Told(records, [kept.index(i) for i in touched], shared=shared)
    told.several = _several(scan, told, known)
    if not told.several:
        for amount, (value, kind, role) in zip(amounts, before, strict=True):
            amount.value, amount.kind, amount.role = value, kind, role
        return Told([dict(r) for r in known])
    for entry in scan.entries:
        entry.amount.role = "loan_amount" if entry.role == "price" and _is_loan(records, shared) else entry.role
        if entry.amount.kind == "other":
            entry.amount.kind = {"term_years": "years", "rate_pct": "percent"}.get(entry.role, "money")  # type: ignore[assignment]
        owner = None if entry.record is None or entry.record == loose else kept.index(entry.record)
        told.owners[entry.amount.first] = owner
    _spread(records, shared)
    _currencies(records)
    for position, record in enumerate(records):
        name_record(record, position)
    told.records = records[-MOST:]
    return told


def _shared(scan: _Scan) -> Record:
    """What was told of all: before the first mark if no option has its own, or with "both", "las dos"."""
    shared: Record = {}
    if scan.loose is not None:
        loose = scan.records[scan.loose]
        others = [r for i, r in enumerate(scan.records) if i != scan.loose and (scan.fresh[i] or i < scan.before)]
        keys = scan.fresh[scan.loose] & set(FIGURES)
        if others and not any(key in r for r in others for key in keys):
            shared |= {k: loose[k] for k in (*keys, "net_rent") if k in loose}
        else:
            scan.loose = None
    for entry in scan.entries:
        if entry.record is None and entry.role in ENTRIES:
            value = 100 - entry.value if entry.role == "financed_pct" else entry.value
            shared[ENTRIES[entry.role]] = int(value) if value == int(value) else value
    return shared


def _several(scan: _Scan, told: Told, known: Sequence[Record]) -> bool:
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


def name_record(record: Record, position: int) -> None:
    """A name for the option: as it was called, else its place, else its number."""
    if "label" not in record or str(record["label"]).isdigit():
        record["label"] = record.get("label") or record.get("neighbourhood") or record.get("city") or str(position + 1)


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
    name_record(records[-1], len(records) - 1)
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
