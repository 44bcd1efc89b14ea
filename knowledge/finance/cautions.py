"""What an analysis wants its reader to know, by code.

Sentences carry no figures: those are the facts that a caution names.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXTS: dict[str, tuple[str, str]] = {
    "rent_above_legal_cap": (
        "El arriendo supera el tope legal sobre el valor comercial del inmueble.",
        "The rent is above the legal cap on the property's commercial value.",
    ),
    "negative_leverage": (
        "Las cuotas del año cuestan más de lo que rinde el inmueble: el crédito baja el flujo sobre el dinero propio.",
        "A year's payments cost more than the property yields: the loan lowers the cash flow on the own money.",
    ),
    "leverage_lowers": (
        "El crédito baja el retorno: cuesta más de lo que rinde el inmueble.",
        "The loan lowers the return: it costs more than the property yields.",
    ),
    "no_own_money": (
        "No se pone dinero propio: no hay nada que multiplicar.",
        "No own money is put in: there is nothing to multiply.",
    ),
    "negative_cash_flow": (
        "El flujo de caja es negativo: habría que poner dinero cada mes.",
        "The cash flow is negative: money would have to be added every month.",
    ),
    "unverified_rule": (
        "Hay parámetros legales sin verificar: confírmelos antes de decidir.",
        "Some legal parameters are unverified: confirm them before deciding.",
    ),
    "region_unknown": (
        "No tengo las reglas propias de {place}: los gastos de compra son el rango de todo el país.",
        "I do not have the rules of {place} itself: the purchase costs are the range of the whole country.",
    ),
    "trust_place_unknown": (
        "No sé si ese lugar está en la zona restringida de México: si lo está, un extranjero compra con fideicomiso, que no "
        "está en esta cuenta.",
        "I do not know whether that place lies in Mexico's restricted zone: if it does, a foreigner buys through a trust, "
        "which is not in these figures.",
    ),
    "trust_place_unverified": (
        "Que ese lugar está en la zona restringida de México se deduce de la distancia a la costa o a la frontera: confírmelo.",
        "That the place lies in Mexico's restricted zone is inferred from the distance to the coast or the border: confirm it.",
    ),
    "trust_fee_apart": (
        "La cuota anual del fideicomiso no está descontada: va en dólares y no sé a cuánto está el cambio.",
        "The trust's yearly fee is not taken off: it is in dollars and I do not know the exchange rate.",
    ),
    "no_purchase_rule": (
        "No tengo reglas de los gastos de compra para esa fecha: no están en la cuenta.",
        "I have no rules of purchase costs for that date: they are not in these figures.",
    ),
    "purchase_rules_partial": (
        "Para esa fecha no tengo todas las reglas de compra: la suma está incompleta.",
        "I do not have all rules of a purchase for that date: the sum is incomplete.",
    ),
    "horizon_rounded": (
        "Los años hasta la venta se cuentan enteros.",
        "The years until the sale are counted in full.",
    ),
    "no_own_money_irr": (
        "El crédito paga toda la compra: no hay dinero propio sobre el que calcular una TIR.",
        "The loan pays for all of the purchase: there is no own money to reckon an internal rate on.",
    ),
    "region_rule_unknown": (
        "No tengo la regla de {place} para esto: {es}. Va el rango de todo el país.",
        "I do not have the rule of {place} for this: {en}. The range of the whole country stands in.",
    ),
    "residence_assumed": (
        "Supuse residencia fiscal en el país del inmueble: si es otra, el impuesto cambia.",
        "I assumed tax residence in the property's country: if it is elsewhere, the tax is another.",
    ),
    "scale_range": (
        "El rango del impuesto va de quien no tiene otras rentas a quien está en el tramo más alto: el tipo marginal lo afina.",
        "The tax ranges from someone without other income to someone in the highest band: your marginal rate narrows it.",
    ),
    "no_tax_rule": (
        "No tengo la regla de este impuesto para ese caso o esa fecha: consúltelo antes de decidir.",
        "I have no rule of this tax for that case or date: ask before deciding.",
    ),
    "nothing_withheld": (
        "No conozco una retención que haga el comprador o el notario en este caso.",
        "I know of nothing that the buyer or the notary withholds in this case.",
    ),
    "tax_other_currency": (
        "Los impuestos se calculan en la moneda del país del inmueble: indique los importes en ella.",
        "Taxes are reckoned in the currency of the property's country: state the amounts in it.",
    ),
    "open_range": (
        "Hay tramos superiores que no tengo: los gastos de compra o venta pueden ser mayores.",
        "There are higher bands that I do not have: purchase or selling costs may be higher.",
    ),
    "yield_implausible": (
        "La rentabilidad bruta es muy poco habitual: revise precio y renta, y sus ceros.",
        "The gross yield is very unusual: check price and rent, and their zeros.",
    ),
    "rate_kind_assumed": (
        "Tomé la tasa como efectiva anual, que es la costumbre en Colombia; si es nominal, la cuota es otra.",
        "I took the rate as effective annual, as is the custom in Colombia; if it is nominal, the payment differs.",
    ),
    "indexed_loan": (
        "Cuota y saldo suben con la inflación: es un supuesto, y si sube más, la deuda en pesos también.",
        "Payment and balance rise with inflation: it is an assumption, and if inflation is higher, so is the debt in pesos.",
    ),
    "example_loan": (
        "La tasa o el plazo son un ejemplo, no una oferta.",
        "The rate or the term is an example, not an offer.",
    ),
    "loan_conflict": (
        "El crédito y la cuota inicial indicados no cuadran con el precio: usé el crédito.",
        "The stated loan and down payment do not agree with the price: the loan was used.",
    ),
    "loan_above_price": (
        "El crédito es mayor que el precio.",
        "The loan is larger than the price.",
    ),
    "exit_costs_left_out": (
        "No descuento gastos de venta: no los indicó ni tengo una regla para ese país o esa fecha.",
        "No selling costs are taken off: none were stated and I have no rule for that country or date.",
    ),
    "never_pays_back": (
        "El ingreso neto no es positivo: así nunca se recupera lo invertido.",
        "The net income is not positive: the investment is never recovered this way.",
    ),
    "irr_none": (
        "Estos flujos no tienen tasa interna de retorno.",
        "These flows have no internal rate of return.",
    ),
    "irr_several": (
        "Estos flujos cambian de signo más de una vez y tienen varias tasas internas: ninguna sirve sola.",
        "These flows change sign more than once and have several internal rates: no single one is meaningful.",
    ),
    "no_legal_cap": (
        "No conozco un tope legal del arriendo para este caso.",
        "I know of no legal rent cap for this case.",
    ),
    "costs_above_rent": (
        "Vacancia y gastos se llevan toda la renta: no hay renta de equilibrio.",
        "Vacancy and costs take all of the rent: there is no break-even rent.",
    ),
    "costs_above_own_money": (
        "Los gastos de compra se llevan todo el dinero propio: no queda para el precio.",
        "The purchase costs take all of the own money: none is left for the price.",
    ),
}


@dataclass(frozen=True, slots=True)
class Caution:
    """`code` is stable; `es` and `en` are whole sentences; `facts` are the ids of the figures concerned."""

    code: str
    es: str
    en: str
    facts: tuple[str, ...] = ()


def caution(code: str, facts: tuple[str, ...] = (), **names: str) -> Caution:
    """The caution of a code; `names` fill what its sentences leave open."""
    es, en = TEXTS[code]
    return Caution(code, es.format_map(names), en.format_map(names), facts)
