"""The mutation test of grounding: that it alters what it says, knows what is still true, and what it finds on real answers.

`data/answers.jsonl` holds answers of the built-in brain over the demo portfolio, with the facts that they show.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.errors import BadInput, NotFound
from core.facts import Fact, Source
from core.locale import LOCALES
from evals import mutation
from evals.mutants import KINDS, Mutant, Shown, of_entities, of_figure, rewrites
from evals.mutation import Report, examine, trials
from evals.outputs import read_outputs
from evals.scorers.citing import marks_lead_somewhere, quotes_stand
from graphs.figures import read_figures

from .support import turn

ANSWERS = Path(__file__).with_name("data") / "answers.jsonl"
AREA = Source("aggregate", "a")


def price(entity: str, value: float, **changed: Any) -> Fact:
    return Fact("price_median", value, "money", AREA, entity=entity, **{"currency": "EUR"} | changed)


HUELIN, TRIANA = price("Huelin, Málaga", 300_000.0), price("Triana, Sevilla", 412_500.0)


@cache
def report() -> Report:
    return examine(read_outputs(ANSWERS))


def mutants(text: str, fact: Fact, *others: Fact, locale: str = "es-ES", seed: int = 0) -> list[Mutant]:
    figure = read_figures(text, LOCALES[locale])[0]
    return list(of_figure(text, Shown(figure, fact, False), [fact, *others], LOCALES[locale], Random(seed)))


def texts(kind: str, *args: Any, seeds: range = range(20), **kwargs: Any) -> set[str]:
    return {m.text for seed in seeds for m in mutants(*args, seed=seed, **kwargs) if m.kind == kind}


def test_a_figure_is_altered_in_every_way() -> None:
    told = "Vale 300.000 € hoy."
    assert "Vale 300.000 $ hoy." not in texts("currency", told, HUELIN)
    assert texts("currency", told, HUELIN) == {
        f"Vale {c} hoy." for c in ("COP\u00a0300.000", "MXN\u00a0300.000", "USD\u00a0300.000", "$300.000", "300.000 pesos")
    }
    assert texts("scale", told, HUELIN) == {
        f"Vale {n} hoy." for n in ("3.000.000 €", "30.000 €", "300.000.000 €", "300.000 mil €", "300.000 millones €")
    }
    assert "Vale 300.000 €/m² hoy." in texts("unit", told, HUELIN)
    assert "Vale 300.000\u00a0% hoy." in texts("unit", told, HUELIN)
    assert texts("borrowed", told, HUELIN, TRIANA) == {"Vale 412.500 € hoy."}
    assert texts("sign", "Baja -3,1 %.", Fact("change", -3.1, "percent", AREA)) == {"Baja 3,1 %.", "Baja +3,1 %."}
    for kind in ("digit", "swap"):
        for text in texts(kind, "Vale 312.500 € hoy.", HUELIN):
            assert sorted(text) != sorted("Vale 312.500 € hoy.") or kind == "swap"
            assert len(text) == len("Vale 312.500 € hoy.")


def test_the_same_seed_gives_the_same_mutants() -> None:
    told = "Vale 312.500 € hoy."
    assert mutants(told, HUELIN, TRIANA, seed=4) == mutants(told, HUELIN, TRIANA, seed=4)


def test_another_name_takes_the_place_of_whose_figure_it_is() -> None:
    text = "En Huelin se piden 300.000 €."
    shown = [Shown(read_figures(text, LOCALES["es-ES"])[0], HUELIN, False)]
    [mutant] = of_entities(text, [(0, len(text))], shown, [HUELIN, TRIANA], Random(0))
    assert (mutant.text, mutant.entity) == ("En Triana se piden 300.000 €.", "Triana, Sevilla")
    assert not list(of_entities(text, [(0, len(text))], shown, [HUELIN], Random(0)))


def test_rewrites_change_no_figure() -> None:
    text = "Rinde 6,13\u00a0% bruto. Vale 418.237 € según el modelo."
    facts = [Fact("y", 6.1333, "percent", AREA), price("", 418_237.0)]
    shown = [Shown(f, fact, False) for f, fact in zip(read_figures(text, LOCALES["es-ES"]), facts, strict=True)]
    found = {kind: [t for k, t in rewrites(text, shown, LOCALES["es-ES"], Random(1)) if k == kind]
             for kind in ("spacing", "bold", "fewer digits", "line break")}
    assert "Rinde 6,13 % bruto." in found["spacing"][0]
    assert "Rinde **6,13\u00a0%** bruto." in found["bold"][0]
    assert {"6,1\u00a0%" in t or "418.000 €" in t for t in found["fewer digits"]} == {True}
    assert "Rinde 6,13\u00a0% bruto.\nVale" in found["line break"][0]


def line(answer: str, *facts: Fact, said: str = "hola") -> list[dict[str, Any]]:
    return [{"id": "x", "turns": [turn(text=said, answer=answer, locale="es-ES", facts=[f.to_dict() for f in facts])]}]


def test_what_another_fact_of_the_same_entity_says_is_equivalent() -> None:
    low = price("Huelin, Málaga", 303_000.0)
    found = [
        t for seed in range(60) for t in trials(line("En Huelin piden 300.000 €.", HUELIN, low), seed=seed)
        if "303.000 €" in t.passage and t.kind == "digit"
    ]
    assert found
    assert all(t.equivalent and not t.refused for t in found)


def test_what_is_true_of_somebody_else_is_not_equivalent() -> None:
    found = [t for t in trials(line("En Huelin piden 300.000 €.", HUELIN, TRIANA)) if t.kind in ("borrowed", "entity")]
    assert {t.kind for t in found} == {"borrowed", "entity"}
    assert all(t.refused and not t.equivalent for t in found)


def test_a_grounding_that_accepts_everything_catches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = mutation.accept
    lines = line("En Huelin piden 300.000 €.", HUELIN, TRIANA)
    monkeypatch.setattr(mutation, "accept", lambda text, *rest: real(lines[0]["turns"][0]["answer"], *rest))
    found = examine(lines)
    assert found.caught[-1].refused is not None
    assert found.caught[-1].refused.value == 0.0
    assert len(found.survivors) == found.caught[-1].tried - found.caught[-1].equivalent


def test_an_answer_that_does_not_ground_is_a_false_alarm_and_is_not_altered() -> None:
    found = examine(line("En Huelin piden 301.000 €.", HUELIN))
    assert [(t.kind, t.refused) for t in found.false_alarms] == [("unaltered", True)]
    assert found.caught[-1].tried == 0
    assert found.caught[-1].refused is None


@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_altered_figures_of_real_answers_are_caught(kind: str) -> None:
    row = next(row for row in report().caught if row.kind == kind)
    assert row.tried > 10
    assert row.refused is not None
    assert row.refused.value >= (0.9 if kind == "borrowed" else 0.95), [t for t in report().survivors if t.kind == kind]
    assert row.equivalent <= 0.1 * row.tried


def test_altogether_the_targets_are_met() -> None:
    caught, alarms = report().caught[-1].refused, report().alarms[-1].refused
    assert caught is not None
    assert alarms is not None
    assert caught.value >= 0.99
    assert alarms.value <= 0.01
    assert not [t for t in report().false_alarms if t.kind == "unaltered"]


def test_citations_of_real_answers_lead_to_their_passages() -> None:
    cited = [t for line in read_outputs(ANSWERS) for t in line["turns"] if t["citations"]]
    assert len(cited) >= 2
    for one in cited:
        assert marks_lead_somewhere(one["answer"], one["citations"]) is True
        assert quotes_stand(one["answer"], one["citations"]) is True
        assert marks_lead_somewhere(one["answer"], one["citations"][:1]) is False
        assert quotes_stand(one["answer"].replace("price", "prize").replace("coast", "cost"), one["citations"]) is False


@pytest.mark.parametrize("content", ["not json\n", '{"id": "a"}\n', "[1]\n", '{"id": "a", "turns": [{"text": "x"}]}\n'])
def test_a_file_that_holds_no_answers_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(BadInput, match="line 1"):
        read_outputs(path)
    with pytest.raises(NotFound):
        read_outputs(tmp_path / "none.jsonl")
