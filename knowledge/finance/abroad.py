"""The return in the investor's own currency, where the property's is another."""

from __future__ import annotations

from core.facts import Fact
from knowledge.finance.case import Case
from knowledge.finance.exchange_risk import in_home_currency
from knowledge.finance.facts_of import plain
from knowledge.finance.holding import flows_of
from knowledge.finance.income import Missing, Undefined


def home_irr(case: Case) -> Fact:
    """The internal rate of the flows of `irr`, each at the rate of its own year. Beside it, what the local rate and the yearly
    change of the exchange rate come to together: equal where the exchange rate moves evenly."""
    i = case.inputs
    if not i.fx_path and i.fx_change_pct is None:
        raise Missing("fx_path", "fx_change_pct")
    flows, used = flows_of(case)
    rates = i.fx_path or tuple((1 + (i.fx_change_pct or 0) / 100) ** year for year in range(len(flows)))
    found = in_home_currency(flows, rates)
    if found.home is None:
        raise Undefined("irr_none")
    if found.check is not None:
        case.ledger.compute("home_irr_check", found.check, "percent", "((1 + IRR) × (1 + fx) − 1) × 100", used)
    converted = "; ".join(plain(round(flow, 2)) for flow in found.flows)
    return case.ledger.compute("home_irr", found.home, "percent", f"IRR({converted})", used)
