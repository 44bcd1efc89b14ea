"""`rules`: what the answers about costs and taxes rest on."""

from __future__ import annotations

from pathlib import Path

from cli.console import language, market_of, out, t
from cli.files import expect
from core.errors import BadInput
from core.locale import COUNTRIES
from knowledge.finance.rule_table import page, section


def rules(country: str | None, write: Path | None) -> None:
    """The legal and tax rules of one country, or of all; with `write` the tables of a page in English are made again."""
    market = market_of(country)
    if write is not None:
        _write(write, market)
        return
    for code in (market,) if market else COUNTRIES:
        out(section(code, language()))


def _write(file: Path, market: str | None) -> None:
    if market:
        raise BadInput("--write makes the tables of all countries: leave --country out.",
                       "--write hace las tablas de todos los países: no use --country.")
    expect(file)
    file.write_text(page(file.read_text("utf-8")), "utf-8")
    out(t(f"{file}: the tables are those of today's rules.", f"{file}: las tablas son las de las reglas de hoy."))
