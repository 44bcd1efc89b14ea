"""`eval list`, `compare` and `label`: the runs that the database keeps, and cases made of what it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.console import figure, language, out, say, t
from cli.session import STAFF
from core.errors import Conflict
from core.settings import get_settings
from evals.cases import read_cases
from knowledge.resources import Resources
from services import evaluations, labelling

#: Figures shown in the list.
_LISTED = ("routes", "escalation", "numbers", "grounded", "right")


async def list_runs(limit: int) -> None:
    """One line a run, newest first."""
    async with await Resources.open(get_settings()) as resources:
        runs = await evaluations.listed(resources.database, STAFF, limit)
    if not runs:
        out(t("No evaluation has been run yet: `ladrillo eval CASES.jsonl`.",
              "Todavía no hay evaluaciones: `ladrillo eval CASOS.jsonl`."))
        return
    heads = (t("run", "número"), t("when", "cuándo"), t("name", "nombre"), t("brain", "cerebro"), t("cases", "casos"))
    out(f"{heads[0]:<8}{heads[1]:<18}{heads[2]:<26}{heads[3]:<9}{heads[4]:>6}" + "".join(f"{m:>12}" for m in _LISTED))
    for run in runs:
        found = {row["name"]: row for row in run["summary"]}
        cells = "".join(f"{_value(found.get(name)):>12}" for name in _LISTED)
        out(f"{run['evaluation']:<8}{run['created_at']:%Y-%m-%d %H:%M}  {run['name'][:25]:<26}{run['brain']:<9}"
            f"{run['case_count']:>6}{cells}")


async def compare(before: str, after: str) -> None:
    """Figures side by side with the difference, then the cases that broke and those that were fixed."""
    async with await Resources.open(get_settings()) as resources:
        found = await evaluations.compared(resources.database, STAFF, before, after)
    for side in ("before", "after"):
        run = found[side]
        out(f"{run['evaluation']:<8}{run['created_at']:%Y-%m-%d %H:%M}  {run['name']} ({run['brain']}, "
            f"{run['case_count']} {t('cases', 'casos')}, {run['versions']['commit'] or run['versions']['ladrillo']}, "
            f"{t('data', 'datos')} {run['versions']['data']['digest']})")
    if not found["same_cases"]:
        out(t("The cases are not the same: differences are over those that both hold.",
              "Los casos no son los mismos: las diferencias son sobre los que están en ambas."))
    out("")
    unclear = t("no clear change", "sin cambio claro")
    verdicts = {"better": t("better", "mejor"), "worse": t("WORSE", "PEOR"), "unclear": unclear}
    for row in found["figures"]:
        label = row["es"] if language() == "es" else row["en"]
        line = f"{label:<48}{_value(row['before'], row['kind']):>9} -> {_value(row['after'], row['kind']):>9}"
        if row["difference"] is not None:
            line += f"  {_spread(row['difference'], row['kind']):<28}{verdicts[row['verdict']]}"
        out(line)
    out("")
    for key, en, es in (("broke", "right before, not now", "estaban bien y ya no"), ("fixed", "right now", "ahora están bien"),
                        ("only_before", "only in the first", "solo en la primera"),
                        ("only_after", "only in the second", "solo en la segunda")):
        _cases(found[key], t(en, es))


async def label(reference: str, target: Path | None) -> None:
    """Print the case of a conversation or case, or append it to a file that does not hold it yet."""
    held = {case.id for case in read_cases(target)} if target is not None and target.exists() else set()
    async with await Resources.open(get_settings()) as resources:
        made = await labelling.of(resources.database, STAFF, reference)
    line = json.dumps(made, ensure_ascii=False)
    if target is None:
        out(line)
        return
    if made["id"] in held:
        raise Conflict(
            f"{str(target)!r} holds the case {made['id']!r} already.", f"{str(target)!r} ya tiene el caso {made['id']!r}."
        )
    before = target.read_bytes() if held else b""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("a", encoding="utf-8") as handle:
        handle.write(("\n" if before and not before.endswith(b"\n") else "") + line + "\n")
    say(t(f"{made['id']} was added to {target}. Check what it expects: it says what was done, not what was right.",
          f"{made['id']} se añadió a {target}. Revise lo esperado: dice lo que se hizo, no lo que era correcto."))


def _cases(ids: Sequence[str], words: str) -> None:
    if ids:
        more = f" … (+{len(ids) - 20})" if len(ids) > 20 else ""
        out(f"{words} ({len(ids)}): {', '.join(ids[:20])}{more}")


def _value(row: dict[str, Any] | None, kind: str = "share") -> str:
    return figure(kind, row["value"] if row else None)


def _spread(difference: dict[str, Any], kind: str) -> str:
    value, low, high = (figure(kind, difference[end], signed=True) for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
