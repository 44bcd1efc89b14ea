"""How the periods of series and of stored medians are written: years, quarters and months, as text and as days."""

from __future__ import annotations

import re
from datetime import date

_PERIOD = re.compile(r"(\d{4})(?:FY|-?Q([1-4])|-?(0[1-9]|1[0-2])(?:-(\d{2}))?)?", re.IGNORECASE)


def period_label(day: date, frequency: str) -> str:
    """The period that a day lies in: `2026` for frequency A, `2026-Q3` for Q, `2026-09` for M."""
    if frequency == "A":
        return str(day.year)
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}" if frequency == "Q" else f"{day:%Y-%m}"


def read_period(word: str) -> date | None:
    """The first day of the year, quarter or month that a word names, or that a day in it lies in; None where it names none."""
    match = _PERIOD.fullmatch(word)
    if match is None or int(match[1]) < 1:
        return None
    year, quarter, month, day = match.groups()
    try:
        return date(int(year), int(quarter) * 3 - 2 if quarter else int(month or 1), int(day or 1)).replace(day=1)
    except ValueError:  # no day of that month
        return None
