"""Where the sentences of an answer end, and what stands in quotation marks in it.

A line ends a sentence; an abbreviation, a decimal point or the number of a list does not. A quotation or a table is one piece.
"""

from __future__ import annotations

import re

from graphs.figures import LIST_NUMBER

_SENTENCE_END = re.compile(r"(?:[.!?…][)\"'»”*_]*(?=\s|$)|\n)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:aprox|av|avda|art|núm|no|sr|sra|st|dr|p\.\s?ej|ee|uu|e\.g|i\.e|vs|etc|máx|mín|hab|approx|min|max)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_QUOTE_LENGTH = 1200
_OPENING = "«\"“"
_QUOTE_START, _QUOTE_STOP = re.compile(rf"[{_OPENING}]"), re.compile(r"[»\"”\n]")
#: Characters before the end of a sentence that an abbreviation or a list number stands in.
_ABBREVIATED, _NUMBERED = 16, 80


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


def complete(text: str) -> int:
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
