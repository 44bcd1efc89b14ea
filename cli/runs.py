"""`eval list` and `eval compare`: the evaluation runs that the database keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cli.console import figure, language, out, t
from cli.session import STAFF
from core.settings import get_settings
from knowledge.resources import Resources
from services import evaluations

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


def _cases(ids: Sequence[str], words: str) -> None:
    if ids:
        more = f" … (+{len(ids) - 20})" if len(ids) > 20 else ""
        out(f"{words} ({len(ids)}): {', '.join(ids[:20])}{more}")


def _value(row: dict[str, Any] | None, kind: str = "share") -> str:
    return figure(kind, row["value"] if row else None)


def _spread(difference: dict[str, Any], kind: str) -> str:
    value, low, high = (figure(kind, difference[end], signed=True) for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"
