"""Groundedness, tested by mutation: how many wrong figures grounding lets through, and how many right ones it refuses.

A share of "grounded" answers says nothing about a checker that accepts everything. So each answer that grounds is altered,
one figure at a time (`evals/mutants.py`), and must be refused. A mutant that is true by another fact of the same entity,
unit and currency is equivalent: nothing in the text distinguishes it, so it is counted apart. False alarms are unaltered
answers, and harmless rewrites of them, that are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from core.facts import Fact
from core.locale import Locale
from core.measures import frequency_of, frequency_words
from core.resampling import Interval, ratio_interval
from evals.mutants import KINDS, REWRITES, Mutant, Shown, dollar, is_operand, of_entities, of_figure, rewrites
from evals.scorers.figures import locale_of
from graphs.figures import EXEMPT, Figure, close, read_figures
from graphs.grounding import accept
from graphs.sentences import sentences
from knowledge.understanding.text import fold

_FALL = re.compile(
    r"\b(?:baj|cay|ca[ií]|descen|redu|p[eé]rd|perd|disminu|menos|negativ|f[ae]ll|drop|declin|loss|lost|lose|lower|decreas|below|"
    r"por debajo|minus|down)\w*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One text that was put to grounding. `kind` is of `KINDS`, of `REWRITES` or "unaltered"; `passage` shows what it was."""

    conversation: str
    kind: str
    refused: bool
    equivalent: bool
    passage: str


@dataclass(frozen=True, slots=True)
class Row:
    """A kind: texts tried, those that are equivalent (not in the share), and the share refused."""

    kind: str
    tried: int
    equivalent: int
    refused: Interval | None


@dataclass(frozen=True, slots=True)
class Report:
    """`caught`: by kind and over all of them; `alarms`: by kind of harmless text and over all of them."""

    answers: int
    figures: int
    caught: tuple[Row, ...]
    alarms: tuple[Row, ...]
    survivors: tuple[Trial, ...]
    false_alarms: tuple[Trial, ...]


def trials(lines: Sequence[Mapping[str, Any]], *, seed: int = 0) -> Iterator[Trial]:
    """Every answer as it is, then altered in every way, each put to grounding as a turn would."""
    for line in lines:
        said: list[str] = []
        for turn in line["turns"]:
            said.append(turn["text"])
            if turn["answer"]:
                answer = _Answer(turn, tuple(said))
                yield from answer.trials(str(line["id"]), Random(f"{seed}:{line['id']}:{len(said)}"))


def examine(lines: Sequence[Mapping[str, Any]], *, seed: int = 0) -> Report:
    found = list(trials(lines, seed=seed))
    unaltered = [trial for trial in found if trial.kind == "unaltered"]
    mutants = [trial for trial in found if trial.kind in KINDS]
    harmless = [trial for trial in found if trial.kind not in KINDS]
    caught = [_row(kind, [t for t in mutants if t.kind == kind]) for kind in KINDS]
    alarms = [_row(kind, [t for t in harmless if t.kind == kind]) for kind in ("unaltered", *REWRITES)]
    return Report(
        answers=len(unaltered), figures=sum(len(_Answer(turn, ()).shown) for line in lines for turn in line["turns"]),
        caught=(*caught, _row("all", mutants)), alarms=(*alarms, _row("all", harmless)),
        survivors=tuple(t for t in mutants if not t.refused and not t.equivalent),
        false_alarms=tuple(t for t in harmless if t.refused),
    )


def _row(kind: str, members: Sequence[Trial]) -> Row:
    counted = [trial for trial in members if not trial.equivalent]
    refused = ratio_interval(
        [float(t.refused) for t in counted], [1.0] * len(counted), [t.conversation for t in counted], share=True
    ) if counted else None
    return Row(kind, len(members), len(members) - len(counted), refused)


class _Answer:
    """One answer with what grounding is given for it."""

    def __init__(self, turn: Mapping[str, Any], said: tuple[str, ...]) -> None:
        self.text: str = turn["answer"]
        self.facts = [Fact.from_dict(body) for body in turn["facts"]]
        self.locale: Locale = locale_of(dict(turn))
        self.said = said
        self.by_id = {fact.id: fact for fact in self.facts}
        verdict = accept(self.text, self.facts, self.locale, said)
        self.grounds = verdict.offender is None
        self.shown = self._shown({b.start: self.by_id[b.fact_id] for b in verdict.bindings}) if self.grounds else []

    def _shown(self, bound: Mapping[int, Fact]) -> list[Shown]:
        """The figures that bind, and the operands of formulas and figures of quoted passages, which may bind to none."""
        spared = [m.span() for m in EXEMPT.finditer(self.text)]
        found = []
        for figure in read_figures(self.text, self.locale):
            fact, operand = bound.get(figure.start), is_operand(self.text, figure)
            if fact is None and not any(a <= figure.start < b for a, b in spared):
                fact = self._formula(figure) if operand else self._quoted(figure)
            if fact is not None:
                found.append(Shown(figure, fact, operand))
        return found

    def _formula(self, figure: Figure) -> Fact | None:
        return next((f for f in self.facts if f.formula and any(
            close(figure, float(n)) for n in re.findall(r"\d+(?:\.\d+)?", f.formula))), None)

    def _quoted(self, figure: Figure) -> Fact | None:
        passage = self.text[max(0, figure.start - 15) : figure.end + 15]
        documents = (f for f in self.facts if f.source.kind == "document" and isinstance(f.value, str))
        return next((f for f in documents if passage in str(f.value)), None)

    def refuses(self, text: str) -> bool:
        return accept(text, self.facts, self.locale, self.said).offender is not None

    def trials(self, conversation: str, rng: Random) -> Iterator[Trial]:
        yield Trial(conversation, "unaltered", not self.grounds, False, self.text)
        if not self.grounds:
            return
        spans = sentences(self.text)
        mutants = [m for one in self.shown for m in of_figure(self.text, one, self.facts, self.locale, rng)]
        mutants += of_entities(self.text, spans, self.shown, self.facts, rng)
        seen = {self.text}
        for mutant in mutants:
            if mutant.text not in seen:
                seen.add(mutant.text)
                yield Trial(
                    conversation, mutant.kind, self.refuses(mutant.text), self.still_true(mutant),
                    _changed(self.text, mutant.text),
                )
        for kind, text in rewrites(self.text, self.shown, self.locale, rng):
            if text not in seen:
                seen.add(text)
                yield Trial(conversation, kind, self.refuses(text), False, _changed(self.text, text))

    def still_true(self, mutant: Mutant) -> bool:
        """By the fact it stood for, or another of the same entity, unit and currency (for a new name: of that entity)."""
        origin = mutant.origin
        if mutant.kind == "entity":
            assert mutant.entity is not None
            moved = [one for one in self.shown if one.fact.entity == origin.fact.entity and not one.operand]
            return all(self._true(one.figure, one.fact, mutant.entity) for one in moved)
        if mutant.figure is None:
            return False
        if mutant.often is not None:
            return self._counts_so(mutant)
        if origin.operand or origin.fact.unit == "text":
            return _same_kind(mutant.figure, origin.figure) and close(mutant.figure, origin.figure.value)
        start = self.text.rfind("\n", 0, origin.figure.start) + 1
        line = self.text[start:].split("\n")[0]
        told = mutant.figure
        if line.startswith("|") and told.unit == "money" and "m²" in line.split("|")[1]:
            told = replace(told, unit="money_per_m2")  # the row says "per m²"
        return self._true(told, origin.fact, origin.fact.entity, falls=_FALL.search(line) is not None)

    def _counts_so(self, mutant: Mutant) -> bool:
        """Whether a fact like it, or one that may be told either way, counts as often as the altered words say."""
        origin, told = mutant.origin.fact, frequency_words()[fold(mutant.often or "")]
        return any(
            fact.unit == origin.unit and fact.currency == origin.currency and isinstance(fact.value, (int, float))
            and close(mutant.origin.figure, fact.value) and frequency_of(fact.key) in (None, told) for fact in self.facts
        )

    def _true(self, figure: Figure, origin: Fact, entity: str, *, falls: bool = False) -> bool:
        for fact in self.facts:
            if fact.entity != entity or fact.unit != _unit_told(figure, origin):
                continue
            if figure.currencies is not None and fact.currency not in _narrowed(figure, self.locale):
                continue
            if figure.currencies is None and fact.currency != origin.currency:
                continue
            values = [v for v in (fact.value, fact.low, fact.high) if isinstance(v, (int, float))]
            if any(close(figure, v) or (falls and v < 0 and close(figure, -v)) for v in values):
                return True
        return False


def _same_kind(figure: Figure, other: Figure) -> bool:
    return figure.unit == other.unit and figure.currencies == other.currencies


def _unit_told(figure: Figure, origin: Fact) -> str:
    """The unit that the text gives; the fact's own where it gives none, or the same in another word."""
    if figure.unit is None or (figure.unit == "percent" and origin.unit == "rate"):
        return origin.unit
    return origin.unit if figure.unit in ("years", "months", "days", "ratio") and origin.unit == "count" else figure.unit


def _narrowed(figure: Figure, locale: Locale) -> frozenset[str]:
    """`$` and `pesos` as this reader takes them."""
    meant = figure.currencies or frozenset()
    if "USD" in meant and len(meant) > 1:
        return frozenset({dollar(locale)})
    return meant & {dollar(locale)} or meant if len(meant) > 1 else meant


def _changed(before: str, after: str) -> str:
    """The line that was altered, as it reads now."""
    rows = set(before.split("\n"))
    return next((row for row in after.split("\n") if row not in rows), after[:200])
