"""Running a turn: the one way in for the API, the command line and the evaluations.

The graph runs in a task of its own and writes to the log; whoever listens tails the log. Leaving is not stopping. A run
always ends: finished, cancelled by its user, or failed with a sentence and the offer to try again; a run whose process
died is ended by whichever process notices its expired lease.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Self

from langgraph.config import get_stream_writer
from sqlalchemy import text as sql

from core import metering, telemetry
from core.bus import Bus
from core.clock import new_id, now
from core.database import connection_failures
from core.errors import LadrilloError, Unavailable
from core.locale import locale_for
from core.metering import Amount, Meter
from core.scope import Scope
from core.settings import Settings
from graphs import conversation, events, remembering, tracing
from graphs.checkpoints import Checkpoints
from graphs.context import GraphContext, Patience, Screen, Staff
from graphs.state import Memory
from graphs.streaming import Stream
from knowledge.records import cases, conversations, event_log, profiles, usage
from knowledge.records.conversations import Sent
from knowledge.records.event_log import Fenced
from knowledge.resources import Resources
from knowledge.tables import FactRow

log = logging.getLogger("ladrillo.runner")
RENEW_SECONDS = 3.0
PING_SECONDS = 15.0
HISTORY = 20
#: Messages between two prunings of a conversation's checkpoints (a turn adds two); a long one is pruned every turn.
PRUNE_EVERY = 10
#: The part of a turn's time that is left to language models at most: the built-in brain finishes what they began.
LLM_SHARE = 0.75
_END = ("RUN_FINISHED", "RUN_ERROR")


class Runner:
    """Everything a process needs to run turns. `async with await Runner.open(settings) as runner: …`"""

    def __init__(self, resources: Resources, staff: Staff, bus: Bus, checkpoints: Checkpoints) -> None:
        self.resources, self.staff, self.bus, self.checkpoints = resources, staff, bus, checkpoints
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._graph = conversation.build(checkpoints.saver)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, asyncio.Event] = {}
        self._metered: dict[str, tuple[Scope, str, Meter]] = {}

    @classmethod
    async def open(
        cls, settings: Settings, *, opening: Callable[[Settings], Awaitable[Resources]] = Resources.open,
        staff: Staff | None = None,
    ) -> Runner:
        """`opening` gives the resources; the runner closes them. Models and addresses that cannot be used are told before."""
        telemetry.tracer()
        staff = staff or Staff(settings)
        resources = await opening(settings)
        try:
            redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
            bus = Bus(resources.database, redis_url, on_lost=resources.heal)
            checkpoints = await Checkpoints.open(resources.database)
            await bus.start()
            return cls(resources, staff, bus, checkpoints)
        except BaseException:
            await resources.close()
            raise

    async def close(self) -> None:
        """Stop what runs (each run ends as failed, with a retry offered) and let go of everything."""
        for task in list(self._tasks.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=5)
        await self.staff.close()
        await self.bus.close()
        await self.checkpoints.close()
        await self.resources.close()
        await telemetry.flush()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(
        self, scope: Scope, conversation_id: str, text: str, *, client_message_id: str | None = None,
        memory: Mapping[str, Any] | None = None,
    ) -> Sent:
        """Store the message and start its run. Raises `Conflict` while another run is active.

        `memory` takes the place of what the graph remembers, for a conversation whose earlier turns were held elsewhere.
        """
        sent = await conversations.send(
            self.resources.database, scope, conversation_id, text, client_message_id=client_message_id,
            brain=self.staff.brain, lease_owner=self.name,
        )
        if sent.outcome == "started" and sent.run_id is not None:
            self._stops[sent.run_id] = asyncio.Event()
            task = asyncio.create_task(
                self._run(scope, conversation_id, sent.run_id, sent.message_id, text, memory or {}), name=sent.run_id
            )
            self._tasks[sent.run_id] = task
            task.add_done_callback(lambda _, run_id=sent.run_id: self._forget(run_id))  # type: ignore[misc]
        return sent

    def _forget(self, run_id: str) -> None:
        self._tasks.pop(run_id, None)
        self._metered.pop(run_id, None)
        self._stops.pop(run_id, None)

    async def remembered(self, conversation_id: str) -> dict[str, Any]:
        """What the graph remembers after the conversation's last turn; empty before the first has ended."""
        with connection_failures():
            found = await self._graph.aget_state({"configurable": {"thread_id": conversation_id}})
        return {name: found.values[name] for name in Memory.__annotations__ if name in found.values}

    async def stop(self, scope: Scope, conversation_id: str) -> str | None:
        """Ask the active run to stop; its id, or None when nothing runs. What was shown is kept."""
        async with self.resources.database.session(scope) as session:
            run_id = await conversations.request_stop(session, conversation_id)
        if run_id in self._stops:
            self._stops[run_id].set()
        return run_id

    async def outcome(self, scope: Scope, run_id: str) -> dict[str, Any]:
        """The stored outcome of a run that has ended."""
        async with self.resources.database.session(scope) as session:
            row = await session.execute(
                sql("SELECT status, outcome, error_code, usage FROM runs WHERE id = :id"), {"id": run_id}
            )
            status, outcome, error_code, spent = row.one()
        return {**outcome, "status": status, "error_code": error_code, "usage": spent, "run_id": run_id}

    async def ask(
        self, scope: Scope, conversation_id: str, text: str, *, client_message_id: str | None = None
    ) -> dict[str, Any]:
        """Send and wait for the end; the outcome with `status` and `ms`."""
        begun = time.perf_counter()
        sent = await self.send(scope, conversation_id, text, client_message_id=client_message_id)
        if sent.run_id is None:
            return {"status": "person", "ms": round((time.perf_counter() - begun) * 1000)}
        outcome = await self.ended(scope, conversation_id, sent)
        return outcome | {"ms": round((time.perf_counter() - begun) * 1000)}

    async def ended(self, scope: Scope, conversation_id: str, sent: Sent) -> dict[str, Any]:
        """Wait until the run has ended, wherever it runs; its outcome."""
        assert sent.run_id is not None
        task = self._tasks.get(sent.run_id)
        if task is not None:
            await asyncio.shield(task)
            outcome = await self.outcome(scope, sent.run_id)
            if outcome["status"] not in conversations.ACTIVE:
                return outcome
        async for _ in self.tail(scope, conversation_id, sent.seq, run_id=sent.run_id):
            pass
        return await self.outcome(scope, sent.run_id)

    async def tail(
        self, scope: Scope, conversation_id: str, after: int, *, run_id: str | None = None
    ) -> AsyncIterator[tuple[int, str | None, dict[str, Any]]]:
        """Events above `after` as they are written: (seq, run id, payload). With `run_id`, only its events, to its end."""
        database = self.resources.database
        async with self.bus.subscribe(conversation_id) as waiter:
            while True:
                waiter.missed()
                batch = await event_log.read(database, scope, conversation_id, after)
                for seq, run, payload in batch:
                    after = seq
                    if run_id is not None and run != run_id:
                        continue
                    yield seq, run, payload
                    if run_id is not None and payload["type"] in _END:
                        return
                if len(batch) == event_log.AT_ONCE:
                    continue
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiter.beyond(after), PING_SECONDS)
                    continue
                # nothing for a while: the run's process may be gone
                await conversations.end_expired(database, scope, conversation_id)

    async def _run(
        self, scope: Scope, conversation_id: str, run_id: str, message_id: str, text: str, memory: Mapping[str, Any]
    ) -> None:
        turn = _Turn(self, scope, conversation_id, run_id, message_id, text, memory)
        try:
            await turn.run()
        except Fenced:  # whoever took the conversation has ended the run
            log.info("run %s lost its conversation and stopped", run_id)
        except asyncio.CancelledError:
            await turn.fail("process_died")
            raise
        except TimeoutError:
            await turn.fail("timeout")
        except LadrilloError as error:
            log.error("run %s: %s", run_id, error.en)
            await turn.fail(error.code, error)
        except Exception:
            log.exception("run %s failed", run_id)
            await turn.fail("internal")
        finally:
            turn.trace.end("lost")  # unless it has ended


class _Turn:
    """One run from start to end."""

    def __init__(
        self, runner: Runner, scope: Scope, conversation_id: str, run_id: str, message_id: str, text: str,
        memory: Mapping[str, Any],
    ) -> None:
        self._runner, self._scope, self._memory = runner, scope, memory
        self._conversation, self._run_id, self._message_id, self._text = conversation_id, run_id, message_id, text
        self._database = runner.resources.database
        self._answer_id = new_id("msg")
        self._translator = events.Translator(conversation_id, run_id, self._answer_id)
        self._writer: events.Writer | None = None
        self._screen: Screen | None = None
        self._meter = Meter(budget=runner.resources.settings.budget, earlier=self._used_before)
        self.trace = tracing.begin(scope, conversation_id, run_id, runner.staff.brain)
        self._language = "es"
        self._epoch = 0
        self._visitor = ""

    async def run(self) -> None:
        async with self._database.session(self._scope) as session:
            run = await conversations.start_run(session, self._run_id)
            row = await conversations.get(session, self._conversation)
            self._epoch, self._visitor, country, language = run.epoch, row.visitor, row.country, row.language
            earlier = [m for m in await conversations.transcript(session, self._conversation, limit=HISTORY + 1)
                       if m.id != self._message_id]
            case = await cases.current(session, self._conversation)
            investor = remembering.investor(await profiles.of_visitor(session, row.visitor))
        first = investor.greeting(country, language) if investor else {"country": country, "language": language}
        country, language = (country, language) if earlier else (first.get("country"), first.get("language"))
        if language in ("es", "en"):
            self._language = language
        writer = self._writer = events.Writer(
            self._database, self._scope, self._conversation, self._run_id, self._epoch
        )
        writer.put(self._translator.start())
        words = (*(m.text for m in earlier if m.role == "user"), self._text)
        locale = locale_for("en" if self._language == "en" else "es", country)
        self._screen = Screen(
            Stream(locale, words, self._runner.resources.settings.linkable),
            emit=lambda piece: get_stream_writer()({"type": "text", "text": piece}),
        )
        context = GraphContext(
            resources=self._runner.resources, scope=self._scope, conversation_id=self._conversation,
            run_id=self._run_id, message_id=self._message_id, locale=locale, user_words=words,
            staff=self._runner.staff, screen=self._screen, case_open=case is not None, investor=investor,
            patience=self._patience(),
        )
        turn: dict[str, Any] = {
            "question": self._text,
            "history": [{"role": m.role, "author": m.author, "text": m.text} for m in earlier],
        }
        if not earlier:
            turn |= first
        turn |= self._memory
        metering.meter.set(self._meter)
        self._runner._metered[self._run_id] = (self._scope, self._conversation, self._meter)
        graph = asyncio.create_task(self._graph(turn, context))
        stopping = asyncio.create_task(self._runner._stops[self._run_id].wait())
        leasing = asyncio.create_task(self._keep_lease())
        tasks: set[asyncio.Task[Any]] = {graph, stopping, leasing, writer.task}
        try:
            async with asyncio.timeout(self._runner.resources.settings.turn_timeout):
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if writer.task in done:
                writer.task.result()  # raises what stopped the writer
            if graph in done:
                if len(earlier) >= HISTORY or len(earlier) % PRUNE_EVERY == PRUNE_EVERY - 2:
                    await self._runner.checkpoints.prune(self._conversation)
                await self._finish(graph.result())
            else:
                if leasing in done:
                    leasing.result()
                await _cancelled(graph)
                await self._stopped()
        finally:
            for task in (graph, stopping, leasing):
                await _cancelled(task)

    def _patience(self) -> Patience:
        """How long this turn may count on language models."""
        settings = self._runner.resources.settings
        seconds = min(settings.model_patience, LLM_SHARE * settings.turn_timeout)
        self._meter.until = asyncio.get_running_loop().time() + seconds
        return Patience(self._meter.until)

    async def _used_before(self) -> dict[str, Amount]:
        """What the budgets are held against besides this turn: what is written, and what turns of this process that are
        still under way have used."""
        async with self._database.session(self._scope) as session:
            found = await usage.used(session, self._conversation, now())
        for run_id, (scope, conversation_id, other) in self._runner._metered.items():
            if run_id == self._run_id or scope.tenant != self._scope.tenant:
                continue
            tokens, dollars = sum(c.tokens for c in other.calls), sum(c.cost or 0.0 for c in other.calls)
            for span in ("day", "tenant") if conversation_id != self._conversation else tuple(found):
                found[span] = (found[span][0] + tokens, found[span][1] + dollars)
        return found

    async def _graph(self, turn: dict[str, Any], context: GraphContext) -> dict[str, Any]:
        assert self._writer is not None
        outcome: dict[str, Any] = {}
        part: Any
        async for mode, part in self._runner._graph.astream(
            turn,
            config={"configurable": {"thread_id": self._conversation}, "recursion_limit": conversation.RECURSION_LIMIT,
                    "callbacks": [*self.trace.callbacks]},
            context=context,
            stream_mode=["custom", "updates"],
            durability="exit",
        ):
            if mode == "custom":
                self._writer.put(self._translator.part(part))
            elif "screen" in part:
                self._language = part["screen"]["understanding"]["answer_language"]
                self._writer.put(self._translator.speaks(self._language))
            elif "decide" in part:
                outcome = part["decide"]["outcome"]
        return outcome

    async def _keep_lease(self) -> None:
        """Returns when the run has to stop: its user said so in another process, or someone ended it."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            async with self._database.session(self._scope) as session:
                if not await conversations.renew(session, self._run_id):
                    return

    async def _close_writer(self) -> None:
        if self._writer is not None:
            await self._writer.close()

    async def _finish(self, outcome: dict[str, Any]) -> None:
        """Answer, facts, final events and the run's end, in one transaction."""
        spent = self._meter.usage()
        outcome |= {"usage": spent}
        learned = outcome.pop("learned", None)
        assert self._writer is not None
        rest = await self._writer.rest()
        frames = events.beside(outcome, self._answer_id)
        entries = [*rest, *self._translator.finished(outcome, events.log_entries(frames))]
        async with self._database.session(self._scope) as session:
            await event_log.append_in(
                session, self._scope, self._conversation, self._run_id, self._epoch, entries
            )
            await conversations.add_message(
                session, self._scope, self._conversation, role="assistant", body=outcome["answer"], author="Ladrillo",
                run_id=self._run_id, details=events.details(outcome, frames), message_id=self._answer_id,
            )
            session.add_all(
                FactRow(tenant_id=self._scope.tenant, run_id=self._run_id, id=fact.id, shown=shown, body=fact.to_dict())
                for fact, shown in events.fact_rows(outcome)
            )
            await conversations.end_run(
                session, self._run_id, "finished", language=outcome["language"], routes=outcome["routes"],
                slots=outcome["slots"], confidence=outcome["confidence"], outcome=_stored(outcome),
                usage=spent,
            )
            usage.add(session, self._scope, self._conversation, self._run_id, self._meter.calls)
            if learned is not None:
                await profiles.remember(session, self._visitor, self._conversation, **learned)
        self.trace.end("finished", outcome)

    async def _stopped(self) -> None:
        await self._close_writer()
        await self._end("cancelled", event_log.cancelled(self._conversation, self._run_id), None)

    async def fail(self, code: str, error: LadrilloError | None = None) -> None:
        """End as failed. Where the database is gone the lease expires and the next process ends the run."""
        try:
            await self._close_writer()
        except Exception as unwritten:  # often what the run fails of
            log.warning("run %s: its last events were not written: %s", self._run_id, type(unwritten).__name__)
        message = error.text("en" if self._language == "en" else "es") if error and not isinstance(error, Unavailable) else None
        if code == "database_unavailable":
            await self._runner.resources.heal()
        try:
            await self._end("failed", ("RUN_ERROR", event_log.run_error(code, self._language, message)), code)
        except LadrilloError as again:
            log.error("run %s could not be ended, its lease will expire: %s", self._run_id, again.en)

    async def _end(self, status: str, end: event_log.Entry, code: str | None) -> None:
        """End otherwise than with an answer. What is closed is what the log left open: writes may have been lost."""
        self.trace.end(status, code=code)
        shown = self._screen.shown if self._screen else ""
        async with self._database.session(self._scope) as session:
            ended = await conversations.end_early(
                session, self._scope, self._conversation, self._run_id, status, end, error_code=code,
                language=self._language, outcome={"answer": shown}, usage=self._meter.usage(),
            )
            usage.add(session, self._scope, self._conversation, self._run_id, self._meter.calls)
            if ended and shown:
                await conversations.add_message(
                    session, self._scope, self._conversation, role="assistant", body=shown, author="Ladrillo",
                    run_id=self._run_id, details={"status": status}, message_id=self._answer_id,
                )


def _stored(outcome: dict[str, Any]) -> dict[str, Any]:
    """The outcome as kept with the run: facts are in their own table, by id."""
    shown = set(outcome["shown_facts"])
    facts = [body for body in outcome["facts"] if body["id"] in shown]
    return {**outcome, "facts": facts, "tool_calls": _plain(outcome["tool_calls"])}


def _plain(value: Any) -> Any:
    """The same with infinities and NaN, which a model may write and JSON cannot hold, as words."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
