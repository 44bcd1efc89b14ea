"""Valuing a file: a row out for a row in, whatever the row is like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from core.errors import BadInput, NotFound
from core.scope import Scope
from knowledge.loaders.unpriced import recognise_properties
from knowledge.resources import Resources
from services.valuing import value_file
from tests.knowledge.valuation.conftest import made_up
from tests.priced import INSIDE, NAMES, priced, priced_template  # noqa: F401 - fixtures

COLUMNS = ("value", "low_80", "high_80", "low_90", "high_90", "reason")


def portfolio(rows: int = 40) -> pd.DataFrame:
    """Flats of the made-up market in Ladrillo's own columns, without price and id."""
    made = made_up(rows, seed=5)
    return pd.DataFrame({
        "country": "ES", "city": made["city_id"].map(NAMES),
        "neighbourhood": made["area_id"].str.split("/").str[-1].map(INSIDE), "property_type": "apartment",
        "area_m2": made["area_m2"], "bedrooms": made["bedrooms"], "year_built": made["year_built"],
        "features": made["features"].str.join(";"),
    })


async def run(resources: Resources, file: Path, out: Path, **more: Any) -> pd.DataFrame:
    counts = await value_file(resources, Scope(), file, out, **more)
    table = pd.read_parquet(out) if out.suffix == ".parquet" else pd.read_csv(out)
    assert tuple(table.columns) == COLUMNS
    assert (counts.rows, counts.valued) == (len(table), int(table["value"].notna().sum()))
    return table


async def test_every_row_gets_nested_intervals_in_the_files_order(priced: Resources, tmp_path: Path) -> None:  # noqa: F811
    frame = portfolio()
    frame.to_csv(tmp_path / "in.csv", index=False)
    steps: list[tuple[str, int, int]] = []
    table = await run(priced, tmp_path / "in.csv", tmp_path / "out.csv", progress=lambda *step: steps.append(step))
    assert len(table) == 40
    assert (table["low_90"] < table["low_80"]).all()
    assert (table["low_80"] < table["value"]).all()
    assert (table["value"] < table["high_80"]).all()
    assert (table["high_80"] < table["high_90"]).all()
    truth = made_up(40, seed=5)["price"]
    assert ((table["value"] / truth - 1).abs().median()) < 0.15
    assert {stage for stage, _, _ in steps} == {"read", "value", "write"}


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
async def test_other_formats_give_the_same_values(priced: Resources, tmp_path: Path, ending: str) -> None:  # noqa: F811
    frame = portfolio(12)
    frame.to_csv(tmp_path / "in.csv", index=False)
    other = tmp_path / f"in.{ending}"
    if ending == "parquet":
        frame.to_parquet(other)
    else:
        frame.to_json(other, orient="records", lines=True)
    first = await run(priced, tmp_path / "in.csv", tmp_path / "out.csv")
    second = await run(priced, other, tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(first[list(COLUMNS[:5])], second[list(COLUMNS[:5])])


async def test_rows_that_a_load_would_reject_keep_their_place_and_say_why(
    priced: Resources, tmp_path: Path  # noqa: F811
) -> None:
    frame = portfolio(12).astype(object)
    for row, (name, cell) in enumerate((
        ("area_m2", "9999999"), ("area_m2", "grande"), ("area_m2", ""), ("city", "Toronto"), ("city", ""),
        ("property_type", "castillo"), ("property_type", "land"), ("bedrooms", "900"), ("bedrooms", "dos"),
        ("neighbourhood", "Ninguno"), ("country", "Perú"),
    )):
        frame.loc[row, name] = cell
    lines = frame.to_csv(index=False).splitlines()
    lines.insert(3, "a,line,with,too,few")  # the third row of the file
    (tmp_path / "in.csv").write_text("\n".join(lines), "utf-8")
    table = await run(priced, tmp_path / "in.csv", tmp_path / "out.csv")
    assert len(table) == 13
    valued = table["value"].notna().tolist()
    land_is_in_sur = frame.loc[6, "city"] == "Sur"
    assert valued == [False] * 2 + [False] + [False] * 4 + [not land_is_in_sur, True, True, True, False, True]
    said = table["reason"].fillna("").tolist()
    for row, words in enumerate((
        "absurd area", "not a number", "columns, expected", "floor area is missing", "no listings of that city",
        "city is missing", "castillo", "", "bedrooms", "bedrooms", "neighbourhood", "Perú",
    )):
        assert words in said[row], (row, said[row])
    assert all(reason for reason, ok in zip(said, valued, strict=True) if not ok)


async def test_rentals_are_not_valued(priced: Resources, tmp_path: Path) -> None:  # noqa: F811
    portfolio(3).assign(operation=["sale", "rent", ""]).to_csv(tmp_path / "in.csv", index=False)
    table = await run(priced, tmp_path / "in.csv", tmp_path / "out.csv")
    assert table["value"].notna().tolist() == [True, False, True]


def idealista(rows: int) -> pd.DataFrame:
    """The made-up flats in the columns of idealista18, without price."""
    made = made_up(rows, seed=6)
    return pd.DataFrame({
        "assetid": [f"A{i}" for i in range(rows)], "period": 202403, "constructedarea": made["area_m2"],
        "roomnumber": made["bedrooms"], "bathnumber": made["bathrooms"], "floorclean": made["floor"],
        "haslift": made["features"].str.len().clip(upper=1), "isstudio": 0, "cadconstructionyear": made["year_built"],
        "longitude": made["longitude"], "latitude": made["latitude"], "city": made["city_id"].map(NAMES),
        "neighbourhood": made["area_id"].str.split("/").str[-1].map(INSIDE), "hasterrace": 0,
    })


async def test_the_idealista_columns_with_or_without_price_and_with_columns_missing(
    priced: Resources, tmp_path: Path  # noqa: F811
) -> None:
    frame = idealista(30)
    frame.to_csv(tmp_path / "plain.csv", index=False)
    plain = await run(priced, tmp_path / "plain.csv", tmp_path / "plain_out.csv")
    assert plain["value"].notna().all()
    truth = made_up(30, seed=6)["price"]
    assert (plain["value"] / truth - 1).abs().median() < 0.12
    frame.assign(price=1.0).to_csv(tmp_path / "priced.csv", index=False)  # an absurd price is nobody's business
    same = await run(priced, tmp_path / "priced.csv", tmp_path / "priced_out.csv")
    pd.testing.assert_frame_equal(plain, same)
    short = frame.drop(columns=["assetid", "period", "haslift", "floorclean", "isstudio", "longitude", "latitude"])
    short.to_csv(tmp_path / "short.csv", index=False)
    less = await run(priced, tmp_path / "short.csv", tmp_path / "short_out.csv")
    assert less["value"].notna().all()
    assert (less["high_80"] / less["low_80"]).median() > (plain["high_80"] / plain["low_80"]).median()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_recognised_by_what_a_valuation_needs() -> None:
    assert recognise_properties(["city", "constructedarea", "roomnumber", "haslift"]).name == "idealista18"
    assert recognise_properties(["country", "city", "area_m2", "bedrooms"]).name == "generic_listings"


@pytest.mark.parametrize(("content", "named"), [
    ("city,bedrooms\nNorte,2\n", "area_m2"), ("constructedarea,roomnumber,haslift\n90,2,1\n", "city"), ("", "empty"),
    ("a,b\n1,2\n", "city, area_m2"),
])
async def test_files_that_cannot_be_valued_say_what_is_missing(
    priced: Resources, tmp_path: Path, content: str, named: str  # noqa: F811
) -> None:
    (tmp_path / "in.csv").write_text(content, "utf-8")
    with pytest.raises(BadInput) as error:
        await value_file(priced, Scope(), tmp_path / "in.csv", tmp_path / "out.csv")
    assert named in error.value.en
    assert names_in(tmp_path) == ["in.csv"]


async def test_wrong_files_and_outputs_are_refused_before_any_work(priced: Resources, tmp_path: Path) -> None:  # noqa: F811
    portfolio(2).to_csv(tmp_path / "in.csv", index=False)
    for file, out in (
        ("none.csv", "out.csv"), ("in.csv", "out.xlsx"), ("in.csv", "nowhere/out.csv"), ("in.csv", "in.csv"),
    ):
        with pytest.raises(BadInput):
            await value_file(priced, Scope(), tmp_path / file, tmp_path / out)
    with pytest.raises(BadInput, match="only files of properties"):
        await value_file(priced, Scope(), tmp_path / "in.csv", tmp_path / "out.csv", mapping="fx_monthly")
    assert names_in(tmp_path) == ["in.csv"]


async def test_a_portal_without_a_model_is_told_to_train_one(priced: Resources, tmp_path: Path) -> None:  # noqa: F811
    portfolio(2).to_csv(tmp_path / "in.csv", index=False)
    async with priced.database.session(Scope()) as session:
        await session.execute(text("UPDATE models SET active = false"))
    with pytest.raises(NotFound):
        await value_file(priced, Scope(), tmp_path / "in.csv", tmp_path / "out.csv")
