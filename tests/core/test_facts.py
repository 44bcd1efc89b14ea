"""A fact's id is a digest of all that it says."""

import hashlib
import json
from dataclasses import asdict, fields, replace

import pytest

from core.facts import Fact, Source

YIELD = Fact("gross_yield", 6.1333, "percent", Source("computation", "gross_yield", "rentabilidad", "Notaría 19", True),
             entity="Chapinero, Bogotá", as_of="2026-10", low=6.0, high=6.3, level=0.8, formula="12 × 2300000 ÷ 450000000",
             inputs=("f_1", "f_2"))


def test_the_id_is_the_digest_of_every_field_and_stays_what_it_was() -> None:
    body = asdict(YIELD)
    del body["id"], body["mark"]  # the number it is cited by says nothing of what it is
    digest = hashlib.blake2s(json.dumps(body, sort_keys=True, default=str).encode(), digest_size=6).hexdigest()
    assert YIELD.id == f"f_{digest}"
    assert Fact.from_dict(YIELD.to_dict()) == YIELD


WORDS = [f.name for f in fields(Fact) if f.name not in ("id", "mark", "source", "value", "level", "low", "high")]


@pytest.mark.parametrize("name", WORDS)
def test_another_field_is_another_fact(name: str) -> None:
    changed = ("f_1",) if name == "inputs" else "else"
    assert replace(YIELD, id="", **{name: changed}).id != YIELD.id
    assert replace(YIELD, id="", source=replace(YIELD.source, demo=False)).id != YIELD.id
