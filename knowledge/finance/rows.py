"""A row of a file of cases as the inputs of an analysis: columns are named as the fields of `Inputs`.

A file is a calculation to the letter: what a row does not say is not there, unless its `assume` is true, which brings the
country's assumptions. Costs have columns of their own, by what they are and how often they are paid (`community_month`,
`property_tax_year`, `management_pct_of_rent`), so that a spreadsheet needs no nested cell. Numbers are
read as a spreadsheet of any country writes them; one that reads in two ways (250.000 as a price) is refused.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from math import isnan
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core import clock
from core.errors import BadInput
from core.locale import COUNTRIES, CURRENCY_OF
from knowledge.finance import checks
from knowledge.finance.currency import Conversion, Rate, convert, pairs_between
from knowledge.finance.inputs import Cost, Inputs
from knowledge.finance.taxpayer import Taxpayer
from knowledge.understanding.text import fold

#: Other names that people give the same column.
ALIASES = {
    "rent": "monthly_rent", "rent_month": "monthly_rent", "rent_year": "annual_rent", "interest_rate_pct": "rate_pct",
    "loan": "loan_amount", "term": "term_years", "horizon": "horizon_years", "holding_years": "horizon_years",
    "area": "area_m2", "vacancy": "vacancy_pct", "price_growth_pct": "growth_pct", "appreciation_pct": "growth_pct",
    "date": "on", "rent_reduction_pct": "reduction_pct",
}
#: Columns that are no field of `Inputs`: a switch, who the case is, and shares that say a field in another way.
EXTRA = frozenset({"assume", "id", "label", "financed_pct", "ltv_pct", "purchase_costs_pct", "rent_currency", "costs",
                   "usd_rate"})
_LABEL = frozenset({"costs", "administration", "community", "hoa", "property_tax", "predial", "ibi", "insurance", "maintenance",
                    "management", "repairs", "trust", "other"})
_COST = re.compile(r"(?P<label>[a-z_]+?)_(?:(?P<period>week|month|two_months|quarter|half_year|year|once|night)"
                   r"|pct_of_(?P<of>rent|price))$")
#: Columns of money beside the costs.
_MONEY = frozenset({"price", "asking_price", "monthly_rent", "annual_rent", "nightly_rent", "purchase_costs", "loan_amount",
                    "valuation", "savings", "opening_fee", "loan_fee_month", "payment", "instalment", "own_cash", "sale_price",
                    "selling_costs", "other_income", "land_value", "cadastral_value"})
#: Thousands in one way of writing and a fraction in the other: 250.000, 1,100.
_TWO_READINGS = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")
#: What only a decimal comma explains (1.234,56; 3,5; 1.250.000), and what only a decimal point does (1,234.56; 1,250,000).
_COMMA = re.compile(r"-?([0-9]{1,3}([.][0-9]{3})+,[0-9]+|[0-9]+,[0-9]+|[0-9]{1,3}([.][0-9]{3}){2,})")
_POINT = re.compile(r"-?[0-9]{1,3}((,[0-9]{3})+[.][0-9]+|(,[0-9]{3}){2,})")
_NEVER = frozenset({"measures", "language", "entity", "entity_id", "as_told", "taxpayer", "dollar"})
_YES, _NO = frozenset({"true", "1", "yes", "si", "sí", "y", "s"}), frozenset({"false", "0", "no", "n"})


@lru_cache(maxsize=1)
def _types() -> dict[str, Any]:
    hints = get_type_hints(Inputs)
    told = {field.name: hints[field.name] for field in fields(Inputs) if field.name not in _NEVER | {"costs"}}
    return told | get_type_hints(Taxpayer)


def understood(column: str) -> bool:
    """Whether a column of a file says something of a case."""
    name = ALIASES.get(column, column)
    return name in _types() or name in EXTRA or _cost_column(name) is not None


def inputs_of(row: Mapping[str, Any]) -> Inputs:
    """The inputs of one row; cells that are None, empty or (outside JSON) NaN are not told. Raises `BadInput` that names the
    column, its value and what was expected."""
    told: dict[str, Any] = {}
    costs: list[Cost] = []
    for column, cell in row.items():
        name = ALIASES.get(column, column)
        if _empty(cell) or not understood(column):
            continue
        if name in told:
            raise checks.bad(column, cell, f"una sola columna para {name}", f"one column alone for {name}")
        if name == "costs":
            costs += _listed(cell)
        elif name in EXTRA or name in _types():
            told[name] = _value(column, _types().get(name, str if name in ("id", "label", "rent_currency") else
                                                     bool if name == "assume" else float), cell)
        elif (cost := _cost_column(name)) is not None:
            label, period, of = cost
            amount = _number(column, cell)
            costs.append(Cost(label, amount, period or "year", of or "money"))
    return _built(told, costs)


def _built(told: dict[str, Any], costs: list[Cost]) -> Inputs:
    if "on" in told and told["on"] > clock.now().date():
        raise checks.bad("on", told["on"].isoformat(), "un día que no sea futuro", "a day that is not in the future")
    assume = told.pop("assume", False)
    told.pop("id", None)
    told["entity"] = told.pop("label", "")
    for share, what in (("financed_pct", "la parte financiada"), ("ltv_pct", "la parte financiada")):
        if share in told:
            if "down_payment_pct" in told:
                raise checks.bad(share, told[share], f"{what} o la cuota inicial, no ambas",
                                 "the financed share or the down payment, not both")
            told["down_payment_pct"] = 100 - checks.percent(share, told.pop(share), 0, 100)
    if "property_type" in told:
        told["property_type"] = _kind(told["property_type"])
    if "purchase_costs_pct" in told:
        costs.append(Cost("purchase_costs", told.pop("purchase_costs_pct"), "once", "price"))
    _check_place(told)
    if (rate := told.pop("usd_rate", None)) is not None:
        told["dollar"] = _dollar(rate, told)
    if not assume:
        told |= {"as_told": True}
        told.setdefault("selling_costs_pct", 0.0)
    if costs:
        told["costs"] = tuple(costs)
    if taxed := {field.name: told.pop(field.name) for field in fields(Taxpayer) if field.name in told}:
        told["taxpayer"] = Taxpayer(**taxed)
    return Inputs(**told)


def _check_place(told: dict[str, Any]) -> None:
    """Country and currency are ours, agree with each other, and the rent is in the currency of the price."""
    country, currency = (told.get(name, "").strip().upper() or None for name in ("country", "currency"))
    if country is not None and country not in COUNTRIES:
        raise checks.bad("country", country, "CO, ES o MX", "CO, ES or MX")
    if currency is not None and currency not in {*CURRENCY_OF.values(), "USD"}:
        raise checks.bad("currency", currency, "COP, EUR, MXN o USD", "COP, EUR, MXN or USD")
    home = CURRENCY_OF.get(country or "")
    if country and currency and currency not in (home, "USD"):
        raise checks.bad("currency", currency, f"{home} o USD, porque el inmueble está en {country}",
                         f"{home} or USD, as the property is in {country}")
    let = told.pop("rent_currency", "").strip().upper() or None
    if let is not None and let != (currency or home):
        raise checks.bad("rent_currency", let, f"la moneda del precio ({currency or home})",
                         f"the currency of the price ({currency or home})", "Convierta antes la renta.",
                         "Convert the rent first.")
    told |= {name: value for name, value in (("country", country), ("currency", currency)) if value is not None}


def _kind(word: str) -> str:
    """A property type as our rules name it, from any word that a listing's file or a message may have for it; `other` for one
    that is none of them, such as a parking space."""
    from knowledge.loaders.vocabulary import vocabulary
    from knowledge.understanding.lexicon import lexicon

    known, name = vocabulary(), fold(word)
    found = known.words["property_type"].get(name) or lexicon().types.get(tuple(name.split()))
    if name == "other":
        found = name
    if not found:
        listed = ", ".join((*known.property_types, "other"))
        raise checks.bad("property_type", word, f"uno de {listed}", f"one of {listed}",
                         "Quítelo si no lo sabe.", "Leave it out if you do not know.")
    return found


def _dollar(rate: float, told: dict[str, Any]) -> Conversion:
    """One dollar at the rate of a row, in its money."""
    country = told.get("country") or ""
    money = told.get("currency") or CURRENCY_OF.get(country) or "USD"
    pairs = pairs_between("USD", money)
    if not pairs or not 0.1 <= rate <= 20_000:
        raise checks.bad("usd_rate", rate, f"cuántas unidades de {money} vale un dólar; nada si el precio está en dólares",
                         f"how many {money} one dollar is worth; nothing if the price is in dollars")
    quoted = 1 / rate if money == "EUR" else rate
    return convert(1.0, "USD", money, [Rate(pairs[0], quoted, told.get("on") or clock.now().date(), "message")])


def _cost_column(name: str) -> tuple[str, Any, Any] | None:
    """(label, period, what a percentage is of) of a column such as `insurance_year` or `maintenance_pct_of_rent`."""
    found = _COST.fullmatch(name)
    if found is None or name in _types() or found["label"] not in _LABEL:
        return None
    return found["label"], found["period"], found["of"]


def _empty(cell: Any) -> bool:
    """Nothing told: None, blank text, or the gap of a Parquet column. NaN written out as text is no gap."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    if isinstance(cell, float):
        return isnan(cell)
    return type(cell).__name__ in ("NAType", "NaTType")


def _value(column: str, kind: Any, cell: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is Literal:
        word, known = str(cell).strip(), get_args(kind)
        match = next((option for option in known if str(option).lower() == word.lower()), None)
        if match is None:
            raise checks.bad(column, word, " o ".join(map(str, known)), " or ".join(map(str, known)))
        return match
    if get_origin(kind) is tuple:
        items = _parts(column, cell)
        return tuple(_value(column, get_args(kind)[0], item) for item in items)
    if kind is bool:
        return _truth(column, cell)
    if kind is date:
        return _day(column, cell)
    if kind is str:
        return str(cell).strip()
    number = _number(column, cell)
    if kind is int:
        if number != int(number):
            raise checks.bad(column, number, "un número entero", "a whole number")
        return int(number)
    return number


def _number(column: str, cell: Any) -> float:
    if isinstance(cell, str):
        word = "".join(cell.split()).strip("€$%")
        if _TWO_READINGS.fullmatch(word) and ("," in word or _is_money(column)):
            raise checks.bad(column, cell.strip(), "un número con una sola lectura, como 1234.56 o 1.234,56",
                             "a number that reads in one way, such as 1234.56 or 1,234.56")
        if _COMMA.fullmatch(word):
            word = word.replace(".", "").replace(",", ".")
        elif _POINT.fullmatch(word):
            word = word.replace(",", "")
        try:
            number = float(word) if "_" not in word else None
        except ValueError:
            number = None
        if number is None:
            raise checks.bad(column, cell.strip(), "un número como 1234.56", "a number such as 1234.56")
        return checks.finite(column, number)
    if hasattr(cell, "item"):
        cell = cell.item()
    return checks.finite(column, cell)


def _is_money(column: str) -> bool:
    """Whether a column is an amount of money, where a point before three digits marks thousands in Spanish."""
    name = ALIASES.get(column, column)
    if (cost := _cost_column(name)) is not None:
        return cost[2] is None
    return name in _MONEY


def _truth(column: str, cell: Any) -> bool:
    if isinstance(cell, bool) or type(cell).__name__ in ("bool_", "bool"):
        return bool(cell)
    word = str(cell).strip().lower().removesuffix(".0")
    if word in _YES | _NO:
        return word in _YES
    raise checks.bad(column, cell, "sí o no", "yes or no")


def _day(column: str, cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).strip()[:10])
    except ValueError:
        raise checks.bad(column, str(cell), "una fecha como 2026-03-31", "a date such as 2026-03-31") from None


def _parts(column: str, cell: Any) -> list[Any]:
    """The items of a list, or of text with semicolons between them."""
    if isinstance(cell, str):
        return [part for part in cell.strip().strip("[]").replace(",", ";").split(";") if part.strip()]
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, list | tuple):
        return list(cell)
    raise checks.bad(column, cell, "una lista como 3.1;2.8;2.5", "a list such as 3.1;2.8;2.5")


def _listed(cell: Any) -> list[Cost]:
    """`costs` as JSON: a list of {label, amount, period, of}."""
    try:
        items = json.loads(cell) if isinstance(cell, str) else _parts("costs", cell)
        return [Cost(str(item.get("label", "-")), item["amount"], item.get("period") or "year", item.get("of") or "money")
                for item in items]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, BadInput):
            raise
        raise checks.bad("costs", str(cell)[:80], "una lista de {label, amount, period, of}",
                         "a list of {label, amount, period, of}") from None
