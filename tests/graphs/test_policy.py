"""What an answer is worth: understanding as a probability, evidence as its weakest part."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Misconfigured
from graphs import policy

SURE = {"routing": 0.98, "figures": 1.0}


def _artifact(*gaps: str, **evidence: Any) -> dict[str, Any]:
    return {"evidence": evidence, "gaps": [{"code": code} for code in gaps]}


def test_probabilities_of_understanding_multiply_and_data_do_not_lower_them() -> None:
    found = policy.confidence({"routing": 0.9, "figures": 0.5}, [_artifact("no_data")], demo=True)
    assert found.value == pytest.approx(0.45)
    assert found.evidence == policy.policy()["evidence"]["no_data"]
    assert found.reasons == ("no_data", "figures")


@pytest.mark.parametrize(
    ("understood", "artifact", "level", "offers"),
    [
        (SURE, _artifact(comparables=20, interval_width=0.3), "high", False),
        (SURE, _artifact(comparables=4), "low", True),
        (SURE, _artifact("thin_data"), "low", True),
        (SURE, _artifact("no_data"), "low", False),
        (SURE, _artifact("uncovered"), "medium", False),
        ({"routing": 0.7, "figures": 0.9}, _artifact(), "medium", False),
        ({"routing": 0.35, "figures": 1.0}, _artifact(), "low", True),
    ],
)
def test_people_see_the_weaker_of_the_two(
    understood: dict[str, float], artifact: dict[str, Any], level: str, offers: bool
) -> None:
    found = policy.confidence(understood, [artifact], demo=False)
    assert (found.level, policy.offers_a_person(found, asking=False)) == (level, offers)


@pytest.mark.parametrize("artifact", [_artifact("tool_failed"), _artifact(failed=True)])
def test_a_failed_tool_makes_a_right_answer_unlikely_and_counts_as_failed(artifact: dict[str, Any]) -> None:
    found = policy.confidence(SURE, [artifact], demo=False)
    assert found.failed
    assert found.value == policy.policy()["evidence"]["tool_failed"]
    assert found.reasons == ("tool_failed",)
    assert policy.offers_a_person(found, asking=True)


def test_a_question_of_our_own_settles_a_doubt_before_a_person_is_offered() -> None:
    doubtful = policy.confidence({"routing": 0.3, "figures": 1.0}, [], demo=False)
    thin = policy.confidence(SURE, [_artifact("thin_data")], demo=False)
    assert (policy.offers_a_person(doubtful, asking=True), policy.offers_a_person(doubtful, asking=False)) == (False, True)
    assert policy.offers_a_person(thin, asking=True)


def test_doubt_about_the_routes_alone_never_counts_as_failed() -> None:
    assert not policy.confidence({"routing": 0.1, "figures": 0.1}, [], demo=False).failed


def test_a_language_model_that_differs_is_not_taken_at_its_word() -> None:
    understood = {"routes": ("roi",), "confidence": 0.93}
    assert policy.routing_confidence(["roi"], understood) == 0.93
    assert policy.routing_confidence(["comparison"], understood) == policy.policy()["evidence"]["readings_differ"]


@pytest.mark.parametrize("code", ["routing", "figures", "tool_failed", "no_data", "thin_data", "uncovered", "degraded"])
def test_every_reason_has_words_in_both_languages(code: str) -> None:
    assert policy.why([code], "es")
    assert policy.why([code], "en")


def test_a_wide_internal_rate_is_worth_less_the_wider_it_is() -> None:
    def worth(width: float) -> policy.Confidence:
        return policy.confidence(SURE, [_artifact(irr_width=width)], demo=False)

    assert [worth(width).evidence for width in (4, 10, 15, 20, 140)] == [1.0, 1.0, 0.725, 0.45, 0.45]
    assert [worth(width).level for width in (10, 15, 20)] == ["high", "medium", "low"]
    assert worth(20).reasons == ("wide_irr",)
    assert policy.why(["wide_irr"], "es") == ["la TIR puede acabar en un margen muy amplio"]
    assert not policy.offers_a_person(worth(140), asking=False), "the range itself is an honest answer"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("offer = 0.40", "offer = 4", "confidence.offer = 4"),
        ("high = 0.75", "high = 0.45", "expected them to rise"),
        ("demo = 0.85\n", "", "evidence.demo"),
        ("demo = 0.85", "demo = nan", "evidence.demo = nan"),
        ("wide_interval = 0.60", "wide_interval = -1", "evidence.wide_interval = -1"),
        ("wide_irr = 20", "wide_irr = 5", "expected the first to be smaller"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_key_and_value(tmp_path, old, new, said) -> None:
    text = policy._FILE.read_text("utf-8")
    assert old in text
    (tmp_path / "policy.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Misconfigured, match=r"policy\.toml") as caught:
        policy.policy.__wrapped__(tmp_path / "policy.toml")
    assert said in caught.value.en
