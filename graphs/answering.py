"""From findings to one answer: as they stand, or written by a language model while it is shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime

from core.errors import LadrilloError
from graphs import writing
from graphs.context import GraphContext
from graphs.evidence import artifacts_of
from graphs.state import Finding, TurnState
from graphs.transcript import earlier
from graphs.turn import all_facts, context_of, in_order, locale_of

log = logging.getLogger("ladrillo.graph")


async def compose(state: TurnState, runtime: Runtime[GraphContext]) -> dict[str, Any]:
    """One answer from the findings, written by a language model while it is shown; skipped where one finding is the answer
    already, or must stand as it is."""
    context = context_of(runtime)
    writer = get_stream_writer()
    findings = in_order(state)
    joined = "\n\n".join(finding["text"] for finding in findings if finding["text"])
    assert context.staff is not None
    answered = len(findings) == 1 and findings[0]["by"] != "builtin"
    if answered or context.staff.models is None or context.patience.lost or _as_it_stands(findings):
        return {"draft": joined}
    writer({"type": "step", "name": "compose"})
    facts, talk = all_facts(state, context), earlier(state.get("history") or ())
    register = state["understanding"]["register"]
    asked = writing.task(state["question"], talk, joined, facts, locale_of(state), register, context.veil)
    try:
        async with asyncio.timeout_at(context.patience.until):
            await writing.write(asked, facts, context)
    except TimeoutError:
        log.warning("the time for language models is up; the findings stand as they are")
    except LadrilloError:
        raise
    except Exception:
        # what an endpoint sends may break anything on its way: the findings have been written without it
        log.exception("the model of compose broke something")
    finally:
        writer({"type": "step_end", "name": "compose"})
    return {"draft": joined}


def _as_it_stands(findings: Sequence[Finding]) -> bool:
    """A permission is asked for word for word, and nothing is made of a failure."""
    return any(finding["failed"] for finding in findings) or any(
        (artifact.get("data") or {}).get("consent_request") for artifact in artifacts_of(findings)
    )
