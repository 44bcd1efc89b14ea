"""Finds attempts to instruct the assistant and cuts them from what the rest of understanding reads.

The clause that holds the attempt is blanked out, not the message: whoever also asks for a yield gets the yield.
Blanks keep every offset where it was.
"""

from __future__ import annotations

import re

from knowledge.understanding.cues import cue_book
from knowledge.understanding.lexicon import words
from knowledge.understanding.tokens import Token, tokenise

_CONNECTORS = words("injection_connectors")
_OPENING, _CLOSING = set("[({<"), set("])}>")
_SENTENCES = re.compile(r"(?<=[.!?…])\s+")


def cut_injection(text: str) -> tuple[str, bool]:
    """(the text with attempts blanked out, whether there were any)."""
    tokens = tokenise(text)
    book = cue_book(True)
    hits = book.hits(tokens, every=True)
    if not hits:
        return text, False
    clauses = _clauses(tokens)
    closed = _after_bracket(tokens, hits[-1].end)
    flagged = [any(h.start < last + 1 and h.end > first for h in hits) for first, last in clauses]
    flagged_at = [i for i, flag in enumerate(flagged) if flag]
    meaning = cue_book()
    for i, (first, last) in enumerate(clauses):
        between = flagged_at[0] < i < flagged_at[-1]
        after = i > flagged_at[0]
        if flagged[i] or not (between or after) or (closed is not None and first >= closed):
            continue
        routes = {h.cue.route for h in meaning.hits(tokens[first : last + 1])} - {"none"}
        sentence = tokens[first].opens
        flagged[i] = (
            not routes and not any(t.kind == "num" for t in tokens[first : last + 1]) and not (sentence and not between)
        )
    chars = list(text)
    for (first, last), flag in zip(clauses, flagged, strict=True):
        if flag:
            end = tokens[last + 1].start if last + 1 < len(tokens) else len(text)
            for at in range(tokens[first].start, end):
                chars[at] = " "
    left = "".join(chars)
    opener = next(iter(tokenise(left)), None)
    if opener is not None and opener.text in _CONNECTORS:  # "… also what's the yield on 200k?" has nothing that it goes with
        left = " " * opener.end + left[opener.end :]
    return left, True


def without_orders(text: str) -> str:
    """A text of somebody else's (a document, an advert) without the sentences that instruct the assistant: they are no part of
    what it tells."""
    return " ".join(part for part in _SENTENCES.split(text) if part and not cue_book(True).hits(tokenise(part)))


def _after_bracket(tokens: list[Token], end: int) -> int | None:
    """The first token behind the bracket that closes after an attempt which opens with one: "[SYSTEM: …] piso en Vigo"."""
    if not tokens or not set(tokens[0].gap) & _OPENING:
        return None
    return next((i for i in range(end, len(tokens)) if set(tokens[i].gap) & _CLOSING), None)


def _clauses(tokens: list[Token]) -> list[tuple[int, int]]:
    """Token ranges between sentence ends, commas, closing brackets and connectors."""
    starts = [
        i for i, t in enumerate(tokens)
        if i == 0 or t.opens or t.comma or set(t.gap) & _CLOSING or t.text in _CONNECTORS
    ]
    return [(start, (starts[i + 1] if i + 1 < len(starts) else len(tokens)) - 1) for i, start in enumerate(starts)]
