"""The returns of a file of cases: one row out for each row in, in order, every measure a column, or why it has none.

Figures are float64 as computed, unrounded. Reasons are in English and Spanish in one text, like those of `services.valuing`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import BadInput
from services.tables import check_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.finance.analysis import Analysis
    from knowledge.finance.inputs import Inputs

Progress = Callable[[str, int, int], None]
#: Figures that are no measure to ask for but that every check of one wants.
BESIDE = ("annual_rent", "own_cash", "monthly_rate_pct", "debt_service_year", "loan_charges_year", "levered_npv",
          "value_at_horizon", "loan_balance_at_horizon",
          "home_irr_check")
_STEP = 50


class Counts(NamedTuple):
    """Rows of the file, those with at least one measure, and the columns that say nothing of a case."""

    rows: int
    computed: int
    unused: tuple[str, ...]


def columns() -> tuple[str, ...]:
    """The columns of the output, in order."""
    from knowledge.finance.analysis import MEASURES

    return ("row", "id", "currency", *MEASURES, *(name for name in BESIDE if name not in MEASURES), "assumed", "warnings",
            "unverified_rules", "reason")


def returns_file(
    file: Path, out: Path, *, years: Path | None = None, months: Path | None = None, progress: Progress | None = None
) -> Counts:
    """Write `out` (CSV, Parquet or JSON by its ending) with `columns()`; `years` and `months`, where named, with the cases laid
    out in time, a row a year or month. Raises `BadInput` for a file that cannot be read or whose columns say nothing of a case,
    `Unavailable` where an output could not be written."""
    import pandas as pd

    from knowledge.finance.calendar import months_of, years_of
    from knowledge.finance.rows import understood
    from knowledge.loaders.reading import read

    file, out = Path(file), Path(out)
    places = [out, *(Path(place) for place in (years, months) if place is not None)]
    for place in places:
        check_table(place, file)
    if len({place.resolve() for place in places}) < len(places):
        raise BadInput("Two outputs have the same name; give each its own.",
                       "Dos salidas tienen el mismo nombre; dé uno a cada una.")
    tell = progress or (lambda stage, done, total: None)
    tell("read", 0, 1)
    sheet = read(file)
    names = [str(name) for name in sheet.frame.columns]
    unused = tuple(name for name in names if not understood(name))
    if len(unused) == len(names):
        raise BadInput(
            f"No column of {file} is a figure of a return: expected names such as price, monthly_rent or rate_pct.",
            f"Ninguna columna de {file} es una cifra de una rentabilidad: se esperan nombres como price, monthly_rent o "
            "rate_pct.",
        )
    tell("read", 1, 1)
    rejected = {reject.row: reject.reason for reject in sheet.rejects}
    read_rows = dict(zip(sheet.frame.index.tolist(), sheet.frame.to_dict("records"), strict=True))
    rows: list[dict[str, Any]] = []
    for number in range(1, sheet.rows + 1):
        told = {str(name): cell for name, cell in read_rows[number].items()} if number in read_rows else None
        rows.append({"row": number} | (_computed(told) if told is not None else {"reason": rejected.get(number)}))
        if number % _STEP == 0 or number == sheet.rows:
            tell("compute", number, sheet.rows)
    table = pd.DataFrame(rows, columns=list(columns()))
    for name in table.columns:
        if name not in ("row", "id", "currency", "assumed", "warnings", "unverified_rules", "reason"):
            table[name] = table[name].astype("float64")
    tell("write", 0, 1)
    write_table(table, out)
    for target, lay_out in ((years, years_of), (months, months_of)):
        if target is not None:
            write_table(_laid_out(read_rows, lay_out), Path(target))
    tell("write", 1, 1)
    from knowledge.finance.analysis import MEASURES

    return Counts(len(table), int(table[list(MEASURES)].notna().any(axis=1).sum()), unused)


def _laid_out(read_rows: dict[int, dict[Any, Any]], lay_out: Callable[[Inputs], list[dict[str, float]]]) -> pd.DataFrame:
    """The rows of all cases, one below the other, with the number of the case's row."""
    import pandas as pd

    from knowledge.finance.rows import inputs_of

    found: list[dict[str, float]] = []
    for number, cells in sorted(read_rows.items()):
        try:
            found += [{"row": number} | each for each in lay_out(inputs_of({str(name): cell for name, cell in cells.items()}))]
        except BadInput:
            continue  # its reason stands in the main output
    table = pd.DataFrame(found)
    return table.astype({name: "int64" for name in ("row", "year", "month") if name in table})


def _computed(told: dict[str, Any]) -> dict[str, Any]:
    """The output of one row: its measures, or the reason that none could be computed."""
    from knowledge.finance.analysis import analyse
    from knowledge.finance.rows import inputs_of

    who = {"id": str(told["id"]) if told.get("id") not in (None, "") else None}
    try:
        inputs = inputs_of(told)
        found = analyse(inputs, explain=True)
    except BadInput as error:
        return who | {"reason": f"{error.en} / {error.es}"}
    figures = {name: float(fact.value) for name, fact in found.measures.items()}
    for fact in found.facts:
        if fact.key in BESIDE and fact.key not in found.measures:  # of what was told and what follows from it, the latter
            figures[fact.key] = float(fact.value)
    assumed = [f"{a.key}={float(a.fact.value):g}" for a in found.assumptions]
    years = inputs.horizon_years
    if years is not None and years != round(years):
        assumed.append(f"whole years of a projection / años enteros de una proyección={max(1, round(years))}")
    return who | figures | {
        "currency": inputs.money, "reason": _reason(found), "assumed": "; ".join(assumed) or None,
        "warnings": "; ".join(f"{w.en} / {w.es}" for w in found.warnings) or None,
        "unverified_rules": "; ".join(rule.id for rule in found.unverified) or None,
    }


def _reason(found: Analysis) -> str | None:
    """Measures without a figure, grouped by what they lack or why they do not exist."""
    from knowledge.finance.cautions import TEXTS

    lacking: dict[tuple[str, ...], list[str]] = {}
    for name, names in found.missing.items():
        lacking.setdefault(names, []).append(name)
    parts = [f"{', '.join(which)}: needs {' and '.join(names)} / falta {' y '.join(names)}" for names, which in lacking.items()]
    parts += [f"{name}: {TEXTS[code][1]} / {TEXTS[code][0]}" for name, code in found.undefined.items()]
    return "; ".join(parts) or None
