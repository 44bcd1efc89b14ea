"""Mappings: which file is which, and what is said when none fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from knowledge.loaders import mappings, recognise
from knowledge.loaders.mapping import FOLDER, choose, parse
from knowledge.loaders.vocabulary import vocabulary

COLUMNS = {
    "fx_monthly": ["date", "pair", "rate"],
    "inflation_annual": ["country", "year", "inflation_pct"],
    "idealista18_pois": ["city", "kind", "lon", "lat"],
    "generic_areas": ["country", "city", "neighbourhood", "latitude", "longitude"],
    "generic_listings": ["external_id", "operation", "property_type", "country", "city", "price", "currency",
                         "latitude", "longitude", "whatever"],
    "rents_barcelona_barri_quarterly": ["quarter", "district_code", "district", "barri_code", "barri",
                                        "rent_eur_m2_month", "mean_surface_m2"],
}


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_a_file_is_recognised_by_its_columns(name: str, columns: list[str]) -> None:
    assert recognise(columns).name == name


def test_every_mapping_says_where_its_data_comes_from() -> None:
    for mapping in mappings():
        by_row = "attribution" in mapping.fields
        assert mapping.attribution or by_row or mapping.source == "generic", mapping.name
        assert not mapping.demo


def test_mappings_use_known_features_and_types() -> None:
    known = vocabulary()
    for mapping in mappings():
        assert set(mapping.features) <= set(known.features)
    assert set(known.area_m2) == set(known.property_types) == set(known.words["property_type"].values())
    assert set(known.words["features"].values()) == set(known.features)


def test_unknown_columns_name_the_nearest_mapping_and_what_it_lacks() -> None:
    with pytest.raises(BadInput) as caught:
        recognise(["assetid", "period", "constructedarea", "city", "neighbourhood", "longitude", "latitude"])
    assert caught.value.code == "unknown_columns"
    for text in (caught.value.en, caught.value.es):
        assert "'idealista18'" in text
        assert "price" in text
        assert "--mapping" in text


@pytest.mark.parametrize(("content", "told"), [
    ("source = ", "Invalid value"),
    ('source="x"\nkind="listings"\ntitle="t"\nrequires=["a"]', "[id]"),
    ('source="x"\nkind="prices"\ntitle="t"\nrequires=["a"]', "kind"),
    ('source="x"\nkind="areas"\ntitle="t"\nrequires=["a"]\n[places]\ncity="a"\n[fields]\nprise="p"', "prise"),
    ('source="x"\nkind="areas"\ntitle="t"\nrequires=["a"]\n[places]\ncity="a"\ntown="b"', "places.town"),
])
def test_a_mapping_file_that_cannot_be_used_names_its_mistake(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=r"mine\.toml") as caught:
        parse(path)
    assert told in caught.value.en


def test_a_mapping_is_chosen_by_name_or_path() -> None:
    assert choose("idealista18").source == "idealista18"
    assert choose(str(FOLDER / "fx_monthly.toml")) == choose("fx_monthly")
    with pytest.raises(BadInput, match="'idealista19'"):
        choose("idealista19")
    with pytest.raises(BadInput, match=r"nowhere\.toml"):
        choose("nowhere.toml")
