"""Files of rules: what is wrong in one is said with its file and rule."""

from pathlib import Path

import pytest

from core.errors import Misconfigured
from knowledge.finance import assumptions, rule_files

GOOD = '''country = "ES"
currency = "EUR"

[[rule]]
key = "levy"
kind = "gain"
value = 5
base = "gain"
payer = "seller"
label_es = "tasa"
label_en = "levy"
source = "BOE"
valid_from = 2026-01-01
'''


def read(tmp_path: Path, text: str):
    (tmp_path / "es").mkdir(exist_ok=True)
    (tmp_path / "es" / "sale.toml").write_text(text, "utf-8")
    rule_files.read.cache_clear()
    return rule_files.read("ES", tmp_path)


def test_a_rule_is_read(tmp_path):
    (rule,), omitted = read(tmp_path, GOOD)
    assert (rule.low, rule.high, rule.country, rule.verified, omitted) == (5, 5, "ES", False, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "BOE"', 'source = " "', "no source"),
        ('source = "BOE"\n', "", "source"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_to = 2025-01-01", "ends before it starts"),
        ("valid_from = 2026-01-01", 'valid_from = "2026-01-01"', "dates"),
        ("value = 5", "low = 6\nhigh = 5", "low one first"),
        ("value = 5", "value = 500", "above 100 %"),
        ("value = 5", "value = nan", "numbers"),
        ("value = 5", "bands = [[0, 10, 1], [20, inf, 2]]", "gap between 10 and 20"),
        ('label_en = "levy"', 'label_en = ""', "both languages"),
        ('kind = "gain"', 'kind = "gains"', "kind"),
        ('payer = "seller"', 'payer = "seller"\ncolour = "red"', "colour"),
        ('payer = "seller"', 'payer = "seller"\nnote_es = "nota"', "note"),
    ],
)
def test_what_cannot_be_is_said_with_file_and_rule(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert "es/sale.toml: levy" in caught.value.en
    assert "es/sale.toml: levy" in caught.value.es
    assert said in caught.value.en


def test_the_same_rule_twice_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="stands twice"):
        read(tmp_path, GOOD + GOOD.partition("\n\n")[2])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('currency = "EUR"\n', "", "currency"),
        ('country = "ES"', 'country = "FR"', "country = 'FR'"),
        ("[[rule]]", "[[rule]", "sale.toml"),
        ("valid_from = 2026-01-01", 'valid_from = 2026-01-01\n[[left_out]]\nkind = "gain"\nes = "x"', "left_out.0.en"),
    ],
)
def test_a_file_without_its_frame_is_refused(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(Misconfigured, match=r"sale\.toml") as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in caught.value.en


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 5\n", "", "expected a value alone or both ends"),
        ("value = 5\n", "low = 9\nhigh = 5\n", "the low end first"),
        ("value = 5\n", "value = 105\n", "at most 100 %"),
        ("value = 5\n", "value = -5\n", "value = -5"),
        ("value = 5\n", "value = nan\n", "value = nan"),
        ('source = "', 'sources = "', "assumption.0.source"),
    ],
)
def test_assumptions_that_cannot_be_are_refused(tmp_path, old, new, said):
    text = (rule_files.DATA / "assumptions.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "assumptions.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Misconfigured, match=r"assumptions\.toml") as caught:
        assumptions._table.__wrapped__(tmp_path / "assumptions.toml")
    assert said in caught.value.en
