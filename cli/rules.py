"""`rules`: what the answers about costs and taxes rest on."""

from __future__ import annotations

from cli.console import language, out
from core.errors import BadInput
from core.locale import COUNTRIES
from knowledge.finance.rule_table import table


def rules(country: str | None) -> None:
    """The legal and tax rules of one country, or of all."""
    if country and country.upper() not in COUNTRIES:
        raise BadInput(f"--country is {country!r}; expected one of {', '.join(COUNTRIES)}.",
                       f"--country es {country!r}; se esperaba uno de {', '.join(COUNTRIES)}.")
    for code in (country.upper(),) if country else COUNTRIES:
        out(f"## {code}\n\n{table(code, language())}\n")
