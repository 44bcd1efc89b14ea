"""What of a market is asked, finer than the routes tell it: its pace, its competition, yields by neighbourhood, its risk.

Read from `data/market_aims.csv` once the routes stand, on purpose: the cues feed trained models, these phrases feed none, so
that a phrase can be added without training. They only refine a question about a market; a purchase told with its figures stays
with whoever it went to.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from knowledge.understanding.cues import CueBook
from knowledge.understanding.intent import Context, Intent
from knowledge.understanding.lexicon import DATA
from knowledge.understanding.tokens import Token

_MARKET = "market_research"
#: Aims that a route other than the market's may have been taken for, and which one.
_TAKEN_FOR = {
    "trend": {"price_prediction"}, "demand": {"price_prediction"}, "yields": {"roi", "comparison", "price_prediction"},
    "risk": {"roi", "comparison", "price_prediction"},
    "competition": {"price_prediction", "comparison", "lead_qualification"},
}
#: What an aim says already where the cues said it more widely.
_COVERS = {
    "demand": {"search", "area_stats", "trend"},
    "trend": {"area_stats", "search"},
    "competition": {"demand", "search", "area_stats"},
    "yields": {"area_stats", "cheapest_areas", "dearest_areas", "search", "demand", "guide", "sentiment"},
    "sentiment": {"guide"},
    "risk": {"area_stats", "search", "sentiment", "guide"},
}


@lru_cache(maxsize=1)
def _book() -> CueBook:
    """The phrases as cues of no weight, so that they are matched as cues are."""
    lines = (DATA / "market_aims.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(";", 1) for line in lines if line and not line.startswith("#")]
    return CueBook([f"{_MARKET};0;aim={aim};{phrases}" for aim, phrases in rows])


def aims_of(stream: list[Token]) -> list[str]:
    """The aims that the message names, each once, in the order of the data file."""
    named = {dict(hit.cue.says)["aim"]: hit.cue.row for hit in _book().hits(stream)}
    return sorted(named, key=lambda aim: named[aim])


def refine(meant: Intent, stream: list[Token], context: Context, placed: bool, follows: bool) -> Intent:
    """The intent with its market aims. `placed`: a place or a listing is spoken of, now or before; `follows`: the message is a
    few words about a place told before ("how risky is it?"), which alone are nobody's."""
    if aims_of(stream)[:1] == ["risk"] and not (context.prices or context.rents):
        context = replace(context, loan=False)  # a share that would be borrowed tells no purchase yet
    told = context.prices or context.rents or context.loan or context.budget or context.areas
    # one place alone is not compared
    compared = context.options and "comparison" in meant.routes and context.places != 1
    said = meant.wishes.get("market", [])
    if "rules" in said and "sentiment" in said:  # "¿qué dice la ley?" asks for no opinion
        said = [m for m in said if m != "sentiment"]
        meant = replace(meant, wishes=meant.wishes | {"market": said})
    dropped = {"sentiment"} if "rules" in said else set()
    if meant.routes == ("price_prediction",) and "forecast" in meant.wishes.get("price", []):
        dropped.add("trend")  # "are prices going to keep falling?"
    aims = [aim for aim in aims_of(stream) if aim not in dropped]
    if not aims or told or compared or context.asked_term is not None:
        return meant
    if meant.human_reason is not None:
        # a development's name ("Torres de …") made a large deal of a question without a figure
        if meant.human_reason != "large_deal" or "competition" not in aims or context.amounts:
            return meant
        meant = replace(meant, routes=(_MARKET,), human_reason=None)
    routes = meant.routes
    if _MARKET not in routes:
        lost = follows and routes == ("none",)
        if not placed or not (lost or any(set(routes) <= _TAKEN_FOR.get(aim, set()) for aim in aims)):
            return meant
        routes = (_MARKET,)
    said = [m for m in said if not any(m in _COVERS[aim] for aim in aims)]
    return replace(meant, routes=routes, wishes=meant.wishes | {"market": [*aims, *(m for m in said if m not in aims)]},
                   small_talk=None)
