"""The taxes of one property by the dated rules: of buying, of letting, of selling, and what is left after them.

General rules on the investor's own figures, for natural persons; advice on one's own case is a person's. Every line names its
rule, the rule's date and whether it was verified; an unverified one lowers what the answer is worth.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from langchain.tools import tool
from pydantic import Field

from core.errors import BadInput
from core.facts import Fact
from core.locale import CURRENCY_OF
from knowledge.finance import checks
from tools.calculation import StatedCost, assumption_rows, cost_rows, engine_costs, figures_by_key, warning_rows
from tools.context import Runtime
from tools.provenance import UNSTATED, settle
from tools.result import Content, ToolResult
from tools.tax_rules import name_rules, taxed_country
from tools.trust import dollar_for, trust_data

if TYPE_CHECKING:
    from knowledge.finance.analysis import Analysis
    from knowledge.finance.taxation import TaxRow

#: What can be asked, the order of an answer.
MEASURES = ("purchase_taxes", "rent_tax", "after_tax_yield", "after_tax_cash_flow_month", "after_tax_cash_flow_year",
            "sale_taxes", "sale_proceeds", "sale_withholding", "after_tax_irr", "after_tax_levered_irr")


@tool(response_format="content_and_artifact")
async def property_taxes(
    runtime: Runtime,
    measures: Annotated[list[str], Field(min_length=1, max_length=10)],
    country: str | None = None,
    city: str | None = None,
    currency: str | None = None,
    price: float | None = None,
    sale_price: float | None = None,
    bought_on: str | None = None,
    horizon_years: float | None = None,
    monthly_rent: float | None = None,
    annual_rent: float | None = None,
    costs: list[StatedCost] | None = None,
    purchase_costs: float | None = None,
    selling_costs: float | None = None,
    selling_costs_pct: float | None = None,
    vacancy_pct: float | None = None,
    property_type: str | None = None,
    new_build: bool = False,
    foreign_buyer: bool = False,
    foreign_trust: bool = False,
    residence: Literal["resident", "eu", "other"] | None = None,
    marginal_rate_pct: float | None = None,
    other_income: float | None = None,
    land_value: float | None = None,
    cadastral_value: float | None = None,
    municipal_rate_pct: float | None = None,
    rent_reduction_pct: float | None = None,
    own_home: bool = False,
    down_payment_pct: float | None = None,
    loan_amount: float | None = None,
    rate_pct: float | None = None,
    rate_kind: Literal["nominal", "effective", "monthly"] | None = None,
    term_years: float | None = None,
    growth_pct: float | None = None,
    rent_growth_pct: float | None = None,
    inflation_pct: float | None = None,
    label: str = "",
) -> Content:
    """Taxes of ONE property by general rules (natural persons), and returns after tax. Not advice on a person's own case.

    measures, the asked one first: purchase_taxes (taxes and costs of buying), rent_tax (a year's tax on the rent),
    after_tax_yield, after_tax_cash_flow_month, after_tax_cash_flow_year, sale_taxes (tax on the gain, plusvalía municipal, ISR,
    ganancia ocasional; withholding as an advance), sale_proceeds (what a sale leaves), sale_withholding (what is withheld, from
    the sale price alone), after_tax_irr, after_tax_levered_irr.
    Pass only figures that the investor wrote or a tool returned. country: CO, ES or MX; amounts in its currency.
    price: what it costs, or cost when it was bought; sale_price: what it sells for; horizon_years: years held, or bought_on
    (2018-05-31). residence of the owner relative to the property's country: resident, eu (EU or EEA), other; omit if unknown.
    marginal_rate_pct or other_income (a year's taxable income) narrow a resident's result. land_value, cadastral_value:
    official values; municipal_rate_pct: the town's rate of the plusvalía. rent_reduction_pct: 50, 60, 70 or 90 if its
    conditions are met.
    foreign_buyer: a foreigner buys in Mexico; foreign_trust: through a trust (fideicomiso).
    costs: running costs stated; [] if told there are none; omit it and the country's assumptions are used.
    """
    from knowledge.finance.analysis import Inputs, analyse
    from knowledge.finance.taxpayer import Taxpayer

    result = ToolResult()
    currency = currency.strip().upper() if currency else CURRENCY_OF.get((country or "").upper())
    asked = tuple(dict.fromkeys(measures))
    result.data = {"label": label, "asked": list(asked), "country": country, "currency": currency, "residence": residence,
                   "problem": None}
    try:
        _known(asked, country)
        told = engine_costs(costs)
        bare = told is None and price is None  # without a price nothing can be assumed of its costs
        inputs = Inputs(
            price=price, sale_price=sale_price, monthly_rent=monthly_rent, annual_rent=annual_rent, country=country, city=city,
            currency=currency, property_type=property_type, new_build=new_build, foreign_buyer=foreign_buyer,
            foreign_trust=foreign_trust,
            dollar=await dollar_for(runtime, country, city, currency, buyer=foreign_buyer, told=foreign_trust),
            costs=() if bare else told, as_told=bare, purchase_costs=purchase_costs, selling_costs=selling_costs,
            selling_costs_pct=selling_costs_pct, vacancy_pct=vacancy_pct, horizon_years=horizon_years,
            down_payment_pct=down_payment_pct, loan_amount=loan_amount, rate_pct=rate_pct, rate_kind=rate_kind,
            term_years=term_years, growth_pct=growth_pct, rent_growth_pct=rent_growth_pct, inflation_pct=inflation_pct,
            taxpayer=Taxpayer(residence, marginal_rate_pct, other_income, land_value, cadastral_value, municipal_rate_pct,
                              rent_reduction_pct, own_home, _day(bought_on)),
            measures=asked, entity=label, language=runtime.context.locale.language,
        )
        found = analyse(inputs)
    except BadInput as error:
        result.refuse(error)
        return result.done()
    _report(result, found, settle(found.facts, runtime, None, currency))
    result.data["trust"] = trust_data(result, found.trust, runtime.context.locale.language, city,
                                      counted=any(a.key == "trust_year" for a in found.assumptions))
    return result.done()


def _known(asked: tuple[str, ...], country: str | None) -> None:
    for name in asked:
        if name not in MEASURES:
            raise BadInput(f"I know no tax measure {name!r}: expected one of {', '.join(MEASURES)}.",
                           f"No conozco la medida de impuestos {name!r}: se espera una de {', '.join(MEASURES)}.")
    if country is not None:
        taxed_country(country)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise checks.bad("bought_on", text, "una fecha como 2018-05-31", "a date such as 2018-05-31") from None


def _report(result: ToolResult, found: Analysis, facts: dict[str, Fact]) -> None:
    for fact in facts.values():
        result.add(fact)
    rows = found.taxes.rows if found.taxes else []
    notes = list(found.taxes.notes.values()) if found.taxes else []
    name_rules(result, (rule for row in rows for rule in row.rules))
    result.data |= {
        "measures": {name: facts[fact.id].id for name, fact in found.measures.items()},
        "missing": {name: list(names) for name, names in found.missing.items()}, "undefined": dict(found.undefined),
        "figures": figures_by_key(facts.values()), "rows": [_row(row, facts) for row in rows],
        "costs": cost_rows(facts.values()),
        "unstated": [fact.id for fact in facts.values() if fact.source.ref == UNSTATED],
        "notes": [{"es": note.es, "en": note.en} for note in notes],
        "assumptions": assumption_rows(found.assumptions, facts), "warnings": warning_rows(found.warnings),
        "left_out": [{"es": item.es, "en": item.en} for item in found.left_out],
        "unverified": [{"es": rule.label_es, "en": rule.label_en} for rule in found.unverified],
    }
    result.evidence["region_unknown"] = any(w.code in ("region_unknown", "region_rule_unknown") for w in found.warnings)
    result.evidence["unverified"] = bool(found.unverified)
    for row in rows:
        rule = row.rules[0]
        result.say(f"{row.event}: {row.label_en}; rule: {rule.label_en} ({rule.source}, from {rule.valid_from.isoformat()}, "
                   f"{'verified' if rule.verified else 'UNVERIFIED'}){'; on account, not added' if row.advance else ''}")
    for item in (*notes, *found.left_out):
        result.say(f"note: {item.en}")
    for warning in found.warnings:
        result.say(f"warning {warning.code}: {warning.en}")
    for name, names in found.missing.items():
        result.gap("missing_input", measure=name, need=" and ".join(names))
    for name, code in found.undefined.items():
        result.say(f"{name} does not exist for these figures: {code}")
        if code == "no_tax_rule":
            result.gap("no_data", measure=name)


def _row(row: TaxRow, facts: dict[str, Fact]) -> dict[str, Any]:
    """A line as answers show it: fact ids, names, and the rule it rests on with its day."""
    rule = row.rules[0]
    also = [one for one in dict.fromkeys(row.rules[1:]) if one.id != rule.id and one.unit != "money"]
    return {
        "event": row.event, "key": row.key, "es": row.label_es, "en": row.label_en, "base": facts[row.base.id].id,
        "rate": facts[row.rate.id].id, "amount": facts[row.amount.id].id, "advance": row.advance,
        "rule_es": rule.label_es, "rule_en": rule.label_en, "source": rule.source, "from": rule.valid_from.isoformat(),
        "verified": all(one.verified for one in row.rules),
        "also": [{"es": one.label_es, "en": one.label_en, "from": one.valid_from.isoformat(), "verified": one.verified}
                 for one in also],
    }
