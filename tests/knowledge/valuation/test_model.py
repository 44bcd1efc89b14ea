from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import BadInput, NotFound, Unavailable
from knowledge.valuation.artefact import load, save
from knowledge.valuation.metrics import coverage, ratio_study
from knowledge.valuation.model import reason_text
from knowledge.valuation.training import Trained, train
from tests.knowledge.valuation.conftest import made_up

HOME = {"city_id": "es/norte", "area_id": "es/norte/alto", "area_m2": 90, "bedrooms": 3, "property_type": "apartment"}


@pytest.fixture(scope="module")
def unseen() -> pd.DataFrame:
    return made_up(300, seed=2)


def test_values_unseen_dwellings_near_the_noise_of_the_market(trained: Trained, unseen: pd.DataFrame) -> None:
    values = trained.model.predict(unseen)
    price = unseen["price"].to_numpy()
    study = ratio_study(values["value"].to_numpy(), price)
    assert study["mdape"] < 9.5  # the noise alone makes 6.7
    assert 74 <= coverage(values["low_80"].to_numpy(), values["high_80"].to_numpy(), price) <= 91
    assert 85 <= coverage(values["low_90"].to_numpy(), values["high_90"].to_numpy(), price) <= 97


def test_intervals_enclose_each_other(trained: Trained, unseen: pd.DataFrame) -> None:
    v = trained.model.predict(unseen)
    assert ((v["low_90"] < v["low_80"]) & (v["low_80"] < v["value"])).all()
    assert ((v["value"] < v["high_80"]) & (v["high_80"] < v["high_90"])).all()


def test_metrics_are_out_of_fold_and_by_city(trained: Trained) -> None:
    m = trained.metrics
    assert {"mdape", "mape", "within_10", "within_20", "r2_log", "cod", "prd", "prb", "coverage_80", "coverage_90"} <= (
        m.keys() & m["cities"]["es/sur"].keys()
    )
    assert set(m["cities"]) == {"es/sur", "es/norte"}
    assert m["n"] == 900
    assert m["brief"]["mdape"] >= m["mdape"]
    assert 75 <= m["brief"]["coverage_80"] <= 86


def test_a_question_with_only_area_bedrooms_and_neighbourhood_gets_a_sound_value_and_less_confidence(
    trained: Trained, listings: pd.DataFrame
) -> None:
    brief = trained.model.predict_one(HOME)
    assert brief.value == pytest.approx(90 * 4000 * 1.4 * 1.04, rel=0.12)
    alike = listings[listings["area_id"] == HOME["area_id"]]
    told = trained.model.predict(alike)
    assert brief.fsd > told["fsd"].median()
    assert brief.reasons == ()
    assert brief.demo
    assert brief.currency == "EUR"


def test_knowing_a_lift_raises_the_value_and_a_list_means_nothing_else(trained: Trained) -> None:
    with_lift = trained.model.predict_one(HOME | {"features": {"lift": True}})
    without = trained.model.predict_one(HOME | {"features": []})
    assert with_lift.value > without.value * 1.02


def test_rows_keep_their_order_and_unusable_rows_are_nan_with_a_reason(trained: Trained) -> None:
    frame = pd.DataFrame([
        HOME,
        HOME | {"area_m2": None},
        HOME | {"city_id": "es/ninguna", "area_id": "es/ninguna/centro"},
        HOME | {"city_id": None},
        HOME | {"area_m2": 1_000_000},
        HOME | {"property_type": "warehouse"},
        HOME | {"area_id": "es/norte/otro"},
        HOME | {"area_id": None},
        HOME | {"latitude": 0.0, "longitude": 0.0},
        HOME | {"bedrooms": "three", "floor": float("inf"), "features": "lift", "attributes": 3},
    ], index=range(50, 60))
    values = trained.model.predict(frame)
    assert list(values.index) == list(frame.index)
    assert list(values.columns) == [
        "value", "low_80", "high_80", "low_90", "high_90", "fsd", "reasons",
    ]
    assert values["value"].isna().tolist() == [False, True, True, True, True, True, False, False, False, False]
    assert [r[:1] for r in values["reasons"]] == [
        [], ["missing_area"], ["unknown_city"], ["missing_city"], ["area_out_of_range"], ["unknown_property_type"],
        ["unknown_neighbourhood"], ["missing_neighbourhood"], ["coordinates_ignored"], [],
    ]
    assert values["fsd"].iloc[7] > values["fsd"].iloc[0], "without a neighbourhood the interval is wider"
    for reason in {code for codes in values["reasons"] for code in codes}:
        assert reason_text(reason, "es") != reason_text(reason, "en")


def test_an_empty_table_gives_an_empty_answer_and_a_wrong_one_an_error(trained: Trained) -> None:
    assert len(trained.model.predict(pd.DataFrame({"city_id": [], "area_m2": []}))) == 0
    with pytest.raises(BadInput, match="area_m2"):
        trained.model.predict(pd.DataFrame({"city_id": ["es/norte"]}))


def test_a_listing_is_not_valued_by_models_that_saw_it(trained: Trained, listings: pd.DataFrame) -> None:
    """Asking 80 % more for one dwelling hardly moves its own value (it still moves the level of its neighbours)."""
    row = listings.iloc[11].to_dict()
    moved = listings.copy()
    moved.loc[moved.index[11], "price"] *= 1.8
    before, after = trained.model.predict_one(row), train(moved, "ES").model.predict_one(row)
    assert before.known
    assert after.known
    assert after.value == pytest.approx(before.value, rel=0.03)


def test_attributes_that_restate_the_price_are_not_inputs(trained: Trained) -> None:
    assert trained.model.space.attributes == ("distance_km",)


def test_one_property_and_a_table_agree(trained: Trained, unseen: pd.DataFrame) -> None:
    table = trained.model.predict(unseen)["value"].to_numpy()
    singles = [trained.model.predict_one(row).value for row in unseen.head(5).to_dict("records")]
    assert np.allclose(table[:5], singles, rtol=1e-6)


def test_drivers_multiply_from_the_citys_level_to_the_value(trained: Trained) -> None:
    dear = trained.model.explain(HOME | {"year_built": 2019, "features": ["lift"]})
    assert dear.baseline_m2 == pytest.approx(4000, rel=0.12)
    product = dear.baseline_m2 * math.prod(1 + d.effect_pct / 100 for d in dear.drivers)
    assert product == pytest.approx(dear.value_m2, rel=0.01)
    effect = {d.key: d.effect_pct for d in dear.drivers}
    assert effect["location"] > 15
    assert effect["building"] > 1
    assert effect["floor"] > 1
    cheap = trained.model.explain(HOME | {"area_id": "es/norte/bajo"})
    assert {d.key: d.effect_pct for d in cheap.drivers}["location"] < -15
    assert {d.label("es") for d in dear.drivers}.isdisjoint({d.label("en") for d in dear.drivers})
    with pytest.raises(BadInput):
        trained.model.explain({"city_id": "es/norte"})


def test_training_twice_gives_the_same_model(listings: pd.DataFrame, unseen: pd.DataFrame) -> None:
    one, two = (train(listings.head(250), "ES").model for _ in range(2))
    assert one.version == two.version
    assert one.predict(unseen).equals(two.predict(unseen))


def test_a_market_that_cannot_be_trained_is_refused(listings: pd.DataFrame) -> None:
    with pytest.raises(BadInput, match="FR"):
        train(listings, "FR")
    with pytest.raises(BadInput, match="at least"):
        train(listings, "MX")
    with pytest.raises(BadInput, match="price"):
        train(listings.drop(columns="price"), "ES")


def test_typing_errors_and_other_currencies_are_dropped_and_counted(listings: pd.DataFrame) -> None:
    frame = listings.head(200).copy()
    frame.loc[frame.index[0], "price"] *= 1000
    frame.loc[frame.index[1], "currency"] = "USD"
    frame.loc[frame.index[2], "area_m2"] = None
    assert train(frame, "ES").metrics["dropped"] == 3


@pytest.fixture(scope="module")
def artefact(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "es"
    save(trained, folder)
    return folder


def test_a_saved_model_loads_and_gives_the_same_values(trained: Trained, artefact: Path, unseen: pd.DataFrame) -> None:
    loaded = load(artefact)
    assert loaded.predict(unseen).equals(trained.model.predict(unseen))
    assert loaded.predict_one(HOME) == trained.model.predict_one(HOME)
    assert loaded.metrics == json.loads(json.dumps(trained.metrics))
    assert loaded.as_of("es/norte") == "2024-06"
    assert loaded.as_of("es/ninguna") is None
    card = (artefact / "model_card.md").read_text(encoding="utf-8")
    assert trained.model.version in card
    assert "Límites" in card


def test_saving_again_replaces_the_artefact_and_leaves_nothing_else(trained: Trained, artefact: Path) -> None:
    save(trained, artefact)
    assert [p.name for p in artefact.parent.iterdir()] == [artefact.name]
    assert load(artefact).version == trained.model.version


@pytest.mark.parametrize("name", [
    "metadata.json", "areas.json", "dwellings.npz", "hedonic.json", "point-0.txt", "brief-1.txt", "error-3.txt",
])
def test_a_truncated_file_is_an_error_that_says_what_to_do(artefact: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(artefact, tmp_path / "copy")
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(Unavailable, match="ladrillo train") as caught:
        load(copy)
    assert caught.value.code == "model_damaged"
    assert caught.value.es != caught.value.en


def test_missing_files_other_formats_and_missing_folders_are_told_apart(artefact: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "nothing")
    copy = shutil.copytree(artefact, tmp_path / "copy")
    metadata = json.loads((copy / "metadata.json").read_text(encoding="utf-8"))
    (copy / "metadata.json").write_text(json.dumps(metadata | {"schema": 99}), encoding="utf-8")
    with pytest.raises(Unavailable) as caught:
        load(copy)
    assert caught.value.code == "model_version"
    (copy / "metadata.json").write_text("[]", encoding="utf-8")
    with pytest.raises(Unavailable):
        load(copy)
    del metadata["calibration"]
    (copy / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    with pytest.raises(Unavailable):
        load(copy)
    (artefact.parent / "file").write_text("", encoding="utf-8")
    with pytest.raises(Unavailable):
        save(Trained(load(artefact), {}, {}, np.empty(0)), artefact.parent / "file" / "below")
    (artefact.parent / "file").unlink()
