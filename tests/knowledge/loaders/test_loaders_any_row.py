"""Whatever the cells of a file hold, every row is either accepted, skipped or rejected with a reason."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.loaders import listings
from knowledge.loaders.mapping import choose
from knowledge.loaders.reading import read

from .support import LISTING

CELL = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates().map(str),
    st.lists(st.text(max_size=5), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["1.234,5", "nan", "inf", "1e999", "-0", "\x00", "\ud800", "2018-02-30"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(sorted(LISTING)), CELL), min_size=1, max_size=4))
def test_no_row_is_lost_and_nothing_raises(changes: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.jsonl"
        lines = [json.dumps(LISTING | {"external_id": str(n)} | change) for n, change in enumerate([{}, *changes])]
        path.write_text("\n".join(lines), encoding="utf-8")
        sheet = read(path)
    prepared = listings.prepare(sheet, choose("generic_listings"), date(2026, 6, 15))
    rejected = [*sheet.rejects, *prepared.rejections.listed(sheet.frame)]
    assert len(prepared.frame) + len(rejected) == sheet.rows == len(changes) + 1
    assert all(reject.reason and reject.raw for reject in rejected)
    accepted = prepared.frame
    assert accepted["price"].gt(0).all()
    assert accepted["external_id"].is_unique
