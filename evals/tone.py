"""Tone, judged by a language model: the one thing here that no rule can score. Optional; nothing else depends on it.

The judge sees the investor's messages and the last answer, and gives 1 to 5 with a reason. It is told nothing of what was
expected, and its scores are in no gate: a judge's taste may change with the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from core.errors import Unavailable
from core.resampling import Interval, ratio_interval
from core.retry import is_model_fault, is_outage
from core.words import PROMPTS

#: The least and the best score.
LEAST, BEST = 1, 5
#: A message or an answer longer than this is cut for the judge.
_LONGEST = 6_000


class Verdict(BaseModel):
    """How an answer reads."""

    score: int = Field(ge=LEAST, le=BEST, description="1 to 5")
    why: str = Field(description="one sentence, in the language of the answer")


@dataclass(frozen=True, slots=True)
class Judged:
    """The last answer of a conversation; `verdict` is None where the judge said nothing usable."""

    conversation: str
    language: str
    answer: str
    verdict: Verdict | None


async def judge_tone(model: BaseChatModel, lines: Sequence[Mapping[str, Any]], *, parallel: int = 4) -> list[Judged]:
    """One verdict a line of outputs that has an answer, in their order. Raises `Unavailable` where the endpoint does not
    serve."""
    system = SystemMessage((PROMPTS / "judges" / "tone.md").read_text("utf-8"))
    asked = model.with_structured_output(Verdict, stream=False)
    gate = asyncio.Semaphore(parallel)

    async def one(line: Mapping[str, Any]) -> Judged:
        last = line["turns"][-1]
        verdict: Verdict | None = None
        async with gate:
            try:
                found = await asked.ainvoke([system, HumanMessage(_shown(line["turns"]))])
            except Exception as error:
                if is_outage(error):
                    raise _unavailable(error) from error
                if not is_model_fault(error):
                    raise
            else:
                verdict = found if isinstance(found, Verdict) else None
        return Judged(str(line["id"]), str(last.get("language") or "es"), last["answer"], verdict)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(line)) for line in lines if line["turns"] and line["turns"][-1]["answer"]]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _shown(turns: Sequence[Mapping[str, Any]]) -> str:
    said = "\n".join(f"<investor>{_harmless(turn['text'])}</investor>" for turn in turns)
    return f"{said}\n<answer>{_harmless(turns[-1]['answer'])}</answer>"


def _harmless(text: str) -> str:
    """Nothing in it closes a tag."""
    return text[:_LONGEST].replace("<", "‹")


def _unavailable(error: BaseException) -> Unavailable:
    name = type(error).__name__
    return Unavailable(
        f"The model endpoint does not answer ({name}). Nothing was judged; check OPENAI_BASE_URL and the key.",
        f"El servicio del modelo no responde ({name}). No se juzgó nada; revise OPENAI_BASE_URL y la clave.",
    )


def means(judged: Sequence[Judged]) -> dict[str, Interval]:
    """Mean score by language of the answer and over `all`, with 95 % intervals over conversations."""
    groups: dict[str, list[tuple[str, int]]] = {"all": []}
    for found in judged:
        if found.verdict is not None:
            for name in ("all", found.language):
                groups.setdefault(name, []).append((found.conversation, found.verdict.score))
    return {
        name: ratio_interval([s for _, s in each], [1.0] * len(each), [c for c, _ in each])
        for name, each in groups.items() if each
    }
