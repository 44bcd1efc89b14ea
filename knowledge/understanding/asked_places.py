"""Which of the places that a message names it is about, and which it refuses: "no quiero X", "X no, Y", "anything but X"."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.model import Place
from knowledge.understanding.origins import without_origins
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token, words_at

_ORIGIN = phrases("origin")
_REFUSERS = words("negators") - {"ni", "nada"} | {"nada"}
_PLACE_REFUSING = words("refusing") | words("place_refusing")
_AFTER_REFUSED = words("after_refused")
_EXCEPT = phrases("except_places")
_NEITHER = frozenset({"ni", "nor", "neither"})
_BETWEEN_NEITHER = frozenset({"en", "de", "del", "in", "el", "la", "los", "las", "the"})
_TOLD, _WRONG, _LEAVE_OUT = phrases("told_places"), words("wrong"), words("leave_out")
_OUT, _AGAIN = phrases("refused_after"), phrases("again")
_NOT_OUT, _DISCARDED = {(word,) for word in words("not_out")}, words("discarded")
_SHOWN, _SAID_BEFORE = phrases("shown_places"), words("said_before")
_SWAPPED, _FOR_ANOTHER, _BUT_ANOTHER = words("swapped"), (("por",), ("for",), ("with",), ("to",)), (("sino",), ("but",))
_AS = frozenset({"por", "ya", "queda", "quedan", "as"})


def _refused(tokens: list[Token], first: int, last: int) -> bool:
    """Whether the place at tokens [first, last] is refused: "no quiero X", "X no, Y", "anything but X"."""
    polite = words("polite")
    if _is_out(tokens, last):
        return True
    after = words_at(tokens, last + 1, 2)
    if after[:1] in (("no",), ("not",)) and not (tokens[last + 1].opens or tokens[last + 1].comma):
        follows = tokens[last + 2] if last + 2 < len(tokens) else None
        if follows is None or follows.opens or follows.comma or follows.text in _AFTER_REFUSED:
            return True
    if tokens[first].opens or tokens[first].comma:
        return False
    if _neither(tokens, first):
        return True
    if _discarded(tokens, first) or _swapped(tokens, first, last):
        return True
    if {t.text for t in tokens[max(0, first - 2) : first] if t.text not in lexicon().articles} & _LEAVE_OUT:
        return True
    for at in range(first - 1, max(-1, first - 8), -1):
        word = tokens[at].text
        if any(at + 1 >= len(p) and words_at(tokens, at + 1 - len(p), len(p)) == p for p in _EXCEPT):
            return True
        if word in _REFUSERS:
            return not (word == "no" and tokens[at + 1].text in polite)
        if word not in _PLACE_REFUSING or tokens[at].opens or tokens[at].comma:
            return False
    return False


def _is_out(tokens: list[Token], last: int) -> bool:
    """Whether a place is refused by what stands behind it: "X ni hablar", "X is out" (not "out of")."""
    if last + 1 >= len(tokens) or tokens[last + 1].opens:
        return False
    return any(
        words_at(tokens, last + 1, len(p)) == p and words_at(tokens, last + 1 + len(p), 1)[:1] not in _NOT_OUT
        for p in _OUT
    )


def _discarded(tokens: list[Token], first: int) -> bool:
    """ "descartado X" at the beginning of a clause, or "doy por descartado X"."""
    if not first or tokens[first - 1].text not in _DISCARDED:
        return False
    word = tokens[first - 1]
    return word.opens or word.comma or tokens[first - 2].text in _AS


def _swapped(tokens: list[Token], first: int, last: int) -> bool:
    """ "cambia X por Y", "swap X for Y", "no era X sino Y": the first of two places, which the other replaces."""
    after = words_at(tokens, last + 1, 1)
    if after in _FOR_ANOTHER:
        return any(t.text in _SWAPPED for t in tokens[max(0, first - 2) : first])
    return after in _BUT_ANOTHER and any(t.text in _REFUSERS for t in tokens[max(0, first - 3) : first])


def _neither(tokens: list[Token], first: int) -> bool:
    """Whether `ni` or `nor` stands before the place and the sentence refuses more: "ni X ni Y", "no me gusta X ni Y"."""
    before = first - 1
    while before > 0 and tokens[before].text in _BETWEEN_NEITHER and not tokens[before].opens:
        before -= 1
    if before < 0 or tokens[before].text not in _NEITHER:
        return False
    start = next((i for i in range(before, -1, -1) if tokens[i].opens), 0)
    end = next((i for i in range(before + 1, len(tokens)) if tokens[i].opens), len(tokens))
    return any(t.text in _REFUSERS or (t.text in _NEITHER and i != before) for i, t in enumerate(tokens[start:end], start))


def refused_places(tokens: list[Token], places: Sequence[Place], before: Collection[str] = ()) -> list[Place]:
    """The places that the message says it is not about; "eso es X, no Y" blames the assistant for X and asks for Y.

    Those refused `before` (their names) are refused again where they only come back as a complaint: "otra vez Monterrey".
    """
    earlier = {fold(name) for name in before}
    found: list[Place] = []
    told: list[Place] = []
    wrong = any(t.text in _WRONG for t in tokens)
    for place in places:
        inside = [i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start]
        if inside and wrong and any(words_at(tokens, inside[0] - len(p), len(p)) == p for p in _TOLD if len(p) <= inside[0]):
            told.append(place)
        elif inside and (
            _shown(tokens, inside[0])
            or _refused(tokens, inside[0], inside[-1])
            or (fold(place.name) in earlier and _is_back(tokens, inside[0], inside[-1]))
        ):
            found.append(place)
    return told or found


def _shown(tokens: list[Token], first: int) -> bool:
    """ "te dije X y me sacas Y", "I said X and you gave me Y": the place that came up instead."""
    start = max((n for n in range(first + 1) if tokens[n].opens), default=0)
    shown = any(words_at(tokens, first - len(p), len(p)) == p for p in _SHOWN if first - len(p) >= start)
    return shown and any(t.text in _SAID_BEFORE for t in tokens[start:first])


def _is_back(tokens: list[Token], first: int, last: int) -> bool:
    """Whether a place comes up again: "otra vez X", "¿y sigue saliendo X?", "X again"."""
    return any(
        words_at(tokens, first - len(p), len(p)) == p or words_at(tokens, last + 1, len(p)) == p
        for p in _AGAIN if len(p) <= first or last + 1 < len(tokens)
    )


def asked_places(
    tokens: list[Token], places: Sequence[Place], refused: Sequence[Place], correction_at: int | None, placed: bool = False
) -> list[Place]:
    """Places the question is about: not where the writer lives, not refused ones, not what a correction replaced. `placed`: a
    place was spoken of before."""
    kept: list[Place] = []
    position = {t.start: i for i, t in enumerate(tokens)}
    for place in places:
        at = position.get(place.start, 0)
        before = words_at(tokens, max(0, at - 2), min(at, 2))
        lives = any(words_at(tokens, at - len(p), len(p)) == p for p in _ORIGIN if len(p) <= at)
        comes = before[-1:] in (("from",), ("desde",)) and any(
            t.text in ("i", "we", "soy", "am", "m", "calling", "escribo", "llamo", "investing")
            for t in tokens[max(0, at - 4) : at]
        )
        if not (lives or comes or place in refused):
            kept.append(place)
    kept = without_origins(tokens, kept, placed)
    if correction_at is not None and correction_at < len(tokens):
        limit = tokens[correction_at].start
        later = [p for p in kept if p.start >= limit and p.level != "country"]
        kept = later if later else kept
    return kept
