"""`ingest`, `train`, `db upgrade`, `index rebuild`: what Ladrillo holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import language, market_of, out, progress, say, t
from cli.files import present
from cli.session import STAFF, filled
from core.errors import BadInput, LadrilloError
from core.locale import COUNTRIES
from core.settings import get_settings
from knowledge.resources import Resources

if TYPE_CHECKING:
    from knowledge.valuation.registry import Training


async def ingest(files: list[Path], mapping: str | None, refresh: bool, complete: bool = False) -> int:
    """Load file after file; one that cannot be read does not keep the others from loading. Exit code of the worst.

    Into an empty folder they are loaded before anything is trained; without `refresh` the next command trains.
    """
    from knowledge.loaders import ingest_file, mappings
    from services import filling

    there, worst = present(files)
    if not there:
        return worst
    sources: set[str] = set()
    kinds = {m.name: m for m in mappings()}
    async with filled(only=filling.LISTINGS) as resources:
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
        if refresh:
            markets = await _markets(resources, sources) if sources else []
            with progress() as tell:
                for trouble in await filling.refresh(resources, STAFF, markets, tell) if sources else ():
                    say(f"ladrillo: {trouble}")
                await filling.fill(resources, STAFF, tell, trained=markets)
    return worst


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

    markets = [market for one in countries or COUNTRIES if (market := market_of(one))]
    async with filled(only=filling.LISTINGS if promote else filling.STEPS) as resources:
        with progress() as tell:
            came = await filling.train(resources, STAFF, markets, tell, promote=promote, validate=validate)
            await filling.fill(resources, STAFF, tell, trained=markets)
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
