"""Whether a message asks for a tax, on what, and what it tells of who is taxed (`data/taxes.toml`).

Words alone decide: nothing here is trained, and nothing that the trained readers see changes. A question counts where figures
to tax are known; general ones are answered from documents as before. What a purchase costs in taxes is asked as purchase costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from core.data_files import read
from knowledge.understanding.amounts import Amount
from knowledge.understanding.cues import CueBook, Hit
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.tokens import Token

#: So far (in tokens) from the word of a tax what is taxed may be named.
_AWAY = 14
#: So far behind its name a figure stands.
_NEAR = 4
#: Measures asked before that an internal rate, or what is left of the rent, is wanted of after tax.
_OVER_YEARS = frozenset({"irr", "levered_irr", "leverage_effect", "equity_multiple"})
_FLOWS = frozenset({"cash_flow_month", "cash_flow_year", "cash_on_cash"})
#: What is asked for each thing that is taxed.
_OF = {"sell": "sale_taxes", "rent": "rent_tax"}


@lru_cache(maxsize=1)
def _books() -> dict[str, dict[str, CueBook]]:
    raw = read(DATA / "taxes.toml", dict[str, dict[str, str]])
    return {section: {name: CueBook([f"{name};1;;{' '.join(text.split())}"]) for name, text in entries.items()}
            for section, entries in raw.items()}


def _hits(tokens: Sequence[Token], section: str, name: str) -> list[Hit]:
    return _books()[section][name].hits(list(tokens), every=True)


def tax_question(
    tokens: Sequence[Token], amounts: Sequence[Amount], known: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`measures` asked of the tax tool, the residence told (`abroad` where only that), and figures that only taxes have; empty
    where no tax is asked for. A question without figures has `rules`, the event it is about.

    `known` are the slots and the entries of a return that were told, `before` the tax question of the turn before, which a
    residence or such a figure alone goes on with.
    """
    asked, after = _hits(tokens, "asked", "tax"), _hits(tokens, "after", "tax")
    if not (asked or after or before):
        return {}
    if _hits(tokens, "not_asked", "advice") or (_hits(tokens, "not_asked", "before") and not after):
        return {}  # a person's own scheme is a person's; what is wanted before tax is no tax
    measures = _after(tokens, known) if after else _asked(tokens, asked, known) if asked else []
    found: dict[str, Any] = {}
    if residence := residence_of(tokens):
        found["residence"] = residence
    if _hits(tokens, "measure", "land_gain"):
        found["line"] = "land_gain_tax"
    if _hits(tokens, "own_home", "any"):
        found["own_home"] = True
    free = list(amounts)
    for name in _books()["figure"]:
        if (amount := _figure(tokens, free, name)) is not None:
            found[name] = float(amount.value)
            free.remove(amount)
    years = [int(a.value) for a in amounts if a.kind == "year"]
    if len(years) == 1:
        found["bought_year"] = years[0]
    if measures:
        return {"measures": measures, **found}
    if asked and not any(a.kind in ("money", "percent") for a in amounts) and (event := _general(tokens, asked)):
        return {"rules": event, **found}
    return {**before, **found} if before and set(found) - {"bought_year", "own_home", "line"} else {}


def residence_of(tokens: Sequence[Token]) -> str | None:
    """Where the owner says to live: `eu`, `other`, `abroad` where only that, `resident`."""
    return next((name for name in ("eu", "other", "abroad", "resident") if _hits(tokens, "residence", name)), None)


def foreign_buyer(tokens: Sequence[Token]) -> str | None:
    """`trust` where the trust that foreigners buy through in Mexico is spoken of, `buyer` where a foreigner says to be one."""
    return next((name for name in ("trust", "buyer") if _hits(tokens, "foreign", name)), None)


def buys_abroad(tokens: Sequence[Token]) -> bool:
    """Whether somebody says to be a foreigner and to buy."""
    return foreign_buyer(tokens) == "buyer" and bool(_hits(tokens, "event", "buy"))


def asks_for_trust(tokens: Sequence[Token]) -> bool:
    """Whether it is asked if one has to buy through the trust that foreigners buy through in Mexico."""
    return bool(_hits(tokens, "needs", "trust"))


def _asked(tokens: Sequence[Token], asked: Sequence[Hit], known: Mapping[str, Any]) -> list[str]:
    """What the named tax is of: the nearest thing taxed that has its figures; a purchase alone asks for its costs."""
    marks = [(abs(hit.start - at.start), name) for name in _books()["event"] for hit in _hits(tokens, "event", name)
             for at in asked if hit.start <= at.end + _AWAY and at.start <= hit.end + _AWAY]
    sold = any(name == "sell" for _, name in marks) and bool(known.get("sale") or known.get("price"))
    if sold and _hits(tokens, "measure", "withheld"):
        return ["sale_withholding", *(["sale_taxes"] if known.get("sale") and known.get("price") else [])]
    told = {"sell": bool(known.get("sale")), "rent": bool(known.get("monthly_rent") or known.get("rent")), "buy": False}
    inside = [name for name in _books()["event"] for hit in _hits(tokens, "event", name)
              for at in asked if at.start <= hit.start < at.end]
    order = [*inside, *(name for _, name in sorted(marks))]
    first = next((name for name in order if told[name]), None)
    if first is None or (inside and inside[0] == "buy" and not told["sell"]):
        return []
    return [_OF[first], "sale_proceeds"] if first == "sell" else [_OF[first]]


def _general(tokens: Sequence[Token], asked: Sequence[Hit]) -> str | None:
    """What a question without figures asks the taxes of: what is named nearest to the tax."""
    marks = [(min(abs(hit.start - at.end) for at in asked), name) for name in _books()["event"]
             for hit in _hits(tokens, "event", name)]
    return min(marks)[1] if marks else None


def _after(tokens: Sequence[Token], known: Mapping[str, Any]) -> list[str]:
    """The measure that is wanted after tax, among those whose figures were told: the one named, else the one asked before."""
    let = bool(known.get("monthly_rent") or known.get("rent"))
    lent = any(known.get(name) for name in ("rate_pct", "loan", "loan_amount"))
    if _hits(tokens, "measure", "irr") and let and known.get("price"):
        return ["after_tax_levered_irr", "after_tax_irr"] if lent else ["after_tax_irr"]
    before = {*known.get("asked", ())}
    rates = ["after_tax_levered_irr", "after_tax_irr"] if lent else ["after_tax_irr"]
    over_years = bool(let and known.get("price") and before & _OVER_YEARS and known.get("hold_years"))
    if known.get("sale") and (_hits(tokens, "measure", "proceeds") or not let or "left_after_sale" in before):
        return ["sale_proceeds", "sale_taxes", *(rates[:1] if over_years else ())]
    if not let or not known.get("price"):
        return []
    if over_years:
        return rates
    if _hits(tokens, "measure", "flow") or before & _FLOWS:
        return ["after_tax_cash_flow_month", "after_tax_cash_flow_year", "rent_tax"]
    return ["after_tax_yield", "rent_tax"]


def _figure(tokens: Sequence[Token], amounts: Sequence[Amount], name: str) -> Amount | None:
    """The amount right behind one of its names."""
    kinds = ("percent",) if name.endswith("_pct") else ("money", "other")
    for hit in _hits(tokens, "figure", name):
        near = [a for a in amounts if 0 <= a.first - hit.end < _NEAR and a.kind in kinds]
        if near and not any(t.opens for t in tokens[hit.end + 1 : near[0].first + 1]):
            return near[0]
    return None
