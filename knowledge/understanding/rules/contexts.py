"""Which words speak of which figure: those before it and those after it, split at commas and conjunctions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.understanding.amounts import Amount
from knowledge.understanding.rules.vocabulary import Named, words
from knowledge.understanding.tokens import Token

#: Costs alone are told for a week, two months, a quarter or half a year.
Period = Literal["week", "month", "two_months", "quarter", "half_year", "year"]
_SPLITTERS, _MONTHS, _YEARS = words("splitters"), words("months"), words("years")
_PREPOSITIONS = words("prepositions")
_YEAR_NAMES = frozenset({"ano", "anos", "year", "years", "yr", "yrs"})
_MONTH_NAMES = frozenset({"mes", "meses", "month", "months", "mo"})
_ARTICLES = frozenset({"el", "del", "al", "the", "year"})
ORDINALS = {
    "primer": 1,
    "primero": 1,
    "first": 1,
    "1er": 1,
    "segundo": 2,
    "second": 2,
    "tercer": 3,
    "tercero": 3,
    "third": 3,
    "cuarto": 4,
    "fourth": 4,
    "quinto": 5,
    "fifth": 5,
    "sexto": 6,
    "sixth": 6,
    "septimo": 7,
    "seventh": 7,
    "octavo": 8,
    "eighth": 8,
    "noveno": 9,
    "ninth": 9,
    "decimo": 10,
    "tenth": 10,
}
_SMALL = {
    "uno": 1,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "seis": 6,
    "siete": 7,
    "ocho": 8,
    "nueve": 9,
    "diez": 10,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
#: What stands between the numbers of years, what leads from one to another, and years that nobody counts.
_BETWEEN_YEARS = frozenset({"del", "from", "and", "y", "e", "ni", "el", "los", "nor", "or", "the"})
_DASHES = frozenset({"-", "–"})
_TO, _MOST_YEARS = frozenset({"a", "al", "to", "through", "hasta"}), 40
#: Roles that nouns name, which follow their figure as well as they go before it.
_NOUNS = frozenset({"cost", "once", "works", "own", "rent_cost", "vacancy", "down"})
#: How far (in tokens) a name may be from its figure.
_REACH_BEFORE, _REACH_AFTER = 14, 9


@dataclass(frozen=True, slots=True)
class Context:
    """The words of one figure: tokens [left, first) and (last, right); `shared`: the next figure sees them too."""

    left: int
    first: int
    last: int
    right: int
    shared_left: bool
    shared_right: bool


def _attached(tokens: Sequence[Token], at: int) -> bool:
    """The period in "9,600/yr" belongs to its figure although a slash stands before it."""
    return tokens[at].gap.strip() == "/" and tokens[at].text in _MONTHS | _YEARS


def _split(tokens: Sequence[Token], after: int, before: int) -> int | None:
    """The token where the words of the next figure begin, between two figures."""
    for at in range(after, before):
        token = tokens[at]
        if (token.opens or token.comma or token.text in _SPLITTERS) and not _attached(tokens, at):
            if token.text in ("con", "with", "a", "o", "or") and not (token.opens or token.comma) and at == after:
                continue
            return at
    return before if before < len(tokens) and (tokens[before].opens or tokens[before].comma) else None


def contexts(tokens: Sequence[Token], amounts: Sequence[Amount]) -> list[Context]:
    """The context of each figure, in order."""
    found: list[Context] = []
    left, shared = 0, False
    for i, amount in enumerate(amounts):
        left = max(left, amount.first - _REACH_BEFORE)
        for at in range(amount.first, left, -1):
            if tokens[at].opens:
                left = at
                break
        end = amounts[i + 1].first if i + 1 < len(amounts) else len(tokens)
        limit = min(end, amount.last + 1 + _REACH_AFTER)
        cut = next((at for at in range(amount.last + 1, limit) if tokens[at].opens), None)
        split = _split(tokens, amount.last + 1, end)
        right = min(x for x in (cut, split, limit) if x is not None)
        ends_shared = split is None and cut is None and i + 1 < len(amounts)
        found.append(Context(left, amount.first, amount.last, right, shared, ends_shared))
        left, shared = (split, False) if split is not None else (amount.last + 1, True)
    return found


def scores(
    context: Context, tokens: Sequence[Token], named: Sequence[Named], kind: str
) -> dict[str, tuple[float, Named]]:
    """How strongly the words around the figure give it each role of its kind."""
    best: dict[str, tuple[float, Named]] = {}
    opener = tokens[context.last + 1].text if context.last + 1 < len(tokens) else ""
    for name in named:
        if name.kind != kind:
            continue
        if name.side != "after" and context.left <= name.start and name.end <= context.first:
            strength = 1 + name.weight - 0.13 * (context.first - name.end) + 0.25 * (name.end - name.start - 1)
            if context.shared_left:
                begins = (
                    name.start - context.left <= (tokens[context.left].text in _PREPOSITIONS)
                    and name.end < context.first
                )
                if begins and (name.role in _NOUNS or tokens[name.end].text in ("on", "sobre")):
                    continue  # "less 2,000 costs on a 148,000 flat": the costs are the figure's before
                strength -= 0.2
        elif name.side != "before" and context.last < name.start and name.end <= context.right:
            away = name.start - context.last - 1
            strength = 0.9 + name.weight - 0.2 * away + 0.25 * (name.end - name.start - 1)
            strength += 0.35 if opener in _PREPOSITIONS else 0.0
            if context.shared_right and opener not in _PREPOSITIONS:
                strength -= 1.0 if name.end == context.right else 0.6
            elif context.shared_right and away > 1 and _leads_on(tokens, name.end, context.right):
                strength -= 1.0
        else:
            continue
        if name.role not in best or strength > best[name.role][0]:
            best[name.role] = strength, name
    return best


def _leads_on(tokens: Sequence[Token], after: int, figure: int) -> bool:
    """Whether only prepositions stand between a name and the next figure: "de 200.000 en Málaga alquilado en 900"."""
    return figure - after <= 1 and all(t.text in _PREPOSITIONS for t in tokens[after:figure])


def period_of(tokens: Sequence[Token], context: Context) -> Period | None:
    """The period that a figure is stated for: "al mes", "/yr", "mensuales", "los gastos del año son", "monthly HOA"."""
    for at in range(context.last + 1, min(context.right, context.last + 8, len(tokens))):
        if found := period_word(tokens, at):
            return found
    for at in range(context.first - 1, _clause(tokens, context) - 1, -1):
        if tokens[at + 1].text in ("on", "for", "por", "sobre", "payment", "payments"):
            continue  # "monthly on 2.4 mdp" asks for the month's
        if found := period_word(tokens, at):
            return found
    return None


def period_word(tokens: Sequence[Token], at: int) -> Period | None:
    """The month or year that the word at `at` tells a figure for; None where it counts them or is another word."""
    word, after = tokens[at].text, tokens[at + 1] if at + 1 < len(tokens) else None
    if word in _MONTHS and not _counted(tokens, at):
        return "month"
    if word in _YEARS and not _counted(tokens, at):
        numbered = (
            word in _YEAR_NAMES
            and after is not None
            and (re.fullmatch("[0-9]{1,2}", after.raw) or after.text in _SMALL)
        )
        return None if numbered and after is not None and not after.comma else "year"
    return None


def _counted(tokens: Sequence[Token], at: int) -> bool:
    """ "un mes vacío", "5 year", "el primer año": a number of them, no period."""
    before = tokens[at - 1] if at else None
    if before is None or tokens[at].gap.strip() or tokens[at].text not in _YEAR_NAMES | _MONTH_NAMES:
        return False
    return (
        bool(re.fullmatch(r"[0-9]{1,2}", before.raw))
        or before.text in ORDINALS
        or before.text in _SMALL
        or before.text in ("un", "medio", "half", "first")
    )


def years_named(tokens: Sequence[Token], start: int, end: int) -> list[int]:
    """Years counted from the purchase in tokens [start, end): "año 3", "years 1 to 4", "al cierre del cuarto"."""
    found: list[int] = []
    for at in range(start, end):
        word = tokens[at].text
        if _is_time(tokens, at):
            found += _numbers_after(tokens, at + 1, len(tokens))
        elif word in _YEAR_NAMES and _before(tokens, at) not in ORDINALS:
            found += _numbers_after(tokens, at + 1, len(tokens))
        elif word in _SMALL and at > 1 and (tokens[at - 2].text, tokens[at - 1].text) == ("end", "of"):
            found.append(_SMALL[word])  # "6k at the end of three"
        elif word in ORDINALS and (
            _before(tokens, at) in _ARTICLES or (at + 1 < len(tokens) and tokens[at + 1].text in _YEAR_NAMES)
        ):
            found.append(ORDINALS[word])
        elif (
            re.fullmatch(r"[1-9]\d?", word)
            and at + 1 < len(tokens)
            and tokens[at + 1].text in ("o", "er", "do", "st", "nd", "rd", "th")
            and not tokens[at + 1].gap
        ):
            found.append(int(word))
    return [year for year in found if 0 < year <= 60]


def _is_time(tokens: Sequence[Token], at: int) -> bool:
    """The t of "t1", "t3 = 21,000": a year of the flows."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return tokens[at].text == "t" and following is not None and following.kind == "num" and not following.gap


def _before(tokens: Sequence[Token], at: int) -> str:
    return tokens[at - 1].text if at and not tokens[at].opens else ""


def _clause(tokens: Sequence[Token], context: Context) -> int:
    """Where the clause of a figure begins."""
    return max((at for at in range(context.left, context.first) if tokens[at].comma), default=context.left)


def years_of(tokens: Sequence[Token], context: Context) -> tuple[int, ...]:
    """The years that a figure's own words name: those after it, else those of its clause before it."""
    before = range(max(0, context.first - 2), context.first)
    apart = any(t.opens or t.comma for t in tokens[max(0, context.first - 1) : context.first + 1])
    if len(before) == 2 and not apart and tokens[before[0]].text in _YEAR_NAMES:
        named = years_named(tokens, before[0], before[0] + 1)
        if named and re.fullmatch(r"[0-9]{1,2}", tokens[before[1]].raw):
            return tuple(named)  # "año 2 +250.000 / año 3 …": the one right before it
    after = years_named(tokens, context.last + 1, context.right)
    return tuple(after or years_named(tokens, _clause(tokens, context), context.first))


def _numbers_after(tokens: Sequence[Token], at: int, end: int) -> list[int]:
    found: list[int] = []
    to = False
    while at < end:
        token = tokens[at]
        if re.fullmatch(r"[0-9]{1,2}", token.raw) or token.text in _SMALL:
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            if following is not None and following.text in _YEAR_NAMES | {"m", "mil", "k", "millones"}:
                break
            number = int(token.raw) if token.kind == "num" else _SMALL[token.text]
            if to and found and found[-1] < number <= _MOST_YEARS:
                found += range(found[-1] + 1, number)
            found.append(number)
            to = False
            if token.kind == "num" and at + 1 < end and tokens[at + 1].kind == "num" and tokens[at + 1].gap.strip() in _DASHES:
                to = True
        elif token.text in _TO or (token.gap.startswith("..") and _is_time(tokens, at)):
            to = True
        elif token.text not in _BETWEEN_YEARS and not (_is_time(tokens, at) and (to or not token.opens)):
            break
        at += 1
    return found


def is_year_number(tokens: Sequence[Token], amount: Amount) -> bool:
    """Whether a bare number is a year counted from the purchase ("año 3", "years 1 to 4")."""
    if amount.kind not in ("other", "year") or amount.value > 60 or amount.value != int(amount.value):
        return False
    at = amount.first - 1
    if at >= 0 and _is_time(tokens, at):
        return True
    while at >= 0 and (
        tokens[at].text in ("to", "a", "al", "and", "y", "ni", "el", "los", "through", "hasta", "nor", "or", "del", "from")
        or re.fullmatch(r"[0-9]+", tokens[at].raw)
    ):
        at -= 1
    return at >= 0 and tokens[at].text in _YEAR_NAMES and _before(tokens, at) not in ORDINALS and not tokens[at + 1].comma
