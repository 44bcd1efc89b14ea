"""`value`, `returns`, `forecast`: a file of cases in, a file of figures out, one row per row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import market_of, out, progress, say, t
from cli.files import expect
from cli.session import STAFF, filled
from core.errors import BadInput, NotFound

if TYPE_CHECKING:
    from knowledge.forecasting.deflate import Inflation


async def value(file: Path, out_path: Path, mapping: str | None) -> None:
    """One row per input row, in order: value, low_80, high_80, low_90, high_90 and why where there is none."""
    from services.valuing import value_file

    expect(file)
    async with filled() as resources:
        with progress() as tell:
            counts = await value_file(resources, STAFF, file, out_path, mapping=mapping, progress=tell)
    out(
        t(f"{out_path}: {counts.valued:,} of {counts.rows:,} rows valued.",
          f"{out_path}: {counts.valued} de {counts.rows} filas valoradas.")
    )


async def returns(file: Path, out_path: Path, years: Path | None, months: Path | None) -> None:
    """One row per input row, in order: every measure of a return, and why where there is none. Needs no database."""
    from services.returning import returns_file

    expect(file)
    with progress() as tell:
        counts = returns_file(file, out_path, years=years, months=months, progress=tell)
    if counts.unused:
        say(t(f"Columns not used: {', '.join(counts.unused)}.", f"Columnas sin usar: {', '.join(counts.unused)}."))
    out(
        t(f"{out_path}: {counts.computed:,} of {counts.rows:,} rows computed.",
          f"{out_path}: {counts.computed} de {counts.rows} filas calculadas.")
    )


async def forecast(
    source: str | None, out_path: Path, horizon: int, *, every: bool, metric: str | None, country: str | None
) -> None:
    """One row per series and period to come: value, intervals, method, backtest, and real figures where inflation is known."""
    from services import forecasting

    country = market_of(country)
    if (source is None) != every:
        raise BadInput(
            "Name one series or one file, or ask for all with --all; not both, not neither.",
            "Indique una serie o un archivo, o pida todas con --all; no las dos cosas, ni ninguna.",
        )
    file = Path(source) if source is not None else None
    if file is not None and (file.is_file() or file.suffix.lower() in (".csv", ".parquet", ".pq", ".jsonl", ".json", ".txt")):
        expect(file)
        with progress() as tell:
            counts = await forecasting.forecast_file(file, horizon, out_path, tell, await _inflation(country))
    else:
        async with filled() as resources:
            database = resources.database
            ids = [source] if source is not None else await forecasting.ids_of(database, STAFF, metric, country)
            with progress() as tell:
                counts = await forecasting.forecast_stored(database, STAFF, ids, horizon, out_path, tell)
    out(t(f"{out_path}: {counts.forecast:,} of {counts.series:,} series forecast, {counts.rows:,} rows.",
          f"{out_path}: {counts.forecast} de {counts.series} series con pronóstico, {counts.rows} filas."))


async def _inflation(country: str | None) -> Inflation | None:
    """Of a country named for a file. Raises `NotFound` where none is stored."""
    from knowledge.forecasting.registry import country_inflation

    if country is None:
        return None
    async with filled() as resources, resources.database.session(STAFF) as session:
        found = await country_inflation(session, country)
    if found is None:
        raise NotFound(f"No inflation of {country} is loaded; load one with `ladrillo ingest`, or leave --country out.",
                       f"No hay inflación de {country} cargada; cárguela con `ladrillo ingest` o no use --country.")
    return found
