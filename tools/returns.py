"""The return on one property from the figures of the investor: yields, payments, cash flow, internal rates, costs.

One call a property; several properties are several calls, made together. The arithmetic is `knowledge.finance`; here
its figures get their true sources, the gaps get names, and a quoted rate whose kind nobody stated is read as nominal,
with the effective reading beside it where Colombian custom makes it likely.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from langchain.tools import tool
from pydantic import Field

from core.errors import BadInput
from core.facts import Fact, Source
from core.locale import CURRENCY_OF
from tools.calculation import StatedCost, assumption_rows, cost_rows, engine_costs, figures_by_key, warning_rows
from tools.context import Runtime
from tools.listing_figures import ListingFigures, listing_figures
from tools.provenance import UNSTATED, settle
from tools.result import Content, ToolResult
from tools.returns_years import add_years
from tools.trust import dollar_for, trust_data

if TYPE_CHECKING:
    from knowledge.finance.analysis import Analysis, Inputs

#: Facts of costs paid once, at the purchase.
_UPFRONT = frozenset({"cost_once", "cost_once_pct"})
#: What all of them come to, the first that there is.
_ON_TOP = ("upfront_costs", "upfront_part", "purchase_costs", "cost_once")
#: Property types that the housing laws (a rent cap) speak of; a parking space or an unnamed property is none.
HOUSING = frozenset({"apartment", "house", "studio", "room"})


@tool(response_format="content_and_artifact")
async def analyse_returns(
    runtime: Runtime,
    price: float | None = None,
    price_cut_pct: float | None = None,
    monthly_rent: float | None = None,
    annual_rent: float | None = None,
    nights: float | None = None,
    nightly_rent: float | None = None,
    month_days: int | None = None,
    rent_is_net: bool = False,
    currency: str | None = None,
    country: str | None = None,
    city: str | None = None,
    property_type: str | None = None,
    new_build: bool = False,
    foreign_buyer: bool = False,
    foreign_trust: bool = False,
    area_m2: float | None = None,
    costs: list[StatedCost] | None = None,
    fill_other_costs: bool = False,
    costs_as_told: bool = False,
    purchase_costs: float | None = None,
    vacancy_pct: float | None = None,
    net_yield_on: Literal["price", "invested"] | None = None,
    down_payment_pct: float | None = None,
    own_cash: float | None = None,
    own_excludes_costs: bool = False,
    loan_amount: float | None = None,
    valuation: float | None = None,
    savings: float | None = None,
    reach_pct: float | None = None,
    rate_pct: float | None = None,
    new_rate_pct: float | None = None,
    rate_kind: Literal["nominal", "effective", "monthly"] | None = None,
    term_years: float | None = None,
    other_term_years: float | None = None,
    index_path: Annotated[list[float] | None, Field(max_length=60)] = None,
    margin_pct: float | None = None,
    indexed_to: Literal["UVR", "UDI"] | None = None,
    inflation_pct: float | None = None,
    opening_fee: float | None = None,
    loan_fee_month: float | None = None,
    loan_insurance_pct: float | None = None,
    instalment: float | None = None,
    affordable_payment: float | None = None,
    example_loan: bool = False,
    rate_moves: float = 1.0,
    horizon_years: float | None = None,
    growth_pct: float | None = None,
    rent_growth_pct: float | None = None,
    selling_costs_pct: float | None = None,
    selling_costs: float | None = None,
    discount_pct: float | None = None,
    target_yield_pct: float | None = None,
    target_is_net: bool = False,
    target_is_monthly: bool = False,
    sale_price: float | None = None,
    cash_flows: list[float] | None = None,
    flow_dates: list[date] | None = None,
    fx_change_pct: float | None = None,
    measures: Annotated[list[str] | None, Field(max_length=30)] = None,
    label: str = "",
    listing_id: int | None = None,
    outside_markets: bool = False,
) -> Content:
    """Return measures of ONE property from stated figures. Several properties: one call each, in the same message.

    Pass only figures that the investor wrote or a tool returned; leave out what is unknown (the result names it).
    Money in `currency` (COP, EUR, MXN, USD; omit if unknown), percentages as 12 for 12 %. country: CO, ES or MX.
    measures, the asked one first: gross_yield, rent_for_yield, price_for_yield,
    net_yield, noi, cap_rate, years_of_rent, payback_years, price_per_m2, break_even_nights,
    acquisition_costs, total_outlay, cash_needed, savings_gap, legal_rent_cap, loan_amount, down_payment, monthly_payment,
    payment_with_costs, total_interest, interest_saved, interest_only_payment, loan_balance, loan_to_value, further_loan,
    affordable_loan, affordable_price, discounted_price,
    rent_minus_payment, cash_flow_month, cash_flow_year, cash_on_cash, dscr, break_even_rent, break_even_occupancy,
    irr, levered_irr, real_irr (without inflation_pct, or the country's assumed one), xirr (cash_flows on flow_dates),
    home_irr (in the investor's own currency: fx_change_pct, what the property's gains on it a year), npv, annual_growth,
    total_return, value_at_horizon, rent_at_horizon, equity_at_horizon,
    left_after_sale, equity_multiple, leverage_effect, effective_annual_cost; omit it for all that the figures allow.
    annual_rent: when rent is seasonal, instead of monthly_rent; nights a year at nightly_rent where it is let by the night
    (month_days: the length of a month that the investor reckons with, 28 to 31).
    rent_is_net: costs are already off the rent.
    costs: the running costs stated ([] if told there are none); omit it and net figures use the country's assumptions,
    each listed. fill_other_costs: assumptions beside the stated costs; costs_as_told: none at all. purchase_costs:
    money on top of the price.
    net_yield_on: what the investor wants a yield measured on. down_payment_pct: 30 when 70 % is financed.
    foreign_buyer: a foreigner buys in Mexico (a trust is reckoned with where the place needs one); foreign_trust: a trust
    (fideicomiso) is spoken of.
    own_cash: own money put in, if stated as an amount; own_excludes_costs: purchase costs come on top of it.
    instalment: a loan's monthly payment, if told. sale_price: what it sells for at horizon_years (selling_costs: money).
    rate_pct: yearly, as quoted; rate_kind: effective only if the investor says efectivo anual or E.A., monthly for a rate
    a month.
    A variable loan: index_path, the index (Euribor, TIIE, IBR) in each year, and margin_pct on top, no rate_pct. A loan in UVR
    or UDI: indexed_to, rate_pct the real rate over it, inflation_pct if told. opening_fee, loan_fee_month: money;
    loan_insurance_pct: of the balance, a month.
    valuation: what the bank lends a share of, if not the price. savings: what the investor has, for savings_gap.
    other_term_years: a second term, for interest_saved.
    example_loan: use the country's labelled example for a missing rate or term.
    affordable_payment: a monthly payment the investor can bear, for affordable_loan or, with down_payment_pct or own_cash,
    affordable_price (no price then). price_cut_pct: a discount told on `price`, which is the price before it. reach_pct: the
    loan to value to be reached, for further_loan. new_rate_pct: the rate that rate_pct changes to. target_yield_pct: the yield
    wished for (target_is_net: the net one; target_is_monthly: a month's), for rent_for_yield (needs a price) or
    price_for_yield (needs a rent).
    cash_flows: yearly, today first.
    label: the investor's name for this property when there are several. listing_id: take price (or rent) and size from
    a listing found before. rate_moves: points by which the rate is imagined to rise, or to fall where negative.
    outside_markets: the place is outside Colombia, Spain and Mexico (arithmetic only).
    """
    from knowledge.finance.analysis import Inputs, analyse

    result = ToolResult()
    language = runtime.context.locale.language
    given: dict[str, Fact] = {}
    listing: ListingFigures | None = None
    if listing_id is not None:
        listing = await listing_figures(runtime, listing_id)
        said = {"price": price, "monthly_rent": monthly_rent or annual_rent, "area_m2": area_m2}
        given = {key: fact for key, fact in listing.facts.items() if said[key] is None}
        price, monthly_rent, area_m2 = (
            float(given[key].value) if key in given else own
            for key, own in (("price", price), ("monthly_rent", monthly_rent), ("area_m2", area_m2))
        )
        # an advert's price is in its own currency, whatever the investor's budget is in
        country, currency = listing.country, listing.currency
        city, property_type = city or listing.city, property_type or listing.property_type
        label = label or listing.title
    currency = currency.strip().upper() if currency else None
    if outside_markets:
        country = city = None
    elif currency is None:
        currency = CURRENCY_OF.get((country or "").upper())
    asked = tuple(dict.fromkeys(measures or ()))
    if new_rate_pct == rate_pct:
        new_rate_pct = None
    if new_rate_pct is not None and rate_pct is not None:
        rate_moves = round(new_rate_pct - rate_pct, 6)
    if not -20 <= rate_moves <= 20 or not rate_moves:
        raise BadInput(f"rate_moves is {rate_moves!r}: expected points between -20 and 20, not 0.",
                       f"rate_moves vale {rate_moves!r}: se esperan puntos entre -20 y 20, distintos de 0.")
    result.data = {"label": label, "asked": list(asked), "country": country, "currency": currency,
                   "listing": _listing_data(listing), "outside": outside_markets, "problem": None, "rate_rises": rate_moves > 0,
                   "new_rate": new_rate_pct is not None}
    try:
        _check_codes(country, currency)
        asking = price if price_cut_pct is not None else None
        inputs = Inputs(
            price=price if asking is None or price_cut_pct is None else asking * (1 - price_cut_pct / 100),
            asking_price=asking, price_cut_pct=price_cut_pct, reach_pct=reach_pct, monthly_rent=monthly_rent,
            annual_rent=annual_rent, nights=nights, nightly_rent=nightly_rent, month_days=month_days, rent_is_net=rent_is_net,
            currency=None if outside_markets else currency, country=country, city=city, property_type=property_type,
            new_build=new_build, foreign_buyer=foreign_buyer, foreign_trust=foreign_trust,
            dollar=await dollar_for(runtime, country, city, currency, buyer=foreign_buyer, told=foreign_trust), area_m2=area_m2,
            costs=engine_costs(costs),
            fill_defaults=fill_other_costs, as_told=costs_as_told, purchase_costs=purchase_costs,
            vacancy_pct=vacancy_pct, base=net_yield_on,
            down_payment_pct=down_payment_pct, loan_amount=loan_amount, valuation=valuation, savings=savings, rate_pct=rate_pct,
            rate_kind=rate_kind or ("nominal" if rate_pct is not None else None), term_years=term_years,
            other_term_years=other_term_years, target_is_monthly=target_is_monthly, payment=affordable_payment,
            instalment=instalment, index_path=tuple(index_path or ()), margin_pct=margin_pct, indexed_to=indexed_to,
            inflation_pct=inflation_pct, opening_fee=opening_fee, loan_fee_month=loan_fee_month,
            loan_insurance_pct=loan_insurance_pct, own_cash=own_cash, own_excludes_costs=own_excludes_costs,
            sale_price=sale_price, target_is_net=target_is_net, example_loan=example_loan, horizon_years=horizon_years,
            growth_pct=growth_pct, target_yield_pct=target_yield_pct,
            rent_growth_pct=rent_growth_pct, selling_costs_pct=selling_costs_pct, selling_costs=selling_costs,
            discount_pct=discount_pct, cash_flows=tuple(cash_flows or ()),
            flow_dates=tuple(flow_dates or ()), fx_change_pct=fx_change_pct, measures=asked, entity=label, language=language,
        )
        found = analyse(inputs)
        extra = _beside(inputs, found, stated_kind=rate_kind, rate_moves=rate_moves, new_rate=new_rate_pct, runtime=runtime)
    except BadInput as error:
        _refuse(result, error, price, monthly_rent or annual_rent, currency)
        return result.done()
    facts = settle([*found.facts, *extra.values()], runtime, given, currency)
    _report(result, inputs, found, facts)
    add_years(result, runtime.context.locale, inputs, currency)
    return result.done()


def _check_codes(country: str | None, currency: str | None) -> None:
    if country is not None and country.upper() not in CURRENCY_OF:
        raise BadInput(f"I have no rules for the country {country!r}: expected CO, ES or MX, or outside_markets.",
                       f"No tengo reglas para el país {country!r}: se espera CO, ES o MX.")
    if currency is not None and currency not in {*CURRENCY_OF.values(), "USD"}:
        raise BadInput(f"I do not keep the currency {currency!r}: expected COP, EUR, MXN or USD; omit it otherwise.",
                       f"No manejo la moneda {currency!r}: se espera COP, EUR, MXN o USD.")


def _refuse(
    result: ToolResult, error: BadInput, price: float | None, rent: float | None, currency: str | None
) -> None:
    """Figures that cannot be: said in both languages, and the sentence is a fact so that it may be shown."""
    if price is None or rent is None or not rent >= price > 0:
        result.refuse(error)
        return
    shown = {key: result.add(Fact(key, value, "money", Source("user", "message"), currency=currency))
             for key, value in (("price", price), ("rent", rent))}
    result.refuse(error, "rent_not_below_price", **shown)


def _beside(
    inputs: Inputs, found: Analysis, *, stated_kind: str | None, rate_moves: float, new_rate: float | None, runtime: Runtime
) -> dict[str, Fact]:
    """Figures that an asked one should not stand without, by key: the other reading of a rate, and the payment if the rate
    moves by `rate_moves` points, to `new_rate` where that was told."""
    from knowledge.finance import loans
    from knowledge.finance.analysis import analyse
    from knowledge.finance.facts_of import plain

    extra: dict[str, Fact] = {}
    payment = found.measures.get("monthly_payment")
    money = inputs.money
    if payment is not None and inputs.instalment is None and inputs.rate_pct is not None and inputs.term_years is not None:
        colombian = inputs.legal_country == "CO" or (
            inputs.country is None and inputs.currency is None and runtime.context.locale.country == "CO"
        )
        if stated_kind is None and colombian:
            other = analyse(replace(inputs, rate_kind="effective", measures=("monthly_payment",)))
            extra |= {f.id: f for f in other.facts if f.key == "monthly_rate_pct"}
            extra["monthly_payment_if_effective"] = replace(
                other.measures["monthly_payment"], id="", key="monthly_payment_if_effective")
        if 0 <= inputs.rate_pct + rate_moves <= 100 and inputs.rate_kind != "monthly" and not inputs.indexed_to:
            loan = next(f for f in found.facts if f.key == "loan_amount")
            kind = loans.rate_kind(inputs.legal_country, inputs.rate_kind)
            rate, months = loans.monthly_rate(inputs.rate_pct + rate_moves, kind), loans.months_of(inputs.term_years)
            value = loans.payment(float(loan.value), rate, months)
            extra["payment_at_moved_rate"] = Fact(
                "payment_at_moved_rate", value, "money", Source("computation", "monthly_payment"), currency=money,
                entity=inputs.entity, inputs=(loan.id, payment.id),
                formula=f"{plain(float(loan.value))} × {plain(rate)} ÷ (1 − (1 + {plain(rate)})^−{months})" if rate
                else f"{plain(float(loan.value))} ÷ {months}",
            )
            if new_rate is not None:
                extra["new_rate_pct"] = Fact("new_rate_pct", new_rate, "percent", Source("user", "message"),
                                             entity=inputs.entity)
            extra["rate_moves"] = Fact("rate_moves", abs(rate_moves), "count", Source("computation", "rate_moves"))
            change = value - float(payment.value)
            extra["payment_change"] = Fact(
                "payment_change", abs(change), "money", Source("computation", "payment_change"),
                currency=money, entity=inputs.entity, formula=(
                    f"{plain(value)} − {plain(float(payment.value))}" if change >= 0
                    else f"{plain(float(payment.value))} − {plain(value)}"),
                inputs=(extra["payment_at_moved_rate"].id, payment.id),
            )
    return extra


def _report(
    result: ToolResult, inputs: Inputs, found: Analysis, facts: dict[str, Fact]
) -> None:
    """Everything a template or a model needs to explain the figures, in plain data over fact ids."""
    for fact in facts.values():
        result.add(fact)
    for name in dict.fromkeys(f.source.attribution for f in facts.values() if f.source.kind == "rule"):
        # a source's name may hold digits ("Notaría 19"): as a fact of its own it can be named
        result.add(Fact("source_name", name, "text", Source("rule", "source_name", name)), say=False)
    measures = {name: facts[f.id].id for name, f in found.measures.items()}
    missing = {name: list(names) for name, names in found.missing.items()}
    figures = figures_by_key(facts.values())
    net, gross = found.measures.get("net_yield"), found.measures.get("gross_yield")
    housing = inputs.property_type in HOUSING
    result.data |= {
        "measures": measures, "missing": missing, "undefined": dict(found.undefined), "figures": figures,
        "costs": cost_rows(f for f in facts.values() if f.key not in _UPFRONT),
        "upfront": [f.id for f in facts.values() if f.key in _UPFRONT],
        "upfront_sum": next((f.id for key in _ON_TOP for f in facts.values() if f.key == key), None),
        "target_is_net": inputs.target_is_net, "target_is_monthly": inputs.target_is_monthly,
        "own_told": inputs.own_cash is not None,
        "vacancy_told": inputs.vacancy_pct is not None and not found.assumptions and "vacancy_pct" in figures,
        "gross_on": "invested" if gross is not None and len(gross.inputs) > 2 else "price",
        "assumptions": assumption_rows(found.assumptions, facts),
        "warnings": warning_rows(w for w in found.warnings if housing or w.code != "rent_above_legal_cap"),
        "rules": [f.id for f in facts.values() if f.source.ref.startswith("rule/")],
        "doubtful": [f.id for f in facts.values() if f.source.ref.removeprefix("rule/") in {r.id for r in found.unverified}],
        "unstated": [f.id for f in facts.values() if f.source.ref == UNSTATED],
        "left_out": [{"es": o.es, "en": o.en} for o in found.left_out],
        "trust": trust_data(result, found.trust, inputs.language, inputs.city,
                            counted=any(a.key == "trust_year" for a in found.assumptions)),
        "rent_is_net": inputs.rent_is_net, "housing": housing, "new_build": inputs.new_build, "indexed_to": inputs.indexed_to,
        "net_on": "invested" if net is not None and len(net.inputs) > 2 else "price",
        "payback_is_net": inputs.told_net,
        "by_night": inputs.nights is not None, "example": any(w.code == "example_loan" for w in found.warnings),
        "origins": {k: _origin(facts, k) for k in ("price", "monthly_rent", "area_m2")},
    }
    result.evidence["region_unknown"] = any(w.code in ("region_unknown", "region_rule_unknown") for w in found.warnings)
    result.evidence["unverified"] = bool(found.unverified) or result.evidence.get("unverified", False)
    for a in found.assumptions:
        result.say(f"assumption {a.key}: {a.label_en}")
    for warning in found.warnings:
        result.say(f"warning {warning.code}: {warning.en}")
    for name, names in missing.items():
        result.gap("missing_input", measure=name, need=" and ".join(names))
    for name, code in found.undefined.items():
        result.say(f"{name} does not exist for these figures: {code}")
    if not measures and not missing and not found.undefined:
        result.gap("missing_input", measure="gross_yield", need="price and monthly_rent")


def _origin(facts: dict[str, Fact], key: str) -> str | None:
    """Whose the input `key` is: `user`, `listing`, `aggregate`, `series` or `rule` (nobody's); None without it."""
    return next((f.source.kind for f in facts.values() if f.key == key), None)


def _listing_data(listing: ListingFigures | None) -> dict[str, Any] | None:
    if listing is None:
        return None
    return {"id": listing.id, "title": listing.title, "operation": listing.operation, "active": listing.active,
            "observed_on": listing.observed_on}
