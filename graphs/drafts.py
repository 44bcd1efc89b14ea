"""What makes a model's text no answer though its figures bind: another language, a refusal, the same words over and over.

Pure, sentence by sentence, beside grounding. A quotation and a name may be in any language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

from core.data_files import read
from core.facts import Fact
from core.locale import Language
from graphs.deeds import untrue
from graphs.promises import promises
from knowledge.understanding.text import fold

Objection = Literal["claim", "machine", "empty", "language", "promise", "refusal", "repetition", "rambling", "unfilled"]
_FILE = Path(__file__).with_name("languages.toml")
_WORD, _TOKEN = re.compile(r"[^\W\d_]+"), re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"[«\"“][^»\"”\n]*[»\"”]|<[^>\n]*>")
_STRANGE_SCRIPT = re.compile(r"[\u0370-\u06ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: What is bold in an item of a list is what the item is of.
_ITEM, _BOLD = re.compile(r"\s*(?:[-*•]\s|\d+[.)]\s|\|)"), re.compile(r"\*\*[^*\n]+\*\*")
#: Little words that stand in names of places.
_IN_NAMES = re.compile(r"\b(?:[Dd]el?|[Ll][ao]s?|[Ee]l|[Ll]es|d[oaui])(?: (?:la|las|los|el|les))? (?=[A-ZÀ-Þ])")
#: So many little words of another language, and so many times those of the answer's, are no coincidence.
_LEAST, _TIMES = 3, 2
#: Of languages that share theirs: so many that the answer's has not, beside so many that both have and none of its own.
_STRANGE, _SHARED = 2, 2
#: That figures of a place are lacking is an answer.
_LACKING = (
    r"(?! (?:(?:any|a|an|the|local|una?|los|las|el|la|ning[uú]na?) )*(?:figures?|values?|data|numbers?|prices?|estimates?"
    r"|cifras?|valor(?:es)?|datos?|precios?|estimaci))"
)
_REFUSAL = re.compile(
    r"\b(?:can(?:'|’|no| no)t|(?:am|'m|’m) (?:unable|not able) to|won(?:'|’)t)"
    rf" (?:help(?! but)|assist|comply|fulfil|answer|continue|proceed|engage|discuss|do that|provide{_LACKING})"
    r"|\b(?:violat|breach|against)\w* (?:my|our|the|its) (?:[a-z]+ ){0,2}(?:polic|guidelines|terms)"
    r"|\b(?:viola|infringe|incumple|en contra de|va contra) (?:mis?|las?|los|nuestras?|sus) (?:[a-z]+ ){0,2}"
    r"(?:pol[ií]tica|norma|t[eé]rmino)"
    r"|\bno (?:puedo|podré|me es posible|es posible) (?:ayudar|asistir|cumplir|atender|responder|continuar|seguir con"
    rf"|proporcionar{_LACKING})"
    r"|\bas an? (?:ai|language model|assistant)\b"
    r"|\bcomo (?:una? )?(?:modelo de (?:lenguaje|ia)|inteligencia artificial|ia|asistente)\b",
    re.IGNORECASE,
)
#: Characters from the beginning within which a refusal stands, after an apology say.
_OPENING = 80
#: Places kept for contact data that the model was not told.
_UNFILLED = re.compile(r"\b(?:EMAIL|PHONE|DOCUMENT)_[A-Z]+\b")
#: Characters of a whole answer, and of one that shows none of the figures that were found.
LONGEST, WITHOUT_FIGURES = 6000, 900
#: What is written for a program and not for a reader.
_MACHINE = re.compile(r"^\s*\{\s*\"|```")
#: The same sentence, of so many letters, for the third time.
_SAME, _OFTEN = 25, 3


@lru_cache(maxsize=1)
def _little_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in read(_FILE, dict[str, str]).items()}


#: So many words in a row as a title or a passage has them are its own, whoever sets them in bold or shortens them.
_RUN = 3


def names_of(facts: Iterable[Fact]) -> frozenset[str]:
    """The words of adverts, places and documents that a text may repeat in their language."""
    texts = {text for fact in facts for text in (fact.entity, fact.value if isinstance(fact.value, str) else "")}
    return frozenset(text for text in texts if text)


@lru_cache(maxsize=16)
def _runs(names: frozenset[str]) -> frozenset[tuple[str, ...]]:
    split = (fold(name).split() for name in names)
    return frozenset(tuple(words[i : i + _RUN]) for words in split for i in range(len(words) - _RUN + 1))


def _without(text: str, names: frozenset[str]) -> str:
    """The text without the stretches that stand in a name."""
    runs, words = _runs(names), list(_TOKEN.finditer(text))
    folded = [fold(word.group()) for word in words]
    taken = {i + k for i in range(len(words) - _RUN + 1) if tuple(folded[i : i + _RUN]) in runs for k in range(_RUN)}
    parts, at = [], 0
    for i in sorted(taken):
        parts.append(text[at : words[i].start()])
        at = words[i].end()
    return "".join((*parts, text[at:]))


def foreign(sentence: str, language: Language, names: Iterable[str] = ()) -> bool:
    """True for a sentence that is clearly in another language than the answer's. `names` are those of the adverts and places
    it may speak of."""
    plain = _QUOTED.sub(" ", sentence)
    names = frozenset(names)
    for name in sorted(names, key=len, reverse=True):
        plain = plain.replace(name, " ")
    plain = _without(plain, names)
    if _ITEM.match(plain):
        plain = _BOLD.sub(" ", plain)
    words = _WORD.findall(_IN_NAMES.sub(" ", plain).lower())
    if len(_STRANGE_SCRIPT.findall(plain)) > 3:
        return True
    ours = _little_words()[language]
    own = sum(word in ours for word in words)
    for other in (theirs for name, theirs in _little_words().items() if name != language):
        found = sum(word in other for word in words)
        if found >= _LEAST and found >= _TIMES * own:
            return True
        strange = sum(word in other and word not in ours for word in words)
        if strange >= _STRANGE and own == found - strange >= _SHARED:
            return True
    return False


class Drafting:
    """One answer of a model's as it is written: `objection(text)` says what is wrong with the next sentences, if anything.

    `expected`: figures were found, so that an answer that goes on and on without one is not about them. `found` is what the
    findings or the tools said: the deeds that may be told.
    """

    def __init__(self, language: Language, *, expected: bool, found: Callable[[], str] = str) -> None:
        self._language, self._expected, self.found = language, expected, found
        self._seen: Counter[str] = Counter()
        self._length = 0

    def objection(self, sentences: Iterable[str], *, bound: int, names: Iterable[str] = ()) -> Objection | None:
        """What is wrong with these, whole sentences that follow those of the calls before; `bound` figures were found in the
        text so far, these included; `names` as for `foreign`."""
        for sentence in sentences:
            opening = self._length < _OPENING
            self._length += len(sentence)
            if self._length > LONGEST or (self._expected and not bound and self._length > WITHOUT_FIGURES):
                return "rambling"
            if _UNFILLED.search(sentence):
                return "unfilled"
            if _MACHINE.search(sentence):
                return "machine"
            if untrue(sentence, self.found):
                return "claim"
            if promises(sentence):
                return "promise"
            if opening and _REFUSAL.search(sentence):
                return "refusal"
            if foreign(sentence, self._language, names):
                return "language"
            said = fold(sentence)
            if len(said) >= _SAME and not sentence.lstrip().startswith("|"):
                self._seen[said] += 1
                if self._seen[said] >= _OFTEN:
                    return "repetition"
        return None

    def ending(self, bound: int) -> Objection | None:
        """What is wrong with the text now that it is at its end: figures were found, and it shows none."""
        return "empty" if self._expected and not bound else None
