"""Messages with their figures marked, for training: `{240.000 €|price}` is a figure and what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.understanding.figures.history import NOTHING

ROLES = frozenset(
    f"price value rent/month rent/year netrent/month netrent/year room/month room/year night cost/month cost/year cost/night "
    f"once works loan debt instalment/month instalment/year own savings affordable/month sale flow convert fx rate down "
    f"financed vacancy occupancy growth rent_growth target discount selling cost_of_rent cost_of_price once_pct term hold "
    f"vacant_months nights nights/month budget rentbudget {NOTHING}".split()
)
MEASURES = frozenset(
    "gross_yield net_yield cap_rate noi cash_flow_month cash_flow_year monthly_payment total_interest interest_saved "
    "loan_amount affordable_loan down_payment cash_needed total_outlay purchase_costs loan_to_value cash_on_cash dscr "
    "payback_years irr npv total_return annual_growth future_value price_for_yield rent_for_yield break_even_rent "
    "break_even_nights savings_gap converted price_per_m2".split()
)
LOCALES = frozenset({"es-CO", "es-ES", "es-MX", "en", "mixed"})
_MARK = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """A message without its marks, and the marks as (start, end, role, option)."""

    text: str
    marks: tuple[tuple[int, int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """`measures` are what the last turn asks for; `place` says where it is written."""

    locale: str
    measures: tuple[str, ...]
    turns: tuple[Turn, ...]
    place: str


def turn_of(text: str) -> Turn:
    """A ValueError names an unknown role or an open mark."""
    plain, marks, at = "", [], 0
    for match in _MARK.finditer(text):
        plain += text[at : match.start()]
        role, _, option = match[2].partition("@")
        if role not in ROLES:
            raise ValueError(f"unknown role {role!r} of {match[1]!r}")
        marks.append((len(plain), len(plain) + len(match[1]), role, option))
        plain, at = plain + match[1], match.end()
    plain += text[at:]
    if "{" in plain or "}" in plain:
        raise ValueError(f"a mark that is not closed in {plain[:60]!r}")
    return Turn(plain, tuple(marks))


def conversations(folder: Path) -> Iterator[Conversation]:
    """All lines of the folder's `*.tsv`: locale, measures asked (`-` for none), turns joined by ` ||| `. A bad line is
    named."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            place, parts = f"{path.name}, line {number}", line.split("\t")
            if len(parts) != 3 or parts[0] not in LOCALES:
                raise SystemExit(f"{place}: expected locale, measures and text between tabs: {line[:80]!r}")
            measures = tuple(m for m in parts[1].split(",") if m != "-")
            if not set(measures) <= MEASURES:
                raise SystemExit(f"{place}: unknown measure in {parts[1]!r}")
            try:
                turns = tuple(turn_of(t.strip()) for t in parts[2].split("|||"))
            except ValueError as error:
                raise SystemExit(f"{place}: {error}") from None
            yield Conversation(parts[0], measures, turns, place)
