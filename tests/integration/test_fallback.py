"""An engine that fails.

The visible fallback answers locally, and what nothing can answer goes to a person.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.errors import EngineError
from contracts.extraction import Extraction
from contracts.ticket import Ticket
from contracts.values import EngineName
from graph.build import build_graph
from nodes.services import Limits, Services
from tests.inspected import InspectedTicketGraph


class FailingEngine:
    """An engine whose steps fail as told: with an error, by never answering, or not at all."""

    name: EngineName = "llm"

    def __init__(
        self, local: Any, failing: dict[str, str], confidence: float | None = None
    ) -> None:
        self.local = local
        self.failing = failing
        self.confidence = confidence

    async def fail(self, step: str) -> None:
        match self.failing.get(step):
            case "error":
                raise EngineError("The model gave no usable answer.")
            case "hang":
                await asyncio.Event().wait()
            case _:
                return

    async def classify(self, *given: Any) -> Classification:
        await self.fail("classify")
        answer = await self.local.classify(*given)
        if self.confidence is None:
            return answer
        stated = {
            "engine": "llm",
            "calibrated": True,
            "category_confidence": self.confidence,
            "severity": "low",
        }
        return answer.model_copy(update=stated)

    async def extract(self, *given: Any) -> Extraction:
        await self.fail("extract")
        return await self.local.extract(*given)

    async def draft(self, *given: Any) -> Draft:
        await self.fail("draft")
        return await self.local.draft(*given)


@pytest.fixture(scope="module")
async def services(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    async with InspectedTicketGraph.open(tmp_path_factory.mktemp("fallback")) as app:
        yield replace(
            app.parts.services, limits=Limits(classify=0.2, extract=0.2, draft=0.2)
        )


async def run(
    services: Services, body: str = "The invoice for order ORD-5521 is wrong by $12.00."
) -> dict[str, Any]:
    ticket = Ticket(
        id="T-1",
        subject="Invoice",
        body=body,
        customer_email="a@example.com",
        received_at=datetime.now(UTC),
    )
    return await build_graph().ainvoke({"ticket": ticket}, context=services)


@pytest.mark.parametrize("how", ["error", "hang"])
async def test_the_local_engine_steps_in_and_says_so(
    services: Services, how: str
) -> None:
    broken = FailingEngine(
        services.local, {"classify": how, "extract": how, "draft": how}
    )
    state = await run(replace(services, engine=broken))
    assert state["classification"].category == "billing"
    assert state["classification"].engine == "local"
    assert state["extraction"].values("order_id") == ["ORD-5521"]
    assert state["draft"].engine == "local"
    assert state["degraded"]
    steps = {step.step_name: step for step in state["steps"]}
    assert steps["fallback"].fallback_used
    assert (
        steps["classify"].status,
        steps["extract"].status,
        steps["draft"].status,
    ) == (
        "failed",
        "failed",
        "fallback",
    )
    assert {problem.step for problem in state["problems"]} == {
        "classify",
        "extract",
        "draft",
    }
    assert state["decision"].disposition == "assign"


async def test_only_the_failed_step_is_answered_again(services: Services) -> None:
    state = await run(
        replace(services, engine=FailingEngine(services.local, {"extract": "error"}))
    )
    steps = {step.step_name: step.status for step in state["steps"]}
    assert (steps["classify"], steps["extract"], steps["fallback"]) == (
        "completed",
        "failed",
        "fallback",
    )


async def test_a_model_that_is_not_sure_is_not_believed(services: Services) -> None:
    unsure = await run(
        replace(services, engine=FailingEngine(services.local, {}, confidence=0.3))
    )
    assert unsure["classification"].engine == "local"
    sure = await run(
        replace(services, engine=FailingEngine(services.local, {}, confidence=0.9))
    )
    assert sure["classification"].engine == "llm"
    assert "fallback" not in [step.step_name for step in sure["steps"]]


async def test_a_model_never_lowers_what_the_detector_found(services: Services) -> None:
    body = "Our whole shop is down since midnight and nobody can pay. All orders of today are lost."
    state = await run(
        replace(services, engine=FailingEngine(services.local, {}, confidence=0.9)),
        body,
    )
    assert state["classification"].severity == "critical"


async def test_when_nothing_can_answer_a_person_is_asked(services: Services) -> None:
    broken = FailingEngine(
        services.local, {"classify": "error", "extract": "error", "draft": "error"}
    )
    ticket = Ticket(
        id="T-2", subject="Invoice", body="It is wrong.", received_at=datetime.now(UTC)
    )
    graph = build_graph(services=replace(services, engine=broken, local=broken))
    from langgraph.checkpoint.memory import InMemorySaver

    graph.checkpointer = InMemorySaver()
    config: Any = {"configurable": {"thread_id": "t"}}
    output = await graph.ainvoke({"ticket": ticket}, config, version="v2")
    assert output.value["classification"].abstained
    assert output.value["classification"].engine == "none"
    assert output.value["decision"].disposition == "escalate"
    assert output.interrupts
