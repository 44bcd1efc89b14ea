"""`ingest`, `train`, `value`, `returns`, `forecast`, `db upgrade`, `index rebuild`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import language, out, progress, say, t
from cli.session import STAFF, filled
from core.errors import BadInput, LadrilloError, NotFound
from core.locale import COUNTRIES
from core.settings import get_settings
from knowledge.resources import Resources

if TYPE_CHECKING:
    from knowledge.forecasting.deflate import Inflation
    from knowledge.valuation.registry import Training


async def ingest(files: list[Path], mapping: str | None, refresh: bool, complete: bool = False) -> int:
    """Load file after file; one that cannot be read does not keep the others from loading. Exit code of the worst."""
    from knowledge.loaders import ingest_file, mappings
    from services import filling

    there, worst = _present(files)
    if not there:
        return worst
    sources: set[str] = set()
    kinds = {m.name: m for m in mappings()}
    async with filled() as resources:
        for file in there:
            try:
                with progress() as tell:
                    result = await ingest_file(
                        resources.database, STAFF, file, mapping=mapping, progress=tell, complete=complete)
            except LadrilloError as error:
                say(f"ladrillo: {file}: {error.text(language())}")
                worst = max(worst, error.exit_code)
                continue
            out(
                t(
                    f"{result.file}: {result.rows:,} rows as {result.mapping}: {result.inserted:,} new, "
                    f"{result.updated:,} changed, {result.unchanged:,} unchanged, {result.price_changes:,} price changes, "
                    f"{result.quarantined:,} in quarantine, {result.skipped:,} left out ({result.seconds:.1f} s)",
                    f"{result.file}: {result.rows} filas como {result.mapping}: {result.inserted} nuevas, "
                    f"{result.updated} cambiadas, {result.unchanged} iguales, {result.price_changes} cambios de precio, "
                    f"{result.quarantined} en cuarentena, {result.skipped} omitidas ({result.seconds:.1f} s)",
                )
            )
            if result.withdrawn:
                out(t(f"{result.withdrawn:,} listings that the file no longer names are withdrawn.",
                      f"{result.withdrawn} anuncios que el archivo ya no nombra quedan retirados."))
            if result.quarantined:
                say(t("Quarantined rows keep their reason: table `quarantine`, or `ladrillo doctor`.",
                      "Las filas en cuarentena guardan su motivo: tabla `quarantine` o `ladrillo doctor`."))
            chosen = kinds.get(result.mapping)
            if (chosen is None or chosen.kind == "listings") and result.inserted + result.updated + result.withdrawn:
                sources.add(chosen.source if chosen else "")
        if sources and refresh:
            markets = await _markets(resources, sources)
            with progress() as tell:
                for trouble in await filling.refresh(resources, STAFF, markets, tell):
                    say(f"ladrillo: {trouble}")
    return worst


def _present(files: list[Path]) -> tuple[list[Path], int]:
    """The files that exist, and the exit code of those that do not: known before servers start and a folder is filled."""
    gone = [file for file in files if not _may_exist(file)]
    for file in gone:
        say(f"ladrillo: {_no_file(file).text(language())}")
    return [file for file in files if file not in gone], NotFound.exit_code if gone else 0


def _may_exist(file: Path) -> bool:
    """False only where there is surely no such file; one that may not be looked at is told of when it is read."""
    try:
        return file.exists()
    except OSError:
        return True


def _no_file(file: Path) -> NotFound:
    return NotFound(f"There is no file {str(file)!r}.", f"No existe el archivo {str(file)!r}.")


async def _markets(resources: Resources, sources: set[str]) -> list[str]:
    """Countries with listings of these sources (all where a mapping of one's own was used)."""
    from sqlalchemy import text

    if "" in sources:
        return list(COUNTRIES)
    async with resources.database.session(STAFF) as session:
        rows = await session.execute(
            text("SELECT DISTINCT country FROM listings WHERE source = ANY(:s) AND operation = 'sale' ORDER BY country"),
            {"s": sorted(sources)},
        )
        return list(rows.scalars())


async def train(countries: list[str] | None, promote: bool, validate: bool) -> None:
    from services import filling

    markets = [c.upper() for c in countries or COUNTRIES]
    for market in markets:
        if market not in COUNTRIES:
            raise BadInput(
                f"--country is {market!r}; expected one of {', '.join(COUNTRIES)}.",
                f"--country es {market!r}; se esperaba uno de {', '.join(COUNTRIES)}.",
            )
    async with filled() as resources:
        with progress() as tell:
            came = await filling.train(resources, STAFF, markets, tell, promote=promote, validate=validate)
        for market, result in came:
            if isinstance(result, BadInput):
                out(f"{market}: {result.text(language())}")
                continue
            for line in _card(result):
                out(line)


def _card(trained: Training) -> list[str]:
    """The model's out-of-fold errors, those of the hedonic reference on the same rows, and which model is active now."""
    m = trained.metrics
    lines = [
        f"{trained.market}: {trained.version}, n {m['n']}, {_errors(m)}, 80 % {m['coverage_80']:.1f} %, "
        f"90 % {m['coverage_90']:.1f} % ({t('width', 'ancho')} {m['width_90']:.1f} %)",
        f"  {t('hedonic reference', 'referencia hedónica')}: {_errors(m['hedonic'])}",
    ]
    titles = {"spatial": t("unseen streets", "calles no vistas"), "forward": t("later months", "meses posteriores")}
    lines += [f"  {titles[name]}: n {block['n']}, {_errors(block)}, 80 % {block['coverage_80']:.1f} %, "
              f"90 % {block['coverage_90']:.1f} %" for name, block in (m.get("validation") or {}).items()]
    return [*lines, f"  {trained.verdict.sentence(language())}"]


def _errors(m: Mapping[str, Any]) -> str:
    return (
        f"MdAPE {m['mdape']:.1f} %, MAPE {m['mape']:.1f} %, ±10 % {m['within_10']:.1f} %, ±20 % {m['within_20']:.1f} %, "
        f"COD {m['cod']:.1f}, PRD {m['prd']:.3f}, PRB {m['prb']:.3f}"
    )


async def value(file: Path, out_path: Path, mapping: str | None) -> None:
    """One row per input row, in order: value, low_80, high_80, low_90, high_90 and why where there is none."""
    from services.valuing import value_file

    if not _may_exist(file):
        raise _no_file(file)
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

    if not _may_exist(file):
        raise _no_file(file)
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

    country = country.upper() if country else None
    if (source is None) != every:
        raise BadInput(
            "Name one series or one file, or ask for all with --all; not both, not neither.",
            "Indique una serie o un archivo, o pida todas con --all; no las dos cosas, ni ninguna.",
        )
    file = Path(source) if source is not None else None
    if file is not None and (file.is_file() or file.suffix.lower() in (".csv", ".parquet", ".pq", ".jsonl", ".json", ".txt")):
        if not _may_exist(file):
            raise _no_file(file)
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
        raise NotFound(f"There is no inflation of {country!r}; it is known for {', '.join(COUNTRIES)}.",
                       f"No hay inflación de {country!r}; se conoce la de {', '.join(COUNTRIES)}.")
    return found


async def db_upgrade() -> None:
    from graphs.checkpoints import Checkpoints
    from knowledge.migrations import HEAD, upgrade

    async with await Resources.open(get_settings(), migrate=False) as resources:
        changed = upgrade(resources.database.url.render_as_string(hide_password=False))
        await (await Checkpoints.open(resources.database)).close()
    out(t(f"Database at revision {HEAD}{'' if changed else ' (already)'}.",
          f"Base de datos en la revisión {HEAD}{'' if changed else ' (ya lo estaba)'}."))


async def index_rebuild() -> None:
    from knowledge.documents.index import rebuild

    async with filled() as resources:
        index = await resources.recreate_meaning(STAFF)
        with progress() as tell:
            counts = await rebuild(resources.database, STAFF, index, tell)
    out(t(f"Index rebuilt: {counts.listings:,} adverts and {counts.documents:,} documents.",
          f"Índice recreado: {counts.listings} anuncios y {counts.documents} documentos."))
