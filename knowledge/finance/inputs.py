"""What a return can be computed from. Everything is optional: what is missing is reported, not guessed.

Checked once, on construction, so that no later step meets a negative price or a NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.errors import BadInput
from core.locale import CURRENCY_OF
from knowledge.finance import checks
from knowledge.finance.currency import Conversion
from knowledge.finance.facts_of import Language
from knowledge.finance.loans import RateKind
from knowledge.finance.taxpayer import UNTOLD, Taxpayer

#: Units of account that loans are owed in.
Unit = Literal["UVR", "UDI"]
Base = Literal["price", "invested"]
Period = Literal["week", "month", "two_months", "quarter", "half_year", "year", "once", "night"]
#: How often a year a cost of this period is paid; nights and what is paid once have no fixed number.
TIMES_A_YEAR: dict[str, int] = {"week": 52, "month": 12, "two_months": 6, "quarter": 4, "half_year": 2, "year": 1}

#: Currencies that only one of the covered countries uses as legal tender, and no other country does.
_COUNTRY_OF_CURRENCY = {"COP": "CO", "MXN": "MX"}


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost that the investor stated. `of`: `amount` is money, or percent of the year's rent, or percent of the price.

    `once` is paid at the purchase and counts as invested, `night` for each night let; a percentage of rent or price is
    yearly unless `once`.
    """

    label: str
    amount: float
    period: Period = "year"
    of: Literal["money", "rent", "price"] = "money"

    def __post_init__(self) -> None:
        if self.of == "money":
            checks.amount("cost", self.amount, zero=True)
        else:
            checks.percent("cost", self.amount, 0, 100)
        if self.period not in (*TIMES_A_YEAR, "once", "night") or self.of not in ("money", "rent", "price"):
            raise checks.bad("cost", f"{self.period}/{self.of}", "un gasto a la semana, al mes, cada dos meses, "
                             "al trimestre, al semestre, al año, por noche o "
                             "de una vez, en dinero o en porcentaje de la renta o del precio",
                             "a cost a week, a month, two_months, a quarter, half_year, a year, a night or once, in money "
                             "or percent of rent or price")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The investor's figures, units as in the names; percent 12 for 12 %, money in `currency`.

    `costs` None: nothing was said about running costs (a net figure then uses visible assumptions); an empty tuple: there
    are none. Stated running costs are used alone, unless `fill_defaults` asks for assumptions beside them; with `as_told`
    nothing is assumed. `rent_is_net`: costs are already off the rent. `purchase_costs`: paid on top of the price, in money.
    `base`: what a yield is measured on (default: the net one on all that was invested where purchase costs count, else on
    the price). `rate_kind` None: the country's custom. `cash_flows`: explicit, yearly, the first today,
    or on `flow_dates`. `fx_path`: what one unit of `currency` is worth in the investor's own, one a yearly flow from today on;
    `fx_change_pct`: how much that changes a year, where no path is told. `payment`: a
    monthly instalment the investor can bear. `example_loan`: where rate or term are missing, use the country's labelled
    example. `instalment`: the monthly payment of a loan, where it was told and need not be computed. `own_cash`: own money
    put in, purchase costs on top of it where `own_excludes_costs`. `sale_price`: what it sells for at the horizon, before
    `selling_costs` (money) and `selling_costs_pct` of it. `nights` a year at `nightly_rent` make the rent of a let by the
    night; `month_days`: the length of the months that nights are reckoned with, where it was told (a year has twelve of
    them). `valuation`: what the bank lends a share of, where it is below the price. `savings`: what the investor has
    already. `other_term_years`: a term to compare with. `target_yield_pct`: the yield that is wished for, gross unless
    `target_is_net`, of a month where `target_is_monthly`. `price_cut_pct` off `asking_price` leaves `price`. `reach_pct`:
    the share of the value that the debt may reach. `index_path`: an index such as the Euribor in each year of a variable
    loan, percent (the last holds on), to which `margin_pct` is added. `indexed_to`: the unit a loan is owed in (UVR, UDI),
    which rises with `inflation_pct`; the rate is then the real one. `opening_fee`: money when the loan is paid out,
    `loan_fee_month`: money a month, `loan_insurance_pct`: percent of the balance a month.
    `foreign_buyer`: who buys is no citizen of the property's country, `foreign_trust`: buys through a Mexican bank's trust;
    `dollar`: one US dollar in `currency`, for fees that are in dollars.
    `taxpayer`: who is taxed, where something is asked after tax. `measures`: what was asked (empty: all that the figures
    allow). `on`: the day whose rules hold.
    """

    price: float | None = None
    asking_price: float | None = None
    price_cut_pct: float | None = None
    monthly_rent: float | None = None
    annual_rent: float | None = None
    nights: float | None = None
    nightly_rent: float | None = None
    month_days: int | None = None
    rent_is_net: bool = False
    currency: str | None = None
    country: str | None = None
    city: str | None = None
    property_type: str | None = None
    new_build: bool = False
    foreign_buyer: bool = False
    foreign_trust: bool = False
    dollar: Conversion | None = None
    area_m2: float | None = None
    costs: tuple[Cost, ...] | None = None
    fill_defaults: bool = False
    as_told: bool = False
    purchase_costs: float | None = None
    vacancy_pct: float | None = None
    base: Base | None = None
    down_payment_pct: float | None = None
    loan_amount: float | None = None
    valuation: float | None = None
    savings: float | None = None
    reach_pct: float | None = None
    rate_pct: float | None = None
    rate_kind: RateKind | None = None
    term_years: float | None = None
    other_term_years: float | None = None
    index_path: tuple[float, ...] = ()
    margin_pct: float | None = None
    indexed_to: Unit | None = None
    inflation_pct: float | None = None
    opening_fee: float | None = None
    loan_fee_month: float | None = None
    loan_insurance_pct: float | None = None
    payment: float | None = None
    instalment: float | None = None
    own_cash: float | None = None
    own_excludes_costs: bool = False
    sale_price: float | None = None
    example_loan: bool = False
    horizon_years: float | None = None
    growth_pct: float | None = None
    rent_growth_pct: float | None = None
    selling_costs_pct: float | None = None
    selling_costs: float | None = None
    discount_pct: float | None = None
    cash_flows: tuple[float, ...] = ()
    flow_dates: tuple[date, ...] = ()
    fx_path: tuple[float, ...] = ()
    fx_change_pct: float | None = None
    target_yield_pct: float | None = None
    target_is_net: bool = False
    target_is_monthly: bool = False
    measures: tuple[str, ...] = ()
    taxpayer: Taxpayer = UNTOLD
    entity: str = ""
    entity_id: str = ""
    language: Language = "es"
    on: date | None = None

    def __post_init__(self) -> None:
        for field in ("price", "monthly_rent", "annual_rent", "area_m2", "loan_amount", "payment", "instalment",
                      "own_cash", "sale_price", "selling_costs", "valuation", "savings", "nightly_rent", "asking_price"):
            if (value := getattr(self, field)) is not None:
                checks.amount(field, value)
        if self.purchase_costs is not None:
            checks.amount("purchase_costs", self.purchase_costs, zero=True)
        if self.rate_pct is not None:
            checks.rate(self.rate_pct)
        for field, low, high in (
            ("vacancy_pct", 0, 99), ("down_payment_pct", 0, 100), ("growth_pct", -50, 100),
            ("rent_growth_pct", -50, 100), ("selling_costs_pct", 0, 50), ("discount_pct", -50, 100),
            ("target_yield_pct", 0.1, 100), ("price_cut_pct", 0, 99), ("reach_pct", 1, 100),
        ):
            if (value := getattr(self, field)) is not None:
                checks.percent(field, value, low, high)
        if self.term_years is not None:
            checks.years("term_years", self.term_years)
        if self.other_term_years is not None:
            checks.years("term_years", self.other_term_years)
        if self.horizon_years is not None:
            checks.years("horizon_years", self.horizon_years)
        self._check_loan_terms()
        if self.nights is not None and not 0 < checks.finite("nights", self.nights) <= 366:
            raise checks.bad("nights", self.nights, "de 1 a 366 noches al año", "1 to 366 nights a year")
        if self.month_days is not None and self.month_days not in range(28, 32):
            raise checks.bad("month_days", self.month_days, "un mes de 28 a 31 días", "a month of 28 to 31 days")
        if self.foreign_trust and self.legal_country not in (None, "MX"):
            raise checks.bad("foreign_trust", self.legal_country, "un inmueble en México (MX)", "a property in Mexico (MX)",
                             "Quite el fideicomiso o corrija el país.", "Leave the trust out or correct the country.")
        self._check_dates_and_rates()
        for flow in self.cash_flows:
            checks.finite("cash_flows", flow)
        self._check_rent()

    def _check_dates_and_rates(self) -> None:
        """One date a flow, and exchange rates that can be."""
        if self.flow_dates and len(self.flow_dates) != len(self.cash_flows):
            raise checks.bad("flow_dates", len(self.flow_dates), f"{len(self.cash_flows)} fechas, una por flujo",
                             f"{len(self.cash_flows)} dates, one a flow")
        for rate in self.fx_path:
            checks.amount("rate", rate)
        if self.fx_change_pct is not None:
            checks.percent("fx_change_pct", self.fx_change_pct, -90, 500)

    def _check_loan_terms(self) -> None:
        """Fees, the unit of an indexed loan, and a variable rate: an index and a margin that never leave 0 to 100 %."""
        for field in ("opening_fee", "loan_fee_month"):
            if (value := getattr(self, field)) is not None:
                checks.amount("loan_costs", value, zero=True)
        if self.inflation_pct is not None:
            checks.percent("inflation_pct", self.inflation_pct, -20, 100)
        if self.loan_insurance_pct is not None:
            checks.percent("loan_costs", self.loan_insurance_pct, 0, 5)
        if self.indexed_to is not None and self.indexed_to not in ("UVR", "UDI"):
            raise checks.bad("indexed_to", self.indexed_to, "UVR o UDI", "UVR or UDI")
        if self.margin_pct is not None:
            checks.percent("margin_pct", self.margin_pct, 0, 50)
        if self.margin_pct is not None and not self.index_path and self.rate_pct is None:
            raise checks.bad("margin_pct", self.margin_pct, "también el índice de cada año", "the index of each year as well")
        for index in self.index_path:
            checks.percent("index_path", index, -20, 100)
            checks.rate(index + (self.margin_pct or 0))

    def _check_rent(self) -> None:
        """A rent that reaches the price is two figures swapped, or thousands taken for millions."""
        for field, rent in (("monthly_rent", self.monthly_rent), ("annual_rent", self.annual_rent)):
            if self.price is not None and rent is not None and rent >= self.price:
                es, en = checks.NAMES[field]
                raise BadInput(
                    f"{en[:1].upper()}{en[1:]} ({rent:g}) is not below the price ({self.price:g}): expected a rent "
                    "well under it. Say which is which, with all their zeros.",
                    f"{es[:1].upper()}{es[1:]} ({rent:g}) no es menor que el precio ({self.price:g}): se espera una "
                    "renta muy inferior. Diga cuál es cuál, con todos los ceros.",
                )

    @property
    def legal_country(self) -> str | None:
        """The country whose rules hold: as named, else that of a currency used in one of the covered countries only."""
        if self.country:
            return self.country.upper()
        return _COUNTRY_OF_CURRENCY.get(self.currency or "")

    @property
    def money(self) -> str | None:
        """The currency of all amounts: as stated, else the named country's; None where neither settles it."""
        return self.currency or CURRENCY_OF.get((self.country or "").upper())

    @property
    def running_costs(self) -> tuple[Cost, ...]:
        return tuple(c for c in self.costs or () if c.period != "once")

    @property
    def lets(self) -> bool:
        """Whether a rent was told, of a month, a year or nights."""
        return self.monthly_rent is not None or self.annual_rent is not None or self.nights is not None

    @property
    def told_net(self) -> bool:
        """Whether something was told that comes off the rent, or the rent was told net."""
        return self.rent_is_net or bool(self.running_costs) or self.vacancy_pct is not None

    @property
    def assumes_costs(self) -> bool:
        """Whether net figures rest on assumptions: no running cost was stated, or assumptions were asked for."""
        if self.rent_is_net or self.as_told:
            return False
        silent = self.costs is None or (bool(self.costs) and not self.running_costs)
        return silent or self.fill_defaults
