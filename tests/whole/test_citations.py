"""Documents: what is quoted stands in the passage that its mark leads to, in the answers of the demo portfolio."""

from __future__ import annotations

import pytest

from evals.scorers.citing import marks_lead_somewhere, quotes_stand
from graphs.runner import Runner

from .conftest import talk


@pytest.mark.parametrize(
    "question",
    [
        "What do your documents say about the fideicomiso for foreigners buying near the coast in Mexico?",
        "¿Qué dicen sus documentos sobre el fideicomiso para extranjeros en la playa en México?",
    ],
)
async def test_marks_and_quotations_lead_to_their_passages(asked: Runner, question: str) -> None:
    [outcome] = await talk(asked, question)
    answer, citations = outcome["answer"], outcome["citations"]
    assert citations, answer
    assert marks_lead_somewhere(answer, citations) is True
    assert quotes_stand(answer, citations) is True
    documents = {f["value"] for f in outcome["facts"] if f["source"]["kind"] == "document"}
    assert {citation["passage"] for citation in citations} <= documents
    # the scorers can fail on these very answers
    assert marks_lead_somewhere(answer, citations[1:] and [c for c in citations if c["n"] != 1]) is not True
    assert quotes_stand(answer.replace("e", "a", 40), citations) is False
