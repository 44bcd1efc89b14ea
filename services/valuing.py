"""Valuing a file of properties: one row out for each row in, in order, with its intervals or the reason it has none.

Reasons are in English and Spanish in one text, like those of quarantined rows: a file is read by people of both.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import NotFound
from core.locale import COUNTRIES
from core.scope import Scope
from knowledge.listings.nearby import types_for_sale
from knowledge.loaders.mapping import choose
from knowledge.loaders.staging import Progress, known_places, silent
from knowledge.loaders.unpriced import Properties, check_properties, prepare_properties, recognise_properties
from knowledge.resources import Resources
from services.tables import check_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from knowledge.loaders.reading import Sheet
    from knowledge.valuation.model import ValuationModel

FIGURES = ("value", "low_80", "high_80", "low_90", "high_90")
_STEP = 5_000
_RENTAL = "only sales are valued, this is a rental / solo se valoran ventas, esto es un arriendo o alquiler"
_DEMO = "rests on demo data / se apoya en datos de demostración"
_NO_TYPE = "there are no listings of that property type in that city / no hay anuncios de ese tipo en esa ciudad"


class Counts(NamedTuple):
    """Rows of the file, and those that got a value."""

    rows: int
    valued: int


async def value_file(
    resources: Resources, scope: Scope, file: Path, out: Path, *, mapping: str | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Write `out` (CSV, Parquet or JSON by its ending) with `FIGURES`, in the currency of each row's country, and `reason`.

    `mapping` names a mapping or a TOML file; without it the file is recognised by its columns. `progress(stage, done,
    total)` is told the stages read, value and write. Raises `BadInput` for a file that cannot be read, for missing
    essential columns or an `out` that cannot be, `NotFound` where no model is trained for any of the file's countries,
    `Unavailable` where `out` could not be written; `out` then is what it was.
    """
    report = progress or silent
    file, out = Path(file), Path(out)
    check_table(out, file)
    chosen = choose(mapping) if mapping is not None else None
    report("read", 0, 1)
    from knowledge.loaders.reading import read

    sheet = await asyncio.to_thread(read, file)
    columns = [str(name) for name in sheet.frame.columns]
    if chosen is None:
        chosen = recognise_properties(columns)
    else:
        check_properties(chosen, columns)
    async with resources.database.connection(scope) as connection:
        places = await known_places(connection)
    properties = await asyncio.to_thread(prepare_properties, sheet, chosen, places)
    report("read", 1, 1)
    table = await _valued(resources, scope, sheet, properties, report)
    report("write", 0, 1)
    await asyncio.to_thread(write_table, table, out)
    report("write", 1, 1)
    return Counts(len(table), int(table["value"].notna().sum()))


async def _valued(
    resources: Resources, scope: Scope, sheet: Sheet, properties: Properties, report: Progress
) -> pd.DataFrame:
    """One row per row of the file, 1 to `sheet.rows`."""
    import pandas as pd

    frame = properties.frame
    table = pd.DataFrame(index=pd.RangeIndex(1, sheet.rows + 1), columns=list(FIGURES), dtype="float64")
    properties.give_up((r for r in frame.index[frame["operation"] == "rent"] if r not in properties.hopeless), _RENTAL)
    async with resources.database.session(scope) as session:
        sold = await types_for_sale(session, set(frame["city_id"].dropna()))
    pairs = zip(frame.index.tolist(), frame["city_id"].tolist(), frame["property_type"].tolist(), strict=True)
    properties.give_up(
        [r for r, city, kind in pairs if r not in properties.hopeless and isinstance(kind, str) and city in sold
         and kind not in sold[city]], _NO_TYPE)
    hopeful = frame[~frame.index.isin(properties.hopeless)]
    done, missing, trained = 0, [], False
    report("value", 0, len(hopeful))
    for market in COUNTRIES:
        rows = hopeful[hopeful["country"] == market]
        if rows.empty:
            continue
        try:
            model = await resources.valuation(scope, market)
        except NotFound as error:
            missing.append(error)
            properties.give_up(rows.index, f"{error.en} / {error.es}")
            continue
        trained = True
        for start in range(0, len(rows), _STEP):
            part = rows.iloc[start:start + _STEP]
            figures = await asyncio.to_thread(_predict, model, part, properties)
            table.loc[part.index, list(FIGURES)] = figures.round(2)
            done += len(part)
            report("value", done, len(hopeful))
    if missing and not trained:
        raise missing[0]
    for reject in sheet.rejects:
        properties.remarks.setdefault(reject.row, []).append(reject.reason)
    table["reason"] = [
        "; ".join(dict.fromkeys(properties.remarks.get(row, ()))) or None for row in table.index.tolist()
    ]
    return table


def _predict(model: ValuationModel, rows: pd.DataFrame, properties: Properties) -> pd.DataFrame:
    from knowledge.valuation.model import reason_text

    found = model.predict(rows)
    said: dict[str, str] = {}
    for row, codes in zip(rows.index.tolist(), found["reasons"].tolist(), strict=True):
        for code in codes:
            if code not in said:
                said[code] = f"{reason_text(code, 'en')} / {reason_text(code, 'es')}"
            properties.remarks.setdefault(int(row), []).append(said[code])
    for row, city in zip(rows.index.tolist(), rows["city_id"].tolist(), strict=True):
        if model.demo.get(city, False):
            properties.remarks.setdefault(int(row), []).append(_DEMO)
    return found[list(FIGURES)]
