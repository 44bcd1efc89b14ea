"""Reads a message from left to right into the records of its options.

A mark ("el otro", "Banco B", a place) opens a record or comes back to one; a figure goes to the record that is open, and a
second price or rent opens the next. Figures in a row ("rents 28k and 21k") go one to each. What is told before the first mark
is in a loose record of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.options.figures import ENTRIES, MANY, Judge, Record, level, like
from knowledge.understanding.options.marks import Mark, Marks, vocabulary
from knowledge.understanding.roles import Period, Reading, cost_period, period_after
from knowledge.understanding.slots import rate_kind
from knowledge.understanding.tokens import Token


@dataclass(slots=True)
class Entry:
    """A figure put into a record: kept apart until it is sure that there are options."""

    amount: Amount
    role: str
    value: float
    record: int | None


class Scan:
    """One reading of a message over the records known before it."""

    def __init__(
        self, tokens: list[Token], figures: Sequence[Amount], readings: Mapping[int, Reading], marks: Marks,
        known: Sequence[Record], correction_at: int | None, meanings: Mapping[int, Meaning],
    ) -> None:
        self.tokens, self.figures, self.readings, self.marks = tokens, figures, readings, marks
        self.records: list[Record] = [dict(r) | {"costs": list(r.get("costs", ()))} for r in known]
        self.judge = Judge(tokens, figures, self.records, meanings)
        self.meanings = meanings
        self.before = len(known)
        self.fresh: list[set[str]] = [set() for _ in known]
        self.run: list[int] = []
        self.opened: set[int] = set()
        self.in_rows: set[int] = set()
        self.rows = 0
        self.cur: int | None = None
        self.loose: int | None = None
        self.pending: Mark | None = None
        self.last_figure = -1
        self.entries: list[Entry] = []
        self.correction_at = correction_at

    def read(self) -> None:
        items: list[Mark | int] = [*self.marks.found, *range(len(self.figures))]
        items.sort(key=lambda x: x.first if isinstance(x, Mark) else self._place_of(self.figures[x]))
        done: set[int] = set()
        for item in items:
            if isinstance(item, Mark):
                self._mark(item)
            elif item not in done:
                done |= self._figure(item)

    def _place_of(self, amount: Amount) -> float:
        """Where a figure is read: "3-bed house", "un 90 m2 piso" after the thing that it describes."""
        if amount.kind in ("count", "area"):
            described = next((m for m in self.marks.found if m.kind and 0 < m.first - amount.last <= 2), None)
            if described is not None and not self.tokens[described.first].opens:
                return described.last + 0.5
        return float(amount.first)

    # marks

    def _mark(self, mark: Mark) -> None:
        if self.pending is not None:
            if not self._parted(self.pending.last, mark.first, joined=True) and self.pending.joins(mark):
                return
            self._open()
        elif self._belongs_before(mark):
            assert self.cur is not None
            self._enter_mark(self.cur, mark)
            self.opened.add(self.cur)
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
        if self.cur is None or self.last_figure < 0 or mark.label or mark.nth or mark.name:
            return False
        record, between = self.records[self.cur], self.tokens[self.last_figure + 1 : mark.first]
        if mark.item or mark.other:  # "165.000 por uno que renta 720"
            return [t.text for t in between] in (["por"], ["for"]) and not mark.named
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
        self.opened.add(index)
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
            self.rows += 1
            for i, target in zip(row, targets, strict=True):
                self._enter(self.figures[i], in_row, target)
            self.cur = targets[-1]
            self.last_figure = self.figures[row[-1]].last
            return set(row)
        if self._is_shared(amount):
            role = self.judge.role(amount, self.cur, self.cur in self.opened)
            if role == "cost" and amount.first not in self.meanings:
                for target in range(len(self.records)):
                    self._enter(amount, role, target)
            elif role:
                self.entries.append(Entry(amount, role, amount.value, None))
            return {index}
        if self.cur is None:
            self.cur = self.loose = self._new()
        role = self.judge.role(amount, self.cur, self.cur in self.opened)
        if role is None:
            return {index}
        target = self.cur
        corrects = self.correction_at is not None and amount.first >= self.correction_at
        if role not in MANY and ENTRIES[role] in self.fresh[target] and not corrects:
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
            ranged = between and between <= {"a", "al", "to", "hasta"}  # "years 1 to 4"
            broken = ranged or self.tokens[right.first].opens or between - vocabulary()["rows"]
            if broken or any(left.last < m.first < right.first for m in self.marks.found):
                break
            one, other = (self.meanings.get(a.first) for a in (left, right))
            if one and other and one.label != other.label:
                break
            level(left, right)
            alike = left.kind == "money" or left.role == right.role or None in (left.role, right.role)
            if left.kind != right.kind or not alike or not like(left.value, right.value):
                break
            row.append(i)
        return row

    def _row_role(self, row: Sequence[int]) -> str | None:
        """What the figures of a row are; a rent before a price, which a figure is called for lack of better."""
        roles = [role for i in row if (role := self.figures[i].role)]
        told = next((self.figures[i] for i in row if self.figures[i].role == "monthly_rent"), None)
        told = told or next((self.figures[i] for i in row if self.figures[i].role in roles), self.figures[row[0]])
        return self.judge.role(told, self.cur, True)

    def _columns(self, count: int, role: str | None) -> list[int] | None:
        """The records that `count` figures in a row go to, one each."""
        if role is None or role in MANY:
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
            self.in_rows.update(self.run)
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
        self.in_rows.update(self.run)
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
            paused = at > amount.last and any(t.comma for t in between) and any(0 < a.first - at <= 5 for a in self.figures)
            if near and not paused and not others and not marked and not any(t.opens for t in between):
                return True
        return False

    def _label(self, amount: Amount) -> str:
        reading = self.readings.get(amount.first)
        return (reading.label if amount.role == "cost" else self.judge.cost_word(amount) or reading.label) if reading else ""

    def _enter(self, amount: Amount, role: str, index: int) -> None:
        self.entries.append(Entry(amount, role, amount.value, index))
        record, value = self.records[index], amount.value
        meaning = self.meanings.get(amount.first)
        if role in MANY and (meaning or role != "cost"):
            self.fresh[index].add(f"{role} {amount.first}")
            return
        if role == "cost":
            label, period = self._label(amount), self._period(amount)
            record["costs"] = [c for c in record["costs"] if c["label"] != label]
            record["costs"].append({"amount": value, "period": cost_period(label, period), "label": label})
            self.fresh[index].add(label)
            return
        key = ENTRIES[role]
        if role == "financed_pct":
            value = 100 - value
        if role == "term_years" and amount.kind == "months":
            value = round(value / 12, 4)
        if role == "monthly_rent" and meaning is None:
            value *= self.judge.scale(amount, role)
        record[key] = int(value) if value == int(value) else value
        if key == "rate_pct" and (kind := rate_kind(self.tokens, amount)):
            record["rate_kind"] = kind
        if amount.currency and amount.kind == "money":
            record["currency"] = amount.currency
        net = meaning.role == "netrent" if meaning else bool(vocabulary()["net"] & {t.text for t in self._around(amount)})
        if key in ("monthly_rent", "annual_rent") and net:
            record["net_rent"] = True
        self.fresh[index].add(key)

    def _period(self, amount: Amount) -> Period | None:
        """The period a cost is stated for: right after it, or after its name ("1.200 € de gastos al año")."""
        for at in range(amount.last + 1, min(amount.last + 5, len(self.tokens))):
            if self.tokens[at].opens or self.tokens[at].comma or self.tokens[at].kind == "num":
                break
            if period := period_after(self.tokens, at)[0]:
                return period
        return None

    def _around(self, amount: Amount) -> list[Token]:
        after: list[Token] = []
        for token in self.tokens[amount.last + 1 : amount.last + 4]:
            if token.opens or token.comma or token.kind == "num":
                break
            after.append(token)
        return [*self.tokens[max(0, amount.first - 3) : amount.first], *after]
