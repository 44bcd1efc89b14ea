"""A request that names its trace: the run becomes part of it."""

from __future__ import annotations

import pytest

from tests.traced import Traced

from .support import Service

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_traceparent_header_makes_the_run_a_child(service: Service, traced: Traced) -> None:
    conversation = await service.start()
    answered = await service.client.post(
        f"{conversation.path}/runs", json={"text": "hola"},
        headers={**conversation.auth, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    )
    assert answered.status_code == 200
    spans = await traced.spans()
    assert {f"{span.context.trace_id:032x}" for span in spans} == {"0af7651916cd43dd8448eb211c80319c"}
    run = next(span for span in spans if span.name == "ladrillo.run")
    assert run.parent is not None
    assert run.parent.is_remote
