"""The page about the rules is true to the rules."""

from dataclasses import fields
from pathlib import Path

import pytest

from core.errors import BadInput
from core.locale import COUNTRIES, country_name
from knowledge.finance import rules
from knowledge.finance.rule import Rule
from knowledge.finance.rule_table import MARKER, page, says, table

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text("utf-8")


def test_the_page_holds_the_tables_of_today():
    assert page(PAGE) == PAGE, "run `ladrillo rules --write docs/rules.md`"
    assert all(f"## {country_name(code, 'en')}\n" in PAGE for code in COUNTRIES)


def test_writing_a_page_keeps_its_prose_and_needs_its_marker():
    old = f"# Mine\n\nWords.\n\n{MARKER}\n\nan old table\n"
    new = page(old)
    assert new.startswith(f"# Mine\n\nWords.\n\n{MARKER}\n\n## Colombia\n")
    assert "an old table" not in new
    with pytest.raises(BadInput, match="has no line"):
        page("# Mine\n")


def test_the_page_explains_every_field():
    told = {f.name for f in fields(Rule)} - {"country", "currency", "table", "unit"}
    assert {name for name in told if f"`{name}`" not in PAGE} == set()


def test_a_table_names_rule_place_value_and_check_in_both_languages():
    assert "| no |" in table("MX")
    assert "todo el país" in table("MX", "es")
    bands = next(rule for rule in rules.load("ES") if rule.key == "savings_scale" and rule.valid_to is None)
    assert says(bands) == "marginal, EUR: 19 %; 21 % above 6,000; 23 % above 50,000; 27 % above 200,000; 30 % above 300,000"
    assert says(bands, "es").startswith("marginal, EUR: 19 %; 21 % sobre 6.000")
    uvt = next(rule for rule in rules.load("CO") if rule.key == "uvt")
    assert says(uvt) == "47,065 COP"
    trust = next(rule for rule in rules.load("MX") if rule.key == "trust_setup")
    assert says(trust) == "2,500–3,000 USD"
