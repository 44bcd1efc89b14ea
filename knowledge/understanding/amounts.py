"""Finds the figures of a message: money, areas, percentages, terms, counts, telephone numbers, years.

The unit decides what a figure is, read after it ("%", "m²", "años") or before it ("€", "USD"); dates and ordinals are not
amounts. What a figure is *for* (price, rent, budget) is decided in `roles`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from knowledge.understanding.lexicon import lexicon, phrases, words
from knowledge.understanding.model import QuantityKind
from knowledge.understanding.numerals import Number, parse_literal, read_number
from knowledge.understanding.spelling import meant
from knowledge.understanding.tokens import Token, words_at

_PHONE = re.compile(
    r"(?<![\w.,$€])(?:\+\(?\d{1,3}\)?(?:[ .\-]{0,2}\(?\d{1,4}\)?){3,8}|\+?\(?\d{1,4}\)?(?:[ .\-]{0,2}\(?\d{2,4}\)?){2,6})"
    r"(?![\w,.]\d|\w)"
)
#: Units of area from this size on (square metres) measure land, and are halved in words.
_LAND_UNIT = 400.0
#: A plot by its sides, "20x50", of at least so many square metres.
_SIDES = re.compile(r"(?<![\w.,$€])(\d{1,4}(?:[.,]\d{1,2})?)\s?[x×]\s?(\d{1,4}(?:[.,]\d{1,2})?)(?![\w%]|[.,]\d)")
_LEAST_PLOT = 60.0
#: A country's prefix written with two zeros.
_PREFIXED = re.compile(r"00[1-9]\d{9}")
_DATE = re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-]\d{2,4}\b|\b\d{1,2}:\d{2}\b|\b24/7\b|\b\d{4}-\d{2}-\d{2}\b")
_YEAR_WORDS = words("year_words")
_MONTH_WORDS = words("month_words")
_MOST_MONTHS = 1_200
#: What a rate is of that is none of a loan: "exchange rate 18.2", "nightly rate 1,350".
_OTHER_RATES = words("other_rates")
_CALENDAR_MONTHS = frozenset({"month", "months", "mo", "mos", "mes", "meses"})
_DECADES = frozenset({"decada", "decadas", "decade", "decades"})
_LONG_WHILES = {
    ("a", "decade"): 10.0, ("quarter", "of", "a", "century"): 25.0, ("half", "a", "century"): 50.0,
    ("un", "cuarto", "de", "siglo"): 25.0, ("cuarto", "de", "siglo"): 25.0, ("medio", "siglo"): 50.0,
}
#: Words before "decade" that look ahead to it: "the next decade" is ten years, "the last decade" is past.
_COMING = frozenset({"next", "coming", "proxima", "siguiente"})
_SHORT_TERMS, _MINUTES, _BUILT, _FEES = words("short_terms"), words("minutes"), words("built"), words("fees")
#: No home is so small, in square metres.
_LEAST_ROOM = 6.0
_PAID_BEFORE = words("paid_before")
_DETERMINERS = frozenset({"an", "un", "una", "del", "the", "el"})
#: Names of payments of which a number makes a term in months, and the least of them.
_MONTHLY_PAYMENTS, _LEAST_PAYMENTS = phrases("monthly_payments"), 6
#: What a bare figure of square metres is followed by: "160 de construcción".
_AREA_NAMES, _LARGEST_BARE = phrases("area_names"), 100_000.0
_PESOS = frozenset({"peso", "pesos", "pesitos"})
_STOREYS = frozenset({("piso",), ("nivel",)})  # "es un cuarto piso"
_STOREY_WORDS, _MOST_STOREYS = words("storeys"), 100
_BETWEEN = frozenset({"o", "y", "or", "and", "a", "to"})
_PERCENT_WORDS = frozenset(["percent", "pct", "porciento"])
_MONTH_NAMES = frozenset(lexicon().months)
_YEAR_OPENERS = words("year_openers")
_ORDINAL_TAILS = words("ordinal_tails")
_TELEPHONE_WORDS = words("telephone_words")
_LOAN_WORDS, _RATE_NAMES, _POINTS = words("loan_words"), words("rate_names") - {"tipo"}, words("points")
_THOUSANDS = re.compile(r"\d{1,3}[.,]\d\d0")
_REFERENCES, _THESE = words("references"), frozenset({"estos", "estas", "esos", "esas", "these", "those"})
#: Figures of a row differ by no more than so many times.
_ALIKE = 10.0
_RATE_KINDS, _RATE_JOINTS = words("rate_kinds"), words("rate_joints")
_TERM_OPENERS = frozenset({"a", "en", "por", "durante", "over", "for"})
#: Above this a figure that only follows "al" or "at", or lacks its percent sign, is not an interest rate.
HIGHEST_RATE = 40.0


@dataclass(slots=True)
class Amount:
    """A figure over tokens [first, last]; `start` and `end` are offsets in the text. `literal`: written in digits.

    `scaled`: a word such as millones gave the size. `unit` is the slot that a count counts, or `nth` where the figure is a
    place in an order ("the 20th floor", "piso 8").
    `below`: a minus sign stands before it. `named` is the role that the words around it gave, whatever it became later.
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
    below: bool = False
    named: str | None = None


def _mask(text: str, tokens: list[Token]) -> tuple[list[Amount], set[int]]:
    """Telephone numbers, sides of plots and dates: (amounts found, tokens that nothing else may use)."""
    found: list[Amount] = []
    used: set[int] = set()

    def inside(start: int, end: int) -> list[int]:
        return [i for i, t in enumerate(tokens) if t.start < end and t.end > start]

    for match in _DATE.finditer(text):
        used.update(inside(*match.span()))
    for match in _SIDES.finditer(text):
        area, indexes = parse_literal(match[1]) * parse_literal(match[2]), inside(*match.span())
        paid = text[match.end() :].lstrip()[:1] in ("€", "$")  # "4 x 320 € al mes" are four rooms
        if area >= _LEAST_PLOT and indexes and not paid and not used & set(indexes):
            found.append(Amount(round(area, 2), "area", indexes[0], indexes[-1], match.start(), match.end()))
            used.update(indexes)
    for match in _PHONE.finditer(text):
        raw = match.group().strip()
        digits = re.sub(r"\D", "", raw)
        indexes = inside(*match.span())
        if not indexes or used & set(indexes):
            continue
        before = {t.text for t in tokens[max(0, indexes[0] - 6) : indexes[0]]}
        named = bool(before & _TELEPHONE_WORDS)
        if not (7 if named else 9) <= len(digits) <= 15:
            continue
        plain = digits == raw
        grouped_in_threes = bool(re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", raw))
        after = tokens[indexes[-1] + 1].text if indexes[-1] + 1 < len(tokens) else ""
        money = after in lexicon().currency or after in lexicon().scales or after == "pesos"
        if money or grouped_in_threes or digits.endswith("000" if len(digits) < 9 else "00000"):
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
                    unit=f"+{digits[2:]}" if _PREFIXED.match(digits) else ("+" if raw[0] == "+" else "") + digits,
                )
            )
            used.update(indexes)
    return found, used


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
        elif sign and sign.group(1) == "$" and word in ("us", "u", "s", "mx", "col"):
            code, start = {"mx": "MXN", "col": "COP"}.get(word, "USD"), tokens[first - 1].start
        if word in ("us", "usd") and sign and sign.group(1) == "$":
            code = "USD"
    behind = text[tokens[last].end : tokens[last].end + 3]
    after = "" if re.match(r"\s[$€]\d", behind) else behind[:2].strip()  # the sign of "yr1 €1,900" is that of what follows
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
        if tokens[at].text in _PESOS:
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
    at = 0
    while at < len(tokens):
        if at in used or tokens[at].kind not in ("num", "word"):
            at += 1
            continue
        amount = _long_while(tokens, at) or _amount(text, tokens, at)
        if amount is None:
            at += 1
            continue
        amount.below = _below_zero(text, tokens, amount)
        found.append(amount)
        at = amount.last + 1
    found.sort(key=lambda a: a.first)
    _share_scales(tokens, found)
    _spoken_in(tokens, found, text)
    return found


def _long_while(tokens: list[Token], at: int) -> Amount | None:
    """ "a decade", "two decades", "un cuarto de siglo", "quarter of a century": terms in words of their own."""
    for phrase, years in _LONG_WHILES.items():
        if words_at(tokens, at, len(phrase)) == phrase:
            last = at + len(phrase) - 1
            return Amount(years, "years", at, last, tokens[at].start, tokens[last].end, literal=False)
    if at and tokens[at].text in ("decade", "decada") and tokens[at - 1].text in _COMING:
        return Amount(10.0, "years", at, at, tokens[at].start, tokens[at].end, literal=False)
    return None


def _below_zero(text: str, tokens: list[Token], amount: Amount) -> bool:
    """A minus sign right before the figure, with nothing or a space before it: neither a range nor a list's dash."""
    begins = tokens[amount.first].start
    gap = text[tokens[amount.first - 1].end if amount.first else 0 : begins]
    return bool(re.search(r"(?:^|[\s:,(=])[-−]\s?(?:US\$|[$€])?$", gap)) and not re.search(r"[-−]\s+(?:US\$|[$€])?$", gap)


@dataclass(slots=True)
class _Here:
    """A number where it stands: the text and tokens around it."""

    text: str
    tokens: list[Token]
    at: int
    number: Number

    @property
    def follower(self) -> Token | None:
        """The next token of the same sentence."""
        index = self.number.last + 1
        return self.tokens[index] if index < len(self.tokens) and not self.tokens[index].opens else None

    @property
    def word(self) -> str:
        """The next word, if no comma comes first."""
        token = self.follower
        return token.text if token and not token.comma else ""

    @property
    def tail(self) -> str:
        """The characters right after the number."""
        end = self.tokens[self.number.last].end
        return self.text[end : end + 3].lstrip(" \u00a0")

    @property
    def spelled(self) -> bool:
        """One word that is a number ("dos")."""
        return self.number.last == self.at and not self.number.literal

    def make(
        self, kind: QuantityKind, value: float, more: int = 0, *, currency: str | None = None, unit: str = ""
    ) -> Amount:
        """The amount, with `more` tokens of unit after the number."""
        last = self.number.last + more
        start, end = self.tokens[self.at].start, self.tokens[last].end
        return Amount(value, kind, self.at, last, start, end, currency, self.number.scaled, self.number.literal, unit)


def _amount(text: str, tokens: list[Token], at: int) -> Amount | None:
    """The figure that begins at token `at`, if any."""
    number = read_number(tokens, at)
    if number is None:
        return _half_of_land(tokens, at)
    here = _Here(text, tokens, at, number)
    return _percentage(here) or _term(here) or _count(here) or _money_or_area(here)


def _half_of_land(tokens: list[Token], at: int) -> Amount | None:
    """ "media hectárea", "half an acre"."""
    if tokens[at].text not in ("media", "half"):
        return None
    unit_at = at + 2 if words_at(tokens, at + 1, 1) in (("a",), ("an",)) else at + 1
    unit = _area_unit(tokens, unit_at)
    if unit is None or unit[0] < _LAND_UNIT:
        return None
    last = unit_at + unit[1] - 1
    return Amount(round(unit[0] / 2, 2), "area", at, last, tokens[at].start, tokens[last].end, literal=False)


def _percentage(here: _Here) -> Amount | None:
    tokens, last = here.tokens, here.number.last
    lone = here.number.literal and last == here.at
    value = parse_literal(tokens[last].raw, decimal_only=True) if lone else here.number.value
    if here.tail[:1] == "%":
        amount = here.make("percent", value)
        amount.end = here.text.index("%", tokens[last].end) + 1
        return amount
    if here.word in _PERCENT_WORDS:
        return here.make("percent", value, 1)
    if here.word == "per" and words_at(tokens, last + 2, 1) == ("cent",):
        return here.make("percent", value, 2)
    if lone and not here.number.scaled and 0 < value < HIGHEST_RATE and _is_rate(here):
        return here.make("percent", value)
    if here.word == "por" and words_at(tokens, last + 2, 1) in (("ciento",), ("cien",)):
        return here.make("percent", value, 2)
    return None


def _is_rate(here: _Here) -> bool:
    """A rate without its sign: "al 11,8 E.A.", "3.1 fijo", "tasa del 12", "hipoteca al 3,4 a 25 años"."""
    tokens, first, after = here.tokens, here.at, here.number.last + 1
    if here.tail[:1] in ("€", "$") or tokens[first].gap.rstrip().endswith(("€", "$")):
        return False
    follows = words_at(tokens, after, 2)
    if here.word in _RATE_KINDS and re.fullmatch(_THOUSANDS, tokens[first].raw) and tokens[first - 1].text not in _RATE_NAMES:
        return False  # "then 7,200 fixed per year"
    if here.word in _RATE_KINDS or (here.word == "e" and follows[1:] == ("a",)):
        return True
    units = here.word in _PESOS or any(here.word in table for table in (lexicon().counts, lexicon().scales, lexicon().currency))
    if units or here.word in _YEAR_WORDS | _MONTH_WORDS or here.word in _POINTS or _area_unit(tokens, after):
        return False
    before = [t.text for t in tokens[max(0, first - 4) : first]]
    if _OTHER_RATES & set(before):
        return False
    while len(before) > 1 and before[-1] in _RATE_JOINTS:
        before.pop()
    if before and before[-1] in _RATE_NAMES:
        return True
    opener = tokens[first - 1].text if first and not tokens[first].opens else ""
    decimal = here.number.value != int(here.number.value)
    termed = follows[:1] and follows[0] in _TERM_OPENERS and after + 1 < len(tokens) and tokens[after + 1].kind == "num"
    lent = any(t.text in _LOAN_WORDS for t in tokens)
    return opener in ("al", "at") and lent and bool(decimal or termed)


def _term(here: _Here) -> Amount | None:
    """Years, months and shorter times; "800 mil mes" is money of each month."""
    tokens, value, last = here.tokens, here.number.value, here.number.last
    if here.number.scaled or value > _MOST_MONTHS:
        return None
    attached = here.follower is not None and here.follower.text == "y" and not here.follower.gap  # "25y"
    if here.word in _DECADES:
        return here.make("years", 10 * value, 1)
    if here.word in _YEAR_WORDS or attached:
        if words_at(tokens, last + 2, 2) in (("y", "medio"), ("and", "half")):
            return here.make("years", value + 0.5, 3)
        return here.make("years", value, 1)
    few = not here.number.literal and value < 3 and here.word not in _CALENDAR_MONTHS  # "compárame las dos cuotas"
    if here.word in _MONTH_WORDS and not few:
        half = words_at(tokens, last + 2, 2) in (("y", "medio"), ("and", "half"))
        return here.make("months", value + 0.5 * half, 3 if half else 1)
    for payments in _MONTHLY_PAYMENTS:
        if value >= _LEAST_PAYMENTS and words_at(tokens, last + 1, len(payments)) == payments:
            return here.make("months", value, len(payments))  # "balance in 60 equal monthly payments"
    if here.word in _MINUTES:
        return here.make("other", value, 1, unit="away")
    return here.make("other", value, 1) if here.word in _SHORT_TERMS else None


def _count(here: _Here) -> Amount | None:
    """ "3 habitaciones", and the 2 of "2 o 3 habitaciones"."""
    counts, value = lexicon().counts, here.number.value
    if value > 50 or value != int(value):
        return None
    storey = here.word == "cuarto" and words_at(here.tokens, here.number.last + 2, 1) in _STOREYS
    counted = here.word if here.word in counts else meant(here.word, "misspelt_counts")
    if counted and not storey:
        return here.make("count", value, 1, unit=counts[counted])
    if here.word in _BETWEEN and here.number.literal:
        follows = words_at(here.tokens, here.number.last + 2, 2)
        if len(follows) == 2 and follows[0].isdigit() and follows[1] in counts:
            return here.make("count", value, unit=counts[follows[1]])
    return None


def _money_or_area(here: _Here) -> Amount | None:
    tokens, number = here.tokens, here.number
    value, last = number.value, number.last
    written, money, start, money_last = _currency_around(tokens, here.at, last, here.text)
    currency = number.currency or written
    apart = last + 1 < len(tokens) and tokens[last + 1].comma  # "precio 275.000, m2 110"
    unit = None if money or number.currency or apart else _area_unit(tokens, last + 1)
    if unit is not None and here.word == "m" and (paid := _currency_word(tokens, last + 2)) is not None:
        amount = here.make("money", value * 1e6, 2, currency=paid or None)  # "58m pesos"
        amount.scaled = True
        return amount
    if unit is not None and not (here.spelled and value == 1 and unit[0] < _LAND_UNIT):
        factor, size = unit
        if words_at(tokens, last + 1 + size, 2) in (("y", "media"), ("y", "medio")) and factor >= _LAND_UNIT:
            return here.make("area", round((value + 0.5) * factor, 2), size + 2)
        height = "metres" in tokens[last + 1].classes and value < _LEAST_ROOM  # "2.7m ceilings"
        if height or _is_distance(tokens, here.at, last + 1 + size):
            return here.make("other", value, size, unit="away")
        return here.make("area", round(value * factor, 2), size)
    if (size := _bare_area(here)) and not (money or number.scaled or number.currency):
        return here.make("area", value, size)
    if here.spelled and tokens[here.at].text == "one" and not number.scaled and written and money_last == last:
        return None  # "a 165,000 dollar one"
    if here.spelled and here.at and tokens[here.at - 1].text in _THESE and not money:
        return None  # "estos dos al año"
    if here.spelled and not money and (value < 1000 or tokens[here.at].text in ("mil", "thousand")):
        return here.make("other", value) if 2 <= value < 1000 else None
    if money or number.scaled:
        amount = here.make("money", value, money_last - last, currency=currency)
        amount.start = start
        return amount
    if number.literal and last == here.at:
        if _is_ordinal(here) or tokens[here.at].gap.endswith("#") or _is_storey(here) or _is_reference(here):
            return here.make("other", value, unit="nth")
        if _is_year(here):
            return here.make("year", value)
    return here.make("money" if value >= 1000 else "other", value, currency=currency)


def _currency_word(tokens: list[Token], at: int) -> str | None:
    """The currency that the word at `at` names ("" for pesos of no country), None where it names none."""
    if at >= len(tokens) or tokens[at].opens or tokens[at].comma:
        return None
    word = tokens[at].text
    return "" if word in _PESOS else lexicon().currency.get(word)


def _bare_area(here: _Here) -> int:
    """How many words after a bare figure say that it is of square metres ("160 de construcción", "90 útiles"); 0 for none."""
    after = here.number.last + 1
    if here.follower is None or here.follower.comma or not 20 <= here.number.value <= _LARGEST_BARE:
        return 0
    return max((len(p) for p in _AREA_NAMES if words_at(here.tokens, after, len(p)) == p), default=0)


def _is_storey(here: _Here) -> bool:
    """ "piso 8", "nothing above floor 20"."""
    token = here.tokens[here.at]
    if not here.at or token.opens or token.comma or here.tail[:1] in ("€", "$"):
        return False
    return here.tokens[here.at - 1].text in _STOREY_WORDS and here.number.value <= _MOST_STOREYS


def _is_reference(here: _Here) -> bool:
    """ "REF 4471", "código 88213": the number of an advert, which has no separators."""
    before = here.tokens[here.at - 1].text if here.at and not here.tokens[here.at].opens else ""
    whole = here.tokens[here.at].raw.isdigit()
    return before in _REFERENCES and whole and not here.number.scaled


def _is_ordinal(here: _Here) -> bool:
    follower = here.follower
    attached = follower is not None and not follower.gap and here.word in _ORDINAL_TAILS
    return attached or "º" in here.tail[:2] or "ª" in here.tail


def _is_year(here: _Here) -> bool:
    before = here.tokens[here.at - 1].text if here.at else ""
    if not re.fullmatch(r"(19|20)\d\d", here.tokens[here.at].raw):
        built = here.at > 1 and here.tokens[here.at - 2].text in _BUILT
        return bool(re.fullmatch(r"[5-9]\d|0\d", here.tokens[here.at].raw)) and before == "del" and built  # "edificio del 98"
    if _names_a_building(here.word) and _describes_it(here, before):
        return True  # "a 2016 building"
    if here.word == "s" and here.follower is not None and not here.follower.gap:
        return True  # "a 1970s flat"
    paid = before in _PAID_BEFORE and before not in _YEAR_OPENERS  # "rent 2000, price 300k"
    return before in _YEAR_OPENERS or before in _MONTH_NAMES or (here.word in ("y", "and", "a", "") and not paid)


def _names_a_building(word: str) -> bool:
    return word in _BUILT or (word,) in lexicon().types


def _describes_it(here: _Here, before: str) -> bool:
    """Whether a year's words let it be one: not "rent 2000 building fee 150", "a 1900 locales"."""
    token, after = here.tokens[here.at], words_at(here.tokens, here.number.last + 2, 1)
    if after and after[0] in _FEES:
        return False
    return token.comma or token.opens or before in _DETERMINERS or (before == "a" and here.word in lexicon().english | _BUILT)


def _listed_area(amount: Amount, area: Amount, times: float) -> bool:
    """ "uno de 72 metros a 396 millones, otro de 65 a 390 millones": of the size of the area before, and too small for
    the lower end of a range of money."""
    return area.value / 4 <= amount.value <= area.value * 4 and times > 3


def _spoken_in(tokens: list[Token], amounts: list[Amount], text: str) -> None:
    """ "el arriendo es en dólares, 950 mensuales": the only figure of a statement is in the currency that it names."""
    for at in range(1, len(tokens)):
        currency = _currency_word(tokens, at) if tokens[at - 1].text in ("en", "in") and not tokens[at].opens else None
        if not currency:
            continue
        start = next((n for n in range(at, -1, -1) if tokens[n].opens), 0)
        end = next((n for n in range(at + 1, len(tokens)) if tokens[n].opens), len(tokens))
        asked = "?" in text[tokens[end - 1].end : tokens[end - 1].end + 2] or "¿" in tokens[start].gap
        own = [a for a in amounts if start <= a.first < end and (a.kind == "money" or (a.kind == "other" and a.value >= 100))]
        if not asked and len(own) == 1 and own[0].currency is None:
            own[0].currency, own[0].kind = currency, "money"


def _share_of_a_row(tokens: list[Token], amounts: list[Amount]) -> None:
    """ "1.2, 1.1 and 0.95 million": bare figures of a row are of the size of its last, where that makes them alike."""
    row: list[Amount] = []
    for amount in amounts:
        between = tokens[row[-1].last + 1 : amount.first] if row else []
        goes_on = bool(row) and all(t.text in ("y", "e", "and") for t in between) and len(between) < 2 and (
            bool(between) or tokens[amount.first].comma
        )
        row = [*row, amount] if goes_on and not tokens[amount.first].opens else [amount]
        size = (1e6 if amount.value >= 1e5 else 1e3) if amount.scaled and amount.kind == "money" else 0.0
        bare = [a for a in row[:-1] if a.kind == "other" and a.literal and not a.unit]
        if size and between and len(row) > 2 and len(bare) == len(row) - 1 and all(
            amount.value / _ALIKE <= a.value * size <= amount.value * _ALIKE for a in bare
        ):
            for a in bare:
                a.value, a.kind, a.scaled, a.currency = a.value * size, "money", True, amount.currency


def _share_scales(tokens: list[Token], amounts: list[Amount]) -> None:
    """ "entre 350 y 480 millones": the first figure takes the size and currency of the second."""
    _share_of_a_row(tokens, amounts)
    joiners = {"y", "a", "and", "to", "o", "or", "-", "hasta"}
    area: Amount | None = None
    for left, right in pairwise(amounts):
        area = left if left.kind == "area" else area
        if right.first != left.last + 2 and right.first != left.last + 1:
            continue
        between = tokens[left.last + 1].text if right.first == left.last + 2 else tokens[right.first].gap.strip() or " "
        if between not in joiners:
            continue
        if right.kind == "money" and left.kind in ("other", "money"):
            if right.scaled and not left.scaled and left.value < 1000 and left.literal:
                size = 1e6 if right.value >= 1e6 else 1e3
                if area is not None and between == "a" and _listed_area(left, area, right.value / (left.value * size)):
                    left.kind, left.unit = area.kind, area.unit
                    continue
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
            if right.kind in ("years", "count") and left.value != int(left.value):
                continue  # "al 3,1 a 25 años"
            left.kind, left.unit = right.kind, right.unit
