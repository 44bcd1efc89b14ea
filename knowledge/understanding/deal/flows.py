"""When flows are paid: one year after the other, every year, or in the years that their words name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.rules.contexts import contexts, period_of, years_of
from knowledge.understanding.rules.figure import Figure
from knowledge.understanding.tokens import Token

#: So near (in tokens) to each other flows are listed, one a year.
_LISTED = 3


def recurring_flows(tokens: list[Token], told: Sequence[Amount], meanings: Mapping[int, Meaning]) -> set[int]:
    """The first tokens of flows that come every year, or in several years that their words name."""
    return {
        a.first
        for a, c in zip(told, contexts(tokens, told), strict=True)
        if meanings[a.first].role == "flow"
        and (period_of(tokens, c) == "year" or len(years_of(tokens, c)) > 1)
        and not any(a is not b and meanings[b.first].role == "flow" and b.first - a.last <= _LISTED for b in told)
    }


def _spread(figures: list[Figure], each: Sequence[Figure]) -> set[int]:
    """ "20 at the end of years 1 and 2, 26 in years 3, 4 and 5": one flow for each year. The first tokens of those spread."""
    years = [y for f in each for y in f.years]
    single = len(each) == 1 and len(years) > 1  # "18k in each of years 2, 3 and 4"
    if not all(f.years for f in each) or len(set(years)) < len(years) or len(years) == len(each):
        return set()
    if len(each) < 2 and not single:
        return set()
    for flow in each:
        figures += [replace(flow, years=(year,), period=None) for year in flow.years[1:]]
        flow.years, flow.period = flow.years[:1], None
    figures.sort(key=lambda f: f.at)
    return {f.at for f in each}


def date_flows(figures: list[Figure], recurring: set[int]) -> None:
    """Flows told one after the other are of one year after the other ("20, 22, 24 y en el cuarto 215"); one of every year
    (`recurring`), or a single one of no year, is every year's. A later payment out of one's own pocket is a flow too."""
    outlays = [f for f in figures if f.role == "own"]
    for later in outlays[1:]:
        if len(later.years) == 1:
            later.role, later.value = "each", -later.value
    each = [f for f in figures if f.role == "each"]
    if len(each) > 1 and each[0].at in recurring and [f.years for f in each[1:]] == [(n + 2,) for n in range(len(each) - 1)]:
        recurring = recurring - {each[0].at}  # "al año recibo 12, al segundo 14": the first year's
        each[0].years = (1,)
    if len(each) > 1 and len(each[-1].years) == len(each) and not any(f.years for f in each[:-1]):
        recurring = recurring - {f.at for f in each}  # "6,000, then 6,500, then 7,000 at the end of years one, two and three"
        for flow, dated in zip(each, sorted(each[-1].years), strict=True):
            flow.years, flow.period = (dated,), None
    recurring = recurring - _spread(figures, each)
    each = [f for f in figures if f.role == "each"]
    flows = [f for f in each if f.at not in recurring]
    year = 0
    for flow in flows if len(flows) > 1 else ():
        if not flow.years:
            flow.years = (year + 1,)
        year = max(flow.years)
    for flow in figures:
        if flow.role == "each" and (flow.at in recurring or len(flow.years) != 1):
            flow.period, flow.net, flow.years = "year", True, ()
