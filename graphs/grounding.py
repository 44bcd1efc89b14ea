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

from core.facts import INPUT_CHECK, Fact, Unit
from core.locale import Locale
from graphs.propriety import addresses, offence
from knowledge.understanding.text import fold

_NBSP = "\u00a0\u202f"
_GAP = f"[ {_NBSP}]?"
_SCALES: dict[str, float] = {
    "mil millones": 1e9, "billion": 1e9, "bn": 1e9, "millones": 1e6, "millon": 1e6, "millón": 1e6, "million": 1e6,
    "mdp": 1e6, "mm": 1e6, "mil": 1e3, "thousand": 1e3, "k": 1e3, "m": 1e6,
}
_CURRENCIES = {"€": "EUR", "eur": "EUR", "euros": "EUR", "euro": "EUR", "cop": "COP", "mxn": "MXN", "usd": "USD",
               "us$": "USD", "dólares": "USD", "dolares": "USD", "dollars": "USD", "mdp": "MXN"}
_PESOS = {"COP", "MXN"}
_DOLLAR_SIGN = {"COP", "MXN", "USD"}
_WORD_NUMBERS = (
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta|cuarenta|cincuenta|sesenta|"
    "setenta|ochenta|noventa|cien|ciento|doscientos|trescientos|cuatrocientos|quinientos|medio|un|one|two|three|four|"
    "five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a|half a|"
    "a hundred|hundred"
)
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.,])[-−–+])?"
    r"(?P<prefix>(?:US\$|R\$|[$€£]|\b(?:COP|EUR|MXN|USD)\b\$?)" + _GAP + r")?"
    r"(?P<digits>\d+(?:['’.,]\d{3}(?!\d))*(?:[.,]\d+)?|\d+)"
    rf"(?P<scale>{_GAP}(?:mil millones|millones|mill[oó]n|million|billion|thousand|mdp|bn|mil|[kKM](?![\w²2])))?"
    rf"(?P<unit>{_GAP}(?:%|por ciento|percent\b|per cent\b|pp\b|puntos? porcentuales?|percentage points?|"
    r"€(?:/m(?:²|2))?|(?:COP|EUR|MXN|USD)(?:/m(?:²|2))?\b|(?:de )?(?:euros?|pesos?|d[oó]lares|dollars)\b|m(?:²|2)(?!\w)|"
    r"metros(?: cuadrados)?\b|sqm\b|square met(?:re|er)s\b|km\b|years?\b|años?\b|year\b|months?\b|mes(?:es)?\b|d[ií]as?\b|"
    r"days?\b|x\b|veces\b|times\b))?",
)
_WORDED = re.compile(
    rf"\b(?:{_WORD_NUMBERS})(?: (?:y )?(?:{_WORD_NUMBERS}))* (?:mil|millones|mill[oó]n|million|thousand|billion|hundred|"
    r"por ciento|percent|per cent)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|january|"
    r"february|march|april|may|june|july|august|september|october|november|december|ene|feb|mar|abr|jun|jul|ago|sep|sept|"
    r"oct|nov|dic|jan|apr|aug|dec)\.?"
)
_YEAR = r"(?:19|20)\d{2}"
_EXEMPT = re.compile(
    "|".join(
        (
            rf"\b\d{{1,2}}(?: de|º|\.º|st|nd|rd|th)? {_MONTH}(?:,? (?:de |del )?{_YEAR})?",
            rf"\b{_MONTH} (?:de |del )?\d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}",
            rf"\b{_MONTH}(?: de| del|,)? {_YEAR}",
            rf"\b{_YEAR}-\d{{2}}(?:-\d{{2}})?\b",
            r"\b\d{1,2}/\d{1,2}/\d{2,4}\b",
            rf"\b{_YEAR}\s?[TQ][1-4]\b|\b[TQ][1-4](?: de| of)? {_YEAR}\b|\b[TQ][1-4]\b",
            rf"(?<![\d.,$€])\b{_YEAR}(?:[-–/]{_YEAR}|[-–/]\d{{2}})?\b(?![.,]\d|{_GAP}(?:%|€|m²|m2|mil|euros|pesos|COP|EUR|MXN|USD))",
            r"\b\d{1,3}(?:\.ª|\.º|ª|º|er|ra|ro|do|da|to|ta|st|nd|rd|th)(?!\w)",
            r"\[\d{1,2}\]",
            r"\b[A-Z]{1,3}-\d+\b",
            r"\b(?:art(?:ículo|icle|\.)?s?|ley|law|act|decreto|decree|resolución|resolution|res\.|rdl|lisr|capítulo|"
            r"chapter|section|sección|n\.º|no\.|núm\.)\s*(?:n\.º )?\d+(?:[./-]\d+)*(?: (?:de|of) \d{4})?",
            r"\+\d[\d \-]{7,}\d|\b\d{3} \d{3} \d{4}\b|\b\d{3} \d{3} \d{3}\b",
            r"https?://\S+",
            r"\S+@\S+",
        )
    ),
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_LIST_NUMBER = re.compile(r"(?m)^\s*(?:#+ )?\d{1,2}[.)](?=\s|$)")
_OUT_OF_TEN = re.compile(r"\b(\d{1,2}) (?:de cada|out of(?: every)?|in(?: every)?) (10|100)\b", re.IGNORECASE)
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

_UNITS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"%|por ciento|per ?cent|pp|punto|percentage", "percent"),
        (r"/m", "money_per_m2"),
        (r"€|cop|eur|mxn|usd|peso|d[oó]lar|dollar|mdp", "money"),
        (r"m²|m2|metro|sqm|square", "m2"),
        (r"km", "km"),
        (r"año|year", "years"),
        (r"mes|month", "months"),
        (r"d[ií]a|day", "days"),
        (r"x|veces|times", "ratio"),
    )
)
_COMPATIBLE: dict[str, frozenset[Unit]] = {
    "percent": frozenset({"percent", "rate"}),
    "money": frozenset({"money", "money_per_m2"}),
    "money_per_m2": frozenset({"money_per_m2"}),
    "m2": frozenset({"m2"}),
    "km": frozenset({"km"}),
    "years": frozenset({"years", "count"}),
    "months": frozenset({"months", "count"}),
    "days": frozenset({"days", "count"}),
    "ratio": frozenset({"ratio", "years", "count"}),
}
#: A number without a unit of its own may be anything but a percentage: table cells, counts, indices.
_BARE: frozenset[Unit] = frozenset(
    {"money", "money_per_m2", "m2", "count", "years", "months", "days", "ratio", "index", "km", "m", "rate", "score",
     "year"}
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


@dataclass(frozen=True, slots=True)
class _Figure:
    start: int
    end: int
    shown: str
    value: float
    tolerance: float
    unit: str | None
    currencies: frozenset[str] | None


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
        if match.group() != "\n" and (_ABBREVIATION.search(piece) or _LIST_NUMBER.fullmatch(piece)):
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
        self.told: list[tuple[_Figure, Fact]] = []
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
                    self.told += [(figure, fact) for figure in _figures(fact.value, locale)]
            if fact.entity:
                self.names.add(fold(fact.entity))
                if fact.source.kind == "listing" and " " in fact.entity and _DIGIT.search(fact.entity):
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

    def tells(self, figure: _Figure) -> Fact | None:
        """The document whose passage gives this figure, with the same unit and currency."""
        for told, fact in self.told:
            if told.unit == figure.unit and told.currencies == figure.currencies and _close(figure, told.value):
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
    figures = _figures(sentence, locale)
    for match in _WORDED.finditer(sentence):
        if not any(a <= match.start() < b for a, b in (*exempt, *titles)) and fold(match.group()) not in spoken:
            return bindings, Offender(start + match.start(), start + match.end(), match.group(), sentence.strip())
    for match in _OUT_OF_TEN.finditer(sentence):
        share = int(match.group(1)) / int(match.group(2)) * 100
        if any(abs(value - share) < 0.5 and fact.level is not None for value, fact in book.numbers):
            exempt.append(match.span())
    in_formula = any(sign in sentence for sign in "×÷")
    for figure in figures:
        if any(a <= figure.start < b for a, b in exempt):
            continue
        fact = _bind(figure, sentence, book) or book.tells(figure)
        if fact is not None:
            bindings.append(Binding(start + figure.start, start + figure.end, figure.shown, fact.id))
        elif any(a <= figure.start < b for a, b in titles):
            continue
        elif in_formula and any(_close(figure, value) or _close(figure, -value) for value in book.formula_numbers):
            continue
        elif _inside_name(figure, sentence, book):
            continue
        else:
            return bindings, Offender(start + figure.start, start + figure.end, figure.shown, sentence.strip())
    return bindings, None


def _exempt_spans(sentence: str, spoken: str, book: _Book) -> list[tuple[int, int]]:
    spans = [match.span() for match in _EXEMPT.finditer(sentence)]
    spans += [match.span() for match in _LIST_NUMBER.finditer(sentence)]
    spans += [
        match.span() for match in _QUOTED.finditer(sentence)
        if (quote := fold(match.group(1))) in spoken or book.quotes(quote)
    ]
    return spans


def _figures(sentence: str, locale: Locale) -> list[_Figure]:
    figures = []
    for match in _NUMBER.finditer(sentence):
        before = sentence[match.start() - 1 : match.start()] if match.start() else ""
        digits_at = match.start("digits")
        if (before.isalpha() or before == "_") and digits_at == match.start():
            continue  # part of a word: B2B, m2 already taken, h3
        value, decimals, zeros = _read(match["digits"], locale)
        scale = _SCALES[match["scale"].strip(f" {_NBSP}").lower()] if match["scale"] else 1.0
        prefix = (match["prefix"] or "").strip(f" {_NBSP}").lower()
        unit = (match["unit"] or "").strip(f" {_NBSP}").lower()
        if (match["scale"] or "").strip().lower() == "mdp":
            unit = unit or "mdp"
        step = 10.0**zeros if zeros and decimals == 0 else 10.0**-decimals
        sign = -1.0 if match["sign"] in ("-", "−") else 1.0
        figures.append(
            _Figure(
                start=match.start(), end=match.end(), shown=match.group().strip(), value=sign * value * scale,
                tolerance=step * scale * 0.5000001, unit=_unit(prefix, unit), currencies=_currency(prefix, unit),
            )
        )
    return figures


def _read(digits: str, locale: Locale) -> tuple[float, int, int]:
    """Value, digits after the decimal sign, and trailing zeros that may be rounding (three leading digits are kept).

    The locale's reading wins where it is well formed; else the other convention's.
    """
    for group, decimal in ((locale.group, locale.decimal), (locale.decimal, locale.group)):
        g, d = re.escape(group), re.escape(decimal)
        if re.fullmatch(rf"(?:\d{{1,3}}(?:[{g}'’]\d{{3}})+|\d+)(?:{d}\d+)?", digits):
            plain = re.sub(rf"[{g}'’]", "", digits).replace(decimal, ".")
            decimals = len(plain.partition(".")[2])
            whole = plain.partition(".")[0].lstrip("0")
            zeros = len(whole) - len(whole.rstrip("0")) if not decimals else 0
            return float(plain), decimals, max(0, min(zeros, len(whole) - 3))
    return float(re.sub(r"\D", "", digits)), 0, 0


def _unit(prefix: str, unit: str) -> str | None:
    for pattern, kind in _UNITS:
        if unit and pattern.search(unit):
            return kind
    return "money" if prefix else None


def _currency(prefix: str, unit: str) -> frozenset[str] | None:
    """The currencies that the sign may stand for; None where the text names none."""
    for mark in (prefix.rstrip("$") or prefix, unit.removeprefix("de ").split("/")[0]):
        if mark in _CURRENCIES:
            return frozenset({_CURRENCIES[mark]})
        if mark == "$":
            return frozenset(_DOLLAR_SIGN)
        if mark.startswith("peso"):
            return frozenset(_PESOS)
        if mark == "us":
            return frozenset({"USD"})
    return None


def _close(figure: _Figure, value: float) -> bool:
    return abs(figure.value - value) <= figure.tolerance + 1e-9 * abs(value)


def _bind(figure: _Figure, sentence: str, book: _Book) -> Fact | None:
    """The nearest fact that agrees in value, unit, currency and entity."""
    units = _COMPATIBLE[figure.unit] if figure.unit else _BARE
    candidates = []
    for value, fact in book.numbers:
        matches_level = fact.level is not None and value == fact.level * 100 and figure.unit == "percent"
        if fact.unit not in units and not matches_level:
            continue
        # a fall may be told without its sign: "bajó 3 %"
        if not (_close(figure, value) or (value < 0 <= figure.value and _close(figure, -value))):
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


def _entities_of_clause(figure: _Figure, sentence: str, book: _Book) -> list[str]:
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


def _inside_name(figure: _Figure, sentence: str, book: _Book) -> bool:
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
