"""Which arguments of the tools are figures, what each may be made from, and which are nobody's figure: every one stands here.

A model that plans calls may write any figure, and what a calculator makes of it is right and worth nothing. So each is
checked before the call (`agents/argument_check.py`) by its `Kind`; what is `FREE` says why a figure of the model's own does
no harm there. An argument means the same in every tool, so the table goes by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a figure may be made from."""

    MONEY = "money"  # also twelve times or a twelfth, a share of an amount, a product, sum or difference of two
    SHARE = "share"  # a percentage: also its complement, one amount as a share of another, twelve times or a twelfth
    COST = "cost"  # money, or a percentage, as the investor told it
    SIZE = "size"  # exactly as said
    TIME = "time"  # also months as years, years as months, nights from a share of the year
    YEAR = "year"  # a calendar year: also so many years from now
    DATE = "date"  # a day of a year that was said, or of these months
    BOUND = "bound"  # a limit of a search: also near what was said
    QUOTED = "quoted"  # in the investor's own words, nowhere else
    LISTING = "listing"  # the id of an advert that a tool returned or the investor was shown


def _all(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


KINDS: dict[str, Kind] = {
    **_all(Kind.MONEY, "price monthly_rent annual_rent nightly_rent purchase_costs own_cash loan_amount valuation savings "
                       "opening_fee loan_fee_month instalment affordable_payment selling_costs sale_price cash_flows rent_low "
                       "rent_high other_income value_today land_value cadastral_value asking_price budget_max"),
    "amount": Kind.MONEY,
    "costs.amount": Kind.COST,
    **_all(Kind.SHARE, "price_cut_pct vacancy_pct down_payment_pct reach_pct rate_pct new_rate_pct index_path margin_pct "
                       "inflation_pct loan_insurance_pct rate_moves growth_pct rent_growth_pct selling_costs_pct discount_pct "
                       "target_yield_pct fx_change_pct marginal_rate_pct ltv_pct wealth_share_pct municipal_rate_pct "
                       "rent_reduction_pct"),
    **_all(Kind.SIZE, "area_m2 bedrooms bathrooms floor estrato dscr latitude longitude"),
    **_all(Kind.TIME, "nights month_days term_years other_term_years horizon_years"),
    **_all(Kind.YEAR, "year_built"),
    **_all(Kind.DATE, "flow_dates on bought_on"),
    **_all(Kind.BOUND, "price_min price_max area_min area_max bedrooms_min bedrooms_max bathrooms_min"),
    "rate": Kind.QUOTED,
    "listing_id": Kind.LISTING,
}
#: Figures of the model's own that make no figure wrong, and why.
FREE: dict[str, str] = {
    "limit": "how many results to give",
    "radius_km": "how far to look; the result says so",
    "years": "how far back to look; the result names the period",
    "year": "which year to look up; the result names it",
    "since": "from when on to look; the result names the period",
}
#: Tools that look after their arguments themselves, and how.
OWN: dict[str, str] = {"save_lead": "it keeps only what stands in the investor's own words"}
#: The longest horizon of a forecast that a model may choose where nobody said one, in years: the result says it.
USUAL_HORIZON = 10.0
PLACES = ("country", "city", "neighbourhood")


def figures(args: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every argument that is checked, by its name in `KINDS`, also those inside costs, flows and other figures."""
    for name, value in args.items():
        yield from _inside(name, value)


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from figures({f"costs.{part}": one for part, one in value.items()} if name == "costs" else value)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _inside(name, part)
    elif name in KINDS and value is not None and not isinstance(value, bool):
        yield name, value
