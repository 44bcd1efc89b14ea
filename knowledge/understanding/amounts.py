"""Reads figures as people write them in Colombia, Spain and Mexico and in English: money, areas, percentages, terms,
counts, telephone numbers, dates.

A separator followed by exactly three digits groups thousands, whatever the country ("127.000", "3,300,000"), except in
percentages and where the scale says millions of pesos the Mexican way ("3.250 mdp"): that one rule reads all local
habits without having to know the country first. What a figure is *for* (price, rent, budget) is decided in `roles`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.understanding.lexicon import lexicon, words
from knowledge.understanding.model import QuantityKind
from knowledge.understanding.tokens import Token, words_at

_PHONE = re.compile(r"(?<![\w.,$€])\+?\(?\d{1,4}\)?(?:[ .\-]{0,2}\(?\d{2,4}\)?){2,6}(?![\w,.]\d|\w)")
_DATE = re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-]\d{2,4}\b|\b\d{1,2}:\d{2}\b|\b24/7\b|\b\d{4}-\d{2}-\d{2}\b")
_YEAR_WORDS = words("year_words")
_MONTH_WORDS = words("month_words")
_SHORT_TERMS = words("short_terms")
_PERCENT_WORDS = frozenset(["percent", "pct", "porciento"])
_MONTH_NAMES = words("month_names")
_YEAR_OPENERS = words("year_openers")
_HALF = frozenset({"medio", "media", "half"})
_ORDINAL_TAILS = words("ordinal_tails")
_TELEPHONE_WORDS = words("telephone_words")


@dataclass(slots=True)
class Amount:
    """A figure over tokens [first, last]; `start` and `end` are offsets in the text. `literal`: written in digits.

    `scaled`: a word such as millones gave the size. `unit` is the slot that a count counts, or the area's word.
    """

    value: float
    kind: QuantityKind
    first: int
    last: int
    start: int
    end: int
    currency: str | None = None
    scaled: bool = False
    literal: bool = True
    unit: str = ""
    role: str | None = None


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


def _mask(text: str, tokens: list[Token]) -> tuple[list[Amount], set[int]]:
    """Telephone numbers and dates: (telephones, tokens that are neither)."""
    found: list[Amount] = []
    used: set[int] = set()

    def inside(start: int, end: int) -> list[int]:
        return [i for i, t in enumerate(tokens) if t.start < end and t.end > start]

    for match in _DATE.finditer(text):
        used.update(inside(*match.span()))
    for match in _PHONE.finditer(text):
        raw = match.group().strip()
        digits = re.sub(r"\D", "", raw)
        indexes = inside(*match.span())
        if not 9 <= len(digits) <= 15 or not indexes or used & set(indexes):
            continue
        before = {t.text for t in tokens[max(0, indexes[0] - 6) : indexes[0]]}
        named = bool(before & _TELEPHONE_WORDS)
        plain = digits == raw
        grouped_in_threes = bool(re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", raw))
        after = tokens[indexes[-1] + 1].text if indexes[-1] + 1 < len(tokens) else ""
        money = after in lexicon().currency or after in lexicon().scales or after == "pesos"
        if money or grouped_in_threes or (digits.endswith("00000") and not named):
            continue
        if (
            raw[0] == "+"
            or named
            or (not plain and len(digits) >= 9)
            or (plain and ((len(digits) == 10 and digits[0] == "3") or (len(digits) == 9 and digits[0] in "6789")))
        ):
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            found.append(
                Amount(
                    0.0,
                    "phone",
                    indexes[0],
                    indexes[-1],
                    start,
                    start + len(raw),
                    unit=("+" if raw[0] == "+" else "") + digits,
                )
            )
            used.update(indexes)
    return found, used


def _gap_is_tight(tokens: list[Token], index: int) -> bool:
    """Whether token `index` follows its predecessor with nothing but blanks or a hyphen between."""
    return index < len(tokens) and not tokens[index].gap.strip(" \u00a0-'")


class _Reader:
    """Reads one figure from a position: digits, words or both, with its scale."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.lex = lexicon()

    def _scale(self, index: int, value: float | None) -> float | None:
        """The multiplier at `index`, if the word there is one after this value."""
        token = self.tokens[index]
        if token.kind != "word" or not _gap_is_tight(self.tokens, index):
            return None
        if token.raw == "M" or (token.raw == "m" and value is not None and self._means_million(index, value)):
            return 1e6
        if (
            token.text == "mil"
            and index + 1 < len(self.tokens)
            and self.tokens[index + 1].text in ("millones", "million")
        ):
            return 1e3
        return self.lex.scales.get(token.text) if token.text != "m" else None

    def _means_million(self, index: int, value: float) -> bool:
        """A lower-case m is metres unless money stands before it or the figure is a small decimal."""
        number = self.tokens[index - 1]
        return bool(re.search(r"[$€£]\s*$", number.gap)) or (
            not self.tokens[index].gap and value < 100 and value != int(value)
        )

    def read(self, at: int) -> tuple[float, int, bool, bool, str | None] | None:
        """(value, last token, scaled, literal, currency of the scale word), or None.

        `millions` is finished; `thousands` and `current` (None: no figure since the last scale) are still growing, so
        that "mil doscientos millones" multiplies their sum.
        """
        tokens, lex = self.tokens, self.lex
        millions, thousands, current = 0.0, 0.0, None
        scaled = literal = False
        currency: str | None = None
        size, i, last = 1.0, at, at - 1
        while i < len(tokens):
            token = tokens[i]
            if i > at and (token.opens or token.comma or (token.gap.strip(" \u00a0-'") and token.kind != "num")):
                break
            follows = tokens[i + 1].text if i + 1 < len(tokens) else ""
            multiplier = self._scale(i, current)
            if token.kind == "num":
                if i > at and (current is not None or not millions or token.gap.strip()):
                    break
                mexican = follows in ("mdp", "mdd", "mde") and "," not in token.raw
                current, literal, last = parse_literal(token.raw, decimal_only=mexican), True, i
            elif token.kind != "word":
                break
            elif multiplier is not None and (i > at or token.text in ("mil", "thousand")):
                if multiplier == 1e3:
                    if thousands:
                        break
                    thousands, current = (1.0 if current is None else current) * 1e3, None
                elif millions or (current is None and not thousands):
                    break
                else:
                    millions, thousands, current = round((thousands + (current or 0.0)) * multiplier, 2), 0.0, None
                scaled, size, last = True, multiplier, i
                currency = lex.scale_currency.get(token.text, currency)
            elif token.text in _HALF and i == at:
                skip = i + 2 if follows in ("a", "un") else i + 1
                size = lex.scales.get(tokens[skip].text, 0.0) if skip < len(tokens) else 0.0
                if size < 1e3:
                    break
                return 0.5 * size, skip, True, False, lex.scale_currency.get(tokens[skip].text)
            elif token.text == "hundred":
                current, last = (current or 1.0) * 100, i
            elif token.text in lex.numbers:
                value = lex.numbers[token.text]
                if current is None:
                    current = value
                elif not literal and (
                    (current % 100 == 0 and value < 100) or (current % 10 == 0 and current % 100 >= 20 and value < 10)
                ):
                    current += value
                else:
                    break
                last = i
            elif token.text in ("a", "an") and i == at and follows in ("hundred", "million", "thousand"):
                current = 1.0
            elif token.text in ("y", "and") and i > at:
                half = i + 2 if follows == "a" else i + 1
                if half < len(tokens) and tokens[half].text in _HALF:
                    scale = lex.scales.get(tokens[half + 1].text, 0.0) if half + 1 < len(tokens) else 0.0
                    if scaled and current is None:
                        return millions + thousands + 0.5 * size, half, True, literal, currency
                    if current is not None and scale >= 1e3:
                        return (current + 0.5) * scale, half + 1, True, literal, currency
                    break
                number = lex.numbers.get(follows)
                tens = token.text == "y" and current is not None and 30 <= current % 100 <= 90
                hundreds = token.text == "and" and (
                    (current is None and scaled) or (current is not None and current % 100 == 0)
                )
                if literal or number is None or not ((tens and number < 10) or (hundreds and number < 100)):
                    break
            else:
                break
            i += 1
        if last < at:
            return None
        rest = current or 0.0
        if millions and not thousands and 0 < rest < 1e3:
            rest *= 1e3  # "un millón doscientos" is 1,200,000
        return round(millions + thousands + rest, 4), last, scaled, literal, currency


def _currency_around(tokens: list[Token], first: int, last: int, text: str) -> tuple[str | None, bool, int, int]:
    """(currency, a bare $ or `pesos` stood there, start, last token) of a figure over [first, last]."""
    table = lexicon().currency
    start, gap = tokens[first].start, tokens[first].gap
    sign = re.search(r"([$€£])\s*$", gap)
    code, money = None, bool(sign)
    if sign:
        start = tokens[first].start - (len(gap) - sign.start())
        code = "EUR" if sign.group(1) == "€" else None
    if first and tokens[first - 1].kind == "word" and not tokens[first].opens:
        word = tokens[first - 1].text
        if word in table and (sign or gap.strip() == "") and word not in ("euros", "dolares", "dollars"):
            code, money, start = table[word], True, tokens[first - 1].start
        elif sign and word in ("us", "u", "s", "mx", "col"):
            code, start = {"mx": "MXN", "col": "COP"}.get(word, "USD"), tokens[first - 1].start
        if word in ("us", "usd") and sign:
            code = "USD"
    after = text[tokens[last].end : tokens[last].end + 2].strip()
    if after[:1] == "€":
        return "EUR", True, start, last
    if after[:1] == "$":
        money = True
    at = last + 1
    if at < len(tokens) and tokens[at].text in ("de", "of") and not tokens[at].opens:
        at += 1
    if at < len(tokens) and not tokens[at].opens and not tokens[at].comma:
        two = " ".join(words_at(tokens, at, 2))
        if two in table and at + 1 < len(tokens):
            return table[two], True, start, at + 1
        if tokens[at].text in table and (at == last + 1 or tokens[at].text not in ("verdes", "pavos")):
            return table[tokens[at].text], True, start, at
        if (
            tokens[at].text in ("us", "u")
            and re.match(r"\s*u\.?s\.?\s?\$?", tokens[at].text)
            and at == last + 1
            and (text[tokens[at].end : tokens[at].end + 1] == "$")
        ):
            return "USD", True, start, at
        if tokens[at].text in ("peso", "pesos", "pesitos"):
            return code, True, start, at
    return code, money, start, last


def _area_unit(tokens: list[Token], at: int) -> tuple[float, int] | None:
    """(square metres in one unit, tokens of the unit) at `at`."""
    for count in (2, 1):
        words = words_at(tokens, at, count)
        if len(words) == count and words in lexicon().areas and not any(t.opens for t in tokens[at : at + count]):
            return lexicon().areas[words], count
    return None


def _is_distance(tokens: list[Token], first: int, after: int) -> bool:
    """ "a 200 metros de la playa": a distance, not an area."""
    before = tokens[first - 1].text if first else ""
    follows = words_at(tokens, after, 2)
    return bool(follows) and (
        (before in ("a", "unos", "at") and follows[0] in ("de", "del", "desde"))
        or follows[0] == "from"
        or (len(follows) > 1 and follows[0] in ("del", "de") and follows[1] in ("mar", "playa", "metro", "centro"))
    )


def read_amounts(text: str, tokens: list[Token]) -> list[Amount]:
    """Every figure of the message, in order."""
    found, used = _mask(text, tokens)
    reader = _Reader(tokens)
    at = 0
    while at < len(tokens):
        if at in used or tokens[at].kind not in ("num", "word"):
            at += 1
            continue
        amount = _one(reader, text, tokens, at)
        if amount is None:
            at += 1
            continue
        found.append(amount)
        at = amount.last + 1
    found.sort(key=lambda a: a.first)
    _share_scales(tokens, found)
    return found


def _one(reader: _Reader, text: str, tokens: list[Token], at: int) -> Amount | None:
    """The figure that begins at token `at`, if any."""
    read = reader.read(at)
    if read is None:
        return None
    value, last, scaled, literal, currency = read
    token = tokens[at]
    one_word = last == at and not literal
    after = tokens[last + 1] if last + 1 < len(tokens) and not tokens[last + 1].opens else None
    word = after.text if after and not after.comma else ""
    tail = text[tokens[last].end : tokens[last].end + 3].lstrip(" \u00a0")
    decimal = parse_literal(tokens[last].raw, decimal_only=True) if literal and last == at else value

    def make(kind: QuantityKind, value: float, end_token: int, **more: object) -> Amount:
        amount = Amount(value, kind, at, end_token, token.start, tokens[end_token].end, None, scaled, literal)
        for key, item in more.items():
            setattr(amount, key, item)
        return amount

    if tail[:1] == "%":
        amount = make("percent", decimal, last)
        amount.end = text.index("%", tokens[last].end) + 1
        return amount
    if word in _PERCENT_WORDS or (word == "por" and words_at(tokens, last + 2, 1) in (("ciento",), ("cien",))):
        return make("percent", decimal, last + (1 if word in _PERCENT_WORDS else 2))
    if word in _YEAR_WORDS:
        half = words_at(tokens, last + 2, 2) in (("y", "medio"), ("and", "half"))
        return make("years", value + (0.5 if half else 0.0), last + (3 if half else 1))
    if word in _MONTH_WORDS and not (
        one_word and word == "mes" and value == 1 and at and tokens[at - 1].text in ("al", "cada")
    ):
        return make("months", value, last + 1)
    if word in _SHORT_TERMS:
        return make("other", value, last + 1)
    between = 2 if word in ("o", "y", "or", "and", "a", "to") else 0
    if word in lexicon().counts and value <= 50 and value == int(value):
        return make("count", value, last + 1, unit=lexicon().counts[word])
    if between and value <= 20 and literal:
        follows = words_at(tokens, last + 2, 2)
        if len(follows) == 2 and follows[1] in lexicon().counts and follows[0].isdigit():
            return make("count", value, last, unit=lexicon().counts[follows[1]])
    money_code, money, start, money_last = _currency_around(tokens, at, last, text)
    code = currency or money_code
    if not money and not currency:
        unit = _area_unit(tokens, last + 1)
        if unit is not None and not (one_word and value == 1):
            factor, count = unit
            if _is_distance(tokens, at, last + 1 + count):
                return make("other", value, last + count)
            return make("area", round(value * factor, 2), last + count)
    if one_word and not money and (value < 1000 or token.text in ("mil", "thousand")):
        return make("other", value, last) if value >= 2 and value < 1000 else None
    if not literal and not scaled and not money and value < 100:
        return make("other", value, last)
    if money or scaled:
        amount = make("money", value, money_last, currency=code)
        amount.start = start
        return amount
    if literal and last == at:
        if (
            (word in _ORDINAL_TAILS and after is not None and not after.gap)
            or "º" in tail[:2]
            or "ª" in tail[:2]
            or ".ª" in tail
        ):
            return make("other", value, last)
        if token.gap.endswith("#"):
            return make("other", value, last)
        if re.fullmatch(r"(19|20)\d\d", token.raw):
            before = tokens[at - 1].text if at else ""
            if before in _YEAR_OPENERS or before in _MONTH_NAMES or word in ("y", "and", "a", ""):
                return make("year", value, last)
    return make("money" if value >= 1000 and value != 0 else "other", value, last, currency=code)


def _share_scales(tokens: list[Token], amounts: list[Amount]) -> None:
    """ "entre 350 y 480 millones": the first figure takes the size and currency of the second."""
    joiners = {"y", "a", "and", "to", "o", "or", "-", "hasta"}
    for left, right in zip(amounts, amounts[1:], strict=False):
        if right.first != left.last + 2 and right.first != left.last + 1:
            continue
        between = tokens[left.last + 1].text if right.first == left.last + 2 else tokens[right.first].gap.strip() or " "
        if between not in joiners:
            continue
        if right.kind == "money" and left.kind in ("other", "money"):
            if right.scaled and not left.scaled and left.value < 1000 and left.literal:
                size = 1e6 if right.value >= 1e6 else 1e3
                if left.value * size <= right.value * 1.001:
                    left.value, left.kind, left.scaled = left.value * size, "money", True
            if left.kind == "money" and left.currency is None:
                left.currency = right.currency
            elif right.currency is None and left.kind == "money":
                right.currency = left.currency
        elif (
            right.kind in ("area", "percent", "years", "count")
            and left.kind in ("other", "money")
            and left.literal
            and (
                not left.scaled
                and left.currency is None
                and left.value <= right.value
                and not tokens[left.first].gap.endswith("$")
            )
        ):
            left.kind, left.unit = right.kind, right.unit
