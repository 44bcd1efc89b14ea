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
from graphs.equations import Equation, adds_up, equations, expressions
from graphs.exempt import exempt_spans, made_up
from graphs.figures import MARK, WORDED, Figure, close, read_figures
from graphs.naming import Sentence, topic_of
from graphs.propriety import addresses, offence
from graphs.sentences import quotations, sentences
from graphs.timing import Timing
from graphs.worded import Worded, worded_figures
from knowledge.understanding.text import fold

_CITED = re.compile(rf"\s*((?:{MARK.pattern})+)")


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
    return judge(text, Known(facts, locale, user_words, hosts, found), before)


def judge(text: str, known: Known, before: str = "") -> Verdict:
    """`accept` against what is arranged already."""
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
