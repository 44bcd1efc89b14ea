"""A word that is one slip of the pen away from one that the understanding knows: "aparment", "bodga", "2 bedroms"."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from knowledge.understanding.gazetteer import edits
from knowledge.understanding.lexicon import lexicon, words

#: Shorter words are too near to others.
_SHORTEST = 5


@lru_cache(maxsize=4096)
def meant(word: str, among: str) -> str | None:
    """The word of the lexicon's list `among` that `word` is a slip for, None where it is a word of its own."""
    lex = lexicon()
    if len(word) < _SHORTEST or word in lex.common or word in lex.plain:
        return None
    return _nearest(_single(word), words(among))


def _single(word: str) -> str:
    """Without doubled letters, which are the commonest slip ("appartement")."""
    return "".join(letter for letter, _ in groupby(word))


def _nearest(word: str, among: Iterable[str]) -> str | None:
    near = {name: edits(word, _single(name), 1) for name in among if name[0] == word[0]}
    best = min(sorted(near), key=lambda name: near[name], default=None)
    return best if best is not None and near[best] <= 1 else None
