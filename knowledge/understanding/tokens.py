"""Cuts a message into words, figures and e-mails, with offsets, so that everything found later can be pointed at.

The text is first put in NFC and folded character by character, which keeps its length: an offset in the folded text
is an offset in the message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.understanding.lexicon import lexicon, words

#: Longer messages are understood from their beginning; no real question needs more.
MAX_CHARACTERS = 4000

_TOKEN = re.compile(
    r"(?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://\S+)"
    r"|(?P<perm2>(?<=[a-z] )[€$]/m[2²](?!\w))"
    r"|(?P<secret>\b[A-Z][A-Z0-9]+(?:[-_][A-Z0-9]+)+\b)"
    r"|(?P<num>\d{1,3}(?: \d{3}){2,}(?!\d)|\d{1,3}(?:[.,'’´]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)"
    r"|(?P<unit>(?:mts|mtrs|mt|m|pies|ft)[2²](?![\w]))"
    r"|(?P<word>[^\W\d_]+)"
)
_PER_METRE = ("price", "per", "m2")
_SENTENCE_END = re.compile(r"[.!?;\n¿¡…]|—| - |[=-]>")
#: "Tengo 3 mdp, ¿me ayudan?" is one sentence.
_ASIDE = re.compile(r",\s*[¿¡]")
#: Spanish future tense, third person ("valdrá", "subirán").
_FUTURE = re.compile(r"[aei]?r(?:á|án)$")
#: A point after these ends no sentence.
_ABBREVIATIONS = words("abbreviations")


@dataclass(slots=True)
class Token:
    """A word (folded, short forms spelled out), figure or e-mail. `classes` are what later steps found it to be."""

    text: str
    raw: str
    start: int
    end: int
    kind: str
    gap: str
    opens: bool
    comma: bool
    classes: set[str] = field(default_factory=set)

    @property
    def capital(self) -> bool:
        return self.raw[:1].isupper()


def normalise(text: str) -> str:
    """NFC, cut to what is read, control characters as spaces."""
    composed = unicodedata.normalize("NFC", text[: 2 * MAX_CHARACTERS])[:MAX_CHARACTERS]
    return "".join(c if c.isprintable() or c == "\n" else " " for c in composed)


def stretches(tokens: Sequence[Token], phrases: Iterable[tuple[str, ...]]) -> set[int]:
    """The positions of the tokens that make up one of these phrases."""
    found: set[int] = set()
    for phrase in phrases:
        for at in range(len(tokens) - len(phrase) + 1):
            if tuple(t.text for t in tokens[at : at + len(phrase)]) == phrase:
                found |= set(range(at, at + len(phrase)))
    return found


def aligned(text: str) -> str:
    """Lower case without accents, of exactly the same length."""
    out: list[str] = []
    for char in text:
        base = unicodedata.normalize("NFD", char)[0].lower() if char > "\x7f" else char.lower()
        out.append(base if len(base) == 1 else char)
    return "".join(out)


def tokenise(text: str) -> list[Token]:
    """Tokens of a normalised text. `opens` marks the first of a sentence, `comma` one that follows a comma or colon."""
    low = aligned(text)
    short, scales = lexicon().short_forms, lexicon().scales
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        raw, gap = match.group(), text[end : match.start()]
        folded = low[match.start() : match.end()]
        opens = not tokens or bool(_SENTENCE_END.search(_ASIDE.sub(",", gap)))
        if (
            opens
            and tokens
            and gap.strip() == "."
            and (tokens[-1].text in _ABBREVIATIONS or _is_initial(tokens))
        ):
            opens = False
        comma = "," in gap or ":" in gap or "(" in gap or "/" in gap
        if kind == "perm2":  # "gross % and €/m2"
            tokens += [Token(word, raw, match.start(), match.end(), "word", gap, opens and n == 0, comma and n == 0)
                       for n, word in enumerate(_PER_METRE)]
            end = match.end()
            continue
        if kind == "unit":
            folded, kind = folded.replace("²", "2"), "word"
        if (
            kind == "word"
            and folded in short
            and not (tokens and tokens[-1].kind == "num" and len(gap) < 2 and folded in scales)  # "450 k", "1.6bn"
        ):
            for part in short[folded].split():
                tokens.append(Token(part, raw, match.start(), match.end(), kind, gap, opens, comma))
                opens = False
        else:
            tokens.append(Token(folded, raw, match.start(), match.end(), kind, gap, opens, comma))
        if _FUTURE.search(raw) and len(raw) > 5:
            tokens[-1].classes.add("future")
        if kind == "secret":
            tokens[-1].classes.add("secret")
        end = match.end()
    return tokens


def _is_initial(tokens: Sequence[Token]) -> bool:
    """ "J. Pérez", not "310k. Deposit?"."""
    last = tokens[-1]
    of_a_figure = len(tokens) > 1 and tokens[-2].kind == "num" and not last.gap
    return last.kind == "word" and len(last.raw) == 1 and not of_a_figure


def to_break(tokens: Sequence[Token], *, commas: bool = True) -> Sequence[Token]:
    """These tokens up to the first that opens a sentence or, with `commas`, follows a comma or colon."""
    end = next((n for n, t in enumerate(tokens) if t.opens or (commas and t.comma)), len(tokens))
    return tokens[:end]


def since_break(tokens: Sequence[Token], *, commas: bool = True) -> Sequence[Token]:
    """These tokens from the last that opens a sentence or, with `commas`, follows a comma or colon."""
    return tokens[max((n for n, t in enumerate(tokens) if t.opens or (commas and t.comma)), default=0) :]


def words_at(tokens: list[Token], index: int, count: int) -> tuple[str, ...]:
    """The folded texts of up to `count` tokens from `index`."""
    return tuple(t.text for t in tokens[index : index + count])
