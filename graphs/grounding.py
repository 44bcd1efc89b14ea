"""Grounding: a number is shown only if it binds to a fact. One pure function, `accept`, decides.

A text is read sentence by sentence (a whole table is one). Each figure in a sentence must agree with a fact in value at the
digits shown, in unit, in currency, and in entity where its clause names one. The first figure that does not bind ends
what may be shown: it fails closed. Not figures: dates and years of the calendar, ordinals, list numbers, article and law
numbers, phone numbers, case codes, citation marks, names and adverts' titles that contain digits, the investor's own
words in quotes, and the sentence that refuses a figure of theirs. A passage of a retrieved document may be quoted as it
stands, and its figures repeated. The constants of a recorded formula (`12 × 2.300.000 ÷ 450.000.000`) are covered by the
formula. A sentence that `graphs/propriety.py` objects to (a strange link, an image, a prompt recited) ends what may be
shown as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.facts import INPUT_CHECK, Fact
from core.locale import Locale
from graphs.figures import (
    BARE,
    COMPATIBLE,
    DIGIT,
    EXEMPT,
    LIST_NUMBER,
    OUT_OF_TEN,
    WORDED,
    Figure,
    close,
    read_figures,
)
from graphs.propriety import addresses, offence
from knowledge.understanding.text import fold

_SENTENCE_END = re.compile(r"(?:[.!?…][)\"'»”*_]*(?=\s|$)|\n)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:aprox|av|avda|art|núm|no|sr|sra|st|dr|p\.\s?ej|ee|uu|e\.g|i\.e|vs|etc|máx|mín|hab|approx|min|max)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_QUOTE_LENGTH = 1200
_OPENING = "«\"“"
_QUOTED = re.compile(rf"[«\"“]([^»\"”\n]{{2,{_QUOTE_LENGTH}}})[»\"”]")
_CLAUSE = re.compile(
    r"[,;:()]\s|\s[-–—]\s|\|| (?:frente a|contra|against|versus|vs\.?|mientras|whereas|while|compared with|y|and) ",
    re.IGNORECASE,
)

@dataclass(frozen=True, slots=True)
class Binding:
    """A figure of the text (`text[start:end]`) and the fact it shows."""

    start: int
    end: int
    shown: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class Offender:
    """The first figure that binds to nothing (or piece that is not proper), with the sentence it stands in."""

    start: int
    end: int
    shown: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shown` is the longest run of whole sentences from the beginning in which every figure binds."""

    shown: str
    offender: Offender | None
    bindings: tuple[Binding, ...]


def accept(text: str, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = ()) -> Verdict:
    """Check a whole text. `user_words` are the investor's messages: quoting them needs no fact."""
    bindings: list[Binding] = []
    for start, _, found, offender in _checked(text, facts, locale, user_words):
        if offender is not None:
            return Verdict(text[:start].rstrip() if start else "", offender, tuple(bindings))
        bindings += found
    return Verdict(text, None, tuple(bindings))


def bound(text: str, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = ()) -> tuple[str, list[Offender]]:
    """The text without the sentences that do not bind, and what they stumbled over."""
    kept, dropped = "", []
    for start, end, _, offender in _checked(text, facts, locale, user_words):
        if offender is None:
            kept += text[start:end]
        else:
            dropped.append(offender)
    return kept.strip(), dropped


def unsaid(
    text: str, shown: str, said: Iterable[str], facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = ()
) -> str:
    """What another brain's `text` adds after `shown`: without the sentences at its beginning that repeat a sentence, or
    give no figure that was not given (`said` are the ids of the facts bound so far).
    """
    earlier = {fold(shown[start:end]) for start, end in sentences(shown)}
    given = set(said)
    for start, end, found, offender in _checked(text, facts, locale, user_words):
        words = fold(text[start:end])
        repeated = bool(found) and {binding.fact_id for binding in found} <= given
        if offender is not None or not (not words or words in earlier or repeated):
            return text[start:].strip()
    return ""


def _checked(
    text: str, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str]
) -> Iterator[tuple[int, int, list[Binding], Offender | None]]:
    """Each sentence's span with its bindings, or with what is wrong in it."""
    spoken = " ".join(fold(words) for words in user_words)
    book = _Book(facts, locale)
    cited = addresses(facts)
    for start, end in sentences(text):
        found, offender = _check(text, start, end, book, locale, spoken)
        if offender is None and (piece := offence(text[start:end], cited)) is not None:
            offender = Offender(start, end, piece, text[start:end].strip())
        yield start, end, found, offender


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of sentences and lines, together covering the text. An abbreviation or a decimal point ends none; a
    quotation or a table is not cut."""
    quotes = [match.span() for match in _QUOTED.finditer(text)]
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()]
        if any(a < match.start() < b - 1 for a, b in quotes):
            continue
        if match.group() == "\n" and text[start:].startswith("|") and text[match.end() : match.end() + 1] in ("|", ""):
            continue  # a table is shown whole or not at all
        if match.group() != "\n" and (_ABBREVIATION.search(piece) or LIST_NUMBER.fullmatch(piece)):
            continue
        spans.append((start, match.end()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans


class Stream:
    """`accept` for text that arrives in pieces: `feed` returns what may be shown now, whole sentences only.

    After an offender nothing more is let through; `shown` is exactly what was let through so far, `fed` what came in of the
    text at hand. White space is let through with what follows it.
    """

    def __init__(self, locale: Locale, user_words: Iterable[str] = ()) -> None:
        self.locale = locale
        self.user_words = tuple(user_words)
        self._pending = ""
        self.fed = ""
        self.shown = ""
        self.offender: Offender | None = None
        self.bindings: list[Binding] = []

    def feed(self, piece: str, facts: Sequence[Fact]) -> str:
        self.fed += piece
        self._pending += piece
        return self._release(_complete(self._pending), facts)

    def finish(self, facts: Sequence[Fact]) -> str:
        """The rest, without waiting for an end of sentence."""
        return self._release(len(self._pending), facts)

    def restart(self) -> None:
        """Take another text after what was shown; what was held back of the old one is dropped."""
        self._pending = self.fed = ""
        self.offender = None

    def _release(self, ready: int, facts: Sequence[Fact]) -> str:
        head = self._pending[:ready].rstrip()
        if not self.shown:
            head = head.lstrip()
        if self.offender is not None or not head:
            return ""
        self._pending = self._pending[self._pending.index(head) + len(head) :]
        verdict = accept(head, facts, self.locale, self.user_words)
        offset = len(self.shown)
        self.bindings += [
            Binding(b.start + offset, b.end + offset, b.shown, b.fact_id) for b in verdict.bindings
        ]
        self.offender = verdict.offender
        self.shown += verdict.shown
        return verdict.shown


def _complete(text: str) -> int:
    """Where the last sentence that is surely whole ends: something follows it, and no quotation is still open in it."""
    spans = sentences(text)
    if text.endswith("\n") and not text[spans[-1][0] :].startswith("|"):
        return len(text)
    ready = spans[-1][0] if spans else 0
    line = text.rfind("\n") + 1
    closed = _QUOTED.sub(lambda match: " " * len(match.group()), text[line:])
    opened = min((at for sign in _OPENING if (at := closed.find(sign)) >= 0), default=None)
    if opened is not None and len(text) - line - opened < _QUOTE_LENGTH:
        ready = min(ready, max(start for start, _ in spans if start <= line + opened))
    return ready


class _Book:
    """Facts arranged for look-up."""

    def __init__(self, facts: Sequence[Fact], locale: Locale) -> None:
        self.numbers: list[tuple[float, Fact]] = []
        self.names: set[str] = set()
        self.entities: list[str] = []
        self.titles: set[str] = set()
        self.formula_numbers: set[float] = set()
        self.passages: list[str] = []
        self.told: list[tuple[Figure, Fact]] = []
        entities: dict[str, None] = {}
        for fact in facts:
            for value in (fact.value, fact.low, fact.high):
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    self.numbers.append((float(value), fact))
            if fact.level is not None:
                self.numbers.append((fact.level * 100, fact))
            if isinstance(fact.value, str):
                folded = fold(fact.value)
                self.names.add(folded)
                if fact.source.ref == INPUT_CHECK:
                    self.titles.add(fact.value)
                if fact.source.kind == "document":
                    self.passages.append(folded)
                    self.told += [(figure, fact) for figure in read_figures(fact.value, locale)]
            if fact.entity:
                self.names.add(fold(fact.entity))
                if fact.source.kind == "listing" and " " in fact.entity and DIGIT.search(fact.entity):
                    self.titles.add(fact.entity)
                for part in _parts(fact.entity):
                    entities[part] = None
            self.names |= {fold(name) for name in (fact.source.label, fact.source.attribution) if name}
            if fact.formula:
                self.formula_numbers |= _formula_numbers(fact.formula)
        self.entities = list(entities)

    def quotes(self, folded: str) -> bool:
        """True if these words stand in a retrieved passage."""
        return any(folded in passage for passage in self.passages)

    def tells(self, figure: Figure) -> Fact | None:
        """The document whose passage gives this figure, with the same unit and currency."""
        for told, fact in self.told:
            if told.unit == figure.unit and told.currencies == figure.currencies and close(figure, told.value):
                return fact
        return None

    def titles_in(self, sentence: str) -> list[tuple[int, int]]:
        """Where whole titles with digits of their own stand (`Flat in Huelin, €237,000`): the advert's words, not ours."""
        return [(at, at + len(title)) for title in self.titles if (at := sentence.find(title)) >= 0]

    def named(self, snippet: str) -> bool:
        """True if these words, digits included, stand in a name (`Calle 93`, `Torre 2`)."""
        return any(snippet in name for name in self.names)


@lru_cache(maxsize=4096)
def _parts(entity: str) -> tuple[str, ...]:
    """`la Vila de Gràcia, Barcelona` -> its folded parts, articles dropped."""
    parts = (re.sub(r"^(?:la|el|los|las|les|l|the) ", "", fold(part)) for part in entity.split(","))
    return tuple(part for part in parts if len(part) > 2 and not part.replace(" ", "").isdigit())


@lru_cache(maxsize=2048)
def _formula_numbers(formula: str) -> frozenset[float]:
    return frozenset(float(token) for token in re.findall(r"\d+(?:\.\d+)?", formula))


def _check(
    text: str, start: int, end: int, book: _Book, locale: Locale, spoken: str
) -> tuple[list[Binding], Offender | None]:
    sentence = text[start:end]
    exempt = _exempt_spans(sentence, spoken, book)
    titles = book.titles_in(sentence)
    bindings: list[Binding] = []
    for match in WORDED.finditer(sentence):
        if not any(a <= match.start() < b for a, b in (*exempt, *titles)) and fold(match.group()) not in spoken:
            return bindings, Offender(start + match.start(), start + match.end(), match.group(), sentence.strip())
    for match in OUT_OF_TEN.finditer(sentence):
        share = int(match.group(1)) / int(match.group(2)) * 100
        if any(abs(value - share) < 0.5 and fact.level is not None for value, fact in book.numbers):
            exempt.append(match.span())
    in_formula = any(sign in sentence for sign in "×÷")
    for figure in read_figures(sentence, locale):
        if any(a <= figure.start < b for a, b in exempt):
            continue
        fact = _bind(figure, sentence, book) or book.tells(figure)
        if fact is not None:
            bindings.append(Binding(start + figure.start, start + figure.end, figure.shown, fact.id))
        elif any(a <= figure.start < b for a, b in titles):
            continue
        elif in_formula and any(close(figure, value) or close(figure, -value) for value in book.formula_numbers):
            continue
        elif _inside_name(figure, sentence, book):
            continue
        else:
            return bindings, Offender(start + figure.start, start + figure.end, figure.shown, sentence.strip())
    return bindings, None


def _exempt_spans(sentence: str, spoken: str, book: _Book) -> list[tuple[int, int]]:
    spans = [match.span() for match in EXEMPT.finditer(sentence)]
    spans += [match.span() for match in LIST_NUMBER.finditer(sentence)]
    spans += [
        match.span() for match in _QUOTED.finditer(sentence)
        if (quote := fold(match.group(1))) in spoken or book.quotes(quote)
    ]
    return spans


def _bind(figure: Figure, sentence: str, book: _Book) -> Fact | None:
    """The nearest fact that agrees in value, unit, currency and entity."""
    units = COMPATIBLE[figure.unit] if figure.unit else BARE
    candidates = []
    for value, fact in book.numbers:
        matches_level = fact.level is not None and value == fact.level * 100 and figure.unit == "percent"
        if fact.unit not in units and not matches_level:
            continue
        # a fall may be told without its sign: "bajó 3 %"
        if not (close(figure, value) or (value < 0 <= figure.value and close(figure, -value))):
            continue
        if figure.currencies is not None and fact.currency not in figure.currencies:
            continue
        candidates.append((value, fact))
    if not candidates:
        return None
    named = _entities_of_clause(figure, sentence, book)
    if named:
        fitting = [
            (v, f) for v, f in candidates
            if not f.entity or f.source.kind == "user" or any(part in fold(f.entity) for part in named)
        ]
        if not fitting:
            return None
        candidates = [c for c in fitting if c[1].entity] or fitting
    return min(candidates, key=lambda c: (abs(c[0] - figure.value), c[1].source.kind == "user"))[1]


def _entities_of_clause(figure: Figure, sentence: str, book: _Book) -> list[str]:
    start = 0
    end = len(sentence)
    for match in _CLAUSE.finditer(sentence):
        if match.end() <= figure.start:
            start = match.end()
        elif match.start() >= figure.end:
            end = match.start()
            break
    clause = f" {fold(sentence[start:end])} "
    return [part for part in book.entities if f" {part} " in clause]


def _inside_name(figure: Figure, sentence: str, book: _Book) -> bool:
    """Digits that belong to a name: the word before or after, with the digits, stands in a fact's name."""
    if figure.unit is not None or figure.currencies is not None:
        return False
    before = fold(sentence[: figure.start]).split()[-1:]
    after = fold(sentence[figure.end :]).split()[:1]
    digits = fold(sentence[figure.start : figure.end])
    return any(
        " ".join(words) != digits and book.named(" ".join(words))
        for words in ((*before, digits), (digits, *after))
    )
