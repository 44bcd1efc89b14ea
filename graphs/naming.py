"""Whom a figure is about: the entity that its clause, its cell or its line names.

A figure belongs to the entities named in its own clause; where that names none, to those of the nearest clause before it in
the sentence (an advert's title goes before its figures); in a table, to those in the head of its column or at the
beginning of its row; in a sentence that names nobody, to those of the last sentence that did.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from core.facts import Fact
from knowledge.understanding.text import fold

_CLAUSE = re.compile(
    r"[,;:()]\s|\s[-–—]\s|\|| (?:frente a|contra|against|versus|vs\.?|mientras|whereas|while|compared with|y|and) ",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r" (?:frente a|contra|against|versus|vs\.?|mientras|whereas|while|compared with) $", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:la|el|los|las|les|l|the) ")
_ADVERTS = re.compile(r"comparab|anunci|advert|listing|inmueble|propert|ejempl|exampl|opci[oó]n|option", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s")


class _Bases(dict[int, str]):
    """Each character as a small letter without its accent, one for one, so that places stay what they are."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(code))[0].lower()[:1]
        self[code] = base if base.isascii() and base.isalnum() else " "
        return self[code]


_BASES = _Bases()
#: A piece of a price in a title ("Apartment in Zavaleta, MXN 1,730,000") names nobody.
_AMOUNT = re.compile(r"(?:cop|eur|mxn|usd)? *\d[\d ]*")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence and the entities that it may stand for."""

    start: int
    end: int
    entities: frozenset[str]


class Names:
    """The entities of the facts, and where a text names them. `owners` are those that figures other than the investor's
    own belong to; with `labels`, what only figures of theirs are about (`admin`, `IBI`)."""

    def __init__(self, facts: Sequence[Fact], *, labels: bool = False) -> None:
        own = frozenset(f.entity for f in facts if f.entity and f.source.kind == "user")
        others = frozenset(f.entity for f in facts if f.entity and f.source.kind != "user")
        self.owners = own - others if labels else others
        self.adverts = frozenset(f.entity for f in facts if f.entity and f.source.kind == "listing")
        self._names = _index(self.owners)

    def mentions(self, text: str) -> list[Mention]:
        """Names from left to right, the longest at each place."""
        if self._names is None:
            return []
        pattern, entities = self._names
        plain = text.translate(_BASES)
        return [Mention(m.start(), m.end(), entities[" ".join(m.group().split())]) for m in pattern.finditer(plain)]


@lru_cache(maxsize=256)
def _index(owners: frozenset[str]) -> tuple[re.Pattern[str], dict[str, frozenset[str]]] | None:
    """A pattern of all names, whole and in parts (`la Vila de Gràcia, Barcelona`), and whom each may stand for. A whole
    name stands for its entity alone, whoever else has it as a part."""
    wholes: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for owner in owners:
        pieces = [fold(piece) for piece in owner.split(",")]
        for name in {fold(owner), _ARTICLE.sub("", fold(owner))}:
            wholes.setdefault(name, set()).add(owner)
        for piece in pieces:
            name = _ARTICLE.sub("", piece)
            if len(name) > 2 and not _AMOUNT.fullmatch(name):
                parts.setdefault(name, set()).add(owner)
    names = {name: frozenset(meant) for name, meant in (parts | wholes).items() if name}
    if not names:
        return None
    ordered = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(n.replace(' ', ' +') for n in ordered)})(?![a-z0-9])"), names


class Sentence:
    """One sentence, or one table, read for whom its figures are about. `topic` is whom the text spoke of before it."""

    def __init__(self, text: str, names: Names, topic: frozenset[str] | None) -> None:
        self.text, self.names = text, names
        self.mentions = names.mentions(text)
        self.topic = topic
        self.is_item = _ITEM.match(text) is not None
        self._table = _cells(text) if text.lstrip().startswith("|") else None
        self._clauses = [] if self._table is not None else self._cut()

    def _cut(self) -> list[tuple[int, int]]:
        """Clauses; a name is not cut."""
        spans, start = [], 0
        for match in _CLAUSE.finditer(self.text):
            if not any(m.start < match.start() and match.end() <= m.end for m in self.mentions):
                spans.append((start, match.end()))
                start = match.end()
        return [*spans, (start, len(self.text))]

    @cached_property
    def _of_clauses(self) -> list[tuple[frozenset[str], int, bool]]:
        """Of each clause whom it names, where it begins, and whether what stands before it sets it against something."""
        return [
            (self._named(begin, end), begin, _CONTRAST.search(self.text[max(0, begin - 20) : begin]) is not None)
            for begin, end in self._clauses
        ]

    def about(self, start: int, end: int) -> frozenset[str] | None:
        """Whose the figure at this place may be; None where nothing tells."""
        if self._table is not None:
            return self._about_cell(start)
        own = next(i for i, (a, b) in enumerate(self._clauses) if start < b)
        contrast = False
        for found, begin, contrasted in self._of_clauses[own::-1]:
            if found:  # `Bogotá yields more: 7.08 % against 6.19 %`: the last is somebody else's
                return self.names.owners - found or None if contrast else found | self._within(found, begin)
            contrast = contrast or contrasted
        if self.is_item and self.mentions:  # `- **Flat with a new name, Huelin**: …`
            return self.mentions[0].entities
        if self.mentions or self.is_item or self.topic is None:
            return None
        return self.topic | self.names.adverts if _ADVERTS.search(self.text) else self.topic

    def near(self, start: int, end: int) -> str:
        """The words that say what the figure at this place is: its clause, or its row and column's heads."""
        if self._table is not None:
            return " ".join(self.text[a:b] for a, b in self._heads(start))
        return next((self.text[a:b] for a, b in self._clauses if start < b), self.text)

    @property
    def is_table(self) -> bool:
        return self._table is not None

    def heads(self, at: int) -> list[tuple[int, int]]:
        """In a table the cell at this place, its column's head and its row's; else nothing."""
        return self._heads(at) if self._table is not None else []

    def clauses_before(self, at: int) -> list[tuple[int, int]]:
        """The clause at this place and those before it, the nearest first; nothing in a table."""
        return [span for span in reversed(self._clauses) if span[0] <= at]

    def _named(self, start: int, end: int) -> frozenset[str]:
        return frozenset().union(*(m.entities for m in self.mentions if m.start < end and m.end > start))

    def _within(self, found: frozenset[str], before: int) -> frozenset[str]:
        """`In Russafa, which is in Valencia, …`: whoever was named before and lies in a place named here."""
        earlier = self._named(0, before) if before else frozenset()
        return frozenset(e for e in earlier if any(e.endswith(f", {place}") for place in found))

    def _heads(self, at: int) -> list[tuple[int, int]]:
        assert self._table is not None
        for row in self._table:
            for column, (start, end) in enumerate(row):
                if start <= at < end:
                    head = self._table[0][column : column + 1]
                    return [(start, end), *head, row[0]]
        return []

    def _about_cell(self, at: int) -> frozenset[str] | None:
        own, *heads = self._heads(at) or [(at, at)]
        found = self._named(*own) or frozenset().union(*(self._named(*head) for head in heads))
        return found or None


def _cells(table: str) -> list[list[tuple[int, int]]]:
    """Spans of the cells of each row."""
    rows, at = [], 0
    for line in table.split("\n"):
        marks = [at + i for i, char in enumerate(line) if char == "|"]
        if len(marks) > 1:
            rows.append([(a + 1, b) for a, b in pairwise(marks)])
        at += len(line) + 1
    return rows or [[(0, len(table))]]


def topic_of(mentions: Sequence[Mention], before: frozenset[str] | None) -> frozenset[str] | None:
    """Whom a text speaks of after a sentence."""
    return frozenset().union(*(m.entities for m in mentions)) if mentions else before
