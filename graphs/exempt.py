"""Which numbers that are no figures may stand in a text: not every date, law or telephone number is free.

A telephone number, an e-mail address and the number of a law or an article stand in a fact (its words, its source, a
document's passage) or in the investor's message, or they are made up. A year after this one is a date of a fact, or in their
words. "9 de cada 10" is how often something happens, at the level of an interval; of dwellings it is a figure nobody found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from core.clock import now
from core.facts import Fact
from graphs.figures import EXEMPT, LIST_NUMBER, OUT_OF_TEN
from graphs.timing import Span, period_in, span_of
from knowledge.understanding.text import fold

_LAW = re.compile(
    r"(?:art|ley|law|act|decreto|decree|res|rdl|lisr|cap|chapter|section|sec)[a-zíóú]*\.?\s*(?:n\.º )?\d", re.IGNORECASE)
_LAW_BEFORE = (
    r"(?:art|arts|articulos?|articles?|ley|leyes|laws?|acts?|decretos?|decrees?|resolucion|resolution|res|rdl|lisr|capitulo|chapter|"
    r"section|seccion|estatuto|code)"
)
_NUMBERED = re.compile(r"(?:n\.º|no\.|núm\.)\s*\d", re.IGNORECASE)
#: What goes on behind `n.º 12`, so that it is no number of a list.
_NO_NUMBER = re.compile(r"\d|[.,]\d|[ \u00a0]?(?:%|€|\$|m²|m2|mil|millon|million|euros|pesos|COP|EUR|MXN|USD)", re.IGNORECASE)
_MAIL = re.compile(r"[^\s<>()«»\"“”*]+@[^\s<>()«»\"“”*]*[^\W_]")
_PHONE = re.compile(r"\+\d[\d \-.()]{6,}\d|\(?\b\d{2,4}\)?(?:[ .-]?\d{2,4}){2,4}\b")
_TELEPHONE = re.compile(r"(?:\+|\d)[\d \-]{7,}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_RANGE, _QUARTER = re.compile(r"(?<=\d{4})[-–/]\d{2}(?!\d)"), re.compile(r"[TQ][1-4]|[1-4][TQ]")
_SLASHES = re.compile(r"\d{1,2}/\d{1,2}/(\d{2,4})")
_OFTEN = re.compile(
    r"veces|times|interval|rango|range|casos|cases|probab|confian|confiden|estimac|estimat|error|aciert", re.IGNORECASE)
#: Digits of a telephone number without those of its country.
_LEAST_DIGITS = 9
#: Characters of `2029-12-31`.
_ISO = 10


class Sources:
    """The words that numbers which are no figures may be taken from."""

    def __init__(self, facts: Sequence[Fact], user_words: Iterable[str]) -> None:
        self._facts, self._spoken = facts, tuple(user_words)

    @cached_property
    def _texts(self) -> frozenset[str]:
        found = set(self._spoken)
        for fact in self._facts:
            found.update((fact.entity, fact.source.label, fact.source.attribution, fact.source.ref, fact.as_of or ""))
            if isinstance(fact.value, str):
                found.add(fact.value)
        return frozenset(text for text in found if text)

    @cached_property
    def words(self) -> str:
        return f" {' | '.join(fold(text) for text in sorted(self._texts))} "

    @cached_property
    def _plain(self) -> str:
        return "\n".join(self._texts).lower()

    @cached_property
    def _phones(self) -> frozenset[str]:
        return frozenset(_digits(m.group()) for text in self._texts for m in _PHONE.finditer(text))

    @cached_property
    def _years(self) -> frozenset[int]:
        values = {int(f.value) for f in self._facts if f.unit == "year" and not isinstance(f.value, str)}
        return frozenset(values | {int(year) for text in self._texts for year in _YEAR.findall(text)})

    @cached_property
    def _newest(self) -> int:
        """The year of the newest observation."""
        seen = (f.as_of for f in self._facts if f.as_of and f.source.kind in ("listing", "aggregate", "series"))
        return max((int(match.group()) for day in seen if (match := _YEAR.match(day))), default=0)

    def says(self, words: str) -> bool:
        """Whether these words stand somewhere, whatever their accents and signs."""
        return f" {fold(words)} " in self.words

    def has_phone(self, number: str) -> bool:
        digits = _digits(number)
        long = (own for own in self._phones if min(len(own), len(digits)) >= _LEAST_DIGITS)
        return any(own.endswith(digits) or digits.endswith(own) for own in long)

    def has_mail(self, address: str) -> bool:
        return address.strip(".,;:!?").lower() in self._plain

    def has_law(self, law: str) -> bool:
        """Whether each number of it stands behind a word for laws, its year anywhere in the same source."""
        return all(
            re.search(rf"\b{_LAW_BEFORE}(?: [a-z0-9]+){{0,6}}? {number}\b", self.words) for number in re.findall(r"\d+", law))

    def has_date(self, date: str) -> bool:
        """Whether a date of the calendar is past, or one that the facts or the investor name."""
        years = [int(year) for year in _YEAR.findall(date)]
        if (slashed := _SLASHES.fullmatch(date)) is not None:
            years = [int(slashed.group(1)) % 100 + 2000] if len(slashed.group(1)) == 2 else [int(slashed.group(1))]
        later = {year for year in years if year > self._newest}  # the clock is asked only where the facts do not tell
        coming = {year for year in later if year > now().year} if later else later
        if not coming or self.says(date):
            return True
        if not coming <= self._years:
            return False
        plain = _RANGE.sub("", date)
        days = [int(day) for day in _DAY.findall(_QUARTER.sub("", _YEAR.sub("", plain)))]
        return not days or self._dated(days[0], period_in(date))

    def _dated(self, day: int, span: Span | None) -> bool:
        """Whether a fact is of this day of the month."""
        dates = (f.as_of for f in self._facts if f.as_of and len(f.as_of) == _ISO)
        return any(int(date[-2:]) == day and span_of(date) == span for date in dates)


def exempt_spans(sentence: str, sources: Sources, levels: Sequence[float]) -> list[tuple[int, int]]:
    """Where numbers stand that are no figures and may be there. `levels` are the percentages of intervals."""
    spans = [match.span() for match in LIST_NUMBER.finditer(sentence)]
    spans += [match.span() for match in EXEMPT.finditer(sentence) if _free(match, sources)]
    spans += [match.span() for match in OUT_OF_TEN.finditer(sentence) if how_often(match, levels)]
    return spans


def made_up(sentence: str, sources: Sources) -> tuple[int, int] | None:
    """Where a date, a law, a telephone number or an e-mail address stands that nobody named; they need not be figures."""
    if "@" not in sentence and not any(char.isdigit() for char in sentence):
        return None
    for match in _MAIL.finditer(sentence):
        if not sources.has_mail(match.group()):
            return match.span()
    return next((m.span() for m in EXEMPT.finditer(sentence) if not _free(m, sources) and not _numbered(m.group())), None)


def often(sentence: str) -> bool:
    """Whether the sentence speaks of how often something happens."""
    return _OFTEN.search(sentence) is not None


def how_often(match: re.Match[str], levels: Sequence[float]) -> bool:
    """Whether `8 de cada 10` is how often a value lies in an interval."""
    share = int(match.group(1)) / int(match.group(2)) * 100
    return often(match.string) and any(abs(level - share) < 0.5 for level in levels)


def _free(match: re.Match[str], sources: Sources) -> bool:
    words = match.group()
    if "@" in words or "//" in words:
        return True  # asked apart
    if _numbered(words):
        return len(re.findall(r"\d", words)) <= 2 and _NO_NUMBER.match(match.string, match.end()) is None
    if _LAW.match(words):
        return sources.has_law(words)
    if _TELEPHONE.fullmatch(words) and len(_digits(words)) >= _LEAST_DIGITS:
        return sources.has_phone(words)
    return sources.has_date(words)


def _numbered(words: str) -> bool:
    return _NUMBERED.match(words) is not None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
