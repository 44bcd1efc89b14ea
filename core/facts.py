"""Facts: the only figures an answer may show.

A tool returns text for the model and plain dicts of these in its `artifact`. Grounding binds each number of an
answer to one of them; a run stores them once; events, findings, citations and cases carry their ids.

A fact's id is a digest of what it says, so that the same figure found twice is one fact and two runs over the same
data produce the same ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

#: `money` is an amount in `currency`; `money_per_m2` per square metre (a monthly rent per m2 too: say it in `key`);
#: `percent` holds 6.13 for 6.13 %; `text` is a figure-less fact (a name, a condition) that may be cited.
Unit = Literal[
    "money", "money_per_m2", "percent", "m2", "count", "years", "months", "days", "ratio", "index", "km", "m",
    "rate", "score", "year", "text",
]
#: `user` is the investor's own message; `computation` is arithmetic on other facts (named in `inputs`);
#: `rule` a dated legal or tax parameter; `series` an observation; `aggregate` a query over listings.
SourceKind = Literal["listing", "aggregate", "series", "document", "model", "computation", "rule", "user", "lead", "case"]
#: `Source.ref` of a text fact that is the sentence with which a calculator refuses a figure: it may be shown as it stands.
INPUT_CHECK = "input_check"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from. `ref` is a row id, series code, passage id, model version or formula name."""

    kind: SourceKind
    ref: str
    label: str = ""
    attribution: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with all that is needed to check it and to show where it comes from.

    `low` and `high` bound the value with probability `level` (0.8 for 80 %). `entity` is the person-readable subject
    ("la Vila de Gràcia, Barcelona", "Piso en Gràcia #123"), `entity_id` its row id. `as_of` is an ISO date or period.
    `mark` is the number of the citation that a document's words stand in, in this turn; it is no part of what the fact says.
    """

    key: str
    value: float | str
    unit: Unit
    source: Source
    currency: str | None = None
    entity: str = ""
    entity_id: str = ""
    as_of: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    formula: str | None = None
    inputs: tuple[str, ...] = ()
    id: str = field(default="")
    mark: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.id:
            # the fields as they are: a calculation makes hundreds of facts, and copying each deeply is what it would wait for
            body = {name: getattr(self, name) for name in _BODY}
            body["source"] = {name: getattr(self.source, name) for name in _SOURCE}
            digest = hashlib.blake2s(json.dumps(body, sort_keys=True, default=str).encode(), digest_size=6)
            object.__setattr__(self, "id", f"f_{digest.hexdigest()}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"inputs": list(self.inputs)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fact:
        known = {f.name for f in fields(cls)}
        body = {k: v for k, v in data.items() if k in known}
        body["source"] = Source(**body["source"]) if not isinstance(body["source"], Source) else body["source"]
        body["inputs"] = tuple(body.get("inputs") or ())
        return cls(**body)


_BODY = tuple(f.name for f in fields(Fact) if f.name not in ("id", "mark"))
_SOURCE = tuple(f.name for f in fields(Source))


def as_dicts(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """The form facts travel in (tool artifacts, events, checkpoints): plain types only."""
    return [fact.to_dict() for fact in facts]


def rests_on_demo(facts: Iterable[Fact]) -> bool:
    """True if any of these figures comes from generated demo data."""
    return any(fact.source.demo for fact in facts)
