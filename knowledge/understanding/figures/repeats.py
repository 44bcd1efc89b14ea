"""Figures of one kind told more than once: rows of them, what no longer holds, what comes back, what a thing is worth now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from knowledge.understanding.amounts import Amount
from knowledge.understanding.figures.history import NOTHING, Past
from knowledge.understanding.figures.reader import Meaning
from knowledge.understanding.figures.seen import Seen
from knowledge.understanding.rules.contexts import ORDINALS
from knowledge.understanding.rules.settle import FLOWS
from knowledge.understanding.rules.totals import sums_up, told_as_total
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, to_break

#: Kinds of figure of which a property has one, and the words of one that goes from so much to so much.
_ONE = frozenset({"price", "rent", "netrent", "value", "loan", "instalment", "own", "sale", "savings"})
_FROM, _TO, _MOVES, _MOVES_BEFORE = words("goes_from"), words("goes_to"), tuple(words("moves")), 6
#: How far (in tokens) a name stands before its figure.
_NAME_BEFORE = 5
#: What stands between the figures of a list.
_AND = frozenset({"y", "e", "and"})
_LONG_ROW = 3
#: What is paid all in is no more than so many times the price.
_MOST_ON_TOP = 1.4
#: "sobre los 217.500", "on the 217,500": what a figure is reckoned on, and what it may have been taken for.
_ON, _THE, _NOT = words("reckoned_on"), words("the"), words("refused")
_WHICH, _SEVERAL = words("asks_which"), words("several_units")
_THEIRS = frozenset({"rent", "netrent", "room", "night", "price", "value", "cost", "target"})
_LET = frozenset({"rent", "netrent", "room", "night"})
_BASES = frozenset({"price", "own", "works", "once", "value"})
_PRICES, _ON_TOP = frozenset({"price", "value"}), frozenset({"once", "works"})
_TOTALS = _ON_TOP | {"price", "x"}
_DEFINITE, _BOUGHT, _WORTH = words("definite"), tuple(words("bought_stems")), tuple(words("worth_stems"))


def rows(tokens: Sequence[Token], amounts: Sequence[Amount]) -> Iterator[tuple[int, int]]:
    """(first, end) of figures that follow each other with nothing but commas, semicolons or "and" between: "1.6, 2.05 y 2.3
    millones"."""
    start = 0
    for at in range(1, len(amounts) + 1):
        if at < len(amounts) and (not tokens[amounts[at].first].opens or tokens[amounts[at].first].gap.strip() == ";"):
            between = tokens[amounts[at - 1].last + 1 : amounts[at].first]
            if len(between) <= 1 and all(t.text in _AND for t in between):
                continue
        if at - start > 1:
            yield start, at
        start = at


def alike(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """In a row of three or more the odd one out is what the others are, in a longer one what most are."""
    found = list(meanings)
    for start, end in rows(seen.tokens, seen.amounts):
        label, times = Counter(m.label for m in meanings[start:end]).most_common(1)[0]
        most = times == end - start - 1 or (end - start > _LONG_ROW and 2 * times > end - start)
        if end - start > 2 and most and label != NOTHING:
            found[start:end] = [m if m.label == label else m.instead(label, m.probability) for m in meanings[start:end]]
    return found


def in_series(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """Where a return over years is asked, a row of three or more figures most of which are flows holds nothing else:
    "-120,000 / 0 / 6,000 / 6,000 / 149,000"."""
    found = list(meanings)
    for start, end in rows(seen.tokens, seen.amounts) if seen.asked & FLOWS else ():
        flows = sum(m.role == "flow" for m in meanings[start:end])
        if end - start > 2 and 2 * flows >= end - start:
            found[start:end] = [m.instead("flow", m.probability) if m.role == NOTHING else m for m in meanings[start:end]]
    return found


def spoken_of(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """A told figure comes back with an article before it, or as what is reckoned on, and tells nothing new: "qué
    porcentaje es sobre los 410", "ambas sobre 240"."""
    told = [t.value for t in past.told]
    found = []
    for amount, meaning in zip(seen.amounts, meanings, strict=True):
        before = seen.tokens[amount.first - 1] if amount.first and not seen.tokens[amount.first].opens else None
        months = amount.value == 12 and amount.kind == "other"  # "1,200 mensuales (los 12)"
        again = months or any(abs(amount.value * size - value) <= 1e-6 * value for value in told for size in (1.0, 1e3, 1e6))
        spoken = before is not None and (before.text in _DEFINITE | _ON or (before.text in ORDINALS and amount.first > 1))
        if again and spoken and amount.kind in ("money", "other"):
            meaning = meaning.instead(NOTHING, meaning.probability)
        found.append(meaning)
        told.append(amount.value)
    return found


def of_others(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """What a neighbour's home brings is nothing of this one: "la de al lado se alquila por 2.700", "the one upstairs goes for
    1,400 a week", where this one's own figures are told."""
    own = any(m.role in _LET for m in meanings) or any(t.role.partition("/")[0] in _LET for t in past.told)
    set_against = past.several or any(t.text in _WHICH for t in seen.tokens)
    heads = said(seen.tokens, "of_a_neighbour") if own and not set_against else []
    found = list(meanings)
    for hit in heads:
        parts = {t.text for t in (*seen.tokens[: hit.start], *seen.tokens[hit.end :])} & _SEVERAL
        end = hit.end + len(to_break(seen.tokens[hit.end :]))
        inside = [n for n, a in enumerate(seen.amounts) if hit.end <= a.first < end]
        rest = any(m.role in _LET for n, m in enumerate(meanings) if n not in inside)
        if not parts and (rest or any(t.role.partition("/")[0] in _LET for t in past.told)):
            for n in inside:
                theirs = meanings[n].role in _THEIRS
                found[n] = meanings[n].instead(NOTHING, meanings[n].probability) if theirs else meanings[n]
    return found


def totals(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """ "104.000 y luego 11.000 de impuestos … ¿neta sobre los 115.000?": the sum of the price and of all that is paid on
    top of it tells nothing new."""
    found = list(meanings)
    prices = [t.value for t in past.told if t.role in _PRICES]
    extras = [t.value for t in past.told if t.role in _ON_TOP]
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        may = amount.kind in ("money", "other") and meaning.role in _TOTALS and amount.value not in (*prices, *extras)
        if may and sums_up(amount.value, prices, extras) and told_as_total(seen.tokens, amount):
            found[at] = meaning.instead(NOTHING, meaning.probability)
        elif meaning.role in _PRICES:
            prices.append(amount.value)
        elif meaning.role in _ON_TOP:
            extras.append(amount.value)
    return found


def on_what(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "lo vendieron por 198.000 y con todo nos fuimos a 217.500 … el bruto lo quiero sobre los 217.500": where a figure comes
    back as the base of what is asked, it is the price, and no other is."""
    found = list(meanings)
    values = [a.value for a in seen.amounts]
    for at, amount in enumerate(seen.amounts):
        before = [t.text for t in seen.tokens[max(0, amount.first - 3) : amount.first]]
        based = len(before) == 3 and before[-2] in _ON and before[-1] in _THE and before[-3] not in _NOT
        first = values.index(amount.value)
        if not based or first == at or seen.compares or meanings[first].role not in _BASES:
            continue
        for n, meaning in enumerate(meanings):
            if meaning.role == "price" and n != first:
                found[n] = meaning.instead(NOTHING, meaning.probability)
        found[first] = meanings[first].instead("price", meanings[first].probability)
    return found


def worth_now(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "compré en 1.9 mdp, ya entregaron y vale 2.42": of two prices of one property the later is what it is worth."""
    prices = [n for n, m in enumerate(meanings) if m.role == "price"]
    found = list(meanings)
    if len(prices) == 2 and not seen.compares and not seen.marks:
        start, amount = seen.amounts[prices[0]].first, seen.amounts[prices[1]]
        bought = any(t.text.startswith(_BOUGHT) for t in seen.tokens[max(0, start - _NAME_BEFORE) : start])
        worth = any(t.text.startswith(_WORTH) for t in seen.tokens[max(0, amount.first - 2) : amount.first])
        if bought and worth:
            found[prices[1]] = found[prices[1]].instead("value", found[prices[1]].probability)
    return found


def all_in(seen: Seen, meanings: Sequence[Meaning]) -> list[Meaning]:
    """ "265k, 294k all in with taxes and fees": of two prices of one property the later, said to be all in, is what it cost."""
    prices = [n for n, m in enumerate(meanings) if m.role == "price"]
    found = list(meanings)
    if len(prices) != 2 or prices[1] != prices[0] + 1:
        return found
    first, last = (seen.amounts[n] for n in prices)
    behind = seen.tokens[last.last + 1 : last.last + 1 + _NAME_BEFORE]
    if first.value < last.value <= _MOST_ON_TOP * first.value and said(to_break(behind, commas=False), "all_in"):
        found[prices[0]] = meanings[prices[0]].instead(NOTHING, meanings[prices[0]].probability)
    return found


def that_hold(seen: Seen, meanings: Sequence[Meaning], past: Past) -> list[Meaning]:
    """What no longer holds is nothing: the first of "ha bajado de 249.000 a 231.000", and the figure told before of "el
    alquiler es de 790, los 760 eran del inquilino anterior"."""
    found = list(meanings)
    before = {(t.role, t.value) for t in past.told}
    for at, (amount, meaning) in enumerate(zip(seen.amounts, meanings, strict=True)):
        again = [n for n, other in enumerate(meanings) if n != at and other.label == meaning.label != NOTHING]
        if len(again) != 1 or seen.compares or meaning.role not in _ONE or amount.kind not in ("money", "other"):
            continue
        changed = again[0] == at + 1 and _goes_to(seen.tokens, amount, seen.amounts[at + 1])
        corrected = (meaning.label, amount.value) in before and (meaning.label, seen.amounts[again[0]].value) not in before
        if changed or corrected:
            found[at] = meaning.instead(NOTHING, meaning.probability)
    return found


def _goes_to(tokens: Sequence[Token], amount: Amount, following: Amount) -> bool:
    """Whether a figure goes from one to the following: "de 249.000 a 231.000", "from 310k down to 285k"."""
    opened = amount.first and tokens[amount.first - 1].text in _FROM
    between = [t.text for t in tokens[amount.last + 1 : following.first]]
    moves = {t.text for t in tokens[max(0, amount.first - _MOVES_BEFORE) : amount.first]}
    return bool(opened and between and len(between) <= 2 and between[-1] in _TO and any(m.startswith(_MOVES) for m in moves))
