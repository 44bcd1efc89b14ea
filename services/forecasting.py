"""Forecasts to a file: of stored series or of a table `period,value[,series]`; one row for each period to come.

Reasons are in English and Spanish in one text, like those of valued files: a file is read by people of both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from core import clock
from core.database import Database
from core.errors import BadInput, NotFound
from core.scope import Scope
from services.tables import check_table, write_table

if TYPE_CHECKING:
    from knowledge.forecasting.batch import Job
    from knowledge.forecasting.deflate import Inflation

Progress = Callable[[str, int, int], None]
Result = dict[str, Any]
FIGURES = ("value", "low_80", "high_80", "low_95", "high_95")
REAL = ("real_value", "real_low_80", "real_high_80", "real_low_95", "real_high_95", "inflation_pct")
COLUMNS = ("series", "period", *FIGURES, "method", "mase", "mase_drift", "origins", "beats_drift", *REAL, "reason")
_IDS = text(
    "SELECT s.id FROM series s WHERE (CAST(:metric AS text) IS NULL OR s.metric = :metric)"
    " AND (CAST(:country AS text) IS NULL OR s.country = :country)"
    " AND EXISTS (SELECT FROM observations o WHERE o.series_id = s.id) ORDER BY s.id"
)
_ABOUT = text("SELECT id, country, metric FROM series WHERE id = ANY(:ids)")
_METRICS = text("SELECT DISTINCT metric FROM series ORDER BY metric")
#: What is already without inflation, or is none of prices.
_NOMINAL = frozenset(("price_index", "price_m2", "rent", "rent_m2"))


class Counts(NamedTuple):
    """Series asked for, those that got a forecast, and rows written."""

    series: int
    forecast: int
    rows: int


async def ids_of(database: Database, scope: Scope, metric: str | None, country: str | None) -> list[str]:
    """Every series with observations, of one metric or country if given. Raises `NotFound` where there is none."""
    async with database.session(scope) as session:
        found = list((await session.execute(_IDS, {"metric": metric, "country": country})).scalars())
        metrics = [] if found else list((await session.execute(_METRICS)).scalars())
    if not found:
        raise NotFound(
            f"No stored series matches metric {metric or 'any'} and country {country or 'any'}; metrics there are: "
            f"{', '.join(metrics) or 'none'}.",
            f"Ninguna serie guardada es de la métrica {metric or 'cualquiera'} y el país {country or 'cualquiera'}; "
            f"métricas que hay: {', '.join(metrics) or 'ninguna'}.",
        )
    return found


async def forecast_stored(
    database: Database, scope: Scope, ids: Sequence[str], horizon: int, out: Path, told: Progress
) -> Counts:
    """Write the forecasts of stored series. Raises as `knowledge.forecasting.registry`; the error of a single series is raised,
    one of several stands in its row."""
    from knowledge.forecasting.registry import country_inflation, forecast_many

    check_table(out)
    results = await forecast_many(database, scope, ids, horizon, lambda done: told("forecasts", done, len(ids)))
    async with database.session(scope) as session:
        nominal = {row.id: row.country for row in await session.execute(_ABOUT, {"ids": list(ids)}) if row.metric in _NOMINAL}
        inflation = {code: await country_inflation(session, code) for code in sorted(set(nominal.values()))}
    prices = [inflation[nominal[series]] if series in nominal else None for series in ids]
    return await asyncio.to_thread(_write, list(ids), results, prices, horizon, out)


async def forecast_file(file: Path, horizon: int, out: Path, told: Progress, prices: Inflation | None = None) -> Counts:
    """Write the forecasts of the series of a file, those by quarters as a family where they are three or more. `prices` adds
    real figures. Raises `BadInput` for a file that is no table, lacks a column, holds an unreadable or future period or value,
    or, if it holds one series, for what cannot be forecast."""
    from knowledge.forecasting.batch import as_family, make_all

    check_table(out, file)
    jobs = await asyncio.to_thread(lambda: as_family(_jobs(file, horizon)))
    results = await asyncio.to_thread(make_all, jobs, lambda done: told("forecasts", done, len(jobs)))
    return await asyncio.to_thread(_write, [job.name for job in jobs], results, [prices] * len(jobs), horizon, out)


def _jobs(file: Path, horizon: int) -> list[Job]:
    from knowledge.forecasting.batch import Job
    from knowledge.loaders.reading import read

    sheet = read(file)
    frame = sheet.frame
    if lacking := [name for name in ("period", "value") if name not in frame.columns]:
        raise BadInput(
            f"The file {file} lacks the column {lacking[0]!r}; expected `period`, `value` and, for several, `series`.",
            f"Al archivo {file} le falta la columna {lacking[0]!r}; se esperaban `period`, `value` y, si son varias, `series`.",
        )
    if sheet.rejects:
        worst = sheet.rejects[0]
        raise BadInput(f"Row {worst.row} of {file} cannot be read: {worst.reason}.",
                       f"La fila {worst.row} de {file} no se puede leer: {worst.reason}.")
    names = _names(frame["series"].tolist()) if "series" in frame.columns else [""] * len(frame)
    rows: dict[str, tuple[list[date], list[float | None], set[str]]] = {}
    columns = zip(frame.index.tolist(), names, frame["period"].tolist(), frame["value"].tolist(), strict=True)
    for row, name, period, value in columns:
        periods, values, kinds = rows.setdefault(name, ([], [], set()))
        periods.append(_period(row, period))
        values.append(_value(row, value))
        kinds.add(_kind(str(period)))
    if not rows:
        raise BadInput(f"The file {file} holds no observations.", f"El archivo {file} no trae observaciones.")
    return [
        Job(name, tuple(periods), tuple(values), _frequency(name, periods, kinds), horizon)
        for name, (periods, values, kinds) in rows.items()
    ]


def _names(told: list[Any]) -> list[str]:
    """Of each row's series. Raises `BadInput` for a row without one among rows that have one."""
    found = ["" if _empty(name) else str(name).strip() for name in told]
    if "" in found and any(found):
        row = found.index("") + 1
        raise BadInput(
            f"Row {row} names no series; write its name in the column `series`, as in the other rows.",
            f"La fila {row} no nombra ninguna serie; escriba su nombre en la columna `series`, como en las demás.",
        )
    return found


def _empty(told: Any) -> bool:
    return told is None or str(told).strip().lower() in ("", "nan", "na", "none", "null")


def _period(row: int, told: Any) -> date:
    from knowledge.series.periods import read_period

    found = told.date() if hasattr(told, "date") else told if isinstance(told, date) else read_period(str(told).strip())
    if found is None:
        raise BadInput(
            f"Row {row}: the period {told!r} is not one; expected a form like 2024, 2024Q3, 2024-09 or 2024-09-01.",
            f"Fila {row}: el periodo {told!r} no lo es; se esperaba una forma como 2024, 2024Q3, 2024-09 o 2024-09-01.",
        )
    if found > clock.now().date():
        raise BadInput(f"Row {row}: the period {told} is in the future; leave out what has not been observed.",
                       f"Fila {row}: el periodo {told} está en el futuro; quite lo que aún no se ha observado.")
    return date(found.year, found.month, found.day)


def _value(row: int, told: Any) -> float | None:
    if _empty(told):
        return None
    try:
        return float(str(told).strip())
    except ValueError:
        raise BadInput(
            f"Row {row}: the value {told!r} is not a number; expected digits with a decimal point, or nothing.",
            f"Fila {row}: el valor {told!r} no es un número; se esperaban cifras con punto decimal, o nada.",
        ) from None


def _kind(period: str) -> str:
    """How a period is written: by year, by quarter, or by date."""
    word = period.strip().upper()
    return "Q" if "Q" in word else "A" if len(word) == 4 else ""


def _frequency(name: str, periods: list[date], kinds: set[str]) -> str:
    """From the way periods are written, else from the least distance between them. Raises `BadInput` for a mixture."""
    written = kinds - {""}
    if len(kinds) > 1:
        raise BadInput(f"The series {name!r} mixes years, quarters and dates; write all periods alike.",
                       f"La serie {name!r} mezcla años, trimestres y fechas; escriba todos los periodos igual.")
    if written:
        return written.pop()
    months = sorted({day.year * 12 + day.month for day in periods})
    least = min((b - a for a, b in pairwise(months)), default=12)
    return "A" if least >= 12 else "Q" if least >= 3 else "M"


def _write(
    names: list[str], results: Sequence[Result | BadInput], prices: Sequence[Inflation | None], horizon: int, out: Path
) -> Counts:
    import pandas as pd

    if len(results) == 1 and isinstance(results[0], BadInput):
        raise results[0]
    rows: list[Result] = []
    for name, result, inflation in zip(names, results, prices, strict=True):
        if isinstance(result, BadInput):
            rows.append({"series": name, "reason": f"{result.en} / {result.es}"})
        else:
            rows += _rows(name, result, inflation, horizon)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_table(table, out)
    return Counts(len(names), sum(not isinstance(r, BadInput) for r in results), len(table))


def _rows(name: str, result: Result, inflation: Inflation | None, horizon: int) -> list[Result]:
    from knowledge.forecasting.deflate import real_path

    path, found = result["path"][:horizon], result["backtest"]
    mase = found["mase"]
    evidence = {
        "series": name, "mase": found["mase_chosen"], "mase_drift": mase.get("drift"), "origins": found["origins"],
        "beats_drift": found["beats_drift"], "reason": "; ".join(result["flags"]) or None,
    }
    if inflation is None or any(step["low_95"] <= 0 for step in path):
        return [{**step, **evidence} for step in path]
    real = real_path(date.fromisoformat(result["origin"]), path, result["frequency"], inflation)
    return [
        {**step, **evidence, "inflation_pct": round(r["inflation_pct"], 4)}
        | {f"real_{figure}": float(f"{r[figure]:.10g}") for figure in FIGURES}
        for step, r in zip(path, real, strict=True)
    ]
