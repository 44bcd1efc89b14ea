"""Reads one number: digits with separators, words, or both, with its scale ("dos millones y medio", "350k").

A separator followed by exactly three digits groups thousands, whatever the country ("127.000", "3,300,000"), except in
percentages and where the scale says millions of pesos the Mexican way ("3.250 mdp"): that one rule reads all local
habits without having to know the country first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from knowledge.understanding.lexicon import lexicon, words
from knowledge.understanding.tokens import Token

_HALF = frozenset({"medio", "media", "half"})
_PARTS = {"medio": 0.5, "media": 0.5, "half": 0.5, "cuarto": 0.25, "quarter": 0.25}
_MEXICAN_MILLIONS = frozenset({"mdp", "mdd", "mde"})
#: English words that follow "once" where it is no Spanish eleven.
_AFTER_ONCE = words("after_once")
#: "tres coma cuatro por ciento"; so many digits are told behind it at most.
_DECIMAL_POINTS, _MOST_DIGITS = frozenset({"coma", "punto", "point"}), 3
_ARTICLES = frozenset({"un", "una", "uno", "one"})
_OF_A_HUNDRED = frozenset({"por", "percent", "per"})
#: What a small number after an amount counts, and not money.
_COUNTED = words("counted_times")
#: "28.7M": dots part decimals in this message.
_DECIMAL = re.compile(r"\d{1,3}\.\d{1,2}")


class Number(NamedTuple):
    """A number that ends at token `last`. `scaled`: a word such as millones gave the size; `literal`: digits did.

    `currency` is that of a scale word that says one (mdp).
    """

    value: float
    last: int
    scaled: bool
    literal: bool
    currency: str | None


def parse_literal(text: str, *, decimal_only: bool = False) -> float:
    """The value of a figure in digits with separators: "1.250'000.000", "3,4", "127.000", "1,234.56"."""
    body = text.replace("’", "'").replace("´", "'").replace(" ", "")
    if "'" in body:
        return float(re.sub(r"[.,']", "", body))
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        decimal = max(body.rfind("."), body.rfind(","))
        whole = re.sub(r"[.,]", "", body[:decimal])
        return float(f"{whole}.{body[decimal + 1 :]}")
    if not dots and not commas:
        return float(body)
    mark = "." if dots else ","
    head, _, tail = body.partition(mark)
    if dots + commas > 1 or (len(tail) == 3 and head not in ("0", "") and len(head) <= 3 and not decimal_only):
        return float(body.replace(mark, ""))
    return float(f"{head}.{tail}")


class _Reading:
    """A number being read. `millions` is finished; `thousands` and `current` still grow, so that "mil doscientos
    millones" multiplies their sum; `current` is None where no figure stands since the last scale."""

    def __init__(self, tokens: list[Token], at: int) -> None:
        self.tokens, self.at, self.i, self.last = tokens, at, at, at - 1
        self.lex = lexicon()
        self.millions = self.thousands = 0.0
        self.current: float | None = None
        self.scaled = self.literal = False
        self.size = 1.0
        self.currency: str | None = None
        self.done: Number | None = None

    def word(self, index: int) -> str:
        return self.tokens[index].text if index < len(self.tokens) else ""

    def run(self) -> Number | None:
        tokens = self.tokens
        while self.i < len(tokens) and self.done is None:
            token = tokens[self.i]
            apart = token.gap.strip(" \u00a0-'") and token.kind != "num"
            if self.i > self.at and (token.opens or token.comma or apart):
                break
            if not self._step(token):
                break
            self.i += 1
        if self.done is not None or self.last < self.at:
            return self.done
        rest = self.current or 0.0
        if self.millions and not self.thousands and 0 < rest < 1e3:
            rest *= 1e3  # "un millón doscientos" is 1,200,000
        return self._number(self.millions + self.thousands + rest, self.last)

    def _number(self, value: float, last: int) -> Number:
        return Number(round(value, 4), last, self.scaled, self.literal, self.currency)

    def _step(self, token: Token) -> bool:
        """Takes one token in; False where the number ends before it."""
        if token.kind == "num":
            return self._digits(token)
        if token.kind != "word":
            return False
        multiplier = self._scale(token)
        if token.text == "palo" and self.i == self.at and self._goes_on():
            self.current = 1.0  # "palo doscientos", "palo y medio"
            return self._multiply(token, self.lex.scales["palo"])
        if multiplier is not None and (self.i > self.at or token.text in ("mil", "thousand")):
            return self._multiply(token, multiplier)
        if token.text in _PARTS and self.i == self.at:
            return self._part_of(_PARTS[token.text])
        if token.text == "hundred":
            self.current, self.last = (self.current or 1.0) * 100, self.i
            return True
        if token.text == "once" and self.word(self.i + 1) in _AFTER_ONCE:
            return False  # "once the loan is paid"
        article = token.text in _ARTICLES and self.word(self.i + 1) not in self.lex.scales
        if token.text in self.lex.numbers and self.scaled and (article or self._counts_other(self.word(self.i + 1))):
            return False  # "2 millones once meses del año", "rento en 21 mil una casa"
        if token.text in self.lex.numbers:
            return self._add(self.lex.numbers[token.text])
        if token.text in ("a", "an") and self.i == self.at:
            self.current = 1.0
            return self.word(self.i + 1) in ("hundred", "million", "thousand")
        if token.text in _DECIMAL_POINTS and self.i > self.at:
            return self._decimals()
        return token.text in ("y", "and") and self.i > self.at and self._joined(token.text)

    def _decimals(self) -> bool:
        """ "tres coma cuatro", "three point six", "dos coma setenta y cinco", "uno coma cero cinco"."""
        if self.current is None or self.literal or self.scaled or self.current != int(self.current):
            return False
        digits, at = "", self.i + 1
        while (number := self.lex.numbers.get(self.word(at))) is not None and 0 <= number < 100 and len(digits) < _MOST_DIGITS:
            follows = self.lex.numbers.get(self.word(at + 2)) if self.word(at + 1) == "y" else None
            if number >= 30 and number % 10 == 0 and follows is not None and 0 < follows < 10:
                number, at = number + follows, at + 2  # "setenta y cinco"
            digits += f"{int(number)}"
            at += 1
        if not digits:
            return False
        self.current, self.last, self.i = float(f"{int(self.current)}.{digits}"), at - 1, at - 1
        return True

    def _goes_on(self) -> bool:
        follows = self.word(self.i + 1)
        half = follows == "y" and self.word(self.i + 2) in _HALF
        return half or 100 <= self.lex.numbers.get(follows, 0) < 1000

    def _counts_other(self, word: str) -> bool:
        return word in _COUNTED or word in self.lex.counts or (word,) in self.lex.areas

    def _digits(self, token: Token) -> bool:
        if self.i > self.at and (self.current is not None or token.gap.strip()):
            return False
        if self.i > self.at and not self.millions and not self._hundreds(token):
            return False
        mexican = self.word(self.i + 1) in _MEXICAN_MILLIONS and "," not in token.raw
        decimal = mexican or self._dots_are_decimal(token)
        self.current, self.literal, self.last = parse_literal(token.raw, decimal_only=decimal), True, self.i
        return True

    def _dots_are_decimal(self, token: Token) -> bool:
        """ "nets 28.7M a year … nets 27.375M": millions whose dots part decimals elsewhere in the message."""
        after = self.tokens[self.i + 1] if self.i + 1 < len(self.tokens) else None
        millions = after is not None and (after.raw == "M" or self.lex.scales.get(after.text) == 1e6)
        others = (t.raw for t in self.tokens if t.kind == "num" and t is not token)
        return millions and "." in token.raw and any(_DECIMAL.fullmatch(raw) for raw in others)

    def _hundreds(self, token: Token) -> bool:
        """ "9 mil 500", and not the 120 of "150 mil 120 m2"."""
        follows = self.word(self.i + 1)
        unit = (follows,) in self.lex.areas or follows in self.lex.counts or follows in self.lex.scales
        return len(token.raw) == 3 and token.raw.isdigit() and token.raw[0] != "0" and not unit

    def _scale(self, token: Token) -> float | None:
        """The multiplier that the word at hand is after the value so far, if it is one."""
        if self.i > self.at and token.gap.strip(" \u00a0-'"):
            return None
        if token.raw == "M" or (token.raw == "m" and self._means_million(token)):
            return 1e6
        return self.lex.scales.get(token.text) if token.text != "m" else None

    def _means_million(self, token: Token) -> bool:
        """A lower-case m is metres unless money stands before the figure, the figure is a small decimal, or the message writes
        millions so (`short_millions`)."""
        value = self.current
        if value is None or "metres" in token.classes:
            return False
        paid = bool(re.search(r"[$€£]\s*$", self.tokens[self.i - 1].gap))
        paid = paid or (self.i > 1 and self.tokens[self.i - 2].text in self.lex.currency)  # "COP 410m"
        return paid or "million" in token.classes or (not token.gap and value < 100 and value != int(value))

    def _multiply(self, token: Token, multiplier: float) -> bool:
        if multiplier == 1e3:
            if self.thousands:
                return False
            self.thousands, self.current = (1.0 if self.current is None else self.current) * 1e3, None
        elif self.millions or (self.current is None and not self.thousands):
            return False
        else:
            self.millions = round((self.thousands + (self.current or 0.0)) * multiplier, 2)
            self.thousands, self.current = 0.0, None
        self.scaled, self.size, self.last = True, multiplier, self.i
        self.currency = self.lex.scale_currency.get(token.text, self.currency)
        return True

    def _part_of(self, part: float) -> bool:
        """ "medio millón", "half a million", "un cuarto de millón"."""
        skip = self.i + 1
        while self.word(skip) in ("a", "un", "de", "of"):
            skip += 1
        size = self.lex.scales.get(self.word(skip), 0.0)
        if size >= 1e3:
            self.scaled, self.currency = True, self.lex.scale_currency.get(self.word(skip))
            self.done = self._number(part * size, skip)
        return size >= 1e3

    def _add(self, value: float) -> bool:
        current = self.current
        if current is None:
            self.current = value
        elif not self.literal and (
            (current % 100 == 0 and value < 100) or (current % 10 == 0 and current % 100 >= 20 and value < 10)
        ):
            self.current = current + value
        else:
            return False
        self.last = self.i
        return True

    def _joined(self, conjunction: str) -> bool:
        """ "treinta y cinco", "two hundred and ninety", "dos millones y medio", "two and a half million"."""
        current, follows = self.current, self.word(self.i + 1)
        half = self.i + 2 if follows == "a" else self.i + 1
        if self.word(half) in _HALF:
            scale = self.lex.scales.get(self.word(half + 1), 0.0)
            if self.scaled and current is None:
                self.done = self._number(self.millions + self.thousands + 0.5 * self.size, half)
            elif current is not None and self.word(half + 1) in _OF_A_HUNDRED:
                self.done = self._number(current + 0.5, half)  # "tres y medio por ciento"
            elif current is not None and scale >= 1e3:
                self.scaled = True
                self.done = self._number((current + 0.5) * scale, half + 1)
            return self.done is not None
        number = self.lex.numbers.get(follows)
        if self.literal or number is None:
            return False
        if conjunction == "y":
            return current is not None and 30 <= current % 100 <= 90 and number < 10
        return number < 100 and (self.scaled if current is None else current % 100 == 0)


def read_number(tokens: list[Token], at: int) -> Number | None:
    """The number that begins at token `at`, if one does."""
    return _Reading(tokens, at).run()
