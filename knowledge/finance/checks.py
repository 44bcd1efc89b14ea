"""What a financial input may be, and the sentence a person reads when it is not.

Limits are wide on purpose: they stop slips of the keyboard (a rate of 900, a term of 0), not unusual deals. What is
possible but improbable is a warning of the analysis, never an error.
"""

from __future__ import annotations

import math
from typing import Any

from core.errors import BadInput

#: More than any property in any currency here; above it a figure is a typing error.
LARGEST_AMOUNT = 1e15

#: field -> (Spanish, English), with their article.
NAMES: dict[str, tuple[str, str]] = {
    "price": ("el precio", "the price"),
    "monthly_rent": ("el arriendo o alquiler mensual", "the monthly rent"),
    "annual_rent": ("el arriendo o alquiler anual", "the annual rent"),
    "amount": ("el importe", "the amount"),
    "cost": ("el gasto", "the cost"),
    "purchase_costs": ("los gastos de compra", "the purchase costs"),
    "selling_costs_pct": ("los gastos de venta", "the selling costs"),
    "area_m2": ("la superficie", "the area"),
    "bedrooms": ("el número de habitaciones", "the number of bedrooms"),
    "bathrooms": ("el número de baños", "the number of bathrooms"),
    "floor": ("la planta", "the floor"),
    "year_built": ("el año de construcción", "the year of construction"),
    "estrato": ("el estrato", "the estrato"),
    "vacancy_pct": ("la vacancia", "the vacancy"),
    "down_payment_pct": ("la cuota inicial o entrada", "the down payment"),
    "loan_amount": ("el crédito", "the loan"),
    "payment": ("la cuota mensual", "the monthly payment"),
    "instalment": ("la cuota del crédito", "the loan payment"),
    "own_cash": ("el dinero propio", "the own money"),
    "sale_price": ("el precio de venta", "the sale price"),
    "rate_pct": ("la tasa de interés", "the interest rate"),
    "target_yield_pct": ("la rentabilidad deseada", "the wished yield"),
    "discount_pct": ("la tasa de descuento", "the discount rate"),
    "term_years": ("el plazo", "the term"),
    "horizon_years": ("el horizonte", "the horizon"),
    "growth_pct": ("la valorización anual", "the yearly price growth"),
    "rent_growth_pct": ("el aumento anual de la renta", "the yearly rent growth"),
    "reference_value": ("el valor de referencia", "the reference value"),
    "rate": ("la tasa de cambio", "the exchange rate"),
    "cash_flows": ("los flujos de caja", "the cash flows"),
    "asking_price": ("el precio pedido", "the asking price"),
    "price_cut_pct": ("la rebaja del precio", "the discount on the price"),
    "reach_pct": ("la parte financiada a la que se quiere llegar", "the loan to value to be reached"),
    "months": ("el número de meses", "the number of months"),
    "invested": ("la inversión", "the investment"),
    "income": ("el ingreso anual", "the annual income"),
    "marginal_rate_pct": ("el tipo marginal", "the marginal rate"),
    "other_income": ("los otros ingresos", "the other income"),
    "residence": ("la residencia", "the residence"),
    "years_held": ("los años de tenencia", "the years held"),
    "bought_on": ("la fecha de compra", "the purchase date"),
    "land_value": ("el valor catastral del suelo", "the cadastral land value"),
    "cadastral_value": ("el valor catastral", "the cadastral value"),
    "municipal_rate_pct": ("el tipo municipal de la plusvalía", "the town's land-gain tax rate"),
    "rent_reduction_pct": ("la reducción del alquiler", "the reduction of the rent"),
    "building_share_pct": ("la parte de construcción", "the share of building"),
    "property_tax": ("el predial o IBI", "the property tax"),
    "costs": ("los gastos", "the costs"),
    "interest": ("los intereses", "the interest"),
    "depreciation": ("la amortización", "the depreciation"),
    "rent": ("el arriendo o alquiler", "the rent"),
    "inflation_pct": ("la inflación anual", "the yearly inflation"),
    "currency": ("la moneda", "the currency"),
    "country": ("el país", "the country"),
    "rent_currency": ("la moneda de la renta", "the currency of the rent"),
    "assume": ("assume", "assume"),
    "flow_dates": ("las fechas de los flujos", "the dates of the flows"),
    "on": ("la fecha", "the date"),
    "fx_change_pct": ("el cambio anual de la moneda", "the yearly change of the exchange rate"),
    "indexed_to": ("la unidad del crédito", "the unit of the loan"),
    "index_path": ("el índice", "the index"),
    "margin_pct": ("el diferencial", "the margin"),
    "cost_growth_pct": ("el aumento anual de los gastos", "the yearly growth of costs"),
    "loan_costs": ("los gastos del crédito", "the costs of the loan"),
    "income_tax": ("el impuesto del año", "the year's tax"),
    "sale_tax": ("el impuesto de la venta", "the tax on the sale"),
    "debt_service": ("las cuotas del año", "the year's loan payments"),
    "usd_rate": ("el cambio del dólar", "the rate of the dollar"),
    "financed_pct": ("la parte financiada", "the financed share"),
    "ltv_pct": ("la parte financiada", "the loan to value"),
    "property_type": ("el tipo de inmueble", "the property type"),
    "nights": ("las noches al año", "the nights a year"),
    "month_days": ("los días del mes", "the days of the month"),
    "new_build": ("obra nueva", "new build"),
    "foreign_trust": ("el país de un fideicomiso", "the country of a trust"),
}


def bad(
    field: str, value: Any, expected_es: str, expected_en: str, remedy_es: str = "", remedy_en: str = ""
) -> BadInput:
    """The error for `field`: names the value, what was expected and what to do."""
    es, en = NAMES.get(field, (field, field))
    remedy_es = remedy_es or "Corrija la cifra y vuelva a preguntar."
    remedy_en = remedy_en or "Correct the figure and ask again."
    shown = f"{value:.15g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else repr(value)
    return BadInput(
        f"{en[:1].upper()}{en[1:]} cannot be {shown}: expected {expected_en}. {remedy_en}",
        f"{es[:1].upper()}{es[1:]} no puede ser {shown}: se espera {expected_es}. {remedy_es}",
    )


def finite(field: str, value: Any) -> float:
    """A real, finite number; text, booleans, NaN and infinities raise `BadInput`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise bad(field, value, "un número", "a number", "Escriba la cifra con números.", "Write it in digits.")
    return float(value)


def amount(field: str, value: Any, *, zero: bool = False) -> float:
    """An amount of money or an area: above 0 (or 0 too where `zero`), at most 1e15."""
    number = finite(field, value)
    if number < 0 or (number == 0 and not zero):
        raise bad(field, value, *(("una cifra de 0 o más", "a figure of 0 or more") if zero else
                                  ("una cifra mayor que 0", "a figure above 0")))
    if number > LARGEST_AMOUNT:
        raise bad(field, value, f"una cifra de hasta {LARGEST_AMOUNT:g}", f"a figure up to {LARGEST_AMOUNT:g}")
    return number


def percent(field: str, value: Any, low: float, high: float) -> float:
    """A percentage between `low` and `high`, both allowed; 6.13 means 6.13 %."""
    number = finite(field, value)
    if not low <= number <= high:
        raise bad(field, value, f"un porcentaje entre {low:g} y {high:g}", f"a percentage between {low:g} and {high:g}",
                  "Escríbalo como 12 para 12 %.", "Write it as 12 for 12 %.")
    return number


def years(field: str, value: Any, high: float = 60) -> float:
    """A length in years: at least one month, at most `high` years."""
    number = finite(field, value)
    if not 1 / 12 - 1e-9 <= number <= high:
        raise bad(field, value, f"un número de años entre un mes y {high:g} años",
                  f"a number of years between one month and {high:g} years")
    return number


def rate(value: Any) -> float:
    """A yearly interest rate in percent, from 0 to 100."""
    return percent("rate_pct", value, 0, 100)
