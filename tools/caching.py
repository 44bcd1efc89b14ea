"""Which tools' results may be kept and given again for an equal call, and what each reads: every tool is listed here.

A kept result depends on the tenant, the arguments, the locale, the day, this program and the data (all in the key of
`agents/result_cache.py`), and on nothing of the turn. That is not left to this table: a run that looks at the investor's words,
at what was understood or at earlier results is not kept, whatever stands here. `never` and `turn` only save looking for what
cannot be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Keeping:
    """`reads`: the tables it reads (each must leave a stamp when it is written, see `knowledge/data_version.py`).

    `never`: why no result may be kept. `turn`: arguments with which it looks at the turn, to say whose the figure is.
    """

    reads: tuple[str, ...] = ()
    never: str = ""
    turn: tuple[str, ...] = ()

    def allows(self, args: Mapping[str, Any]) -> bool:
        return not self.never and all(args.get(name) is None for name in self.turn)


#: What a place named in words is looked up in; what stands around it.
_NAMED = ("areas", "analytics_data", "series")
_MARKET = (*_NAMED, "observations", "listings", "price_history")
_VALUED = ("areas", "listings", "models")
_WRITES, _FIGURES = "it writes", "every figure is told as the investor's own, an earlier result's or nobody's"

KEEPING: dict[str, Keeping] = {
    "analyse_returns": Keeping(never=_FIGURES),
    "analyse_risk": Keeping(never=_FIGURES),
    "area_rent": Keeping(_MARKET, turn=("area_m2",)),
    "area_statistics": Keeping(_MARKET),
    "convert_currency": Keeping(never=_FIGURES),
    "count_listings": Keeping(("areas", "listings"), turn=("budget_max",)),
    "forecast_index": Keeping(never=_FIGURES),
    "get_listing": Keeping(("areas", "listings", "price_history")),
    "market_competition": Keeping((*_NAMED, "listings", "projects", "project_owners")),
    "market_opinion": Keeping((*_NAMED, "documents")),
    "market_pace": Keeping(_MARKET),
    "market_risk": Keeping(_MARKET),
    "market_trend": Keeping(_MARKET),
    "market_yields": Keeping(_MARKET),
    "open_case": Keeping(never=_WRITES),
    "papers_to_sell": Keeping(("documents",)),
    "price_effects": Keeping(_VALUED),
    "profile_option": Keeping((*_MARKET, "projects"),
                              turn=("price", "monthly_rent", "annual_rent", "loan_amount", "rate_pct", "more")),
    "property_taxes": Keeping(never=_FIGURES),
    "save_lead": Keeping(never=_WRITES),
    "search_documents": Keeping(("areas", "documents")),
    "search_listings": Keeping(_MARKET),
    "similar_listings": Keeping(_VALUED),
    "tax_rules": Keeping(),
    "value_property": Keeping(_VALUED, turn=("area_m2", "asking_price")),
    "valuation_accuracy": Keeping(_VALUED),
    "weigh_options": Keeping(never="it weighs what earlier calls of the turn found"),
}
