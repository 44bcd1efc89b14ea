"""A language model's tool call is made only with figures, adverts and places that somebody stated or a tool returned.

A model may write any argument, and a calculator's result of an invented one looks like every other fact. The built-in
playbooks bind only what is known, so this stands around the tools of model-planned agents alone. A refused call tells the
model which argument it was, so that it may call again with what was said; no tool has failed then, and the answer that follows
is worth no less. Refusals are not read as earlier results: what they quote would count as known the next time.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, ToolCallRequest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.types import Command
from pydantic import BaseModel, ValidationError

from core import clock
from core.facts import Fact
from knowledge.understanding.gazetteer import PlaceIndex
from knowledge.understanding.numerals import read_number
from knowledge.understanding.text import fold
from knowledge.understanding.tokens import tokenise
from tools.arguments import KINDS, OWN, PLACES, USUAL_HORIZON, Kind, figures
from tools.context import TurnContext
from tools.provenance import UNSTATED, readings

log = logging.getLogger("ladrillo.specialist")
Handler = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
_EARLIER = re.compile(r"<earlier>\n(.*?)\n</earlier>", re.DOTALL)
_SCALES = (1.0, 1e3, 1e6, 1e9)
#: What a model writes of a tool's figure is rounded; a limit of a search may be so far from what was said.
_ROUNDED, _NEAR = 1e-3, 0.25
#: Smaller amounts are not taken for made of others.
_LEAST_MADE = 1000
_A_YEAR, _THESE_MONTHS = 365, 400


class ArgumentCheck(AgentMiddleware[Any, Any]):
    """Inside `ToolErrors`, outside the result cache."""

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        tool = request.tool
        if tool is not None and tool.name not in OWN and (args := _read(tool, request.tool_call["args"])):
            known = Known(cast(TurnContext, request.runtime.context), request.state["messages"])
            if (invented := await _invented(tool.name, args, known)) is not None:
                return _refusal(request, *invented)
        return await handler(request)


async def _invented(tool: str, args: Mapping[str, Any], known: Known) -> tuple[str, Any] | None:
    """The first argument that is from nowhere, and its value."""
    for name, value in figures(args):
        if not (known.has(name, value) or _free_horizon(tool, name, value, known)):
            return name, value
    if known.placed and any(args.get(name) for name in PLACES):
        elsewhere = known.elsewhere(args, await known.context.resources.places())
        return (elsewhere, args[elsewhere]) if elsewhere else None
    return None


def _read(tool: BaseTool, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool would read them, without its defaults; none where it will refuse them itself."""
    schema: type[BaseModel] = cast(Any, tool.tool_call_schema)
    try:
        return schema.model_validate(args).model_dump(exclude_defaults=True)
    except ValidationError:
        return {}


def _refusal(request: ToolCallRequest, name: str, value: Any) -> ToolMessage:
    shown = f"{value:.12g}" if isinstance(value, (int, float)) else str(value)
    log.warning("tool %s not called: nobody said %s = %s", request.tool_call["name"], name, shown)
    return ToolMessage(
        content=f"Not called: {name} = {shown} is neither in what the investor said nor in a tool result. Call again with "
        "exactly what the investor said or a tool returned; leave out what nobody stated.",
        name=request.tool_call["name"], tool_call_id=request.tool_call["id"] or "", status="error",
        artifact={"gaps": [{"code": "bad_arguments"}]},
    )


def _free_horizon(tool: str, name: str, value: Any, known: Known) -> bool:
    """How far a forecast looks is free where nobody said it."""
    told = known.context.slots.get("horizon_years")
    return tool == "forecast_index" and name == "horizon_years" and told is None and 0 < value <= USUAL_HORIZON


class Known:
    """What was said and found before a call. Each part is read when an argument needs it."""

    def __init__(self, context: TurnContext, messages: Sequence[Any]) -> None:
        self.context = context
        asked = next((m for m in reversed(messages) if isinstance(m, HumanMessage)), None)
        self._brief: Mapping[str, Any] = asked.additional_kwargs.get("brief", {}) if asked else {}
        self._earlier = " ".join(_EARLIER.findall(asked.text)) if asked else ""
        self._results = [m for m in messages if isinstance(m, ToolMessage) and m.status != "error"]

    # figures

    def has(self, name: str, value: Any) -> bool:
        """Whether this value of an argument (a name of the table) is from somewhere."""
        kind = KINDS[name]
        if kind is Kind.DATE:
            return self._day(value)
        if kind is Kind.LISTING:
            return value in self._listings or value in self._quoted
        size = abs(float(value))
        if not math.isfinite(size):
            return False
        if size == 0:
            return kind is not Kind.SIZE or not isinstance(self.context.slots.get(name), (int, float))
        if kind is Kind.QUOTED:
            return any(_same(n * scale, size) for n in self._quoted for scale in _SCALES)
        if any(_same(n, size) for n in self._stated) or any(_same(n, size, _ROUNDED) for n in self._found):
            return True
        return _MADE[kind](self, size)

    def money(self, size: float) -> bool:
        """Money as people say it (`450` for millions), of a year for a month's, or made of two amounts."""
        if any(_same(n * scale * times, size) for n in self._quoted for scale in _SCALES for times in (1, 12, 1 / 12)):
            return True
        if any(_same(n * times, size, tolerance) for numbers, tolerance in ((self._stated, 1e-6), (self._found, _ROUNDED))
               for n in numbers for times in (12, 1 / 12)):
            return True
        numbers = list(self._told)
        return size >= _LEAST_MADE and any(
            _same(made, size) for i, a in enumerate(numbers) for b in numbers[i:]
            for made in (a * b, a + b, abs(a - b), a * b / 100, *_rests(a, b))
        )

    def share(self, size: float) -> bool:
        """A percentage's complement, a year's for a month's, or one amount as a share of another."""
        amounts = [n for n in self._stated if n >= _LEAST_MADE]
        return any(_same(made, size) for n in self._stated for made in (100 - n, 12 * n, n / 12)) or any(
            _same(100 * a / b, size, _ROUNDED) or _same(100 - 100 * a / b, size, _ROUNDED)
            for a in amounts for b in amounts if a < b
        )

    def cost(self, size: float) -> bool:
        """Money or a percentage."""
        return self.money(size) or self.share(size)

    def exactly(self, size: float) -> bool:
        """Nothing but what was said."""
        return False

    def time(self, size: float) -> bool:
        """Years from months and back, nights from a share of the year, weeks or months."""
        return any(_same(made, size, _ROUNDED) for n in self._stated for made in (n / 12, 12 * n)) or any(
            abs(made - size) <= 1 for n in self._stated for made in (_A_YEAR * n / 100, 7 * n, _A_YEAR * n / 12) if size > 60)

    def year(self, size: float) -> bool:
        """So many years from now."""
        now = clock.now().year
        return any(_same(now - n, size) or _same(now + n, size) for n in self._stated if n < 1000)

    def near(self, size: float) -> bool:
        """About as much as was said."""
        return self.money(size) or any(
            abs(n * scale - size) <= _NEAR * n * scale for n in self._stated | self._quoted for scale in _SCALES)

    def _day(self, value: Any) -> bool:
        text = value.isoformat() if isinstance(value, date) else str(value)
        try:
            year = int(text[:4])
            days = abs((date.fromisoformat(text[:10]) - clock.now().date()).days)
        except ValueError:
            return True
        return days <= _THESE_MONTHS or any(_same(n, year) for n in self._stated) or self.year(year)

    @cached_property
    def _quoted(self) -> frozenset[float]:
        """Every number in the investor's own words, in each reading."""
        words = (*self.context.user_words, str(self._brief.get("question", "")))
        return frozenset(abs(number) for text in words for number in _numbers(text))

    @cached_property
    def _told(self) -> frozenset[float]:
        """These, and what was understood from them."""
        parts = (self.context.slots, self._brief.get("request"), [fact.value for fact in self.context.remembered.values()])
        told = {abs(float(n)) for part in parts for n in _leaves(part) if isinstance(n, (int, float))}
        return self._quoted | told

    @cached_property
    def _stated(self) -> frozenset[float]:
        """What was told, and what stands in the conversation so far."""
        return self._told | {abs(number) for number in _numbers(self._earlier)}

    @cached_property
    def _found(self) -> frozenset[float]:
        """What tools and other findings found."""
        values = [n for fact in self._facts if fact.source.ref != UNSTATED for n in (fact.value, fact.low, fact.high)]
        values += [n for result in self._results for n in _leaves((result.artifact or {}).get("data"))]
        return frozenset(abs(float(n)) for n in values if isinstance(n, (int, float)) and not isinstance(n, bool))

    @cached_property
    def _facts(self) -> list[Fact]:
        bodies = [body for result in self._results for body in (result.artifact or {}).get("facts", ())]
        return [*(Fact.from_dict(body) for body in bodies), *self.context.found]

    @cached_property
    def _listings(self) -> frozenset[int]:
        """Adverts that were shown or found."""
        shown = [row["id"] for name in ("shown", "references") for row in self._brief.get(name, ()) if "id" in row]
        found = [fact.source.ref for fact in self._facts if fact.source.kind == "listing"]
        found += [fact.entity_id for fact in self._facts if fact.entity_id]
        listed = [n for result in self._results for n in _ids((result.artifact or {}).get("data"))]
        return frozenset(int(one) for one in (*shown, *found, *listed) if str(one).isdecimal())

    # places

    @property
    def placed(self) -> bool:
        """Whether it is known which place this turn is about."""
        return bool(self.context.slots.get("city") or self.context.slots.get("neighbourhood"))

    def elsewhere(self, args: Mapping[str, Any], places: PlaceIndex) -> str | None:
        """The argument that names another place than anybody did; names that nobody knows do no harm."""
        for name in ("city", "neighbourhood"):
            value = args.get(name)
            if isinstance(value, str) and value and not self._may_be(value, places):
                return name
        country = args.get("country")
        return "country" if isinstance(country, str) and country and not self._in_country(country, args, places) else None

    def _may_be(self, value: str, places: PlaceIndex) -> bool:
        key = fold(value)
        if not key or self._named(key):
            return True
        own = [fold(str(one)).split() for name in ("city", "neighbourhood") for one in _leaves(self.context.slots.get(name))]
        if any(words and set(words) <= set(key.split()) for words in own):  # Vila de Gràcia for Gràcia
            return True
        entries = places.lookup(key)
        also = [fold(shown) for entry, shown in entries] + [fold(entry.name) for entry, _ in entries] + places.spellings(value)
        return not entries or any(self._named(one) for one in also)

    def _in_country(self, value: str, args: Mapping[str, Any], places: PlaceIndex) -> bool:
        """Whether the country is the turn's, one that was named, or that of a place that the call names."""
        def of(name: str, *levels: str) -> set[str]:
            return {entry.country for entry, _ in places.lookup(fold(name)) if not levels or entry.level in levels}

        told = {str(one) for one in _leaves(self.context.slots.get("country"))}
        codes = {value.upper()} if len(value) == 2 else of(value, "country")
        if not told or not codes or codes & told:
            return True
        if any(codes & of(str(args[name])) for name in ("city", "neighbourhood") if args.get(name)):
            return True
        return any(codes & of(word, "country") for word in self._words.split())

    def _named(self, key: str) -> bool:
        return f" {key} " in self._words

    @cached_property
    def _words(self) -> str:
        """Everything that was said and found, folded."""
        parts = [self.context.user_words, self.context.slots, self._brief, [f.value for f in self.context.remembered.values()],
                 [fact.entity for fact in self._facts]]
        texts = [str(leaf) for part in parts for leaf in _leaves(part) if isinstance(leaf, str)]
        return f" {fold(' | '.join([*texts, self._earlier, *(result.text for result in self._results)]))} "


_MADE: dict[Kind, Callable[[Known, float], bool]] = {
    Kind.MONEY: Known.money, Kind.SHARE: Known.share, Kind.COST: Known.cost, Kind.SIZE: Known.exactly, Kind.TIME: Known.time,
    Kind.YEAR: Known.year, Kind.BOUND: Known.near,
}


def _rests(a: float, b: float) -> tuple[float, float]:
    """What is left of one after so many per cent."""
    return a * (100 - b) / 100, b * (100 - a) / 100


def _numbers(text: str) -> Iterator[float]:
    """The numbers of a text: figures in every reading, and those in words or with a scale (`450 millones`, `noventa`)."""
    for match in re.finditer(r"\d+(?:[.,'’]\d+)*", text):
        yield from readings(match.group())
    tokens = tokenise(text)
    for at in range(len(tokens)):
        if (number := read_number(tokens, at)) is not None:
            yield number.value


def _leaves(value: Any) -> Iterator[Any]:
    """What stands inside mappings and lists. Of the figures as they were read only each one's value counts: what stands
    beside it numbers the options of a message."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name == "_figures":
                yield from (row[1] for row in (part or {}).get("told", ()))
            elif name != "_words":
                yield from _leaves(part)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield value


def _ids(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name in ("id", "listing_id", "ids") and not isinstance(part, Mapping):
                yield from _leaves(part)
            else:
                yield from _ids(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _ids(part)


def _same(a: float, b: float, tolerance: float = 1e-6) -> bool:
    return abs(a - b) <= tolerance * max(1e-9, abs(b))
