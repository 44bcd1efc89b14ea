"""The one entry point: a message and what was known before it -> what it means. Pure, no database, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.understanding import intent, language, mentions, request, roles, slots
from knowledge.understanding.amounts import Amount, read_amounts
from knowledge.understanding.gazetteer import PlaceIndex, default_places
from knowledge.understanding.injection import cut_injection
from knowledge.understanding.lexicon import words
from knowledge.understanding.model import Place, Quantity, Understanding
from knowledge.understanding.places import country_votes, find_places
from knowledge.understanding.tokens import Token, normalise, tokenise, words_at

__all__ = ["PlaceIndex", "Understanding", "default_places", "understand"]

#: From this amount on, in the currency, a deal is a person's: about ten million US dollars.
LARGE_DEAL = {"EUR": 10e6, "USD": 10e6, "COP": 40e9, "MXN": 180e6}
_FOLLOW_UPS: tuple[tuple[str, ...], ...] = (
    ("y",),
    ("and",),
    ("what", "about"),
    ("how", "about"),
    ("what", "if"),
    ("que", "tal", "si"),
    ("o",),
    ("or",),
    ("mejor",),
    ("ahora",),
    ("now",),
    ("entonces",),
    ("tambien",),
    ("also",),
    ("pero",),
    ("but",),
    ("que", "tengan"),
    ("que", "tenga"),
    ("con",),
    ("with",),
    ("sin",),
    ("without",),
    ("solo",),
    ("only",),
    ("de",),
    ("same",),
    ("lo", "mismo"),
    ("e",),
    ("en",),
    ("in",),
    ("mejor", "que"),
    ("si",),
    ("if",),
    ("para",),
    ("for",),
    ("around",),
)
_YES = words("yes")
_YES_AFTER = words("yes_after")
_NO = frozenset(["no", "nope", "nah"])


def understand(
    text: str,
    *,
    places: PlaceIndex,
    previous_slots: Mapping[str, Any] | None = None,
    previous_routes: Sequence[str] = (),
    previous_language: str | None = None,
    open_question: str | None = None,
    country_hint: str | None = None,
) -> Understanding:
    """Understand one message.

    `previous_slots` and `previous_routes` are those of the turn before (`Understanding.slots`, `.routes`);
    `open_question` is the slot the assistant asked for (or `human` where it offered a person). Total: any string is
    understood as something, an empty one as `none`.
    """
    known = dict(previous_slots or {})
    message = normalise(text)
    full = tokenise(message)
    read_text, injected = cut_injection(message)
    tokens = tokenise(read_text) if injected else full

    amounts = read_amounts(read_text, tokens)
    figures = _covered(amounts, {"money", "area", "percent", "years", "months", "count", "phone", "year"})
    contact = {a.first for a in amounts if a.kind == "phone"} | {i for i, t in enumerate(tokens) if t.kind == "email"}
    name, name_tokens = mentions.find_names(read_text, tokens, contact)
    taken = figures | name_tokens | {i for i, t in enumerate(tokens) if t.kind == "email"}
    votes = country_votes(tokens, [a.currency for a in amounts])
    found = find_places(read_text, tokens, taken, places, votes, known, country_hint)
    if injected:
        found = [p for p in found if read_text[p.start : p.end].strip()]
    place_tokens = {i for i, t in enumerate(tokens) if any(t.start < p.end and t.end > p.start for p in found)}

    spoken, answer = language.detect(
        message, full, previous_language, figures | place_tokens | name_tokens if not injected else None
    )
    types_at = mentions.tag_types(tokens, figures | place_tokens | name_tokens, answer == "en" and spoken != "mixed")
    said = mentions.find_mentions(read_text, tokens, figures | place_tokens, types_at, name)
    readings = roles.read_roles(tokens, amounts)
    asked = slots.asked_places(tokens, found, said.correction_at)
    accepts = _acceptance(tokens)

    follow_up = _is_follow_up(tokens)
    stream, listed = _stream(tokens, amounts, found, asked)
    context = _context(
        tokens, amounts, asked, said, stream, known, follow_up, accepts, open_question, listed, "?" in message
    )
    hits, scores = intent.score(stream, context)
    says = {(k, v) for h in hits for k, v in h.cue.says}
    lead = scores.get("lead_qualification", 0.0) >= 3
    searching = ("market", "search") in says and scores.get("roi", 0.0) < 3 and scores.get("price_prediction", 0.0) < 3
    slots.fill_figures(
        tokens,
        amounts,
        said,
        known,
        open_question,
        searching=searching,
        lead=lead,
        follow_up=follow_up or (bool(known) and len(tokens) <= 8),
    )
    slots.lend(amounts, bool(said.types))
    context = _context(
        tokens, amounts, asked, said, stream, known, follow_up, accepts, open_question, listed, "?" in message
    )
    hits, scores = intent.score(stream, context)
    meant = intent.decide(stream, hits, scores, context, previous_routes)
    comparing = "comparison" in meant.routes

    turn = slots.place_slots(asked)
    if said.types:
        turn["property_type"] = said.types[0] if len(said.types) == 1 else list(said.types)
    operation = _operation(said, meant, says, amounts)
    if operation:
        turn["operation"] = operation
    turn.update(slots.figure_slots(tokens, amounts, comparing, said.correction_at))
    turn.update(slots.contact_slots(said, amounts))
    if said.features:
        turn["features"] = said.features
    if open_question == "consent" and accepts is not None:
        turn["consent"] = accepts
    if (
        open_question == "name"
        and "name" not in turn
        and 0 < len(tokens) <= 4
        and all(t.kind == "word" for t in tokens)
    ):
        turn["name"] = message.strip(" .!")

    inherited = not meant.own_cue
    fresh = bool(
        known
        and meant.own_cue
        and not follow_up
        and not comparing
        and said.correction_at is None
        and said.types
        and ("city" in turn or "neighbourhood" in turn)
        and ("property_type" in known)
    )
    moved = any(p.level in ("city", "neighbourhood", "region", "other") for p in asked)
    if comparing:
        turn.update(_with_earlier(turn, known, moved or bool(said.references)))
    if moved and "city" not in turn and "neighbourhood" in turn and known.get("city"):
        turn["city"] = known["city"]
        turn.setdefault("country", known.get("country"))
    currency, written = slots.resolve_currency(amounts, turn, {} if fresh else known)
    if currency:
        turn["currency"] = currency
        if written:
            turn["_last"] = {**turn.get("_last", {}), "currency": currency}
    after = slots.merge(known, turn, fresh=fresh, moved=moved)
    if not moved and said.refused_types and after.get("property_type") in said.refused_types:
        after.pop("property_type")
    _remember_places(known, after, moved)
    _derive(after)

    wanted = request.build_request(tokens, amounts, readings, asked, meant.wishes, after, comparing)
    if said.refused_types:
        wanted["refused_types"] = said.refused_types
    if said.refused_features:
        wanted["refused_features"] = said.refused_features
    if accepts is not None:
        wanted["accepts"] = accepts
    if dialect := slots.guess_country(tokens):
        wanted["dialect"] = dialect
    wanted = request.merge_request(known.get("_request") or {}, wanted, inherited, fresh)
    after["_request"] = {k: v for k, v in wanted.items() if k not in ("accepts", "dialect", "convert")}

    small_talk = meant.small_talk
    if injected and meant.routes == ("none",) and not [t for t in tokens if t.kind == "word" and len(t.text) > 3]:
        small_talk = "injection_only"
    return Understanding(
        text=message,
        language=spoken,
        answer_language=answer,
        register=language.register(tokens),
        routes=meant.routes,
        scores={k: round(v, 2) for k, v in meant.scores.items()},
        confidence=meant.confidence,
        human_reason=meant.human_reason,
        small_talk=small_talk,
        slots=after,
        turn_slots={k: v for k, v in turn.items() if k != "_last"},
        places=tuple(found),
        quantities=tuple(_quantity(a, read_text, readings.get(i)) for i, a in enumerate(amounts)),
        uncovered=tuple(dict.fromkeys(p.name for p in asked if not p.covered and p.level != "neighbourhood")),
        injection=injected,
        references=tuple(said.references),
        request=wanted,
    )


def _covered(amounts: Sequence[Amount], kinds: set[str]) -> set[int]:
    return {i for a in amounts if a.kind in kinds for i in range(a.first, a.last + 1)}


def _quantity(amount: Amount, text: str, reading: roles.Reading | None) -> Quantity:
    kind = "rate" if amount.role == "rate_pct" else amount.kind
    value = float(amount.unit.lstrip("+") or 0) if amount.kind == "phone" else amount.value
    return Quantity(
        value, kind, amount.currency, amount.role, amount.start, amount.end, text[amount.start : amount.end]
    )


def _stream(
    tokens: list[Token], amounts: Sequence[Amount], found: Sequence[Place], about: Sequence[Place]
) -> tuple[list[Token], int]:
    """(the tokens the cue grammar reads, each figure and each place one token with its class; longest run of options)."""
    merged: dict[int, tuple[int, set[str], str]] = {}
    for amount in amounts:
        classes = {
            "money": {"money"},
            "area": {"area"},
            "percent": {"pct"},
            "years": {"years"},
            "months": {"years"},
            "count": {"count", "num"},
            "phone": {"phone"},
            "other": {"num"},
            "year": {"year"},
        }.get(amount.kind, set())
        if amount.kind == "money" and amount.value >= LARGE_DEAL.get(amount.currency or "", float("inf")):
            classes = {"money", "big"}
        text = (
            tokens[amount.first].text
            if amount.first == amount.last and amount.kind in ("other", "year")
            else f"<{amount.kind}>"
        )
        merged[amount.first] = (amount.last, classes, text)
    for place in found:
        inside = [i for i, t in enumerate(tokens) if t.start < place.end and t.end > place.start]
        if inside and inside[0] not in merged:
            classes = {"place"} if place.level != "country" else {"place", "country"}
            merged[inside[0]] = (inside[-1], classes, f"<{place.level}>")
    stream: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if "inner" in token.classes:
            tokens[at + 1].opens = tokens[at + 1].opens or token.opens
            at += 1
            continue
        last, classes, text = merged.get(at, (at, set(), token.text))
        extra = {"email"} if token.kind == "email" else set()
        stream.append(
            Token(
                text,
                token.raw,
                token.start,
                tokens[last].end,
                token.kind,
                token.gap,
                token.opens,
                token.comma,
                set(token.classes) | classes | extra,
            )
        )
        at = last + 1
    asked = {p.start for p in about}
    listed = 0
    for members in (
        [
            (i, i, t.text)
            for i, t in enumerate(stream)
            if "place" in t.classes and t.start in asked and t.text != "<region>"
        ],
        [(i, i, "type") for i, t in enumerate(stream) if "type" in t.classes],
    ):
        for first, last, choice in mentions.option_groups(stream, members):
            for token in stream[first : last + 1]:
                token.classes.add("opts")
            if choice:
                stream[first].classes.add("or")
            listed = max(listed, sum(first <= m[0] <= last for m in members))
    return stream, listed


def _context(
    tokens: list[Token],
    amounts: Sequence[Amount],
    asked: Sequence[Place],
    said: mentions.Mentions,
    stream: Sequence[Token],
    known: Mapping[str, Any],
    follow_up: bool,
    accepts: bool | None,
    open_question: str | None,
    listed: int,
    question: bool,
) -> intent.Context:
    given = [a.role for a in amounts]
    several = (
        any(isinstance(known.get(k), list) for k in ("city", "neighbourhood", "price"))
        or len(known.get("_places", ())) > 1
    )
    named = [p for p in asked if p.level in ("city", "neighbourhood", "other")]
    return intent.Context(
        places=len(asked),
        types=sum("type" in t.classes for t in stream),
        amounts=sum(
            a.kind in ("money", "area", "percent", "years", "months", "count") or a.role is not None for a in amounts
        ),
        areas=given.count("area_m2"),
        prices=given.count("price"),
        rent_start=next((a.start for a in amounts if a.role in ("monthly_rent", "annual_rent")), 0),
        loan_start=next((a.start for a in amounts if a.role in ("loan_amount", "rate_pct", "financed_pct")), 0),
        rents=given.count("monthly_rent") + given.count("annual_rent") + given.count("nightly"),
        loan="rate_pct" in given or "loan_amount" in given or "financed_pct" in given,
        budget="budget_max" in given,
        contact=bool(said.email or said.name or "phone" in given),
        term=any(a.role == "term_years" for a in amounts)
        or any(a.kind in ("years", "months") and a.role is None for a in amounts),
        listed=listed,
        plural=any("types" in t.classes for t in stream),
        question=question,
        options=several
        or len(named) > 1
        or any("opts" in t.classes for t in stream)
        or bool(named and known.get("city") and follow_up),
        references=bool(said.references),
        follow_up=follow_up and bool(known),
        correction=said.correction_at is not None,
        accepts=accepts,
        open_question=open_question,
    )


def _is_follow_up(tokens: list[Token]) -> bool:
    return any(words_at(tokens, 0, len(p)) == p for p in _FOLLOW_UPS)


def _acceptance(tokens: list[Token]) -> bool | None:
    """True for "sí, por favor", False for "no, gracias", None for anything else."""
    if not tokens or len(tokens) > 8:
        return None
    first, rest = tokens[0].text, tokens[1:]
    after = rest[0] if rest else None
    if (
        first in _NO
        and (after is None or after.comma or after.text in ("gracias", "thanks", "thank"))
        and len(tokens) <= 4
    ):
        return False
    if first in _YES and (after is None or after.comma or after.opens or after.text in _YES_AFTER):
        return True
    return (
        True if words_at(tokens, 0, 2) in (("de", "una"), ("por", "favor"), ("go", "ahead"), ("of", "course")) else None
    )


def _operation(
    said: mentions.Mentions, meant: intent.Intent, says: set[tuple[str, str]], amounts: Sequence[Amount]
) -> str | None:
    if "lead_qualification" in meant.routes:
        if ("operation", "sell") in says or (said.operation == "sell" and ("wish", "sell") in says):
            return "sell"
        if said.operation != "rent" and any(("wish", w) in says for w in ("offer", "reserve", "buy")):
            return "buy"
        if said.operation != "rent" and any(a.role == "budget_max" for a in amounts):
            return "buy"
    return said.operation if said.operation != "sell" or ("wish", "sell") in says else None


def _with_earlier(turn: Mapping[str, Any], known: Mapping[str, Any], named: bool) -> dict[str, Any]:
    """ "¿y comparado con Palmira?" takes the place before as the other option, "¿cuál de las dos?" the last two."""
    if named:
        for key in ("neighbourhood", "city"):
            now, before = turn.get(key), known.get(key)
            if (
                isinstance(now, str)
                and isinstance(before, str)
                and now != before
                and not (key == "city" and "neighbourhood" in turn)
            ):
                return {key: [before, now]}
        return {}
    recent = known.get("_places") or []
    if len(recent) < 2 or any(isinstance(known.get(k), list) for k in ("city", "neighbourhood")):
        return {}
    key = "neighbourhood" if all("neighbourhood" in p for p in recent[-2:]) else "city"
    names = [p[key] for p in recent[-2:] if key in p]
    return {key: names} if len(names) == 2 else {}


def _remember_places(known: Mapping[str, Any], after: dict[str, Any], moved: bool) -> None:
    """Keeps the last places, one entry a turn, under `_places`."""
    recent = list(known.get("_places") or [])
    if moved and isinstance(after.get("city", after.get("neighbourhood")), str):
        entry = {k: after[k] for k in ("city", "neighbourhood") if isinstance(after.get(k), str)}
        recent = [p for p in recent if p != entry] + [entry]
    if recent:
        after["_places"] = recent[-4:]


def _derive(after: dict[str, Any]) -> None:
    """Empty values out; nothing else is added here."""
    for key in [k for k, v in after.items() if v is None or v == [] or v == ""]:
        del after[key]
