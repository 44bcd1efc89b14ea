"""What an answer may not hold besides an unbound figure: images, links to strange hosts, and the prompts themselves.

Pure, sentence by sentence, beside grounding: whoever plants an instruction in an advert must not get a link or a picture
(which carries data out when a page loads it) in front of the investor, whatever the model was talked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from core.facts import Fact
from core.words import PROMPTS
from knowledge.understanding.text import fold

_IMAGE = re.compile(r"!\[|<\s*(?:img|svg|picture|video|audio|source)\b", re.IGNORECASE)
_MARKUP = re.compile(
    r"<\s*/?\s*(?:a|script|style|iframe|object|embed|form|input|button|link|meta|base)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?:https?:)?//[\w-]+(?:\.[\w-]+)+[^\s<>\"|)\]]*|\bwww\.[^\s<>\"|)\]]+", re.IGNORECASE)
_TARGET = re.compile(r"\]\(\s*<?([^\s()<>]+)|\]:\s*<?(\S+)")
_TAIL = ".,;:!?*_'»”"
#: So many words in a row as a prompt has them are no coincidence.
_RUN = 8


def offence(sentence: str, cited: frozenset[str]) -> str | None:
    """The first piece of the sentence that may not be shown. `cited` are the addresses that the turn's sources name."""
    for pattern in (_IMAGE, _MARKUP):
        if found := pattern.search(sentence):
            return str(found.group())
    targets = [a or b for a, b in _TARGET.findall(sentence)]
    for address in (*targets, *_ADDRESS.findall(sentence)):
        if address.rstrip(_TAIL) not in cited:
            return str(address)
    return _recited(sentence)


def addresses(facts: Iterable[Fact]) -> frozenset[str]:
    """The addresses in the facts' sources: where data and documents come from, never the text of an advert."""
    return frozenset(
        found.rstrip(_TAIL)
        for fact in facts
        if "//" in fact.source.attribution or "//" in fact.source.ref
        for found in _ADDRESS.findall(f"{fact.source.attribution} {fact.source.ref}")
    )


def _recited(sentence: str) -> str | None:
    words = fold(sentence).split()
    known = _prompt_runs()
    return next((run for i in range(len(words) - _RUN + 1) if (run := " ".join(words[i : i + _RUN])) in known), None)


@lru_cache(maxsize=1)
def _prompt_runs() -> frozenset[str]:
    """Every run of words of every prompt in `prompts/agents`."""
    runs: set[str] = set()
    for path in sorted((PROMPTS / "agents").glob("*.md")):
        words = fold(path.read_text("utf-8")).split()
        runs.update(" ".join(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))
    return frozenset(runs)
