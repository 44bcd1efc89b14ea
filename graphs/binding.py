"""Binding a figure to a fact: they agree in value at the digits shown, in unit, in currency, in whom they are about, in the
period and in how often they count. A fact whose own formula gives another value binds nothing.

Beside it what a text may repeat from the facts as it stands: a passage of a document and its figures, adverts' titles and
names with digits of their own, and a recorded formula written out (`12 × 2.300.000 ÷ 450.000.000`), all of whose operands
must be of one formula.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.facts import INPUT_CHECK, Fact
from core.formulas import sound
from core.locale import Locale
from core.measures import Frequency, in_points
from graphs.exempt import Sources, often
from graphs.figures import BARE, COMPATIBLE, DIGIT, Figure, close, read_figures
from graphs.naming import Names, Sentence
from graphs.timing import Timing, counts, dated, frequencies
from knowledge.understanding.text import fold

#: Words that let a fall be told without its sign: "bajó 3 %".
_FALL = re.compile(
    r"\b(?:baj|ca[eyií]|descen|descuent|red(?:u|uj)|p[eé]rd|pierd|disminu|menos\b|menor|negativ|f[ae]ll|drop|declin|los[est]|"
    r"lower|less\b|decreas|below|under|discount|debajo|minus|down\b|resta|cuesta|faltan?\b|short)",
    re.IGNORECASE,
)
#: Words for how sure an interval is.
_SURE = re.compile(
    r"veces|times|probab|interval|rango|range|confi|likel|casos|cases|mitad|half|central|middle|de cada|out of|certe",
    re.IGNORECASE,
)
_PER_M2 = re.compile(r"/ ?m[²2]|(?:por|per|a|el) (?:m[²2]|metro|sqm|square met)", re.IGNORECASE)
_LITTLE_WORDS = frozenset(
    "de del la el los las un una unos unas a al en y o con por para entre hasta desde sobre es son hay que se of the in "
    "at to for from and or with on between is are has have about over under up than more less".split()
)
_GOES_ON = re.compile(r" ?(?:mil|k\b|mm?\b|mdp|mdd|bn?\b|bill|trill|thousand|%|por ?ciento|per ?cent)")
_EDGE = " \t.,;:…¡!¿?()[]*_"


class Book:
    """Facts arranged for look-up."""

    def __init__(self, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str]) -> None:
        facts = sound(facts)
        self.names, self.labels = Names(facts), Names(facts, labels=True)
        self._dated = dated(facts)
        user_words = tuple(user_words)
        self._counted = [counted for words in user_words for counted in _counted(words, locale)]
        self.marks = frozenset(fact.mark for fact in facts if fact.mark is not None)
        self._marked: dict[int, list[str]] = {}
        self.sources = Sources(facts, user_words)
        self.spoken = [plainly(words) for words in user_words]
        self.words = " ".join(_folded(words) for words in self.spoken)
        self._numbers: list[tuple[float, Fact]] = []
        self.levels: list[tuple[float, Fact]] = []
        self._named: set[str] = set()
        self._titles: dict[str, Fact] = {}
        self._formulas: list[tuple[tuple[float, ...], Fact]] = []
        self._passages: list[str] = []
        self._told: list[tuple[Figure, Fact]] = []
        for fact in facts:
            self._numbers += [
                (float(value), fact) for value in (fact.value, fact.low, fact.high)
                if isinstance(value, (int, float)) and not isinstance(value, bool)
            ]
            if fact.level is not None:
                self.levels.append((fact.level * 100, fact))
            if isinstance(fact.value, str):
                if fact.source.ref == INPUT_CHECK:
                    self._titles[fact.value] = fact
                if fact.source.kind == "document":
                    self._passages.append(plainly(fact.value))
                    if fact.mark is not None:
                        self._marked.setdefault(fact.mark, []).append(self._passages[-1])
                    self._told += [(figure, fact) for figure in _figures(fact.value, locale)]
                else:
                    self._named.add(_folded(fact.value))
            if fact.source.kind == "listing" and " " in fact.entity and DIGIT.search(fact.entity):
                self._titles[fact.entity] = fact
            self._named |= {_folded(n) for n in (fact.entity, fact.source.label, fact.source.attribution) if n}
            if fact.formula:
                self._formulas.append((_constants(fact.formula), fact))
        self._numbers.sort(key=lambda pair: pair[0])
        self._values = [value for value, _ in self._numbers]

    def quotes(self, quote: str) -> bool:
        """True if these words stand in a retrieved passage, or in one message of the investor's, as they are."""
        words = plainly(quote).strip(_EDGE)
        return bool(words) and any(_stands(words, said) for said in (*self.spoken, *self._passages))

    def cites(self, quote: str, mark: int) -> bool:
        """True if these words stand in a passage that the mark leads to."""
        words = plainly(quote).strip(_EDGE)
        return bool(words) and any(_stands(words, passage) for passage in self._marked.get(mark, ()))

    def said(self, number: str) -> bool:
        """True if the investor wrote this number in words."""
        return f" {fold(number)} " in self.words

    def as_often(self, share: float, sentence: str) -> bool:
        """Whether the sentence speaks of how often a value lies in an interval, and one has this level."""
        return often(sentence) and any(abs(level - share) < 0.5 for level, _ in self.levels)

    def titles_in(self, sentence: str) -> list[tuple[int, int, Fact]]:
        """Where whole titles with digits of their own stand (`Flat in Huelin, €237,000`): the advert's words, not ours."""
        return [(at, at + len(title), fact) for title, fact in self._titles.items() if (at := sentence.find(title)) >= 0]

    def inside_name(self, figure: Figure, sentence: str) -> bool:
        """Digits that belong to a name (`Calle 93`, `Torre 2`): the word before or after stands with them in one."""
        if figure.unit is not None or figure.currencies is not None:
            return False
        digits = fold(sentence[figure.start : figure.end])
        before, after = fold(sentence[: figure.start]).split()[-1:], fold(sentence[figure.end :]).split()[:1]
        pairs = [" ".join(pair) for word, pair in ((before, (*before, digits)), (after, (digits, *after)))
                 if word and word[0] not in _LITTLE_WORDS]
        return any(f" {pair} " in name for pair in pairs for name in self._named)

    def candidates(
        self, figure: Figure, sentence: Sentence, about: frozenset[str] | None, timing: Timing
    ) -> list[tuple[float, Fact]]:
        """(distance, fact) of what the figure may show. Facts of nobody in particular may stand anywhere."""
        near = sentence.near(figure.start, figure.end)
        units = COMPATIBLE[figure.unit] if figure.unit else BARE
        if figure.unit == "money" and _PER_M2.search(near):
            units = COMPATIBLE["money"] | COMPATIBLE["money_per_m2"]
        found = [
            (abs(value - figure.value), fact) for value, fact in self._like(figure, near)
            if fact.unit in units
            and (figure.currencies is None or fact.currency in figure.currencies)
        ]
        if figure.unit == "points":
            found = [(d, fact) for d, fact in found if fact.source.kind == "user" or in_points(fact.key)]
        found = [(d, fact) for d, fact in found if self._of_then(fact, figure, timing)]
        if figure.unit == "percent" and not figure.plus and _SURE.search(sentence.text):
            found += [(abs(value - figure.value), fact) for value, fact in self.levels if close(figure, value)]
        if self.labels.owners and any(fact.entity in self.labels.owners for _, fact in found):
            of = Sentence(sentence.text, self.labels, None).about(figure.start, figure.end)
            found = [(d, f) for d, f in found if of is None or f.entity in of or f.entity not in self.labels.owners]
        if about is None:
            return found
        fitting = [(d, f) for d, f in found if f.entity in about or f.entity not in self.names.owners]
        return [c for c in fitting if c[1].entity in about] or fitting

    def _like(self, figure: Figure, near: str = "") -> list[tuple[float, Fact]]:
        """The numbers that the figure may be; a fall may be told without its sign."""
        found = self._around(figure, figure.value)
        if figure.value >= 0 and not figure.plus and _FALL.search(near):
            found += [(value, fact) for value, fact in self._around(figure, -figure.value) if value < 0]
        return found

    def _around(self, figure: Figure, value: float) -> list[tuple[float, Fact]]:
        reach = figure.tolerance + 2e-9 * abs(value)
        first = bisect_left(self._values, value - reach)
        last = bisect_right(self._values, value + reach, lo=first)
        return [(v, fact) for v, fact in self._numbers[first:last] if close(figure, v if value == figure.value else -v)]

    def _of_then(self, fact: Fact, figure: Figure, timing: Timing) -> bool:
        """Whether the fact is of the period, and counts as often, as the text says of the figure."""
        own = self._dated.get(fact.id)
        told = timing.period(figure) if own is not None else None
        if own is not None and told is not None and (own[1] < told[0] or told[1] < own[0]):
            return False
        often = timing.frequency(figure)
        return not often or (known := counts(fact, self._counted)) is None or known in often

    def bind(
        self, figure: Figure, sentence: Sentence, about: frozenset[str] | None, timing: Timing, *, told: bool = True
    ) -> Fact | None:
        """The nearest fact that the figure may show; with `told`, else a document that gives it."""
        found = self.candidates(figure, sentence, about, timing)
        if not found:
            return self._tells(figure) if told else None
        return min(found, key=lambda c: (c[0], c[1].source.kind == "user"))[1]

    def _tells(self, figure: Figure) -> Fact | None:
        """The document whose passage gives this figure, with the same unit and currency."""
        for told, fact in self._told:
            if told.unit == figure.unit and told.currencies == figure.currencies and close(figure, told.value):
                return fact
        return None

    def formulas_of(self, operands: Sequence[Figure], about: frozenset[str] | None) -> list[Fact]:
        """The facts whose formulas have all of these operands, each as often as it stands there."""
        return [
            fact for numbers, fact in self._formulas
            if (about is None or fact.entity in about or fact.entity not in self.names.owners)
            and _each_of(operands, numbers)
        ]

    def contradicts(self, figure: Figure) -> bool:
        """True if an operand has the value of facts, but not their sign, or none of their units or currencies."""
        facts = [fact for _, fact in self._around(figure, figure.value)]
        if not facts and self._around(figure, -figure.value):
            return True
        if figure.unit is None:
            return False
        return not any(
            fact.unit in COMPATIBLE[figure.unit] and (figure.currencies is None or fact.currency in figure.currencies)
            for fact in facts or (fact for _, fact in self._numbers)
        )


@lru_cache(maxsize=512)
def _counted(words: str, locale: Locale) -> tuple[tuple[Figure, frozenset[Frequency]], ...]:
    """The figures of a message that say how often they count."""
    figures = read_figures(words, locale)
    told = frequencies(words, figures)
    return tuple((figure, told[figure.start]) for figure in figures if figure.start in told)


@lru_cache(maxsize=256)
def _figures(passage: str, locale: Locale) -> tuple[Figure, ...]:
    return tuple(read_figures(passage, locale))


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return f" {fold(name)} "


@lru_cache(maxsize=2048)
def _constants(formula: str) -> tuple[float, ...]:
    return tuple(float(token) for token in re.findall(r"\d+(?:\.\d+)?", formula))


def _each_of(operands: Sequence[Figure], numbers: Sequence[float]) -> bool:
    """Whether each operand is a number of the formula, no number taken twice."""
    left = list(numbers)
    for figure in operands:
        near = [n for n in left if close(figure, n) or close(figure, -n)]
        if not near:
            return False
        left.remove(min(near, key=lambda n: abs(n - abs(figure.value))))
    return True


@lru_cache(maxsize=1024)
def plainly(text: str) -> str:
    """Words as they are compared in a quotation: small letters, no accents, single spaces, no marks of bold."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.replace("*", "")) if not unicodedata.combining(c))
    return re.sub(r"(?<=\d) (?=[%€])", "", " ".join(bare.lower().split()))


def _stands(words: str, text: str) -> bool:
    """Whether the words stand in the text, no word or number of it cut."""
    at = text.find(words)
    while at >= 0:
        before, after = text[max(0, at - 2) : at], text[at + len(words) : at + len(words) + 2]
        whole = not (before[-1:].isalnum() and words[0].isalnum()) and not (after[:1].isalnum() and words[-1].isalnum())
        number = (words[0].isdigit() and re.fullmatch(r"\d[.,]", before)) or (
            words[-1].isdigit() and (re.match(r"[.,]\d", after) or _GOES_ON.match(text, at + len(words)))
        )
        if whole and not number:
            return True
        at = text.find(words, at + 1)
    return False
