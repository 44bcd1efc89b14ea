"""Measures over a holding period: buy, let, sell. Internal rates, net present value and the equity at the end.

Either the investor's own yearly flows, or a projection from price, rent and costs. A growth that nobody stated is 0 and
shown as an assumption: it is not a forecast.
"""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance import returns
from knowledge.finance.assumptions import assumption
from knowledge.finance.case import Case
from knowledge.finance.facts_of import plain
from knowledge.finance.income import Missing, Undefined, num, require
from knowledge.finance.inputs import Inputs
from knowledge.finance.projection import Deal, Projection, project


def irr(case: Case) -> Fact:
    """Internal rate of the investor's flows, else of buying without a loan."""
    flows, used = flows_of(case)
    return _internal(case, "irr", flows, used)


def bought_outright(case: Case, *, example_years: bool = False) -> Fact:
    """Internal rate of the projected purchase without its loan, with the costs of the one that has it."""
    projection, used = projection_of(case, with_loan=False, example_years=example_years)
    return _internal(case, "irr", tuple(projection.unlevered.tolist()), used)


def levered_irr(case: Case, *, example_years: bool = False) -> Fact:
    """Internal rate of the own money, with the loan."""
    projection, used = projection_of(case, with_loan=True, example_years=example_years)
    if projection.levered[0] >= 0:
        raise Undefined("no_own_money_irr")
    return _internal(case, "levered_irr", tuple(projection.levered.tolist()), used)


def xirr(case: Case) -> Fact:
    """Internal rate of flows that have days of their own."""
    i = case.inputs
    if not i.cash_flows or not i.flow_dates:
        raise Missing("cash_flows", "flow_dates")
    used = [case.ledger.user(f"cash_flow_{t}", flow, "money", i.money) for t, flow in enumerate(i.cash_flows)]
    rate = returns.dated_internal_rate(i.flow_dates, i.cash_flows)
    if rate is None:
        raise Undefined("irr_none")
    dated = "; ".join(f"{plain(flow)} ({day.isoformat()})" for day, flow in zip(i.flow_dates, i.cash_flows, strict=True))
    return case.ledger.compute("xirr", rate, "percent", f"XIRR({dated})", used)


def npv(case: Case) -> Fact:
    """Net present value of the same flows as `irr` at the investor's discount rate; that of the own money with the loan is a
    fact too, `levered_npv`."""
    if case.inputs.discount_pct is None:
        raise Missing("discount_pct")
    flows, used = flows_of(case)
    rate = case.ledger.user("discount_pct", case.inputs.discount_pct, "percent")
    if case.has_loan and not case.inputs.cash_flows and case.inputs.sale_price is None and case.inputs.instalment is None:
        own, lent = projection_of(case, with_loan=True)
        case.money("levered_npv", returns.net_present_value(num(rate), tuple(own.levered.tolist())),
                   f"NPV({plain(num(rate))} ÷ 100; {_listed(tuple(own.levered.tolist()))})", [rate, *lent])
    return case.money("npv", returns.net_present_value(num(rate), flows),
                      f"NPV({plain(num(rate))} ÷ 100; {_listed(flows)})", [rate, *used])


def _sold(case: Case) -> Fact:
    """What the sale brings: its price, less what selling costs where that was told."""
    i, sale = case.inputs, case.stated("sale_price")
    share, off = i.selling_costs_pct or 0.0, i.selling_costs or 0.0
    if not share and not off:
        return sale
    term = plain(num(sale)) + (f" × (1 − {plain(share)} ÷ 100)" if share else "") + (f" − {plain(off)}" if off else "")
    used = [case.ledger.user("selling_costs_pct", share, "percent")] if share else []
    used += [case.stated("selling_costs")] if off else []
    return case.money("sale_kept", num(sale) * (1 - share / 100) - off, term, [sale, *used])


def annual_growth(case: Case) -> Fact:
    """The yearly compound rate between what was paid and what it sells for."""
    return _growth(case, *require(lambda: case.price, lambda: case.stated("sale_price"), lambda: _horizon(case)))


def _growth(case: Case, price: Fact, sale: Fact, years: Fact) -> Fact:
    value = ((num(sale) / num(price)) ** (1 / num(years)) - 1) * 100
    formula = f"(({plain(num(sale))} ÷ {plain(num(price))})^(1 ÷ {plain(num(years))}) − 1) × 100"
    return case.ledger.compute("annual_growth", value, "percent", formula, [price, sale, years])


def total_return(case: Case) -> Fact:
    """All that was earned over the price, in percent and not by the year: the rise, and what the years left net. The sum itself
    is a fact too."""
    i = case.inputs
    price, sale, *rest = require(lambda: case.price, lambda: _sold(case),
                                 *((lambda: case.noi, lambda: _horizon(case)) if i.lets else ()))
    earned = num(rest[0]) * num(rest[1]) if rest else 0.0
    extra = case.stated_purchase if i.base != "price" else None
    paid = num(price) + (num(extra) if extra else 0)
    term = f" + {plain(num(rest[1]))} × {plain(num(rest[0]))}" if rest else ""
    case.money("gain", num(sale) + earned - paid, f"{plain(num(sale))}{term} − {plain(paid)}",
               [price, sale, *rest, *([extra] if extra else [])])
    return case.ledger.compute("total_return", (num(sale) + earned - paid) / paid * 100, "percent",
                               f"({plain(num(sale))}{term} − {plain(paid)}) ÷ {plain(paid)}",
                               [price, sale, *rest, *([extra] if extra else [])])


def value_at_horizon(case: Case) -> Fact:
    """What it would be worth if the price grew at the stated rate every year; how much more that is, is a fact too."""
    price, years = require(lambda: case.price, lambda: _horizon(case))
    growth = case.percent_or_assumed("growth_pct")
    value = case.money("value_at_horizon", num(price) * (1 + num(growth) / 100) ** num(years),
                       f"{plain(num(price))} × (1 + {plain(num(growth))} ÷ 100)^{plain(num(years))}", [price, growth, years])
    case.money("value_gain", num(value) - num(price), f"{plain(num(value))} − {plain(num(price))}", [value, price])
    return value


def rent_at_horizon(case: Case) -> Fact:
    """The rent, of a month or of a year as it was told, after rising by the stated rate once a year."""
    i = case.inputs
    field = "rent_growth_pct" if i.rent_growth_pct is not None or i.as_told else "growth_pct"
    if getattr(i, field) is None:
        raise Missing("rent_growth_pct")
    rent, years = require(lambda: case.rent, lambda: _horizon(case))
    growth = case.ledger.user("rent_growth_pct", getattr(i, field), "percent")
    later = case.money("rent_at_horizon", num(rent) * (1 + num(growth) / 100) ** num(years),
                       f"{plain(num(rent))} × (1 + {plain(num(growth))} ÷ 100)^{plain(num(years))}", [rent, growth, years])
    case.money("rent_gain", num(later) - num(rent), f"{plain(num(later))} − {plain(num(rent))}", [later, rent])
    return later


def _horizon(case: Case) -> Fact:
    if case.inputs.horizon_years is None:
        raise Missing("horizon_years")
    return case.ledger.user("horizon_years", case.inputs.horizon_years, "years")


def equity_at_horizon(case: Case) -> Fact:
    """Value less what is still owed at the end of the horizon, before selling costs."""
    projection, used = projection_of(case, with_loan=case.has_loan, with_income=False, with_sale=False)
    price, _, growth = used[:3]
    value = case.money("value_at_horizon", float(projection.value[-1]),
                       f"{plain(num(price))} × (1 + {plain(num(growth))} ÷ 100)^{projection.years}", used[:3])
    parts = [value]
    if case.has_loan:
        parts.append(case.money("loan_balance_at_horizon", float(projection.loan_balance[-1]),
                                f"balance after {min(12 * projection.years, case.months)} of {case.months}",
                                [case.loan, case.payment]))
    return case.money("equity_at_horizon", float(projection.equity[-1]), " − ".join(plain(num(p)) for p in parts), parts)


def _internal(case: Case, key: str, flows: tuple[float, ...], used: list[Fact]) -> Fact:
    result = returns.internal_rate(flows)
    formula = f"IRR({_listed(flows)})"
    if result.status == "several":
        roots = [case.ledger.compute(f"{key}_root", r, "percent", formula, used) for r in result.rates]
        case.warn("irr_several", *roots)
    if result.status != "one":
        raise Undefined(f"irr_{result.status}")
    return case.ledger.compute(key, result.rates[0], "percent", formula, used)


def _listed(flows: tuple[float, ...]) -> str:
    return "; ".join(plain(round(flow, 2)) for flow in flows)


def flows_of(case: Case) -> tuple[tuple[float, ...], list[Fact]]:
    """The yearly flows of `irr`, today first, and the facts that they rest on: as told, else of the purchase without a loan."""
    if case.inputs.cash_flows:
        used = [case.ledger.user(f"cash_flow_{t}", flow, "money", case.inputs.money)
                for t, flow in enumerate(case.inputs.cash_flows)]
        return case.inputs.cash_flows, used
    if case.inputs.sale_price is not None:
        return _told(case)
    projection, used = projection_of(case, with_loan=False)
    return tuple(projection.unlevered.tolist()), used


def _told(case: Case) -> tuple[tuple[float, ...], list[Fact]]:
    """Flows of figures that were told: what is put in, what a year leaves (nothing without a rent), what the sale brings."""
    i = case.inputs
    sale, years = require(lambda: _sold(case), lambda: _horizon(case))
    outlay = case.own_cash if i.own_cash is not None else case.price
    extra = case.stated_purchase if i.own_cash is None else None
    parts = [case.noi, *([case.debt_service] if i.instalment is not None else [])] if i.lets else []
    yearly = num(parts[0]) - sum(num(p) for p in parts[1:]) if parts else 0.0
    kept = num(sale)
    count = max(1, round(num(years)))
    paid = f"−{plain(num(outlay))}" + (f" − {plain(num(extra))}" if extra else "")
    first = case.money("cash_flow_0", -num(outlay) - (num(extra) if extra else 0), paid, [outlay, *([extra] if extra else [])])
    facts = [first]
    left = " − ".join(plain(num(p)) for p in parts) or "0"
    for year in range(1, count + 1):
        last = year == count
        facts.append(case.money(f"cash_flow_{year}", yearly + (kept if last else 0),
                                f"{left} + {plain(kept)}" if last else left, [*parts, *([sale] if last else [])]))
    return tuple(num(fact) for fact in facts), facts


def projection_of(
    case: Case, *, with_loan: bool, with_income: bool = True, with_sale: bool = True, example_years: bool = False
) -> tuple[Projection, list[Fact]]:
    """The case over its horizon, and the facts used: price, years and growth first."""
    deal, used = deal_of(
        case, with_loan=with_loan, with_income=with_income, with_sale=with_sale, example_years=example_years
    )
    return project(deal), used


def held_over(inputs: Inputs) -> Projection | None:
    """The years of a purchase, with its loan where one was told; None where something that they need lacks."""
    case = Case(inputs)
    try:
        return projection_of(case, with_loan=case.has_loan)[0]
    except Missing:
        return None


def deal_of(
    case: Case, *, with_loan: bool, with_income: bool = True, with_sale: bool = True, example_years: bool = False
) -> tuple[Deal, list[Fact]]:
    """Price, rent, costs and loan of the case as a projection takes them, and the facts used: price, years and growth first.
    Where neither income nor the costs of buying and selling matter they are not asked for. `example_years`: years that nobody
    told are the country's example, shown as an assumption."""
    def horizon() -> Fact:
        if case.inputs.horizon_years is None:
            example = assumption("horizon_years", case.country) if example_years else None
            if example is None:
                raise Missing("horizon_years")
            fact = case.assume(example)
            case.show(example, fact)
            return fact
        whole = max(1, round(case.inputs.horizon_years))
        if whole != case.inputs.horizon_years:
            case.warn("horizon_rounded")
        return case.ledger.user("horizon_years", whole, "years")

    price, years, *rest = require(
        lambda: case.price, horizon,
        *((lambda: case.noi,) if with_income else ()), *((lambda: case.payment,) if with_loan else ()),
    )
    sold = case.inputs.sale_price is not None
    # told to sell for a price, it grows as much as takes it there
    growth = _growth(case, price, case.stated("sale_price"), years) if sold else case.percent_or_assumed("growth_pct")
    used = [price, years, growth, *rest]  # equity_at_horizon relies on the first three
    extra, rent_growth, exit_costs, sold_for = None, None, None, None
    if with_income:
        rent_growth = case.percent_or_assumed("rent_growth_pct")
        extra = case.purchase
    if with_sale:
        sold_for = case.stated("selling_costs") if case.inputs.selling_costs is not None else None
        exit_costs = _exit_costs(case)
    used += [fact for fact in (rent_growth, extra, exit_costs, sold_for) if fact is not None]
    rents = with_income and case.inputs.lets
    running = case.running if with_income else ()
    deal = Deal(
        price=num(price), years=int(num(years)), rent=case.annual_rent if rents else 0.0,
        vacancy_pct=num(case.vacancy) if rents and case.vacancy else 0.0,
        costs=sum(cost.high for cost in running if not cost.share_pct), costs_pct=sum(cost.share_pct for cost in running),
        growth_pct=num(growth), rent_growth_pct=num(rent_growth) if rent_growth else 0.0,
        purchase_costs=num(extra) if extra else 0.0, selling_costs_pct=num(exit_costs) if exit_costs else 0.0,
        selling_costs=num(sold_for) if sold_for else 0.0,
        debt=case.debt if with_loan else None,
    )
    return deal, used


def _exit_costs(case: Case) -> Fact | None:
    """Selling costs in percent: stated, else the country's rules; None where they were told in money alone, and, said, where
    there are none."""
    i = case.inputs
    if i.selling_costs_pct is not None:
        return case.ledger.user("selling_costs_pct", i.selling_costs_pct, "percent")
    if i.selling_costs is not None:
        return None
    if case.country is not None:
        result = case.selling_costs(num(case.price))
        if result.lines:
            return case.rule_percent("selling_costs_pct", result)
        case.left_out.update({omitted.en: omitted for omitted in result.left_out})
    case.warn("exit_costs_left_out")
    return None
