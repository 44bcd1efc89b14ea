"""Which of the kinds of property named are wanted: not those sold, refused, a neighbour's, or parts of another."""

from __future__ import annotations

from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.negation import negated, refused_after
from knowledge.understanding.tokens import Token, words_at

_SOLD, _ALTERNATIVES, _ACCOMPANIED, _THEIRS = words("sold"), words("alternatives"), words("accompanied"), words("theirs")
_LEAVES_LIST, _SOMEWHERE = words("leaves_list"), phrases("somewhere")
_EITHER = frozenset({"o", "u", "or", "vs", "versus", "contra", "against"})
_ONE = frozenset({"un", "una", "otro", "otra", "a", "an", "another"})
#: Kinds that may be rooms of a house.
_PARTS = frozenset({"retail", "warehouse", "office", "studio", "room"})
_BY_THE_ROOM, _AMOUNT_OF = phrases("by_the_room"), words("amount_of")
_SPOKEN_OF = frozenset({"it", "this", "that", "them"})
_REACH_AROUND = 5
_MERE = (("and",), ("more",), ("just",), ("only",), ("all",))
_SEEN = (("ya", "los", "vi"), ("ya", "las", "vi"), ("ya", "lo", "vi"), ("ya", "la", "vi"), ("i", "ve", "already", "seen"))
_ALL_THAT = (("is", "all"), ("s", "all"), ("son", "todos"), ("son", "todas"))


def wanted_types(
    tokens: list[Token], types_at: dict[int, str], correction: int | None
) -> tuple[list[str], list[str]]:
    """(types asked for, types refused); neither holds what is only part of another or belongs to the story."""
    out = {at for at in types_at if negated(tokens, at) or refused_after(tokens, at) or _shown_again(tokens, at)}
    refused = [k for at, k in types_at.items() if at in out]
    asked = {at: k for at, k in types_at.items() if at not in out}
    if correction is not None and any(at >= correction for at in asked):
        asked = {at: k for at, k in asked.items() if at >= correction}
    if "room" in asked.values() and _lets_by_the_room(tokens, set(asked.values())):
        asked = {at: k for at, k in asked.items() if k != "room"}
    for aside in (_is_with_land, _is_part, _is_sold, _is_theirs, _is_around):
        if len(set(asked.values())) > 1:
            asked = {at: k for at, k in asked.items() if not aside(tokens, at, asked)} or asked
    wanted = list(dict.fromkeys(asked.values()))
    return ["building"] if "building" in wanted else wanted, [k for k in refused if k not in wanted]


def _shown_again(tokens: list[Token], at: int) -> bool:
    """ "that list is all studios", "and studios again": what came up and was not asked for."""
    before, after = words_at(tokens, max(0, at - 2), min(at, 2)), tokens[at + 1 : at + 2]
    again = before[-1:] in _MERE and bool(after) and after[0].text == "again" and not after[0].opens
    return again or before in _ALL_THAT or any(words_at(tokens, at + 1, len(p)) == p for p in _SEEN)


def _is_part(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a type is part of the one named before it: "naves con oficina", "casa con patio y bodega", "casa de dos
    plantas, local abajo", "chalet, 310 m2, parcela grande". What stands after "o" or "vs" never is."""
    before = [i for i in asked if i < at and not _is_part(tokens, i, asked)]
    if not before or asked[before[-1]] == asked[at] or any(t.text.startswith("compar") for t in tokens):
        return False
    head, gap = before[-1], tokens[before[-1] + 1 : at]
    between = [t.text for t in gap]
    if _EITHER & set(between):
        return False
    if _somewhere(tokens, at) and not _somewhere(tokens, head) and not any(t.opens for t in tokens[head + 1 : at + 1]):
        return True
    if _in_list_of_parts(tokens, head, at) or (asked[at] in _PARTS and _after_parts(tokens, head, at)):
        return True
    if _ALTERNATIVES & set(between):
        return False
    return bool(_ACCOMPANIED & set(between[-3:])) or (asked[at] == "land" and asked[head] == "house")


def _lets_by_the_room(tokens: list[Token], asked: set[str]) -> bool:
    """ "let it by the room, 4 rooms": how the property is let that is named or spoken of, not what it is."""
    for at in range(len(tokens)):
        if any(words_at(tokens, at, len(p)) == p for p in _BY_THE_ROOM):
            return asked != {"room"} or any(t.text in _SPOKEN_OF for t in tokens[max(0, at - 3) : at])
    return False


def _is_with_land(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """ "anything with a scrap of land? a house": land that what is wanted has."""
    if asked[at] != "land":
        return False
    before = at - 1
    while before >= 0 and tokens[before].text in _AMOUNT_OF | _ONE | {"of", "de"} and not tokens[before + 1].opens:
        before -= 1
    return 0 <= before < at - 1 and tokens[before].text in ("with", "con") and not tokens[before + 1].opens


def _somewhere(tokens: list[Token], at: int) -> bool:
    """Whether the words after a type say where in the whole it is: "local abajo", "shop on the ground floor"."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is None or after.opens or after.comma:
        return False
    return any(words_at(tokens, at + 1, len(p)) == p for p in _SOMEWHERE)


def _in_list_of_parts(tokens: list[Token], head: int, at: int) -> bool:
    """Whether a single thing stands in the list after the head's "con": "casa con patio, cocina y bodega"."""
    if "types" in tokens[at].classes or set(words_at(tokens, at + 1, 1)) & _ACCOMPANIED:
        return False
    for first in range(head + 1, at):
        if tokens[first].text in ("con", "with"):
            inside = tokens[first + 1 : at + 1]
            return not any(t.opens or t.text in _LEAVES_LIST for t in inside)
    return False


def _after_parts(tokens: list[Token], head: int, at: int) -> bool:
    """Whether a bare thing goes on with the rooms of the head: "casa, tres alcobas, local y patio"."""
    inside = tokens[head + 1 : at + 1]
    listed = any(t.comma for t in inside) and not any(t.opens or t.text in _LEAVES_LIST for t in inside)
    if not listed or "types" in tokens[at].classes:
        return False
    rooms = any("feature" in t.classes or t.text in lexicon().counts for t in inside[:-1])
    ends = at + 1 == len(tokens) or tokens[at + 1].comma or tokens[at + 1].opens or tokens[at + 1].text in ("y", "and")
    return rooms and ends and tokens[at - 1].text not in _ONE


def _is_sold(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a type was sold already: "vendimos la casa de mi madre y queremos un piso"."""
    return any(t.text in _SOLD and not tokens[i + 1].opens for i, t in enumerate(tokens[max(0, at - 3) : at], max(0, at - 3)))


def _is_theirs(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether an office is that of a firm: "he llamado a la oficina", "me cambian de oficina", "your office"."""
    if asked[at] != "office" or "types" in tokens[at].classes:
        return False
    near = {t.text for t in (*tokens[max(0, at - 3) : at], *tokens[at + 1 : at + 3])}
    return bool(at) and tokens[at - 1].text in _THEIRS and not near & (_ALTERNATIVES - {"y", "and"})


def _is_around(tokens: list[Token], at: int, asked: dict[int, str]) -> bool:
    """Whether a building is that of the flat named before: "the building", "flat in a block of 8", "local en un edificio"."""
    before = [i for i in asked if i < at and asked[i] != "building"]
    if asked[at] != "building" or not before:
        return False
    if tokens[at - 1].text in ("the", "el", "del"):
        return True
    start = max(before[-1] + 1, at - _REACH_AROUND)
    apart = any(t.opens or t.comma for t in tokens[start : at + 1]) or {t.text for t in tokens[start:at]} & _ALTERNATIVES
    return not apart and any(t.text in ("in", "en") for t in tokens[start:at])
