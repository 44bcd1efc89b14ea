"""The trained part of intent: what it decides beyond the grammar, how sure it is, what it costs to load."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from knowledge.understanding.classifier import PATH, Classifier, classifier
from knowledge.understanding.features import BUCKETS, NAMES, ROUTES, Features
from knowledge.understanding.intent import Intent
from knowledge.understanding.verdict import chosen, near, surely_human
from tests.knowledge.understanding.support import talk


@pytest.mark.parametrize(
    ("turns", "routes"),
    [
        (["my car insurance went up again, how do I switch?"], ("none",)),
        (["busco un hotel para el puente en Oaxaca"], ("none",)),
        (["recuérdame llamar al dentista mañana"], ("none",)),
        (["pisos en Vigo con terraza", "uf, muchas gracias, qué rápido"], ("none",)),
        (["representamos a un fondo que compra 300 viviendas en bloque"], ("human",)),
        (["llevo dos semanas esperando que alguien me devuelva la plata de la separación"], ("human",)),
        (["operador"], ("human",)),
        (["bodega 1: 700 millones, 5 de canon", "bodega 2: 900, 6 de canon", "¿la bruta de las dos?"], ("comparison",)),
    ],
)
def test_what_no_cue_names_is_told_by_what_was_learnt(turns: list[str], routes: tuple[str, ...]) -> None:
    assert talk(turns).routes == routes


def probabilities(**given: float) -> dict[str, float]:
    return {route: given.get(route, 0.01) for route in ROUTES}


def test_several_routes_only_where_several_are_wanted() -> None:
    known = probabilities(roi=0.9, market_research=0.6)
    assert chosen(known, several=0.1) == ("roi",)
    assert chosen(known, several=0.8) == ("roi", "market_research")


def test_nobody_and_a_person_stand_alone() -> None:
    assert chosen(probabilities(none=0.5, roi=0.55), several=0.9) == ("none",)
    assert chosen(probabilities(human=0.6, roi=0.55), several=0.9) == ("human",)
    assert chosen(probabilities(human=0.5, roi=0.9), several=0.1) == ("human",)
    assert chosen(probabilities(human=0.4, roi=0.9), several=0.1) == ("roi",)


def test_a_cue_for_a_person_asked_by_name_always_stands() -> None:
    asked = talk(["quiero hablar con una persona"])
    assert asked.routes == ("human",)
    assert asked.human_reason == "asked_person"


def test_confidence_is_a_probability_and_lower_where_nothing_is_clear() -> None:
    clear = talk(["¿qué rentabilidad bruta da un piso de 200.000 € alquilado en 900 €?"])
    vague = talk(["¿y lo otro?"])
    assert 0 <= vague.confidence < clear.confidence <= 1


def test_arrays_of_another_shape_are_refused_with_what_to_do() -> None:
    with np.load(PATH, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    held["dense"] = held["dense"][:-1]
    with pytest.raises(ValueError, match="train_intent"):
        Classifier(held, classifier().net)


def test_probabilities_are_those_of_the_stored_arrays() -> None:
    """An empty message by hand: the bias, calibrated."""
    features = Features(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(len(NAMES), np.float32))
    trained = classifier()
    reading = trained.read(features)
    net = np.maximum(trained.net.first_bias, 0) @ trained.net.second[:, 0] + trained.net.second_bias[0]
    score = net * trained.slope[0] + trained.offset[0]
    assert reading.routes[ROUTES[0]] == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-6)
    assert sum(reading.reasons.values()) == pytest.approx(1)
    assert sum(reading.talks.values()) == pytest.approx(1)
    assert trained.words.shape[0] == BUCKETS


def test_it_runs_without_the_library_that_trained_it() -> None:
    """A message is understood without scikit-learn or scipy being imported."""
    code = (
        "import sys; from knowledge.understanding.understand import understand, default_places;"
        "understand('busco piso en Vigo', places=default_places());"
        "print(sorted(m for m in ('sklearn', 'scipy', 'pandas', 'statsmodels') if m in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_near_ties_go_to_the_grammar() -> None:
    grammar = Intent(("roi",), {"roi": 3.0}, 0.7, None, None, {}, True)
    assert near(grammar, probabilities(roi=0.40, price_prediction=0.42)) == ("roi",)
    assert near(grammar, probabilities(roi=0.10, price_prediction=0.42)) is None
    assert near(grammar, probabilities(roi=0.40, price_prediction=0.80)) is None


def test_a_cue_for_another_reason_can_be_overruled() -> None:
    refund = Intent(("human",), {"human": 5.0}, 0.9, "fraud_or_money", None, {}, True)
    assert not surely_human(refund, probabilities(human=0.02))
    assert surely_human(refund, probabilities(human=0.3))
    asked = Intent(("human",), {"human": 5.0}, 0.9, "asked_person", None, {}, True)
    assert surely_human(asked, probabilities(human=0.02))


def test_contact_data_that_was_asked_for_goes_on_with_the_lead() -> None:
    found = talk(["I'd like to visit the first flat you have in Madrid", "my phone is +44 7700 900123"], open_question="phone")
    assert found.routes == ("lead_qualification",)
    assert found.slots["phone"] == "+447700900123"
