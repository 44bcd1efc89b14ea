"""A trained model as a folder: text, JSON and plain arrays, no pickle; written whole or not at all.

`metadata.json` holds everything a person may want to read and the digest of every other file, so that a truncated or
exchanged file is noticed before LightGBM sees it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import lightgbm
import numpy as np

from core.errors import NotFound, Unavailable
from knowledge.valuation import SCHEMA
from knowledge.valuation.calibration import Calibration
from knowledge.valuation.card import model_card
from knowledge.valuation.features import FeatureSpace
from knowledge.valuation.hedonic import HedonicReference
from knowledge.valuation.model import ValuationModel
from knowledge.valuation.neighbourhoods import AreaLevels
from knowledge.valuation.neighbours import Neighbours
from knowledge.valuation.training import Trained

METADATA, LEVELS, POINTS, CARD = "metadata.json", "areas.json", "dwellings.npz", "model_card.md"
HEDONIC = "hedonic.json"


def save(trained: Trained, folder: Path) -> None:
    """Writes the artefact to `folder`, replacing what is there. Raises `Unavailable` if it cannot be written; the
    folder then holds what it held before."""
    target = Path(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        _cannot_write(target, error)
    try:
        _write(trained.model, fresh)
        _swap(fresh, target)
    except OSError as error:
        _cannot_write(target, error)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.replace(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    target.replace(aside)
    try:
        fresh.replace(target)
    except OSError:
        aside.replace(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _cannot_write(target: Path, error: OSError) -> NoReturn:
    raise Unavailable(
        f"The model could not be written to {str(target)!r} ({error.strerror}); free space or check permissions.",
        f"No se pudo escribir el modelo en {str(target)!r} ({error.strerror}); libere espacio o revise los permisos.",
        code="model_not_written",
    ) from error


def _write(model: ValuationModel, folder: Path) -> None:
    for kind, boosters in (("point", model.points), ("brief", model.brief), ("error", model.errors)):
        for k, booster in enumerate(boosters):
            (folder / f"{kind}-{k}.txt").write_text(booster.model_to_string(), encoding="utf-8")
    (folder / LEVELS).write_text(json.dumps(model.levels.to_json()), encoding="utf-8")
    (folder / HEDONIC).write_text(json.dumps(model.hedonic.to_json()), encoding="utf-8")
    with (folder / POINTS).open("wb") as out:
        np.savez(
            out, points=model.neighbours.points.astype(np.float32),
            log_m2=model.neighbours.log_m2.astype(np.float32), errors=model.neighbours.errors.astype(np.float32),
            keys=model.neighbours.keys,
            known_keys=model.known_keys,
        )
    (folder / CARD).write_text(model_card(model), encoding="utf-8")
    metadata = {
        "schema": SCHEMA, "kind": "valuation", "market": model.market, "currency": model.currency,
        "version": model.version, "fingerprint": model.fingerprint, "trained_at": model.trained_at,
        "folds": len(model.points), "usual": list(model.usual), "space": model.space.to_json(),
        "calibration": model.calibration.to_json(),
        "typical": model.neighbours.typical, "longitude_scale": model.neighbours.longitude_scale,
        "demo": dict(model.demo), "metrics": dict(model.metrics),
        "files": {path.name: _digest(path.read_bytes()) for path in sorted(folder.iterdir())},
    }
    (folder / METADATA).write_text(json.dumps(metadata, ensure_ascii=False, indent=1), encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def load(folder: Path) -> ValuationModel:
    """Reads an artefact. Raises `NotFound` if there is none, `Unavailable` (code `model_damaged`) for a missing,
    truncated or altered file, `Unavailable` (code `model_version`) for one written by another version of Ladrillo."""
    source = Path(folder)
    metadata = _metadata(source)
    if metadata.get("schema") != SCHEMA:
        raise Unavailable(
            f"The model in {str(source)!r} has format {metadata.get('schema')!r}; this version reads {SCHEMA}. "
            "Train it again with `ladrillo train`.",
            f"El modelo de {str(source)!r} tiene el formato {metadata.get('schema')!r}; esta versión lee {SCHEMA}. "
            "Vuelva a entrenarlo con `ladrillo train`.",
            code="model_version",
        )
    try:
        names, folds = sorted(metadata["files"]), range(int(metadata["folds"]))
        with ThreadPoolExecutor(2) as pool:  # reading, hashing and parsing all leave the interpreter free
            contents = dict(zip(names, pool.map(lambda n: _checked(source, n, metadata["files"][n]), names), strict=True))
            boosters = {
                kind: list(pool.map(lambda name: lightgbm.Booster(model_str=contents[name].decode()),
                                    [f"{kind}-{k}.txt" for k in folds]))
                for kind in ("point", "brief", "error")
            }
        with np.load(io.BytesIO(contents[POINTS]), allow_pickle=False) as arrays:
            neighbours = Neighbours(
                arrays["points"].astype(np.float64), arrays["log_m2"].astype(np.float64), arrays["keys"],
                (float(metadata["typical"][0]), float(metadata["typical"][1])), float(metadata["longitude_scale"]),
                arrays["errors"].astype(np.float64),
            )
            known = arrays["known_keys"]
        return ValuationModel(
            market=metadata["market"], currency=metadata["currency"], version=metadata["version"],
            fingerprint=metadata["fingerprint"], trained_at=metadata["trained_at"],
            space=FeatureSpace.from_json(metadata["space"]), usual=tuple(metadata["usual"]),
            hedonic=HedonicReference.from_json(json.loads(contents[HEDONIC])),
            levels=AreaLevels.from_json(json.loads(contents[LEVELS])),
            neighbours=neighbours, calibration=Calibration.from_json(metadata["calibration"]),
            points=boosters["point"], brief=boosters["brief"], errors=boosters["error"], known_keys=known,
            demo=metadata["demo"], metrics=metadata["metrics"],
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        _damaged(source, METADATA, error)


def _metadata(source: Path) -> dict[str, Any]:
    try:
        found = json.loads((source / METADATA).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"There is no trained model in {str(source)!r}; run `ladrillo train`.",
            f"No hay un modelo entrenado en {str(source)!r}; ejecute `ladrillo train`.",
            code="model_missing",
        ) from None
    except (OSError, ValueError) as error:
        _damaged(source, METADATA, error)
    if not isinstance(found, dict):
        _damaged(source, METADATA, None)
    return found


def _checked(source: Path, name: str, digest: str) -> bytes:
    try:
        content = (source / name).read_bytes()
    except OSError as error:
        _damaged(source, name, error)
    if _digest(content) != digest:
        _damaged(source, name, None)
    return content


def _damaged(source: Path, name: str, cause: Exception | None) -> NoReturn:
    raise Unavailable(
        f"The model in {str(source)!r} is damaged (file {name!r}); train it again with `ladrillo train`.",
        f"El modelo de {str(source)!r} está dañado (archivo {name!r}); vuelva a entrenarlo con `ladrillo train`.",
        code="model_damaged",
    ) from cause
