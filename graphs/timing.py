"""When a figure is of, and how often it counts: what the words around it say, and what the facts say.

A period (`in 2021`, `2023-Q2`, `marzo de 2024`) is looked for in the figure's own clause, then in those before it up to a
semicolon; in a table in its cell, then in the heads of its row and column. Two periods, or `since` and `until`, make a span.
A frequency (`al mes`, `yearly`) belongs to the figure right before it, else to the one right after, where that has none
behind it. Both are careful: where nothing is named, or the facts do not tell periods apart, nothing is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from core.facts import Fact
from core.measures import Frequency, frequency_of, frequency_words
from graphs.figures import Figure
from graphs.naming import Sentence

#: First and last month, counted from the year 0.
Span = tuple[int, int]
_EVER = 12 * 10_000

_MONTHS = {
    name: number for number, names in enumerate((
        "enero ene january jan", "febrero feb february", "marzo mar march", "abril abr april apr", "mayo may",
        "junio jun june", "julio jul july", "agosto ago august aug", "septiembre setiembre sept sep september",
        "octubre oct october", "noviembre nov november", "diciembre dic december dec"), 1)
    for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_QUARTERS = {
    word: number for number, words in enumerate((
        "primer 1er 1.er 1o 1º first 1st", "segundo 2o 2º second 2nd", "tercer 3er 3.er 3o 3º third 3rd",
        "cuarto 4o 4º fourth 4th"), 1)
    for word in words.split()
}
_ORDINAL = "|".join(re.escape(word) for word in sorted(_QUARTERS, key=len, reverse=True))
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_OF = r"(?:,? (?:de |del |of )?)"
_PERIODS = tuple(
    re.compile(pattern, re.IGNORECASE) for pattern in (
        rf"(?<![\w.,]){_YEAR}-(?P<number>0[1-9]|1[0-2])(?:-\d{{2}})?(?!\d)",
        rf"(?<![\w.,]){_YEAR}[- ]?[TQ](?P<quarter>[1-4])\b",
        rf"\b(?:[TQ](?P<quarter>[1-4])|(?P<quarter2>[1-4])[TQ]){_OF}{_YEAR}\b",
        rf"(?<!\w)(?P<ordinal>{_ORDINAL}) (?:trimestre|quarter){_OF}{_YEAR}\b",
        rf"(?<!\w)(?P<half>primer|segundo|first|second) (?:semestre|half){_OF}{_YEAR}\b",
        rf"\b{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?)?{_OF}{_YEAR}\b",
        rf"(?<![\d.,$€/]){_YEAR}(?![\d/]|[-–/]\d{{2}}(?!\d)|[.,]\d|[ \u00a0]?(?:%|€|m²|m2|mil|euros|pesos|COP|EUR|MXN|"
        r"USD|anuncios|adverts|listings))\b",
    )
)
_FROM = re.compile(r"\b(?:desde|a partir de|since|from|after|despu[eé]s de)(?: el| la| los| the)?\s*$", re.IGNORECASE)
_TO = re.compile(r"\b(?:hasta|until|till|up to|before|antes de|to|a)(?: el| la| finales de| the end of)?\s*$", re.IGNORECASE)
#: What is set against a period is not of it; nor is what a source, a law or a building is of.
_AGAINST = re.compile(
    r"\b(?:respecto (?:a|al|de|del)|frente (?:a|al)|comparad[oa]s? con|contra|que (?:en|el)|than(?: in)?|over|on|versus|"
    r"vs\.?|against|compared with|relative to)(?: el| los| the)?\s*$", re.IGNORECASE,
)
_NOT_OF = re.compile(
    r"\b(?:fuentes?|sources?|leyes|ley|law|act\b|decreto|decree|art[ií]culo|article|construid[oa]s?|edificad|built|completed|publicad|"
    r"published|edici[oó]n|edition|entrega|delivery)", re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:hoy|ahora|actual(?:es|mente)?|today|now|currently|latest|[uú]ltim[oa]s?)\b", re.IGNORECASE)

_WORD = r"[^\W\d_]+"
_GAP = re.compile(rf"[\s*_]*(?:{_WORD}[\s*_]+){{0,3}}", re.UNICODE)
_LEAD = re.compile(rf"[\s*_:]*(?:{_WORD}[\s*_:]+){{0,3}}(?:[~≈]\s?)?", re.UNICODE)
#: A word that parts a figure from a frequency which is another's.
_PARTS = frozenset(
    "con sin sobre para si que pero porque cuando y o u e ni entre menos mas frente contra da dan deja dejan rinde rinden "
    "cubre cubren a with without on for if that but because when and or between less minus plus than against versus gives "
    "yields leaves covers to del".split()
)
_LATER = re.compile(
    r"\s+(?:ago|earlier|before|later|after|antes|despues|atras|mas tarde|siguiente|pasado|anterior|proximo|que viene)\b")


def span_of(as_of: str) -> Span | None:
    """`2024` -> its twelve months, `2024-Q1` three, `2024-03` and `2024-03-31` one; None for anything else."""
    match = re.fullmatch(r"(\d{4})(?:-?Q([1-4])|-(\d{2})(?:-\d{2})?)?", as_of)
    if match is None:
        return None
    year, quarter, month = match.groups()
    first = int(year) * 12
    if quarter:
        return first + int(quarter) * 3 - 3, first + int(quarter) * 3 - 1
    return (first + int(month) - 1,) * 2 if month else (first, first + 11)


def dated(facts: Iterable[Fact]) -> dict[str, Span]:
    """The period of each fact, by its id, that belongs to facts which differ in nothing else: points of a series, one measure
    at several times. The day on which an advert was seen, a law came into force or a document was published is no such period.
    """
    groups: dict[tuple[str, ...], dict[str, Span]] = {}
    for fact in facts:
        of_time = fact.source.kind in ("series", "aggregate", "model", "computation") or fact.key == "earlier_price"
        span = span_of(fact.as_of) if fact.as_of and of_time else None
        if span is not None:
            same = [(fact.key, fact.entity, fact.entity_id, fact.unit, fact.currency or "")]
            if fact.source.kind == "series":  # the latest value and the points of a series
                same.append(("", fact.source.ref, "", fact.unit, fact.currency or ""))
            for group in same:
                groups.setdefault(group, {})[fact.id] = span
    return {fact: span for group in groups.values() if len(set(group.values())) > 1 for fact, span in group.items()}


def period_at(sentence: Sentence, figure: Figure) -> Span | None:
    """The span of time that the text puts the figure in; None where it names none."""
    heads = sentence.heads(figure.start)
    if heads:
        found = [period_in(sentence.text[a:b]) for a, b in dict.fromkeys(heads)]
        return found[0] or _hull([span for span in found[1:] if span is not None])
    for start, end in sentence.clauses_before(figure.start):
        words = sentence.text[start:end]
        if (span := period_in(words)) is not None:
            return span
        if _NOW.search(words) or _NOT_OF.search(words) or sentence.text[:start].rstrip().endswith(";"):
            return None
    return None


@lru_cache(maxsize=2048)
def period_in(words: str) -> Span | None:
    """The hull of the periods that some words name."""
    if not re.search(r"(?:19|20)\d{2}", words) or _NOT_OF.search(words):
        return None
    spans: list[Span] = []
    taken: list[tuple[int, int]] = []
    for pattern in _PERIODS:
        for match in pattern.finditer(words):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            before = words[: match.start()]
            if _AGAINST.search(before):
                continue
            first, last = _span(match)
            if _FROM.search(before):
                last = _EVER
            elif _TO.search(before):
                first = 0
            spans.append((first, last))
    opened, closed = [s for s in spans if s[1] == _EVER], [s for s in spans if s[0] == 0]
    if opened and len(spans) > len(opened):  # from 2018 to 2023
        spans = [(first, first) if last == _EVER else (last, last) if first == 0 else (first, last) for first, last in spans]
    elif closed and len(spans) > len(closed):
        spans = [(last, last) if first == 0 else (first, last) for first, last in spans]
    return _hull(spans)


def _hull(spans: Sequence[Span]) -> Span | None:
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def _span(match: re.Match[str]) -> Span:
    parts = {name: value for name, value in match.groupdict().items() if value}
    first = int(parts["year"]) * 12
    quarter = parts.get("quarter") or parts.get("quarter2")
    if quarter or "ordinal" in parts:
        number = int(quarter) if quarter else _QUARTERS[parts["ordinal"].lower()]
        return first + number * 3 - 3, first + number * 3 - 1
    if "half" in parts:
        late = parts["half"].lower() in ("segundo", "second")
        return (first + 6, first + 11) if late else (first, first + 5)
    if "month" in parts or "number" in parts:
        number = _MONTHS[parts["month"].lower()] if "month" in parts else int(parts["number"])
        return (first + number - 1,) * 2
    return first, first + 11


class Timing:
    """One sentence read for when its figures are of and how often they count."""

    def __init__(self, sentence: Sentence, figures: Sequence[Figure]) -> None:
        self._sentence, self._figures = sentence, figures
        self._periods: dict[int, Span | None] = {}

    @cached_property
    def _frequencies(self) -> dict[int, frozenset[Frequency]]:
        return frequencies_at(self._sentence, self._figures)

    def period(self, figure: Figure) -> Span | None:
        if figure.start not in self._periods:
            self._periods[figure.start] = period_at(self._sentence, figure)
        return self._periods[figure.start]

    def frequency(self, figure: Figure) -> frozenset[Frequency]:
        """Empty where the text says none."""
        return self._frequencies.get(figure.start, frozenset())


class _Bare(dict[int, str]):
    """Small letters without accents, one for one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = " " if char in "\u00a0\u202f\t" else unicodedata.normalize("NFD", char)[0].lower()[:1]
        return self[code]


_BARE = _Bare()


@lru_cache(maxsize=1)
def _said() -> re.Pattern[str]:
    words = sorted(frequency_words(), key=len, reverse=True)
    each = (rf"(?<![a-z]){re.escape(w)}" if w[0].isalnum() else re.escape(w) for w in words)
    return re.compile(rf"(?:{'|'.join(each)})(?![a-z])")


def frequencies(text: str, figures: Sequence[Figure]) -> dict[int, frozenset[Frequency]]:
    """How often the figures count that say so themselves, by where they start."""
    plain = text.translate(_BARE)
    behind: dict[int, set[Frequency]] = {}
    ahead: dict[int, set[Frequency]] = {}
    for match in _said().finditer(plain):
        if _LATER.match(plain, match.end()):
            continue  # a year ago, al año siguiente
        before = max((f for f in figures if f.end <= match.start()), key=lambda f: f.end, default=None)
        after = min((f for f in figures if f.start >= match.end()), key=lambda f: f.start, default=None)
        often = frequency_words()[match.group()]
        if before is not None and _joined(_GAP, plain[before.end : match.start()]):
            behind.setdefault(before.start, set()).add(often)
        elif after is not None and _joined(_LEAD, plain[match.end() : after.start]):
            ahead.setdefault(after.start, set()).add(often)
    return {at: frozenset(names) for at, names in (ahead | behind).items()}


def _joined(pattern: re.Pattern[str], gap: str) -> bool:
    return pattern.fullmatch(gap) is not None and not _PARTS & set(re.findall(_WORD, gap))


def frequencies_at(sentence: Sentence, figures: Sequence[Figure]) -> dict[int, frozenset[Frequency]]:
    """As `frequencies`; in a table, the heads of the row and column say so where the cell does not."""
    own = frequencies(sentence.text, figures)
    if not sentence.is_table:
        return own
    told = {}
    for figure in figures:
        cell, *heads = sentence.heads(figure.start) or [(0, 0)]
        inside = [f for f in figures if cell[0] <= f.start < cell[1]]
        by_cell = frequencies(sentence.text[cell[0] : cell[1]], [_moved(f, cell[0]) for f in inside])
        names = by_cell.get(figure.start - cell[0]) or frozenset(
            frequency_words()[m.group()] for a, b in heads for m in _said().finditer(sentence.text[a:b].translate(_BARE)))
        if names:
            told[figure.start] = names
    return told


def _moved(figure: Figure, by: int) -> Figure:
    return replace(figure, start=figure.start - by, end=figure.end - by)


def counts(fact: Fact, spoken: Sequence[tuple[Figure, frozenset[Frequency]]]) -> Frequency | None:
    """How often a fact counts. What the investor said of a figure of theirs goes before what its key says."""
    if fact.source.kind == "user" and isinstance(fact.value, (int, float)):
        for figure, names in spoken:
            if len(names) == 1 and abs(figure.value - fact.value) <= 1e-9 * abs(fact.value):
                return next(iter(names))
    return frequency_of(fact.key)
