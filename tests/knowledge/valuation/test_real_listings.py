"""The model on a sample of the real listings: better than the neighbourhood's median, and true to its intervals."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from knowledge.understanding.text import slug
from knowledge.valuation.metrics import coverage, ratio_study
from knowledge.valuation.training import train

LISTINGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "idealista18_train.parquet"
FEATURES = {
    "terrace": "hasterrace", "lift": "haslift", "air_conditioning": "hasairconditioning", "garden": "hasgarden",
    "parking": "hasparkingspace", "storage": "hasboxroom", "wardrobes": "haswardrobe", "pool": "hasswimmingpool",
    "doorman": "hasdoorman", "duplex": "isduplex", "penthouse": "isintopfloor", "new_build": "builttypeid_1",
    "to_renovate": "builttypeid_2",
}
ATTRIBUTES = [
    "distance_to_city_center", "distance_to_metro", "distance_to_avenue", "amenityid", "cadconstructionyear",
    "cadastralqualityid", "cadmaxbuildingfloor", "caddwellingcount",
]


def as_listings(raw: pd.DataFrame) -> pd.DataFrame:
    flags = raw[list(FEATURES.values())].to_numpy() == 1
    names = list(FEATURES)
    city = "es/" + raw["city"].map(slug)
    return pd.DataFrame({
        "country": "ES", "operation": "sale", "currency": "EUR", "property_type": "apartment", "city_id": city,
        "area_id": city + "/" + raw["neighbourhood"].map(slug), "price": raw["price"].astype(float),
        "area_m2": raw["constructedarea"], "bedrooms": raw["roomnumber"], "bathrooms": raw["bathnumber"],
        "floor": raw["floorclean"], "year_built": raw["constructionyear"].fillna(raw["cadconstructionyear"]),
        "latitude": raw["latitude"], "longitude": raw["longitude"],
        "features": [[n for n, on in zip(names, row, strict=True) if on] for row in flags],
        "attributes": raw[ATTRIBUTES].astype(float).to_dict("records"),
        "dwelling_group": raw["dwelling_group"].astype(str),
        "observed_on": [date(p // 100, p % 100, 28) for p in raw["period"].tolist()],
    })


@pytest.mark.skipif(not LISTINGS.exists(), reason="the real listings are not beside this checkout")
def test_held_out_dwellings_of_barcelona_and_valencia() -> None:
    raw = pd.read_parquet(LISTINGS)
    dwellings = np.random.default_rng(3).permutation(raw["dwelling_group"].unique())[:4000]
    frame = as_listings(raw[raw["dwelling_group"].isin(dwellings)])
    held_out = frame["dwelling_group"].isin({str(d) for d in dwellings[:1000]})
    model = train(frame[~held_out], "ES").model
    test = frame[held_out]
    price = test["price"].to_numpy()
    values = model.predict(test)
    medians = frame[~held_out].assign(m2=lambda d: d["price"] / d["area_m2"]).groupby("area_id")["m2"].median()
    level = test["area_id"].map(medians).fillna(medians.median()).to_numpy(dtype=float)
    naive = level * test["area_m2"].to_numpy(dtype=float)
    assert ratio_study(values["value"].to_numpy(), price)["mdape"] < 0.85 * ratio_study(naive, price)["mdape"]
    assert 76 <= coverage(values["low_80"].to_numpy(), values["high_80"].to_numpy(), price) <= 87
    assert 86 <= coverage(values["low_90"].to_numpy(), values["high_90"].to_numpy(), price) <= 95
