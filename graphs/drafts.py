"""What makes a model's text no answer though its figures bind: another language, a refusal, the same words over and over.

Pure, sentence by sentence, beside grounding. A quotation may be in any language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

from core.data_files import read
from core.locale import Language
from knowledge.understanding.text import fold

Objection = Literal["language", "refusal", "repetition", "rambling", "unfilled"]
_FILE = Path(__file__).with_name("languages.toml")
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"[«\"“][^»\"”\n]*[»\"”]|<[^>\n]*>")
_STRANGE_SCRIPT = re.compile(r"[\u0370-\u06ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: So many little words of another language, and so many times those of the answer's, are no coincidence.
_LEAST, _TIMES = 3, 2
_REFUSAL = re.compile(
    r"\b(?:can(?:'|’|no)t|(?:am|'m|’m) (?:unable|not able) to|won(?:'|’)t) (?:help|assist|comply|fulfil|answer|provide|do that)"
    r"|\bno (?:puedo|podré|me es posible) (?:ayudar|asistir|cumplir|atender|responder|proporcionar|continuar)"
    r"|\bas an? (?:ai|language model|assistant)\b|\bcomo (?:una? )?(?:modelo|inteligencia artificial|ia|asistente)\b",
    re.IGNORECASE,
)
#: Places kept for contact data that the model was not told.
_UNFILLED = re.compile(r"\b(?:EMAIL|PHONE|DOCUMENT)_[A-Z]+\b")
#: Characters of a whole answer, and of one that shows none of the figures that were found.
LONGEST, WITHOUT_FIGURES = 6000, 900
#: The same sentence, of so many letters, for the third time.
_SAME, _OFTEN = 25, 3


@lru_cache(maxsize=1)
def _little_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in read(_FILE, dict[str, str]).items()}


def foreign(sentence: str, language: Language) -> bool:
    """True for a sentence that is clearly in another language than the answer's."""
    plain = _QUOTED.sub(" ", sentence)
    letters = _WORD.findall(plain.lower())
    if not letters:
        return False
    if len(_STRANGE_SCRIPT.findall(plain)) > 3:
        return True
    counts = {name: sum(word in words for word in letters) for name, words in _little_words().items()}
    own = counts.pop(language)
    other = max(counts.values())
    return other >= _LEAST and other >= _TIMES * own


class Drafting:
    """One answer of a model's as it is written: `objection(text)` says what is wrong with the next sentences, if anything.

    `expected`: figures were found, so that an answer that goes on and on without one is not about them.
    """

    def __init__(self, language: Language, *, expected: bool) -> None:
        self._language, self._expected = language, expected
        self._seen: Counter[str] = Counter()
        self._length = 0

    def objection(self, sentences: Iterable[str], *, bound: int) -> Objection | None:
        """What is wrong with these, whole sentences that follow those of the calls before; `bound` figures were shown."""
        for sentence in sentences:
            first = not self._length
            self._length += len(sentence)
            if self._length > LONGEST or (self._expected and not bound and self._length > WITHOUT_FIGURES):
                return "rambling"
            if _UNFILLED.search(sentence):
                return "unfilled"
            if first and _REFUSAL.search(sentence):
                return "refusal"
            if foreign(sentence, self._language):
                return "language"
            said = fold(sentence)
            if len(said) >= _SAME and not sentence.lstrip().startswith("|"):
                self._seen[said] += 1
                if self._seen[said] >= _OFTEN:
                    return "repetition"
        return None
