"""Grounding: a number is shown only if it binds to a fact. One pure function, `accept`, decides.

A text is read sentence by sentence (a whole table is one). Each figure in a sentence must agree with a fact in value at the
digits shown, in unit, in currency, in entity where its clause names one, and in the period and frequency that its words
name. The first figure that does not bind ends what may be shown: it fails closed. Not figures: dates and years of the
calendar, ordinals, list numbers, article and law numbers, phone numbers, case codes, names and adverts' titles that contain
digits, the investor's own words in quotes, and the sentence that refuses a figure of theirs. A passage of a retrieved
document may be quoted as it stands, and its figures repeated; a mark `[1]` must be that of a citation of this turn, and a
quotation before it must stand in that passage. The constants of a recorded formula (`12 × 2.300.000 ÷ 450.000.000`) are
covered by the formula; with its result written out, the result must be the formula's. A sentence that
`graphs/propriety.py` objects to (a strange link, an image, a prompt recited) ends what may be shown as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.facts import Fact
from core.locale import Locale
from graphs.binding import Book
from graphs.drafts import LONGEST, Drafting, names_of
from graphs.equations import Equation, adds_up, equations, expressions
from graphs.exempt import exempt_spans, made_up
from graphs.figures import LIST_NUMBER, MARK, WORDED, Figure, close, read_figures
from graphs.naming import Sentence, topic_of
from graphs.propriety import addresses, offence
from graphs.timing import Timing
from graphs.worded import Worded, worded_figures
from knowledge.understanding.text import fold

_SENTENCE_END = re.compile(r"(?:[.!?…][)\"'»”*_]*(?=\s|$)|\n)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:aprox|av|avda|art|núm|no|sr|sra|st|dr|p\.\s?ej|ee|uu|e\.g|i\.e|vs|etc|máx|mín|hab|approx|min|max)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_QUOTE_LENGTH = 1200
_OPENING = "«\"“"
_QUOTE_START, _QUOTE_STOP = re.compile(rf"[{_OPENING}]"), re.compile(r"[»\"”\n]")
_CITED = re.compile(rf"\s*((?:{MARK.pattern})+)")
#: Characters before the end of a sentence that an abbreviation or a list number stands in.
_ABBREVIATED, _NUMBERED = 16, 80
#: Characters of a model's text that may wait for the end of their sentence, table or quotation; and those that are looked
#: at anew with each piece. Beyond them a look is worth it when the text has grown by so large a part.
LONGEST_PENDING, _LOOKED_AT, _GROWN = 4000, 256, 16

@dataclass(frozen=True, slots=True)
class Binding:
    """A figure of the text (`text[start:end]`) and the fact it shows."""

    start: int
    end: int
    shown: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class Offender:
    """The first figure that binds to nothing (or piece that is not proper), with the sentence it stands in. `kind` tells
    which: `figure`, `improper`, or an objection of `graphs/drafts.py`."""

    start: int
    end: int
    shown: str
    sentence: str
    kind: str = "figure"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shown` is the longest run of whole sentences from the beginning in which every figure binds."""

    shown: str
    offender: Offender | None
    bindings: tuple[Binding, ...]


def accept(
    text: str, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = (), *, before: str = "",
    hosts: frozenset[str] = frozenset(), found: Callable[[], str] | None = None,
) -> Verdict:
    """Check a whole text. `user_words` are the investor's messages: quoting them needs no fact. `before` is what is shown
    already: the text may go on about whom it spoke of. `hosts` are those that links may go to besides the turn's sources.
    With what was `found` the text is a language model's, whose figures in words have to bind as well or to stand there.
    """
    return _accept(text, Known(facts, locale, user_words, hosts, found), before)


def _accept(text: str, known: Known, before: str = "") -> Verdict:
    bindings: list[Binding] = []
    for start, _, found, offender in _checked(text, known, before):
        if offender is not None:
            return Verdict(text[:start].rstrip() if start else "", offender, tuple(bindings))
        bindings += found
    return Verdict(text, None, tuple(bindings))


def bound(
    text: str, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = (), *, hosts: frozenset[str] = frozenset()
) -> tuple[str, list[Offender]]:
    """The text without the sentences that do not bind, and what they stumbled over."""
    kept, dropped = "", []
    for start, end, _, offender in _checked(text, Known(facts, locale, user_words, hosts)):
        if offender is None:
            kept += text[start:end]
        else:
            dropped.append(offender)
    return kept.strip(), dropped


def unsaid(
    text: str, shown: str, said: Iterable[str], facts: Sequence[Fact], locale: Locale, user_words: Iterable[str] = (), *,
    hosts: frozenset[str] = frozenset(),
) -> str:
    """What another brain's `text` adds after `shown`: without the sentences that stand there already, or give no figure that
    was not given (`said` are the ids of the facts bound so far).
    """
    earlier = {fold(shown[start:end]) for start, end in sentences(shown)}
    given, kept, begun = set(said), "", False
    for start, end, found, offender in _checked(text, Known(facts, locale, user_words, hosts)):
        piece, words = text[start:end], fold(text[start:end])
        repeated = words in earlier or (bool(found) and {binding.fact_id for binding in found} <= given)
        if offender is None and words and repeated:
            continue
        begun = begun or offender is not None or bool(words)
        if begun:
            kept += piece
    return re.sub(r"\n{3,}", "\n\n", kept).strip()


class Known:
    """What sentences are checked against: facts arranged for look-up, whose words may be quoted, where links may go."""

    def __init__(
        self, facts: Sequence[Fact], locale: Locale, user_words: Iterable[str], hosts: frozenset[str] = frozenset(),
        found: Callable[[], str] | None = None,
    ) -> None:
        self.book, self.locale = Book(facts, locale, user_words), locale
        self.cited, self.hosts, self.found = addresses(facts), hosts, found


def _checked(
    text: str, known: Known, before: str = ""
) -> Iterator[tuple[int, int, list[Binding], Offender | None]]:
    """Each sentence's span with its bindings, or with what is wrong in it."""
    book = known.book
    topic = _topic(before, book)
    for start, end in sentences(text):
        found, offender, topic = _check(text, start, end, known, topic)
        if offender is None and (piece := offence(text[start:end], known.cited, known.hosts)) is not None:
            offender = Offender(start, end, piece, text[start:end].strip(), "improper")
        yield start, end, found, offender


def _topic(before: str, book: Book) -> frozenset[str] | None:
    """Whom the last sentence that names anybody speaks of."""
    for start, end in reversed(sentences(before)):
        if mentions := book.names.mentions(before[start:end]):
            return topic_of(mentions, None)
    return None


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of sentences and lines, together covering the text. An abbreviation or a decimal point ends none; a
    quotation or a table is not cut."""
    quotes, quote = quotations(text), 0
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        at, end = match.span()
        while quote < len(quotes) and quotes[quote][1] <= at + 1:
            quote += 1
        if quote < len(quotes) and quotes[quote][0] < at:
            continue
        if match.group() == "\n":
            if text.startswith("|", start) and text[end : end + 1] in ("|", ""):
                continue  # a table is shown whole or not at all
        elif _ABBREVIATION.search(text[max(start, end - _ABBREVIATED) : end]) or (
            end - start <= _NUMBERED and LIST_NUMBER.fullmatch(text[start:end])
        ):
            continue
        spans.append((start, end))
        start = end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def quotations(text: str) -> list[tuple[int, int]]:
    """Spans of what stands between quotation marks on one line, the marks included."""
    spans: list[tuple[int, int]] = []
    stop, free = -1, 0
    for opening in _QUOTE_START.finditer(text):
        at = opening.start()
        if at < free:
            continue
        if stop <= at:
            found = _QUOTE_STOP.search(text, at + 1)
            if found is None:
                break
            stop = found.start()
        if text[stop] != "\n" and 2 <= stop - at - 1 <= _QUOTE_LENGTH:
            spans.append((at, stop + 1))
            free = stop + 1
    return spans


def _without_quotations(text: str) -> str:
    """Blanks in the place of every quotation."""
    parts, at = [], 0
    for start, end in quotations(text):
        parts += [text[at:start], " " * (end - start)]
        at = end
    return "".join((*parts, text[at:]))


class Stream:
    """`accept` for text that arrives in pieces: `feed` returns what may be shown now, whole sentences only.

    After an offender nothing more is let through; `shown` is exactly what was let through so far, `fed` what came in of the
    text at hand. White space is let through with what follows it.
    """

    def __init__(
        self, locale: Locale, user_words: Iterable[str] = (), hosts: frozenset[str] = frozenset()
    ) -> None:
        self.locale = locale
        self.user_words = tuple(user_words)
        self.hosts = hosts
        self._known: tuple[tuple[Locale, int, tuple[str, ...]], Known] | None = None
        self._pending = ""
        #: Characters of it that were looked at in vain.
        self._waiting = 0
        self.fed = ""
        self.shown = ""
        self.offender: Offender | None = None
        self.bindings: list[Binding] = []
        #: Looks at what a language model writes; None while the built-in one does.
        self.drafting: Drafting | None = None

    def feed(self, piece: str, facts: Sequence[Fact]) -> str:
        if self.offender is not None:
            return ""
        self.fed += piece
        self._pending += piece
        if self.drafting is not None and len(self.fed) > LONGEST:
            return self._rambling()
        waited, limit = self._waiting, LONGEST_PENDING if self.drafting is not None else len(self._pending)
        if waited > _LOOKED_AT and len(self._pending) < min(waited + waited // _GROWN, limit):
            return ""
        out = self._release(_complete(self._pending), facts)
        self._waiting = len(self._pending)
        return out + self._rambling() if self._waiting > limit and self.offender is None else out

    def _rambling(self) -> str:
        """A text, or a sentence of it, that is too long to be one is looked at no further."""
        start = self._pending[:200].strip()
        self.offender = Offender(0, len(start), start, start, "rambling")
        return ""

    def finish(self, facts: Sequence[Fact]) -> str:
        """The rest, without waiting for an end of sentence; nothing of it where the whole turns out to be no answer."""
        rest, before = self._pending.strip(), self.shown
        out = self._release(len(self._pending), facts)
        if self.drafting is None or self.offender is not None or not self.fed.strip():
            return out
        if (why := self.drafting.ending(len(self.bindings))) is None:
            return out
        self.offender, self.shown = Offender(0, len(rest), rest[:200], rest, why), before
        return ""

    def restart(self) -> None:
        """Take another text after what was shown; what was held back of the old one is dropped."""
        self._pending = self.fed = ""
        self._waiting = 0
        self.offender = None

    def _release(self, ready: int, facts: Sequence[Fact]) -> str:
        head = self._pending[:ready].rstrip()
        if not self.shown:
            head = head.lstrip()
        if self.offender is not None or not head:
            return ""
        self._pending = self._pending[self._pending.index(head) + len(head) :]
        known = self._against(facts)
        verdict = _accept(head, known, self.shown)
        if (objected := self._objected(head, verdict, facts)) is not None:
            verdict = _accept(head[: objected.start].rstrip(), known, self.shown)
            verdict = Verdict(verdict.shown, verdict.offender or objected, verdict.bindings)
        offset = len(self.shown)
        self.bindings += [
            Binding(b.start + offset, b.end + offset, b.shown, b.fact_id) for b in verdict.bindings
        ]
        self.offender = verdict.offender
        self.shown += verdict.shown
        return verdict.shown

    def _objected(self, head: str, verdict: Verdict, facts: Sequence[Fact]) -> Offender | None:
        """The first sentence that is no answer though its figures bind."""
        if self.drafting is None:
            return None
        bound, names = len(self.bindings) + len(verdict.bindings), names_of(facts)
        for start, end in sentences(head):
            piece = head[start:end]
            if (why := self.drafting.objection([piece], bound=bound, names=names)) is not None:
                return Offender(start, end, piece.strip()[:200], piece.strip(), why)
        return None

    def _against(self, facts: Sequence[Fact]) -> Known:
        """The same for sentence after sentence, until there are other facts."""
        which = (self.locale, id(self.drafting), tuple(fact.id for fact in facts))
        if self._known is None or self._known[0] != which:
            found = self.drafting.found if self.drafting is not None else None
            self._known = which, Known(facts, self.locale, self.user_words, self.hosts, found)
        return self._known[1]


def _complete(text: str) -> int:
    """Where the last sentence that is surely whole ends: something follows it, and no quotation is still open in it."""
    spans = sentences(text)
    if text.endswith("\n") and not text[spans[-1][0] :].startswith("|"):
        return len(text)
    ready = spans[-1][0] if spans else 0
    line = text.rfind("\n") + 1
    opened = _QUOTE_START.search(_without_quotations(text[line:]))
    if opened is not None and len(text) - line - opened.start() < _QUOTE_LENGTH:
        ready = min(ready, max(start for start, _ in spans if start <= line + opened.start()))
    return ready


def _check(
    text: str, start: int, end: int, known: Known, topic: frozenset[str] | None
) -> tuple[list[Binding], Offender | None, frozenset[str] | None]:
    """What binds in a sentence, what does not, and whom the text speaks of after it."""
    words, book, locale = text[start:end], known.book, known.locale
    titles = book.titles_in(words)
    if (wrong := _miscited(words, book) or _invented(words, book, titles)) is not None:
        a, b = wrong
        return [], Offender(start + a, start + b, words[a:b], words.strip()), topic
    figures = read_figures(words, locale)
    in_words = list(worded_figures(words)) if known.found is not None else []
    if not figures and not in_words and not WORDED.search(words):
        return [], None, topic_of(book.names.mentions(words), topic)
    sentence = Sentence(words, book.names, topic)
    after = topic_of(sentence.mentions, topic)
    quotes = [((a, b), book.quotes(words[a + 1 : b - 1])) for a, b in quotations(words)]
    exempt = exempt_spans(words, book.sources, [level for level, _ in book.levels])
    exempt += [span for span, stands in quotes if stands]
    misquoted = [span for span, stands in quotes if not stands]
    spared = [*exempt, *((a, b) for a, b, _ in titles)]
    for match in WORDED.finditer(words):
        if not any(a <= match.start() < b for a, b in spared) and not book.said(match.group()):
            return [], Offender(start + match.start(), start + match.end(), match.group(), words.strip()), after
    shown = [figure for figure in figures if not any(a <= figure.start < b for a, b in exempt)]
    runs = expressions(words, shown)
    operands = {figure.start: run for run in runs for figure in run}
    results = {equation.result.start: equation for equation in equations(words, shown, runs)}
    timing = Timing(sentence, shown)
    own = _of_one(shown, sentence, book, timing) if sentence.is_item else None
    bindings: list[Binding] = []
    for told_so in in_words:
        if any(a <= told_so.start < b for a, b in spared):
            continue
        about = own if own is not None else sentence.about(told_so.start, told_so.end)
        if not (fact_ids := _in_words(told_so, sentence, known, about, timing)):
            return bindings, Offender(start + told_so.start, start + told_so.end, told_so.shown, words.strip()), after
        bindings += [Binding(start + told_so.start, start + told_so.end, told_so.shown, fact) for fact in fact_ids if fact]
    for figure in shown:
        about = own if own is not None else sentence.about(figure.start, figure.end)
        run = operands.get(figure.start)
        if run is not None:
            fact = _operand(figure, run, sentence, book, about, timing)
        else:  # what a document says may be told, but not in quotation marks where it says it otherwise
            told = not any(a <= figure.start < b for a, b in misquoted)
            fact = book.bind(figure, sentence, about, timing, told=told)
            if (equation := results.get(figure.start)) is not None:
                fact = _result(fact, equation, book, about)
        title = next((f for a, b, f in titles if a <= figure.start and figure.start + len(figure.shown) <= b), None)
        if fact is None and title is not None and isinstance(title.value, str):
            fact = title
        if fact is not None:
            bindings.append(Binding(start + figure.start, start + figure.end, figure.shown, fact.id))
        elif title is None and not book.inside_name(figure, words):
            return bindings, Offender(start + figure.start, start + figure.end, figure.shown, words.strip()), after
    return bindings, None, after


def _invented(words: str, book: Book, titles: Sequence[tuple[int, int, Fact]]) -> tuple[int, int] | None:
    """Where a date, a law or a way to reach somebody stands that no source names; titles and quotations are others' words."""
    if made_up(words, book.sources) is None:
        return None
    blank = words
    spared = [(a, b) for a, b in quotations(words) if book.quotes(words[a + 1 : b - 1])]
    for a, b in (*spared, *((a, b) for a, b, _ in titles)):
        blank = blank[:a] + " " * (b - a) + blank[b:]
    return made_up(blank, book.sources)


def _in_words(
    told: Worded, sentence: Sentence, known: Known, about: frozenset[str] | None, timing: Timing
) -> tuple[str, ...]:
    """The fact of a figure that is told in words; an empty name where it is somebody's words or a level. Nothing: neither."""
    book = known.book
    if book.sources.says(told.shown) or (known.found is not None and f" {fold(told.shown)} " in f" {fold(known.found())} "):
        return ("",)
    if told.share is not None:
        return ("",) if book.as_often(told.share, sentence.text) else ()
    found = (book.bind(figure, sentence, about, timing) for figure in told.readings)
    return next(((fact.id,) for fact in found if fact is not None), ())


def _operand(
    figure: Figure, run: Sequence[Figure], sentence: Sentence, book: Book, about: frozenset[str] | None, timing: Timing
) -> Fact | None:
    """The fact of an operand of a formula written out: all operands are of one formula, or each is a figure of its own
    with its unit."""
    fact = book.bind(figure, sentence, about, timing)
    formulas = book.formulas_of(run, about)
    if formulas and not book.contradicts(figure):
        return fact or formulas[0]
    return fact if figure.unit is not None else None


def _result(fact: Fact | None, equation: Equation, book: Book, about: frozenset[str] | None) -> Fact | None:
    """The fact of a formula's result: that of the formula with these operands where there is one; and it must add up."""
    if fact is None or not adds_up(equation):
        return None
    formulas = book.formulas_of(equation.operands, about)
    fitting = [f for f in formulas if not isinstance(f.value, str) and close(equation.result, f.value)]
    return fitting[0] if fitting else None if formulas else fact


def _miscited(words: str, book: Book) -> tuple[int, int] | None:
    """Where a mark leads nowhere, or a quotation does not stand in the passage that the mark behind it leads to."""
    if "[" not in words:
        return None
    titles = [(a, b) for a, b, _ in book.titles_in(words)]
    quoted = quotations(words)
    spared = [*titles, *((a, b) for a, b in quoted if book.quotes(words[a + 1 : b - 1]))]
    for mark in MARK.finditer(words):
        inside = any(a <= mark.start() < b for a, b in spared)
        if not inside and not {int(n) for n in re.findall(r"\d+", mark.group())} <= book.marks:
            return mark.span()
    for a, b in quoted:
        if (cited := _CITED.match(words, b)) is not None:
            marks = [int(n) for n in re.findall(r"\d+", cited.group())]
            if not any(book.cites(words[a + 1 : b - 1], n) for n in marks):
                return a, b
    return None


def _of_one(shown: Sequence[Figure], sentence: Sentence, book: Book, timing: Timing) -> frozenset[str] | None:
    """An item of a list that does not name several speaks of one entity: those that all of its figures may be about."""
    places = [sentence.about(figure.start, figure.end) for figure in shown]
    if len(set(places)) > 1:
        return None
    possible: frozenset[str] | None = places[0] if places else None
    for figure in shown:
        found = {fact.entity for _, fact in book.candidates(figure, sentence, possible, timing)}
        if found and found <= book.names.owners:
            possible = frozenset(found) if possible is None else possible & found
    return possible
