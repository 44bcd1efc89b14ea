"""The months of a year in which a home is let, and for how much, or stands empty: "julio y agosto siempre vacío", "nine months
at 850 and two at 1,600"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.understanding.amounts import Amount
from knowledge.understanding.lexicon import lexicon
from knowledge.understanding.rules.vocabulary import said, words
from knowledge.understanding.rules.weeks import WEEKS_OF_A_YEAR
from knowledge.understanding.tokens import Token, since_break, to_break

#: Lengths that no figure tells, by the phrases of `returns.toml` that do, in months.
_SPOKEN = (("month_and_a_half", 1.5), ("half_a_month", 0.5), ("two_months_empty", 2.0), ("month_empty", 1.0))
_MONTHS, _EMPTY = lexicon().months, words("stands_empty")
_REST, _OF_MONTHS, _TO = words("rest_of_year"), words("of_months"), words("to_month")
_MONTH_WORDS, _JOINTS = frozenset({"mes", "meses", "month", "months"}), frozenset({"y", "e", "and", "de", "from"})
_YEAR = 12
_DASHES = frozenset("-–")
_WEEKS, _AHEAD, _NOTHING = words("weeks"), words("ahead"), words("brings_nothing")
#: Smaller bare figures are no rents; rents of seasons differ by no more than so many times; weeks make up a year to so much.
_LEAST, _MOST_APART, _ROUNDED = 50.0, 20.0, 0.1
#: How many tokens stand between a season and its other name.
_RETOLD = 1
_BETWEEN_THEM, _IN_MONTH = frozenset({"entre", "between"}), frozenset({"in", "from", "to", "until", "through", "since", "till"})
_AT = (["a"], ["at"], ["en"], ["por"], ["for"])
#: How far (in tokens) before a season its being empty is told.
_EMPTY_BEFORE = 2
#: Months of the year that a message may leave untold.
_MOST_UNTOLD = 4
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
    """Tokens [start, end) tell of so many months; 0: of what is left of the year. `bare`: without a word of months."""

    start: int
    end: int
    months: float
    bare: bool = False


def let_by_season(tokens: Sequence[Token], amounts: Sequence[Amount]) -> dict[int, float]:
    """Positions of the rents of the seasons of one year -> months of each: every season has an amount of its own, behind it,
    before it or nearest to it, and together they make up most of a year. Empty where a message tells of no or one season."""
    pays = [n for n, a in enumerate(amounts) if a.kind in ("money", "other") and (_is_sum(a) or a.value != int(a.value))]
    seasons = _seasons(tokens, {at for n in pays for at in range(amounts[n].first, amounts[n].last + 1)})
    let = [s for s in seasons if not _is_empty(tokens, s)]
    left = _YEAR - sum(s.months for s in seasons)
    open_ended = sum(not s.months for s in seasons)
    idle = len(let) == 1 and len(seasons) > 1  # "five months at 1,150, nothing the rest"
    if (len(let) < 2 and not idle) or open_ended > 1 or left < -_ROUNDED or all(s.bare for s in seasons):
        return {}
    if (open_ended and left <= _ROUNDED) or (not open_ended and len(let) == len(seasons) and left > _MOST_UNTOLD):
        return {}
    bounds = [s.start for s in let] + [len(tokens)]
    behind = [_first(pays, amounts, s.end, _to(tokens, s.end, end)) for s, end in zip(let, bounds[1:], strict=True)]
    starts = [0] + [s.end for s in let]
    before = [_last(pays, amounts, _from(tokens, start, s.start), s.start) for s, start in zip(let, starts, strict=False)]
    nearest = [_nearest(tokens, pays, amounts, s) for s in let]
    own = [_of_the_clause(tokens, pays, amounts, let[0])] if idle else []
    for found in ((own, nearest) if idle else (behind, before, nearest)):
        chosen = [n for n in found if n is not None]
        values = [amounts[n].value for n in chosen if _is_sum(amounts[n])]
        if len(set(chosen)) == len(let) and values and max(values) <= _MOST_APART * min(values):
            return {n: s.months or left for n, s in zip(chosen, let, strict=True)}
    return {}


def _nearest(tokens: Sequence[Token], pays: Sequence[int], amounts: Sequence[Amount], season: _Season) -> int | None:
    """The sum of the season's sentence that stands nearest to it."""
    start, end = _from(tokens, 0, season.start + 1), _to(tokens, season.end, len(tokens))
    inside = [n for n in pays if start <= amounts[n].first < end]
    return min(inside, key=lambda n: max(season.start - amounts[n].last, amounts[n].first - season.end), default=None)


def _of_the_clause(tokens: Sequence[Token], pays: Sequence[int], amounts: Sequence[Amount], season: _Season) -> int | None:
    """The only sum between the commas that a season stands between: "empty one month, 3,100 the other 11, 640 of fees"."""
    start = season.start - len(since_break(tokens[: season.start + 1])) + 1
    end = season.end + len(to_break(tokens[season.end :]))
    inside = [n for n in pays if start <= amounts[n].first < end]
    return inside[0] if len(inside) == 1 else None


def _is_sum(amount: Amount) -> bool:
    """Not the 1,8 of "1,4 millones, y los dos últimos 1,8"."""
    return bool(amount.scaled or amount.currency) or amount.value >= _LEAST


def _to(tokens: Sequence[Token], start: int, end: int) -> int:
    """The end of the sentence that a season stands in, at most `end`."""
    return start + len(to_break(tokens[start:end], commas=False))


def _from(tokens: Sequence[Token], start: int, end: int) -> int:
    """The beginning of the sentence that a season stands in, at least `start`."""
    return max((at for at in range(start, end) if tokens[at].opens), default=start)


def _first(pays: Sequence[int], amounts: Sequence[Amount], start: int, end: int) -> int | None:
    return next((n for n in pays if start <= amounts[n].first < end), None)


def _last(pays: Sequence[int], amounts: Sequence[Amount], start: int, end: int) -> int | None:
    return next((n for n in reversed(pays) if start <= amounts[n].first < end), None)


def _seasons(tokens: Sequence[Token], taken: set[int]) -> list[_Season]:
    found: list[_Season] = []
    at = 0
    while at < len(tokens):
        season = None if at in taken else _named(tokens, at) or _counted(tokens, at) or _left(tokens, at)
        if season and found and _again(tokens, found[-1], season):
            found[-1].end = season.end
        elif season:
            found.append(season)
        at = season.end if season else at + 1
    return found


def _again(tokens: Sequence[Token], before: _Season, season: _Season) -> bool:
    """ "November to April, six months": one season told twice."""
    return before.months == season.months and not tokens[season.start].opens and season.start - before.end <= _RETOLD


def _named(tokens: Sequence[Token], at: int) -> _Season | None:
    """ "julio y agosto", "de junio a septiembre", "November through March"."""
    if not _is_month(tokens, at):
        return None
    between = at > 0 and tokens[at - 1].text in _BETWEEN_THEM  # "entre mayo y septiembre"
    named, end, joint = [_MONTHS[tokens[at].text]], at + 1, ""
    for n in range(at + 1, len(tokens)):
        text = tokens[n].text
        joint = "to" if tokens[n].gap.strip() in _DASHES else joint
        if text in _MONTHS and (joint or tokens[n].comma) and not tokens[n].opens:
            month = _MONTHS[text]
            ranged = joint in _TO or (between and len(named) == 1)
            through = range(1, (month - named[-1]) % _YEAR) if ranged else ()
            named += [*((named[-1] + step - 1) % _YEAR + 1 for step in through), month]
            end, joint = n + 1, ""
        elif text in _JOINTS | _TO and not tokens[n].opens:
            joint = joint if joint in _TO else text
        else:
            break
    return _Season(at, end, len(set(named)))


def _is_month(tokens: Sequence[Token], at: int) -> bool:
    """ "may" is a verb too: "I may get 1,300"."""
    before = tokens[at - 1].text if at else ""
    verb = tokens[at].raw.lower() == "may" and not (tokens[at].capital and not tokens[at].opens) and before not in _IN_MONTH
    return tokens[at].text in _MONTHS and not verb


def _counted(tokens: Sequence[Token], at: int) -> _Season | None:
    """ "nine months", "los primeros diez meses", "the last two"."""
    digits = re.fullmatch("[0-9]{1,2}", tokens[at].raw)
    number = int(digits[0]) if digits else int(lexicon().numbers.get(tokens[at].text, 0))
    before = tokens[at - 1].text if at and not tokens[at].opens else ""
    if number > 0 and any(t.text in _WEEKS for t in tokens[at + 1 : at + 2]) and number < WEEKS_OF_A_YEAR:
        return _Season(at, at + 2, number * _YEAR / WEEKS_OF_A_YEAR)
    if not 0 < number < _YEAR or before in _AHEAD:
        return None
    behind = to_break(tokens[at + 1 : at + 2 + _COUNTED])
    month = next((n for n, t in enumerate(behind) if t.text in _MONTH_WORDS), None)
    if month is not None and all(t.text in _OF_MONTHS or t.kind == "word" for t in behind[:month]):
        return _Season(at, at + 2 + month, number)
    beside = {t.text for t in (*tokens[max(0, at - 1) : at], *behind[:1])}
    joined = before in _JOINTS and [t.text for t in behind[:1]] in _AT and len(behind) > 1 and behind[1].kind == "num"
    return _Season(at, at + 1, number, bare=True) if beside & _OF_MONTHS or joined else None


def _left(tokens: Sequence[Token], at: int) -> _Season | None:
    counted = at + 1 < len(tokens) and _counted(tokens, at + 1)  # "the remaining eight months"
    return _Season(at, at + 1, 0) if tokens[at].text in _REST and not counted else None


def _is_empty(tokens: Sequence[Token], season: _Season) -> bool:
    """Whether nothing comes in then: "el otro vacía", "nothing the rest of the year"."""
    if _EMPTY & {t.text for t in tokens[max(0, season.start - _EMPTY_BEFORE) : season.start] if not t.opens}:
        return True  # "and it stands empty the rest of the year"
    behind = to_break(tokens[season.end :])
    number = next((n for n, t in enumerate(behind) if t.kind == "num"), len(behind))
    if _EMPTY & {t.text for t in behind[:number]}:
        return True  # "a 480 once meses porque en agosto se queda vacío"
    clause = [*since_break(tokens[: season.end]), *behind]
    return bool((_EMPTY | _NOTHING) & {t.text for t in clause}) and not any(t.kind == "num" and len(t.raw) > 2 for t in clause)
