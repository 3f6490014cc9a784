"""What every engine promises, whichever it is.

The same tests for the local one and for one that asks a model.

The model is a stub over real HTTP, which answers plausibly, or answers whatever its schema
and the wire let through.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import EngineError
from contracts.extraction import Extraction
from contracts.ticket import CleanTicket, Ticket
from contracts.values import SEVERITIES
from engines.llm.grounding import split_cited_sentences
from engines.models.chat import ChatClient
from engines.reply_frame import build_frame
from nodes.services import DraftBrief, Engine, Services
from policies.deciding.actionable import is_actionable
from policies.deciding.engine_answers import add_missing_fields
from policies.desk.model import Desk
from tests.inspected import InspectedTicketGraph
from tests.integration.hostile_words import TEXTS, wild
from tests.modelstub import ModelStub
from tests.modelstub.engine import engine_on

T = TypeVar("T")
LATE = 60.0
"""Seconds that a busy machine may take besides; what hangs takes for ever."""


@dataclass(frozen=True)
class House:
    """An engine at work, with all that it needs."""

    engine: Engine
    services: Services
    stub: ModelStub | None

    @property
    def desk(self) -> Desk:
        return self.services.desks["customer_support"]


@pytest.fixture(scope="module")
async def services(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    async with InspectedTicketGraph.open(tmp_path_factory.mktemp("contract")) as app:
        yield app.parts.services


@pytest.fixture(scope="module", params=["local", "model", "wild model", "broken model"])
async def house(
    request: pytest.FixtureRequest, services: Services
) -> AsyncIterator[House]:
    if request.param == "local":
        yield House(services.local, services, None)
        return
    chat = ChatClient()
    async with ModelStub() as stub:
        stub.answer = wild if request.param == "wild model" else None
        stub.mode = "wrongschema" if request.param == "broken model" else "ok"
        yield House(
            engine_on(stub.url, chat, services.local, services.limits), services, stub
        )
    await chat.close()


def ticket_of(text: str, **given: Any) -> Ticket:
    given = {
        "customer_email": "ada@example.com",
        "customer_name": "Ada Lovelace",
    } | given
    return Ticket(
        id=f"T-{abs(hash(text))}",
        subject="",
        body=text,
        received_at=datetime.now(UTC),
        **given,
    )


def cleaned(house: House, ticket: Ticket) -> CleanTicket:
    return house.services.cleaners[ticket.desk].clean(ticket.subject, ticket.body)


async def answer(call: Awaitable[T], seconds: float) -> T | None:
    """What the engine said in time.

    None for an EngineError, which is an answer too, with its cost.
    """
    async with asyncio.timeout(seconds + LATE):
        (said,) = await asyncio.gather(call, return_exceptions=True)
    if isinstance(said, EngineError):
        assert said.detail
        assert said.usage.calls <= 2
        return None
    if isinstance(said, BaseException):
        raise said
    return said


async def classified(house: House, text: str) -> None:
    ticket = ticket_of(text)
    clean = cleaned(house, ticket)
    evidence = await house.services.severity.judge(clean, house.desk)
    found = await answer(
        house.engine.classify(ticket, clean, house.desk, evidence),
        house.services.limits.classify,
    )
    if found is None:
        return
    known = {category.id for category in house.desk.categories}
    assert {found.category, *found.secondary_categories} <= known
    assert found.category not in found.secondary_categories
    assert SEVERITIES.index(found.severity) >= SEVERITIES.index(evidence.severity)
    assert found.engine == house.engine.name
    assert found.prompt_version == (None if found.engine == "local" else "classify@1")
    assert found.usage.calls <= 2


async def extracted(house: House, text: str) -> Extraction | None:
    ticket = ticket_of(text)
    clean = cleaned(house, ticket)
    found = await answer(
        house.engine.extract(ticket, clean, house.desk), house.services.limits.extract
    )
    if found is None:
        return None
    assert [
        field.name
        for field in found.fields
        if field.name not in {f.name for f in house.desk.fields}
    ] == []
    assert len({field.name for field in found.fields}) == len(found.fields)
    for field in found.fields:
        if field.source_span is not None:
            assert squeezed(field.source_span) in squeezed(clean.everything)
        if field.start is not None and field.end is not None:
            assert clean.everything[field.start : field.end] == field.source_span
    if not clean.injection_flags:
        assert found.engine == house.engine.name
        assert found.prompt_version == (
            None if found.engine == "local" else "extract@1"
        )
    return found


def squeezed(text: str) -> str:
    return " ".join(text.casefold().split())


async def brief_for(house: House, text: str, **given: Any) -> DraftBrief:
    """The brief as the draft node makes it, understood by the local engine."""
    ticket, services, desk = ticket_of(text, **given), house.services, house.desk
    clean = cleaned(house, ticket)
    evidence = await services.severity.judge(clean, desk)
    classification = await services.local.classify(ticket, clean, desk, evidence)
    extraction = await services.local.extract(ticket, clean, desk)
    return DraftBrief(
        ticket=ticket,
        clean=clean,
        classification=classification,
        extraction=add_missing_fields(
            extraction, classification.category, ticket.customer_email, desk
        ),
        sources=tuple(await services.ticket_search.find_sources(ticket, clean, 3)),
        tone=desk.replies.default_tone,
        actionable=is_actionable(clean, extraction),
    )


async def drafted(house: House, text: str) -> None:
    brief, desk = await brief_for(house, text), house.desk
    draft = await answer(house.engine.draft(brief, desk), house.services.limits.draft)
    if draft is None:
        return
    assert draft.content.strip()
    assert set(draft.sources) <= {source.id for source in brief.sources}
    frames = [build_frame(brief, desk, answered=answered) for answered in (True, False)]
    assert draft.timeline in ("", *(frame.timeline for frame in frames))
    assert draft.greeting == frames[0].greeting
    assert draft.closing == frames[0].closing
    assert draft.engine == (house.engine.name if brief.actionable else "local")
    assert draft.prompt_version == (None if draft.engine == "local" else "draft@1")
    given = [field for field in desk.fields if brief.extraction.values(field.name)]
    asking = [
        s.casefold()
        for s in split_cited_sentences(draft.content)
        if re.search(r"\?|\bplease (?:send|provide)", s)
    ]
    assert [
        (f.name, s)
        for f in given
        for s in asking
        if f.title.casefold() in s and f.title.casefold() != "date"
    ] == []


@pytest.mark.parametrize("name", TEXTS)
async def test_every_text_has_a_category_and_severity_of_the_desk(
    house: House, name: str
) -> None:
    await classified(house, TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
async def test_fields_are_the_desks_and_stand_in_the_text(
    house: House, name: str
) -> None:
    await extracted(house, TEXTS[name])


@pytest.mark.parametrize("name", TEXTS)
async def test_a_reply_stands_in_the_desks_frame_on_the_briefs_sources(
    house: House, name: str
) -> None:
    await drafted(house, TEXTS[name])


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=300))
async def test_any_text_at_all(house: House, text: str) -> None:
    await asyncio.gather(classified(house, text), extracted(house, text))
    await drafted(house, text)


async def test_values_that_only_a_model_saw_are_not_believed(house: House) -> None:
    found = await extracted(house, TEXTS["ordinary"])
    if found is None:
        assert house.stub is not None
        return
    assert found.values("order_id") == ["ORD-5521"]
    assert found.values("amount") == [49.99]
    assert "ORD-0000" not in found.model_dump_json()


async def test_the_local_engine_always_says_the_same(services: Services) -> None:
    house = House(services.local, services, None)
    for text in TEXTS.values():
        brief = await brief_for(house, text)
        again = brief.model_copy(update={"ticket": ticket_of(text)})
        assert brief.classification == (await brief_for(house, text)).classification
        assert await house.engine.draft(brief, house.desk) == await house.engine.draft(
            again, house.desk
        )


async def test_a_hanging_model_is_over_in_time_for_the_longest_text(
    services: Services,
) -> None:
    chat = ChatClient()
    async with ModelStub() as stub:
        stub.mode = "timeout"
        limits = services.limits.for_run_seconds(12.0)
        house = House(engine_on(stub.url, chat, services.local, limits), services, stub)
        ticket = ticket_of(TEXTS["long"])
        clean = cleaned(house, ticket)
        evidence = await services.severity.judge(clean, house.desk)
        await asyncio.gather(
            answer(
                house.engine.classify(ticket, clean, house.desk, evidence),
                limits.classify,
            ),
            answer(house.engine.extract(ticket, clean, house.desk), limits.extract),
        )
    await chat.close()


async def test_a_long_ticket_holds_up_nobody(services: Services) -> None:
    chat = ChatClient()
    async with ModelStub() as stub:
        limits = services.limits.for_run_seconds(
            10 * LATE
        )  # a busy machine is no failure here
        house = House(engine_on(stub.url, chat, services.local, limits), services, stub)
        ticket = ticket_of(
            ("Call +1 555 010 4477 or write to ada@example.com, Ada Lovelace. " * 2000)[
                :100_000
            ]
        )
        clean = await asyncio.to_thread(cleaned, house, ticket)
        longest, work = (
            0.0,
            asyncio.create_task(house.engine.extract(ticket, clean, house.desk)),
        )
        while not work.done():
            # The processor time of the event loop's thread alone
            started = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - started)
        assert (await work).engine == "llm"
    await chat.close()
    assert longest < 0.5
