"""Which measure of a return a message asks for, and on what base."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from knowledge.understanding.cues import Hit
from knowledge.understanding.rules.vocabulary import measure_order, measures, said, words
from knowledge.understanding.tokens import Token

#: Measures whose names are also names of their inputs: where another is asked, they lead nothing.
_INPUTS = frozenset(
    {
        "total_outlay", "purchase_costs", "converted", "monthly_payment", "net_yield", "gross_yield", "price_per_m2",
        "loan_amount", "rent_for_yield", "cash_flow_year",
    }
)
#: (longer, shorter): "¿en cuánto queda la cuota?" asks for the instalment, not for what is left.
_SWALLOWED = frozenset(
    {
        ("monthly_payment", "cash_flow_month"),
        ("monthly_payment", "price_for_yield"),
        ("net_yield", "cash_flow_month"),
        ("gross_yield", "cash_flow_month"),
        ("rent_for_yield", "cash_flow_month"),
        ("cash_flow_month", "down_payment"),
    }
)
_ASKS_A_LOAN = frozenset({"affordable_loan", "loan_amount", "monthly_payment"})
#: What a total that is asked for holds, or is told apart from.
_PARTS_OF_TOTALS = frozenset({"annual_growth", "purchase_costs", "gross_yield", "cash_on_cash", "down_payment"})
#: What stands between the measures of a list.
_AND = frozenset({"y", "e", "and"})
_LISTING = _AND | {"el", "la", "los", "las", "the", "tambien", "also"}
_YEARS, _MONTHS, _INTERROGATIVE = words("years"), words("months"), words("interrogative")
_LOAN = ("loan", "financed_pct", "down_pct")
_WITHOUT_IT, _OF_LOANS = words("without") | {"no"}, words("of_loans")
#: What each measure cannot do without: one entry of each group.
_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "savings_gap": (("price",), _LOAN, ("savings",)),
    "cash_needed": (("price",), (*_LOAN, "own"), ("upfront",)),
    "purchase_costs": (("upfront",), ("price", "upfront")),
    "total_outlay": (("price",), ("upfront",)),
    "interest_saved": ((*_LOAN, "own"), ("rate_pct",), ("term_years",), ("other_term",)),
    "total_return": (("price", "own"), ("sale", "value")),
    "break_even_nights": (("nightly",), ("costs",)),
    "converted": (("fx",), ("spoken",), ("target_currency",)),
    "down_payment": (("price",), _LOAN),
    "loan_to_value": (("debt", *_LOAN), ("value", "price", "financed_pct", "down_pct")),
    "total_interest": ((*_LOAN, "own"), ("rate_pct",), ("term_years",)),
    "affordable_loan": (("affordable", "instalment"), ("rate_pct",), ("term_years",)),
    "irr": (("own", "price", "value"), ("sale", "dated", "growth_pct")),
    "npv": (("own", "price", "value"), ("sale", "dated", "growth_pct"), ("discount_pct", "rate_pct")),
    "annual_growth": (("own", "price"), ("sale", "value"), ("hold_years", "last_year")),
    "cash_on_cash": (("own", *_LOAN), ("rent",), ("instalment", "rate_pct", "rent")),
    "dscr": (("rent",), ("instalment", "rate_pct")),
    "break_even_rent": (("costs", "instalment", "rate_pct"),),
    "payback_years": (("price", "own"), ("rent",)),
    "price_for_yield": (("target_pct",), ("rent",)),
    "rent_for_yield": (("target_pct",), ("price",)),
    "cap_rate": (("price", "value"), ("rent",)),
    "cash_flow_month": (("rent",), ("costs", "instalment", "rate_pct", "vacancy_pct")),
    "cash_flow_year": (("rent",), ("costs", "instalment", "rate_pct", "vacancy_pct")),
    "noi": (("rent",), ("costs", "vacancy_pct")),
    "future_value": (("price", "value"), ("growth_pct",), ("hold_years", "last_year")),
    "years_of_rent": (("price",), ("rent",)),
    "net_yield": (("price", "value"), ("rent",)),
    "gross_yield": (("price", "value"), ("rent",)),
    "price_per_m2": (("price",), ("area_m2",)),
    "monthly_payment": ((*_LOAN, "own", "debt"), ("rate_pct",), ("term_years",)),
    "loan_amount": (("price",), ("financed_pct", "down_pct", "own")),
    "affordable_price": (
        ("affordable", "instalment", "loan", "own", "savings"),
        ("down_pct", "financed_pct", "own", "savings"),
    ),
    "further_loan": (("debt", "loan"), ("value", "price"), ("reach_pct",)),
    "loan_balance": ((*_LOAN, "own", "debt"), ("rate_pct",), ("term_years",), ("hold_years",)),
    "interest_only_payment": ((*_LOAN, "own", "debt"), ("rate_pct",)),
    "rent_at_horizon": (("rent",), ("rent_growth_pct", "growth_pct"), ("hold_years",)),
    "break_even_occupancy": (("rent", "nightly"), ("costs", "instalment", "rate_pct")),
    "discounted_price": (("price",), ("cut_pct",)),
    "leverage_effect": (("price",), _LOAN, ("rate_pct",), ("term_years",), ("rent",)),
    "equity_multiple": (("price",), ("rent",), ("hold_years", "last_year")),
    "left_after_sale": (("price",), ("hold_years", "last_year")),
}


#: From these probabilities on a measure is asked for, is if no other is, and stands in for one that cannot be worked out.
ASKED, _PERHAPS, _INSTEAD = 0.5, 0.3, 0.25
#: The same where no other comes near.
_ALONE = 0.15
#: Measures that the country's rules answer where nothing of them was told.
_BY_RULE = frozenset({"purchase_costs", "total_outlay"})
#: Measure -> the one that it is where the figures told allow no more.
_WITHOUT = {
    "cash_needed": "down_payment",
    "net_yield": "noi",
    "price_for_yield": "affordable_price",
    "future_value": "rent_at_horizon",
    "cash_on_cash": "net_yield",
}
#: The same where its words name it.
_NAMED = 0.12
#: Measures that rest on a loan's amount.
_OF_A_LOAN = frozenset({"monthly_payment", "total_interest", "down_payment", "loan_balance", "interest_only_payment"})
_OF_FLOWS = ("irr", "npv", "annual_growth", "total_return")
#: Rare measure -> what the reader takes it for, and that is not asked beside it.
_TAKEN_FOR: dict[str, frozenset[str]] = {
    "affordable_price": frozenset({"price_for_yield", "affordable_loan", "down_payment", "loan_amount"}),
    "further_loan": frozenset({"savings_gap", "affordable_loan", "loan_amount", "cash_flow_month"}),
    "loan_balance": frozenset({"total_interest", "loan_amount", "loan_to_value", "savings_gap"}),
    "interest_only_payment": frozenset({"total_interest"}),
    "rent_at_horizon": frozenset({"price_for_yield", "rent_for_yield", "future_value", "break_even_rent"}),
    "break_even_occupancy": frozenset({"purchase_costs", "break_even_rent", "payback_years"}),
    "leverage_effect": frozenset({"irr", "monthly_payment", "cash_on_cash", "loan_to_value", "loan_amount"}),
    "equity_multiple": frozenset({"irr", "total_return", "payback_years", "cash_on_cash", "years_of_rent"}),
    "left_after_sale": frozenset(
        {"loan_balance", "total_return", "monthly_payment", "loan_amount", "future_value", "savings_gap", "cash_flow_month"}
    ),
}


def feasible(measure: str, deal: Mapping[str, Any]) -> bool:
    """Whether the messages hold every input of the measure; a share is of a price."""
    if measure in _OF_A_LOAN and not any(deal.get(name) for name in ("loan", "price", "debt")):
        return False
    if measure == "affordable_price" and not _reaches_a_price(deal):
        return False
    return measure in _NEEDS and all(any(deal.get(name) for name in group) for group in _NEEDS[measure])


def _reaches_a_price(deal: Mapping[str, Any]) -> bool:
    """Whether a loan or the instalment that repays one, own money and its share of a price, two of them, bound a price."""
    if deal.get("price") or deal.get("target_pct"):
        return False
    repaid = (deal.get("affordable") or deal.get("instalment")) and deal.get("rate_pct") and deal.get("term_years")
    own, share = deal.get("own") or deal.get("savings"), deal.get("down_pct") or deal.get("financed_pct")
    return sum(bool(part) for part in (repaid or deal.get("loan"), own, share)) > 1


def wanted_measures(
    chances: Mapping[str, float], deal: Mapping[str, Any], named: Collection[str] = (), before: Sequence[str] = (),
    surely: float = 0.8,
) -> tuple[list[str], list[str]]:
    """(measures that a trained reader takes the message to ask for, those of them that can be worked out). `named`: those that
    its words name, which need less to be believed; `before`: those asked before, which a message that names none goes on with
    unless another is likelier than `surely`.
    Where none can be worked out, the likeliest one that can, if it is likely enough."""
    ranked = sorted(chances, key=lambda m: -chances[m])
    weak = {"discounted_price"}
    if any(chances.get(m, 0.0) >= ASKED and feasible(m, deal) for m in _OF_FLOWS):
        weak.add("rent_at_horizon")  # how the rent rises is part of the flows
    if chances and (rare := [m for m in named if m not in chances and m not in weak and feasible(m, deal)]):
        # what nobody asks for in other words than its name, and what its words do not explain
        other = set(named).difference(rare, *(_TAKEN_FOR.get(m, ()) for m in rare))
        found = [*rare, *(m for m in ranked if m in other and chances[m] >= ASKED and feasible(m, deal))]
        return found, found
    asked = [m for m in ranked if chances[m] >= (_NAMED if m in named else ASKED)]
    if named:  # what was asked before is answered
        asked = [m for m in asked if m in named or m not in before] or asked
    elif before:
        likeliest = next((m for m in ranked if m not in before), "")
        still = max((chances.get(m, 0.0) for m in before), default=0.0)
        asked = [likeliest] if chances.get(likeliest, 0.0) >= max(surely, still) else list(before)
    asked = asked or [m for m in ranked[:1] if chances[m] >= _PERHAPS or _alone(m, chances[m], chances[ranked[1]])]
    if deal.get("new_rate") and not {*asked} & {*named, *before} and feasible("monthly_payment", deal):
        asked = ["monthly_payment"]  # where a rate changes, what is paid at each
    asked = list(dict.fromkeys(_by_what_was_told(m, deal) for m in asked))
    possible = [m for m in asked if feasible(m, deal)]
    if asked and not possible and asked[0] not in _BY_RULE:
        possible = [m for m in ranked if chances[m] >= _INSTEAD and m not in before and feasible(m, deal)][:1]
    if not possible and "discounted_price" in named and feasible("discounted_price", deal):
        return ["discounted_price"], ["discounted_price"]
    return asked, possible


def _alone(measure: str, chance: float, second: float) -> bool:
    """Whether no other measure comes near; one wished for ("¿llego al 6 %?") has to be asked for."""
    return measure not in ("rent_for_yield", "price_for_yield") and chance >= max(_ALONE, 3 * second)


def _by_what_was_told(measure: str, deal: Mapping[str, Any]) -> str:
    """Own cash at the signing is the deposit where no purchase costs were told; what is left of a rent without a price is the
    net income."""
    other = _WITHOUT.get(measure)
    return other if other and not feasible(measure, deal) and feasible(other, deal) else measure


def in_one_list(
    tokens: Sequence[Token], hits: Sequence[Hit], turn: Sequence[str], deal: Mapping[str, Any]
) -> list[str]:
    """The measures named in one list with one that is answered ("el cap rate, el DSCR y el punto de equilibrio") that can be
    worked out as well, in their order."""
    explained = {name for measure in turn for name in _TAKEN_FOR.get(measure, ())}
    found: list[str] = []
    group: list[Hit] = []

    def close() -> None:
        names = [h.cue.route for h in group]
        if set(names) & set(turn):
            found.extend(n for n in names if n not in turn and n not in found and n not in explained and feasible(n, deal))

    for hit in sorted(hits, key=lambda h: (h.start, h.end)):
        between = tokens[group[-1].end : hit.start] if group else []
        listed = all(t.text in _LISTING for t in between) and any(
            t.comma or t.text in _AND for t in tokens[group[-1].end : hit.start + 1]) if group else True
        if not listed:
            close()
            group = []
        group.append(hit)
    close()
    return found


def rests_on(measure: str, told: Collection[str]) -> bool:
    """Whether a measure is worked out from one of these entries, costs and what is paid once among them."""
    needed = {name for group in _NEEDS.get(measure, ()) for name in group} | {"cost", "once", "vacancy_pct", "each"}
    return bool(needed & set(told))


def implied_measures(deal: Mapping[str, Any]) -> list[str]:
    """What the figures alone ask for where no measure is named ("piso de 165.000, entrada del 20 %, ¿cuánto es?")."""
    if deal.get("rent") or deal.get("sale"):
        return []
    if deal.get("affordable") and not deal.get("price") and feasible("affordable_loan", deal):
        return ["affordable_loan"]
    for name in ("loan_to_value", "monthly_payment", "down_payment"):
        owing = name == "loan_to_value" and not deal.get("debt")
        known_loan = name == "monthly_payment" and not (
            deal.get("loan") or deal.get("down_pct") or deal.get("financed_pct")
        )
        if not owing and not known_loan and feasible(name, deal):
            return ["cash_needed" if name == "down_payment" and deal.get("upfront") else name]
    return []


#: What may be told of what comes in, and digits (with separators) of a sum.
_COMES_IN, _DIGITS_OF_A_SUM = frozenset({"cash_flow_month", "cash_flow_year", "noi"}), 3
_ASKS = words("asks_measure")
_OF_THE_PERIOD = frozenset({"anual", "annual", "mensual", "monthly", "yearly", "neto", "net", "de", "of", "is", "es"})


def named_measures(tokens: Sequence[Token], text: str) -> list[Hit]:
    """The measures that the message names, in its questions where it has any."""
    hits = [h for h in measures(tokens) if not _left_out(tokens, h) and not _is_told(tokens, h)]
    questions = _questions(tokens, text)
    inside = [h for h in hits if any(start <= h.start < end for start, end in questions)]
    return _outer(inside or hits)


def _left_out(tokens: Sequence[Token], hit: Hit) -> bool:
    """Whether a name ends with what the question does without: "¿cuánto necesito en total, sin hipoteca?"."""
    before = tokens[hit.end - 2].text if hit.end - hit.start > 1 else ""
    return before in _WITHOUT_IT and tokens[hit.end - 1].text in _OF_LOANS


def _is_told(tokens: Sequence[Token], hit: Hit) -> bool:
    """Whether what comes in is told rather than asked: "flujo neto anual 8.400 durante 4 años"."""
    behind = [t for t in tokens[hit.end : hit.end + 3] if t.text not in _OF_THE_PERIOD]
    told = bool(behind) and not behind[0].opens and behind[0].kind == "num" and len(behind[0].raw) >= _DIGITS_OF_A_SUM
    sought = {t.text for t in tokens[max(0, hit.start - 3) : hit.start]} & _ASKS
    return told and hit.cue.route in _COMES_IN and not sought


def asked_measures(tokens: Sequence[Token], hits: Sequence[Hit], deal: Mapping[str, Any]) -> list[str]:
    """The measures asked that can be worked out, the most particular first, others in the order of their naming."""
    named = {h.cue.route for h in hits}
    if "rent_for_yield" in named and not deal.get("target_pct"):
        named.add("break_even_rent")  # "what rent do I need?" beside what has to be paid
    possible = [name for name in measure_order() if name in named and feasible(name, deal)]
    possible = _told_for(named, possible, deal)
    if not possible:
        return []
    hits = [*hits, *(replace(h, cue=replace(h.cue, route=possible[0])) for h in hits[:1] if possible[0] not in named)]
    lead = next((n for n in possible if n not in _INPUTS), possible[0])
    leading = [h for h in hits if h.cue.route == lead]
    beside = [
        n for n in possible if n != lead and any(h.cue.route == n and _stands_apart(tokens, h, leading) for h in hits)
    ]
    if lead in ("break_even_rent", "cash_flow_month", "cash_on_cash", "dscr") and "monthly_payment" in beside:
        beside.remove("monthly_payment")
    first = {n: min((h.start for h in hits if h.cue.route == n), default=0) for n in (lead, *beside)}
    order = sorted(beside, key=lambda n: first[n])
    earlier = [n for n in order if first[n] < first[lead] and lead in _INPUTS]
    if lead == "cash_flow_month" and of_the_year(tokens, hits):
        lead = "cash_flow_year"
    return [*earlier, lead, *(n for n in order if n not in earlier)]


def _told_for(named: set[str], possible: list[str], deal: Mapping[str, Any]) -> list[str]:
    """The measures that the figures told make of those named: with purchase costs the deposit is the cash at signing, a
    payment with rate and term but no loan asks for the loan, and a return not by the year is no yearly growth."""
    if "savings_gap" in possible or "interest_saved" in possible or "break_even_nights" in possible:
        return possible[:1]
    if "total_return" in possible:
        return [n for n in possible if n not in _PARTS_OF_TOTALS]
    if {"down_payment", "cash_needed"} & set(possible) and feasible("cash_needed", deal):
        return ["cash_needed", *(n for n in possible if n not in ("cash_needed", *_PARTS_OF_TOTALS))]
    if "total_outlay" in possible:
        return [n for n in possible if n != "purchase_costs"]
    if possible:
        return possible
    if named & _ASKS_A_LOAN and feasible("affordable_loan", deal) and not deal.get("price"):
        return ["affordable_loan"]
    if "net_yield" in named and not deal.get("price") and feasible("noi", deal):
        return ["noi"]  # "what net income is that a year?"
    return ["loan_amount"] if "affordable_loan" in named and feasible("loan_amount", deal) else []


def of_the_year(tokens: Sequence[Token], hits: Sequence[Hit]) -> bool:
    """Whether what is left is asked for a year: "¿y al año cuánto queda?", "what's left per year"."""
    for hit in hits:
        if hit.cue.route not in ("cash_flow_month", "cash_flow_year"):
            continue
        start = next((at for at in range(hit.start, -1, -1) if tokens[at].opens or tokens[at].comma), 0)
        end = next((at for at in range(hit.end, len(tokens)) if tokens[at].opens), len(tokens))
        clause = {t.text for t in tokens[start:end]}
        if clause & _YEARS and not clause & _MONTHS:
            return True
    return False


def _questions(tokens: Sequence[Token], text: str) -> list[tuple[int, int]]:
    """Token ranges of the sentences that ask, where any ends in a question mark."""
    ranges: list[tuple[int, int]] = []
    start, marked = 0, False
    for at in range(1, len(tokens) + 1):
        if at < len(tokens) and not tokens[at].opens:
            continue
        end = tokens[at].start if at < len(tokens) else len(text)
        gap = text[tokens[at - 1].end : end]
        if "?" in gap or any(t.text in _INTERROGATIVE for t in tokens[start:at]):
            ranges.append((start, at))
            marked = marked or "?" in gap
        start = at
    return ranges if marked else []


def _outer(hits: Sequence[Hit]) -> list[Hit]:
    """Without the names that stand inside a longer one."""

    def inside(hit: Hit) -> bool:
        mine = order.index(hit.cue.route)
        return any(
            o.start <= hit.start
            and hit.end <= o.end
            and o.cue.route not in (hit.cue.route, "savings_gap")
            and (
                (o.cue.route, hit.cue.route) in _SWALLOWED
                or (
                    o.end - o.start > hit.end - hit.start
                    and order.index(o.cue.route) < mine
                    and (hit.cue.route, o.cue.route) not in _SWALLOWED
                )
            )
            for o in hits
        )

    order = measure_order()
    return [h for h in hits if not inside(h)]


def _stands_apart(tokens: Sequence[Token], hit: Hit, leads: Sequence[Hit]) -> bool:
    """Whether a name stands in a clause of its own ("€/m2 y rentabilidad bruta")."""

    def apart(lead: Hit) -> bool:
        low, high = sorted((lead, hit), key=lambda h: h.start)
        if low.end > high.start:
            return False
        between = tokens[low.end : high.start + 1]
        return any(t.opens or t.comma or t.text in ("y", "and", "e", "plus", "mas") for t in between)

    return all(apart(lead) for lead in leads)


def base_of(tokens: Sequence[Token]) -> str | None:
    """What a yield is wanted on: everything invested, or the price."""
    if said(tokens, "all_invested"):
        return "invested"
    return "price" if said(tokens, "on_price") else None
