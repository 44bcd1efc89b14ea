"""Grammar and classifier agree on routes: the grammar's certainties stand, elsewhere calibrated probabilities decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from knowledge.understanding.classifier import Classifier, classifier
from knowledge.understanding.features import Features
from knowledge.understanding.intent import HUMAN_SURE, SPECIALISTS, Context, Intent

#: A probability from which a route is likely.
LIKELY = 0.5
#: Two routes from this probability of wanting several on: one too many does less harm than one left out.
SEVERAL = 0.5
#: From this probability of another route on a message is no answer to our question.
ELSEWHERE = 0.85
#: How likely, against the likeliest, the grammar's routes must be to win where none is likely.
NEAR = 0.72
#: How likely, against the likeliest specialist, it must be that nobody is meant.
NOBODY = 0.65
#: Below this probability of a person a cue for one does not stand.
VETO, VETO_ANGER = 0.3, 0.12
#: A person is asked from this probability on, where it is over half as likely as the likeliest specialist and not much less
#: than nobody: a miss costs ten times as much as a case opened in vain. Chosen on held-out folds of the training sentences.
PERSON, BESIDE_SPECIALIST, BESIDE_NOBODY = 0.15, 0.55, 0.8


def classified(grammar: Intent, features: Features, context: Context) -> Intent:
    """The decision that counts, with the probability that its routes are exactly the right ones as confidence."""
    return settle(grammar, classifier(), features, context)


def settle(grammar: Intent, trained: Classifier, features: Features, context: Context) -> Intent:
    if context.open_question is not None and context.accepts is not None:
        return grammar  # a yes or no to our own question
    reading = trained.read(features)
    grammar = replace(grammar, probabilities=reading.routes)
    if surely_human(grammar, reading.routes) or _answers(grammar, reading.routes, context):
        return grammar
    routes = near(grammar, reading.routes) or chosen(reading.routes, reading.several)
    confidence = round(trained.exact(routes, reading.routes), 3)
    if routes == ("human",):
        reason = grammar.human_reason or likeliest(reading.reasons)
        return replace(grammar, routes=routes, confidence=confidence, human_reason=reason, small_talk=None, own_cue=True)
    if routes == ("none",):
        talk = grammar.small_talk or ("out_of_scope" if likeliest(reading.talks) == "out_of_scope" else "greeting")
        return replace(grammar, routes=routes, confidence=confidence, human_reason=None, small_talk=talk)
    ordered = tuple(sorted(routes, key=lambda r: (-grammar.scores.get(r, 0.0), -reading.routes[r])))
    return replace(grammar, routes=ordered, confidence=confidence, human_reason=None, small_talk=None)


def surely_human(grammar: Intent, probabilities: Mapping[str, float]) -> bool:
    """A cue for a person stands, and always where the person is asked for by name ("am I talking to a person or a bot?" asks
    for none); for other reasons ("tax refund", "delete the contact") the classifier can tell that they are somebody else's
    business."""
    if grammar.human_reason is None or grammar.scores.get("human", 0.0) < HUMAN_SURE:
        return False
    named = grammar.human_reason == "asked_person" and grammar.scores.get("none", 0.0) < grammar.scores["human"]
    return named or probabilities["human"] >= (VETO_ANGER if grammar.human_reason == "anger" else VETO)


def chosen(probabilities: Mapping[str, float], several: float) -> tuple[str, ...]:
    """Routes from their probabilities and that of wanting more than one; `none` and `human` stand alone."""
    ordered = sorted(SPECIALISTS, key=lambda r: -probabilities[r])
    top = probabilities[ordered[0]]
    if probabilities["human"] >= max(PERSON, BESIDE_SPECIALIST * top, BESIDE_NOBODY * probabilities["none"]):
        return ("human",)
    if probabilities["none"] >= NOBODY * top:
        return ("none",)
    if several < SEVERAL:
        return (ordered[0],)
    return (*ordered[:2], *(r for r in ordered[2:] if probabilities[r] >= LIKELY))


def _answers(grammar: Intent, probabilities: Mapping[str, float], context: Context) -> bool:
    """Whether a message without a cue of its own answers our question or puts a value right: it goes on with the routes before,
    unless it is surely about something else."""
    if context.open_question is not None and context.contact and "lead_qualification" in grammar.routes:
        return True  # the telephone or address that was asked for
    asked = (context.open_question is not None or context.correcting) and not grammar.own_cue
    # a name, and a value that is put right, speak of nothing
    nobody = {"none", "human"} if context.correcting else {"none"} if context.open_question == "name" else set()
    return asked and max(p for route, p in probabilities.items() if route not in {*grammar.routes, *nobody}) < ELSEWHERE


def near(grammar: Intent, probabilities: Mapping[str, float]) -> tuple[str, ...] | None:
    """The grammar's routes where nothing is likely and they come close to the likeliest, or where they are likely and only
    nobody comes near: it knows what its words mean."""
    top = max(probabilities.values())
    agreed = len(grammar.routes) == 1 and grammar.routes[0] in SPECIALISTS and probabilities[grammar.routes[0]] == top >= LIKELY
    if agreed and grammar.own_cue and probabilities["none"] >= NOBODY * top:
        return grammar.routes
    close = top < LIKELY and all(probabilities[r] >= NEAR * top for r in grammar.routes)
    return grammar.routes if close and grammar.own_cue else None


def likeliest(choices: Mapping[str, float]) -> str:
    return max(choices, key=lambda name: choices[name])
