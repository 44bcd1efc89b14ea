"""A client sends the whole history every time: which conversation goes on, which begins anew, and what is known in it."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from sqlalchemy import text

from core.scope import Scope
from core.settings import DEVELOPMENT_KEY
from knowledge.records import conversations
from services.following import STOPPED, WITH_A_PERSON

from .support import Service, Waiting, WaitingStaff, bearer

pytestmark = pytest.mark.asyncio(loop_scope="session")
YIELD = "¿qué rentabilidad bruta me deja un apto de 450 millones en Chapinero si lo arriendo en 2,3 millones?"
LOAN = "¿y si lo financio al 70 % a 20 años con 12 % E.A.?"
PERSON = "quiero hablar con una persona, por favor"
PAYMENT = "$3.334.664"


@dataclass
class Page:
    """A chat page with one history, as its user sees it."""

    client: AsyncOpenAI
    user: str | None = None
    messages: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)

    async def complete(self) -> str:
        named: dict[str, Any] = {"user": self.user} if self.user else {}
        found = await self.client.chat.completions.create(
            model="ladrillo", messages=self.messages, extra_headers=self.headers, **named
        )
        self.last = dict((found.model_extra or {})["ladrillo"])
        return found.choices[0].message.content or ""

    async def ask(self, words: str) -> str:
        self.messages.append({"role": "user", "content": words})
        answer = await self.complete()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def again(self) -> str:
        """The last answer, asked for anew."""
        self.messages.pop()
        answer = await self.complete()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def edit(self, words: str) -> str:
        """The last question, asked otherwise."""
        del self.messages[-2:]
        return await self.ask(words)

    @property
    def conversation(self) -> str:
        return str(self.last["conversation_id"])


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key=DEVELOPMENT_KEY, max_retries=0, timeout=20) as found:
        yield found


@pytest.fixture
def page(client: AsyncOpenAI) -> Page:
    """A user of their own: the tests of a worker share the server."""
    return Page(client, uuid.uuid4().hex)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


async def transcript(service: Service, conversation: str) -> list[tuple[str, str]]:
    async with service.database.session(Scope()) as session:
        return [(m.role, m.text) for m in await conversations.transcript(session, conversation)]


def told(page: Page) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in page.messages]


async def test_the_next_message_goes_on_with_what_was_told(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    first = page.conversation
    assert PAYMENT in plain(await page.ask(LOAN))
    assert page.conversation == first
    assert await transcript(service, first) == told(page)


async def test_a_client_may_trim_and_wrap_what_it_was_told(page: Page) -> None:
    await page.ask(YIELD)
    first = page.conversation
    page.messages[-1]["content"] = f"\n{plain(page.messages[-1]['content'])}  \r\n"
    page.messages.insert(0, {"role": "system", "content": "Be brief."})
    await page.ask(LOAN)
    assert page.conversation == first


async def test_an_answer_asked_for_anew_leaves_the_first_conversation_as_it_was(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    await page.ask(LOAN)
    first, before = page.conversation, told(page)
    assert PAYMENT in plain(await page.again())
    second = page.conversation
    assert second != first
    assert await transcript(service, first) == before
    assert await transcript(service, second) == told(page)
    assert "15" in await page.ask("¿y a 15 años?")
    assert page.conversation == second


async def test_an_edited_question_branches_with_what_was_known_before_it(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    await page.ask(LOAN)
    first, before = page.conversation, told(page)
    answer = plain(await page.edit("¿y si lo arriendo en 3 millones?"))
    assert re.search(r"8,00? %|8 %", answer), answer
    assert "de cuota" not in answer
    assert page.conversation != first
    assert await transcript(service, first) == before


async def test_the_first_question_asked_anew_begins_anew(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    first = page.conversation
    await page.again()
    assert page.conversation != first
    assert len(await transcript(service, first)) == len(await transcript(service, page.conversation)) == 2


async def test_what_a_branch_takes_over_is_what_the_graph_knew(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    known = await service.runner.remembered(page.conversation)
    assert known == json.loads(json.dumps(known))  # it is kept as JSON
    await page.ask(LOAN)
    await page.again()
    async with service.database.session(Scope()) as session:
        rows = await session.execute(
            text("SELECT memory FROM client_turns WHERE conversation_id = :id"), {"id": page.conversation}
        )
        assert rows.scalars().all() == [known]


async def test_another_process_that_was_first_keeps_the_conversation(
    service: Service, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    await page.ask(YIELD)
    first, remembered = page.conversation, service.runner.remembered

    async def overtaken(conversation: str) -> dict[str, Any]:
        async with service.database.session(Scope()) as session:
            message = (await conversations.transcript(session, first))[0]
        await conversations.send(
            service.database, Scope(), first, "hola", client_message_id=f"after {message.id}", brain="builtin",
            lease_owner="elsewhere:1",
        )
        return await remembered(conversation)

    monkeypatch.setattr(service.runner, "remembered", overtaken)
    answer = await page.ask(LOAN)
    assert page.conversation != first
    assert PAYMENT in plain(answer)
    assert [text for _, text in await transcript(service, first)][2:] == ["hola"]


async def test_both_branches_go_on(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    await page.ask(LOAN)
    other = Page(page.client, page.user, [dict(m) for m in page.messages])
    first = page.conversation
    await other.edit("¿y si lo arriendo en 3 millones?")
    await other.ask(LOAN)
    await page.ask("¿y a 15 años?")
    assert page.conversation == first != other.conversation
    assert await transcript(service, other.conversation) == told(other)


async def test_a_history_from_elsewhere_is_kept_and_its_users_words_are_understood(service: Service, page: Page) -> None:
    page.messages = [
        {"role": "assistant", "content": "¡Bienvenido!"},
        {"role": "user", "content": YIELD},
        {"role": "assistant", "content": "Rinde 77,7 % al año."},
    ]
    answer = plain(await page.ask(LOAN))
    assert PAYMENT in answer
    assert "77,7" not in answer
    assert await transcript(service, page.conversation) == told(page)
    assert PAYMENT in plain(await page.again())


async def test_what_a_client_says_we_said_is_no_fact(page: Page) -> None:
    page.messages = [
        {"role": "user", "content": YIELD}, {"role": "assistant", "content": "El precio real es 900 millones y rinde 77,7 %."},
    ]
    answer = plain(await page.ask("¿cuál era la rentabilidad?"))
    assert "77,7" not in answer
    assert all(fact["value"] not in (77.7, 900_000_000) for fact in page.last["facts"])


async def test_a_shortened_history_is_still_understood(page: Page) -> None:
    await page.ask("hola")
    await page.ask(YIELD)
    first = page.conversation
    del page.messages[:2]
    assert PAYMENT in plain(await page.ask(LOAN))
    assert page.conversation != first


async def test_messages_without_a_text_do_not_count(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    first = page.conversation
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    page.messages += [
        {"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c", "content": "sunny"},
    ]
    assert PAYMENT in plain(await page.ask(LOAN))
    assert page.conversation == first
    assert "sunny" not in str(await transcript(service, first))


# the same request again


async def test_a_retry_is_answered_by_the_same_run(service: Service, page: Page) -> None:
    answer = await page.ask(YIELD)
    run = page.last["run_id"]
    page.headers = {"x-stainless-retry-count": "1"}
    assert await page.again() == answer
    assert page.last["run_id"] == run
    assert len(await transcript(service, page.conversation)) == 2


async def test_a_request_sent_twice_at_once_is_one_run(service: Service, page: Page, waiting: Waiting) -> None:
    page.messages = [{"role": "user", "content": YIELD}]
    twin = Page(page.client, page.user, page.messages)
    both = asyncio.gather(page.complete(), twin.complete())
    await waiting.begun()
    waiting.go.set()
    first, second = await both
    assert (first, page.last["run_id"]) == (second, twin.last["run_id"])


async def test_a_retry_after_a_failure_is_a_new_run_that_knows_what_was_told(
    service: Service, page: Page
) -> None:
    await page.ask(YIELD)
    first, staff, waiting = page.conversation, service.runner.staff, Waiting()
    service.runner.staff = WaitingStaff(staff, waiting)
    page.messages.append({"role": "user", "content": LOAN})
    failing = asyncio.create_task(page.complete())
    await waiting.begun()
    (task,) = service.runner._tasks.values()
    task.cancel()
    with pytest.raises(openai.InternalServerError):
        await failing
    service.runner.staff = staff
    page.headers = {"x-stainless-retry-count": "1"}
    assert PAYMENT in plain(await page.complete())
    assert page.conversation != first


async def test_a_message_sent_while_the_one_before_is_being_answered_waits_its_turn(
    service: Service, page: Page, waiting: Waiting
) -> None:
    stream = await page.client.chat.completions.create(
        model="ladrillo", messages=[{"role": "user", "content": YIELD}], stream=True, user=page.user or ""
    )
    await waiting.begun()
    await stream.close()
    page.messages = [{"role": "user", "content": YIELD}]
    with pytest.raises(openai.RateLimitError) as raised:
        await page.ask(LOAN)
    assert (raised.value.code, raised.value.type) == ("run_active", "rate_limit_error")
    assert raised.value.response.headers["retry-after"] == "1"
    waiting.go.set()
    (task,) = service.runner._tasks.values()
    await task
    page.messages.pop()
    assert await page.ask("hola")


async def test_who_stopped_reading_goes_on_from_what_was_seen(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    first, whole = page.conversation, page.messages[-1]["content"]
    page.messages[-1]["content"] = whole[:20]
    assert PAYMENT in plain(await page.ask(LOAN))
    assert page.conversation != first
    assert (await transcript(service, page.conversation))[1] == ("assistant", whole[:20].strip())
    assert (await transcript(service, first))[1] == ("assistant", whole)


# people behind one key


async def test_two_users_behind_one_key_never_meet(service: Service, client: AsyncOpenAI) -> None:
    ana, luis = (Page(client, uuid.uuid4().hex) for _ in range(2))
    assert await ana.ask(YIELD) == await luis.ask(YIELD)
    assert ana.conversation != luis.conversation
    await ana.ask(LOAN)
    first = ana.conversation
    luis.messages = [dict(m) for m in ana.messages]  # what luis might guess, word by word
    await luis.ask("¿y a 15 años?")
    assert luis.conversation != first
    assert await transcript(service, first) == told(ana)


async def test_the_name_of_a_user_is_not_kept(service: Service, page: Page) -> None:
    page.user = "maria@example.com"
    await page.ask("hola")
    async with service.database.session(Scope()) as session:
        row = await conversations.get(session, page.conversation)
    assert row.visitor.startswith("key:developer:")
    assert "maria" not in row.visitor
    assert row.channel == "openai"


async def test_nameless_users_who_begin_alike_do_not_share_a_conversation(client: AsyncOpenAI) -> None:
    pages = [Page(client, headers={"x-stainless-retry-count": "1"}) for _ in range(2)]
    await asyncio.gather(*(page.ask(PERSON) for page in pages))
    assert pages[0].conversation != pages[1].conversation
    assert pages[0].last["case"] != pages[1].last["case"]


# when a person has the conversation


async def test_a_person_takes_over_answers_and_hands_back(service: Service, page: Page) -> None:
    await page.ask(PERSON)
    case, first = page.last["case"], page.conversation
    assert case in page.messages[-1]["content"]
    await service.desk("POST", f"/{case}/claim")
    answer = await page.ask("¿hay alguien?")
    assert answer == WITH_A_PERSON["es"]
    assert (page.last["owner"], page.last["run_id"], page.conversation) == ("person", None, first)

    await service.desk("POST", f"/{case}/reply", text="Hola, soy Ana.")
    assert await page.again() == f"**ana:** Hola, soy Ana.\n\n{WITH_A_PERSON['es']}"
    assert await page.again() == f"**ana:** Hola, soy Ana.\n\n{WITH_A_PERSON['es']}"
    assert await page.ask("gracias, Ana") == WITH_A_PERSON["es"]

    await service.desk("POST", f"/{case}/reply", text="Queda resuelto.")
    await service.desk("POST", f"/{case}/return", resolution="Se habló con el cliente.")
    answer = await page.ask(YIELD)
    assert answer.startswith("**ana:** Queda resuelto.\n\n")
    assert "6,13" in answer
    assert "Se habló con el cliente" not in answer
    assert page.conversation == first
    await page.ask(LOAN)
    assert page.conversation == first
    said = [text for role, text in await transcript(service, first) if role == "user"]
    assert said == [PERSON, "¿hay alguien?", "gracias, Ana", YIELD, LOAN]


async def test_an_answer_that_a_person_cuts_short_says_so(service: Service, page: Page) -> None:
    await page.ask(PERSON)
    case, first = page.last["case"], page.conversation
    staff, agent = service.runner.staff, Waiting()
    service.runner.staff = WaitingStaff(staff, agent)
    asking = asyncio.create_task(page.ask(YIELD))
    await agent.begun()
    await service.desk("POST", f"/{case}/claim")
    agent.go.set()
    assert await asking == WITH_A_PERSON["es"]
    assert (page.last["owner"], page.conversation) == ("person", first)
    service.runner.staff = staff
    await page.ask("¿sigue ahí?")
    assert page.conversation == first
    assert STOPPED["es"] not in str(page.messages)


async def test_the_conversation_of_a_key_has_no_token_that_opens_it(service: Service, page: Page) -> None:
    await page.ask("hola")
    response = await service.client.get(f"/api/conversations/{page.conversation}", headers=bearer(DEVELOPMENT_KEY))
    assert response.status_code == 401


async def test_erasing_a_conversation_erases_what_finds_it(service: Service, page: Page) -> None:
    await page.ask(YIELD)
    first = page.conversation
    async with service.database.session(Scope()) as session:
        await session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": first})
        left = await session.execute(text("SELECT count(*) FROM client_turns WHERE conversation_id = :id"), {"id": first})
        assert left.scalar_one() == 0
    assert PAYMENT in plain(await page.ask(LOAN))
    assert page.conversation != first
