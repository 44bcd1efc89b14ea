"""The cue grammar: phrases over tagged tokens, read from `data/cues.csv`.

A small matcher instead of regular expressions: hundreds of expressions would take longer to compile than the whole
program may take to start, and people who are not programmers can extend these phrases. Each row counts once a message;
a row whose weight is written `0.8x4` holds weak evidence instead: each of its phrases counts, up to four.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from knowledge.understanding.lexicon import DATA
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import Token

#: How many words `...` may stand for.
GAP = 5
_LEX = re.compile(r"\(|\)\??|[|/]|\.\.\.|<\w+>|\^|\$|[^\s()|/]+")

_SINGLE = frozenset({"word", "prefix", "class"})
# A node is (op, argument): "word" str, "prefix" str, "class" str, "gap", "start", "end", "alt" list of sequences, "opt" node
Node = tuple[str, Any]
Sequence = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """One row: what it speaks for, how strongly, and what else it says (`measures=…`, `human=…`).

    `row` is the row's number, for weak evidence the phrase's own; `group` is then the row and `most` how many count.
    """

    row: int
    route: str
    weight: float
    says: tuple[tuple[str, str], ...]
    group: int = -1
    most: int = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found at tokens [start, end)."""

    cue: Cue
    start: int
    end: int


def _word_nodes(item: str) -> list[Node]:
    if item.endswith("?") and len(item) > 2:  # "zonas?": the last letter may be missing
        return [("alt", tuple(tuple(_word_nodes(form)) for form in (item[:-1], item[:-2])))]
    body = item
    prefix = body.endswith("*")
    parts = fold(body).split()
    nodes: list[Node] = [("word", p) for p in parts]
    if prefix and nodes:
        nodes[-1] = ("prefix", parts[-1])
    return nodes


def _sequence(lexemes: list[str], position: int, inside: bool) -> tuple[list[Sequence], int]:
    """Alternatives from `position` up to the closing parenthesis (or the end)."""
    alternatives: list[Sequence] = []
    current: list[Node] = []
    while position < len(lexemes):
        item = lexemes[position]
        position += 1
        if item == "(":
            inner, position = _sequence(lexemes, position, True)
            node: Node = ("alt", tuple(inner))
            current.append(("opt", (node,)) if lexemes[position - 1] == ")?" else node)
        elif item in (")", ")?"):
            break
        elif item in ("|", "/"):
            alternatives.append(tuple(current))
            current = []
        elif item == "...":
            current.append(("gap", None))
        elif item == "^":
            current.append(("start", None))
        elif item == "$":
            current.append(("end", None))
        elif item[0] == "<":
            current.append(("class", item[1:-1]))
        else:
            current.extend(_word_nodes(item))
    alternatives.append(tuple(current))
    return [a for a in alternatives if a], position


def parse(phrases: str) -> list[Sequence]:
    """The phrases of a row, separated by `|`."""
    return _sequence(_LEX.findall(phrases), 0, False)[0]


def _first(sequence: Sequence) -> Iterator[Node]:
    """What a match of the sequence can begin with."""
    for op, argument in sequence:
        if op == "start":
            continue
        if op == "alt":
            for alternative in argument:
                yield from _first(alternative)
            return
        if op == "opt":
            yield from _first(argument)
            continue
        yield (op, argument)
        return


def _ends(sequence: Sequence, index: int, tokens: list[Token], at: int, origin: int) -> Iterator[int]:
    """Ends of matches of `sequence[index:]` from `at`, in a match that began at `origin` (none runs into a new sentence)."""
    if index == len(sequence):
        yield at
        return
    op, argument = sequence[index]
    if op in _SINGLE:  # the common case, first
        if at < len(tokens) and not (at > origin and tokens[at].opens) and _fits(op, argument, tokens[at]):
            yield from _ends(sequence, index + 1, tokens, at + 1, origin)
        return
    for middle in _inner_ends(op, argument, tokens, at, origin):
        yield from _ends(sequence, index + 1, tokens, middle, origin)


def _inner_ends(op: str, argument: Any, tokens: list[Token], at: int, origin: int) -> Iterator[int]:
    """Where a node that is not a single word can end."""
    if op == "alt":
        for alternative in argument:
            yield from _ends(alternative, 0, tokens, at, origin)
    elif op == "opt":
        yield at
        yield from (end for end in _ends(argument, 0, tokens, at, origin) if end > at)
    elif op == "gap":
        yield at
        for skip in range(1, GAP + 1):
            passed = at + skip - 1
            if passed >= len(tokens) or tokens[passed].opens:
                return
            yield at + skip
    elif op == "start":
        if at == 0 or (at < len(tokens) and tokens[at].opens):
            yield at
    elif at == len(tokens) or tokens[at].opens:
        yield at


def _fits(op: str, argument: str, token: Token) -> bool:
    if op == "word":
        return token.text == argument
    if op == "prefix":
        return token.text.startswith(argument)
    return argument in token.classes


class CueBook:
    """All cues, indexed by what they can begin with."""

    def __init__(self, lines: list[str]) -> None:
        self._words: dict[str, list[tuple[Cue, Sequence]]] = {}
        self._prefixes: dict[str, list[tuple[Cue, Sequence]]] = {}
        self._classes: dict[str, list[tuple[Cue, Sequence]]] = {}
        self._any: list[tuple[Cue, Sequence]] = []
        for row, line in enumerate(lines):
            if not line or line.startswith("#"):
                continue
            route, weight, says, phrases = line.split(";", 3)
            pairs = tuple((k, v) for item in says.split(",") if item for k, v in [item.split("=")])
            each, _, most = weight.partition("x")
            cue = Cue(row, route, float(each), pairs)
            for number, sequence in enumerate(parse(phrases)):
                if most:
                    cue = Cue(1000 * (row + 1) + number, route, float(each), pairs, row, int(most))
                for op, argument in set(_first(sequence)):
                    table = {"word": self._words, "prefix": self._prefixes, "class": self._classes}.get(op)
                    if table is None:
                        self._any.append((cue, sequence))
                    else:
                        table.setdefault(argument, []).append((cue, sequence))
        self._lengths = sorted({len(p) for p in self._prefixes})

    def _candidates(self, token: Token) -> Iterator[tuple[Cue, Sequence]]:
        yield from self._words.get(token.text, ())
        for length in self._lengths:
            if length > len(token.text):
                break
            yield from self._prefixes.get(token.text[:length], ())
        for name in token.classes:
            yield from self._classes.get(name, ())
        yield from self._any

    def vocabulary(self) -> frozenset[str]:
        """The words that the phrases spell out."""
        found: set[str] = set()
        rest: list[Node] = [
            node for table in (self._words, self._prefixes, self._classes) for at in table.values() for _, s in at for node in s
        ]
        while rest:
            op, argument = rest.pop()
            if op in ("word", "prefix"):
                found.add(argument)
            elif op == "alt":
                rest.extend(node for sequence in argument for node in sequence)
            elif op == "opt":
                rest.extend(argument)
        return frozenset(found)

    def hits(self, tokens: list[Token], *, every: bool = False) -> list[Hit]:
        """Cues found, the first place of each row (every place with `every`)."""
        found: list[Hit] = []
        seen: set[int] = set()
        for at, token in enumerate(tokens):
            here: dict[int, Hit] = {}
            for cue, sequence in self._candidates(token):
                if not every and cue.row in seen:
                    continue
                for end in _ends(sequence, 0, tokens, at, at):
                    best = here.get(cue.row)
                    if best is None or end > best.end:
                        here[cue.row] = Hit(cue, at, end)
                    if not every:
                        break
            seen.update(here)
            found.extend(here.values())
        return found


@lru_cache(maxsize=2)
def cue_book(injection: bool = False) -> CueBook:
    """The cues of the data folder, read once; those against injection are a book of their own."""
    lines = (DATA / "cues.csv").read_text(encoding="utf-8").splitlines()
    return CueBook([line for line in lines if line.startswith("injection;") == injection])


@lru_cache(maxsize=1)
def cue_words() -> frozenset[str]:
    """Every word of the cues: none of them is a misspelt place."""
    return cue_book().vocabulary()
