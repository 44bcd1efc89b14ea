"""Which of the listings shown a message is about: those it points at, else those spoken of before.

A position counts from 1 in the list last shown; -1 is its last item, 0 what was spoken of last ("ese", "compáralo con …").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: A listing as the conversation remembers it: `{"id", "title", "kind"}`.
Row = Mapping[str, Any]
#: A message that names one of these is about something else than the listing spoken of.
_ELSEWHERE = frozenset({"city", "neighbourhood", "property_type", "price", "area_m2"})
#: A home that the investor told of and no advert.
OWN: Row = {"id": "", "title": "", "kind": "own"}
_GOES_ON = frozenset({"roi", "price_prediction", "lead_qualification"})


def meant(understood: Mapping[str, Any], routes: Sequence[str], shown: Sequence[Row], spoken_of: Sequence[Row]) -> list[Row]:
    """The listings this message is about, in the order named; none where it is about something else."""
    found: list[Row] = []
    for position in understood["references"]:
        if position == 0:
            found += spoken_of or shown[-1:]
        elif -len(shown) <= position <= len(shown):
            found.append(shown[position - 1 if position > 0 else position])
    found = [row for row in found if row != OWN]
    if understood["references"] or _ELSEWHERE & understood["turn_slots"].keys():
        return list({_key(row): row for row in found}.values())
    asks_detail = "detail" in (understood["request"].get("market") or ())
    goes_on = not _tells_of_own(understood) and (asks_detail or _GOES_ON & set(routes))
    return [row for row in spoken_of if row != OWN] if goes_on else []


def _tells_of_own(understood: Mapping[str, Any]) -> bool:
    """Whether the rent of a home is told whose price was told, whatever advert was shown beside it."""
    return bool((understood["request"].get("deal") or {}).get("price") and "monthly_rent" in understood["turn_slots"])


def spoken_of_next(
    understood: Mapping[str, Any], about: Sequence[Row], cards: Sequence[Row], spoken_of: Sequence[Row]
) -> list[Row]:
    """What the next "ese" would be: the listings this turn was about, the investor's own home where its rent was told, the
    only one shown, or those before."""
    if about:
        return list(about)
    if _tells_of_own(understood):
        return [OWN]
    if cards or _ELSEWHERE & understood["turn_slots"].keys():
        return list(cards) if len(cards) == 1 else []
    return list(spoken_of)


def shown_next(cards: Sequence[Row], shown: Sequence[Row]) -> list[Row]:
    """The list that "the first one" counts in: the newest; a closer look at one of a list leaves the list."""
    known = {_key(row) for row in shown}
    closer_look = len(cards) < len(shown) and all(_key(card) in known for card in cards)
    return list(shown) if not cards or closer_look else list(cards)


def _key(row: Row) -> tuple[Any, str]:
    return row.get("kind", "listing"), str(row["id"])
