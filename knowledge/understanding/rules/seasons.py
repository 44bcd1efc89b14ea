"""The months of a year in which a home is let, and for how much, or stands empty: "julio y agosto siempre vacío", "nine months
at 850 and two at 1,600"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.tokens import Token, since_break, to_break

#: Lengths that no figure tells, by the phrases of `returns.toml` that do, in months.
_SPOKEN = (("month_and_a_half", 1.5), ("half_a_month", 0.5), ("two_months_empty", 2.0), ("month_empty", 1.0))
_MONTHS, _EMPTY = lexicon().months, words("stands_empty")
_REST, _OF_MONTHS, _TO = words("rest_of_year"), words("of_months"), words("to_month")
_MONTH_WORDS, _JOINTS = frozenset({"mes", "meses", "month", "months"}), frozenset({"y", "e", "and", "de", "from"})
_YEAR = 12
#: How far (in tokens) behind its number the word "months" stands: "the first ten let months".
_COUNTED = 2


def months_empty(tokens: Sequence[Token]) -> float:
    """How many months a clause that says the home is empty then names, or tells in words ("mes y medio")."""
    found: set[str] = set()
    told = 0.0
    clause: list[Token] = []
    for token in [*tokens, None]:
        named = {t.text for t in clause}
        breaks = token is None or token.opens or token.comma
        idle = breaks and bool(_EMPTY & named or (_MONTHS.keys() & named and said(clause, "not_let")))
        if token is None or token.opens or idle:
            if idle:
                found |= _MONTHS.keys() & named
                told = max(told, next((length for phrase, length in _SPOKEN if said(clause, phrase)), 0.0))
            clause = []
        if token is not None:
            clause.append(token)
    return len(found) or told


@dataclass(slots=True)
class _Season:
    """Tokens [start, end) tell of so many months; 0: of what is left of the year."""

    start: int
    end: int
    months: int


def months_let(tokens: Sequence[Token], rents: Sequence[tuple[int, int]]) -> list[int] | None:
    """How many months of the year each of several rents (first and last token) is for, where each has a season of its own, all
    before or all behind their rents, and the year holds them; None else."""
    seasons = _seasons(tokens, {at for first, last in rents for at in range(first, last + 1)})
    idle = [s for s in seasons if _is_empty(tokens, s)]
    let = [s for s in seasons if s not in idle]
    if len(rents) < 2 or len(let) != len(rents) or sum(not s.months for s in seasons) > 1:
        return None
    marks = sorted([(s.start, "season") for s in let] + [(first, "rent") for first, _ in rents])
    kinds = [kind for _, kind in marks]
    if any(a == b for a, b in pairwise(kinds)):
        return None
    left = _YEAR - sum(s.months for s in seasons)
    if left < 0 or (left == 0 and any(not s.months for s in seasons)):
        return None
    return [s.months or left for s in let]


def _seasons(tokens: Sequence[Token], taken: set[int]) -> list[_Season]:
    found: list[_Season] = []
    at = 0
    while at < len(tokens):
        season = None if at in taken else _named(tokens, at) or _counted(tokens, at) or _left(tokens, at)
        found += [season] if season else []
        at = season.end if season else at + 1
    return found


def _named(tokens: Sequence[Token], at: int) -> _Season | None:
    """ "julio y agosto", "de junio a septiembre", "November through March"."""
    if tokens[at].text not in _MONTHS:
        return None
    named, end, joint = [_MONTHS[tokens[at].text]], at + 1, ""
    for n in range(at + 1, len(tokens)):
        text = tokens[n].text
        if text in _MONTHS and (joint or tokens[n].comma) and not tokens[n].opens:
            month = _MONTHS[text]
            through = range(1, (month - named[-1]) % _YEAR) if joint in _TO else ()
            named += [*((named[-1] + step - 1) % _YEAR + 1 for step in through), month]
            end, joint = n + 1, ""
        elif text in _JOINTS | _TO and not tokens[n].opens:
            joint = joint if joint in _TO else text
        else:
            break
    return _Season(at, end, len(set(named)))


def _counted(tokens: Sequence[Token], at: int) -> _Season | None:
    """ "nine months", "los primeros diez meses", "the last two"."""
    number = int(lexicon().numbers.get(tokens[at].text, 0)) if not tokens[at].raw.isdigit() else int(tokens[at].raw)
    if not 0 < number < _YEAR:
        return None
    behind = to_break(tokens[at + 1 : at + 2 + _COUNTED])
    month = next((n for n, t in enumerate(behind) if t.text in _MONTH_WORDS), None)
    if month is not None and all(t.text in _OF_MONTHS or t.kind == "word" for t in behind[:month]):
        return _Season(at, at + 2 + month, number)
    beside = {t.text for t in (*tokens[max(0, at - 1) : at], *behind[:1])}
    return _Season(at, at + 1, number) if beside & _OF_MONTHS else None


def _left(tokens: Sequence[Token], at: int) -> _Season | None:
    return _Season(at, at + 1, 0) if tokens[at].text in _REST else None


def _is_empty(tokens: Sequence[Token], season: _Season) -> bool:
    """Whether nothing comes in then: "el otro vacía", "nothing the rest of the year"."""
    clause = [*since_break(tokens[: season.end]), *to_break(tokens[season.end :])]
    return bool(_EMPTY & {t.text for t in clause}) and not any(t.kind == "num" and len(t.raw) > 2 for t in clause)
