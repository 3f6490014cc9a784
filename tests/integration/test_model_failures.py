"""Whatever a model does, every ticket is answered, in time, by the local engine, and says so."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from benchmarks.corpus import tickets
from contracts.result import Run
from engines.models.chat import ChatClient
from nodes.services import Services
from tests.conftest import serving
from tests.inspected import InspectedTicketGraph
from tests.modelstub import MODES, ModelStub
from tests.modelstub.engine import KEY, engine_on

PATH = "/api/v1/workflow/process"
SEQUENTIAL, AT_ONCE = 3, 30
CORPUS = list(tickets(SEQUENTIAL + AT_ONCE))
CALLS_OF_THIRTY = 12
DEADLINE = 4.0
"""Seconds that a ticket may take where calls hang; half of it is the draft's."""

HANGING = 60.0
"""Seconds that pass only when something waits for ever."""

WORKING = ("ok", "fenced", "thinking", "oddusage", "nousage")
OVER_HTTP = ("500", "timeout", "wrongschema")
"""One of each kind of failure: of the provider, of time, and of the answer."""

DECLINED = ("refusal", "filtered", "moderated", "400", "toolong")
"""Failures that say nothing of the provider's health: its circuit stays closed."""

REST = 30.0
"""Seconds that a circuit rests at first."""


class Clock:
    """The circuits' clock, which passes as it should and can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class HangingPrimary(ModelStub):
    """A provider that answers for every model but `m`."""

    async def _answered(
        self, request: web.Request, mode: str, body: Mapping[str, Any]
    ) -> web.StreamResponse:
        return await super()._answered(
            request, "timeout" if body["model"] == "m" else mode, body
        )


@dataclass(frozen=True)
class House:
    """A graph whose engine can be replaced by one on a stub."""

    desk: InspectedTicketGraph
    services: Services
    stub: ModelStub
    chat: ChatClient
    clock: Clock

    def install(
        self, mode: str, seconds: float = 30.0, url: str = "", **given: Any
    ) -> None:
        """A new engine, whose circuits know nothing yet, on a stub of this mode."""
        self.stub.reset()
        self.stub.mode = mode
        self.stub.retry_after = "60"
        self.clock.ahead = 0.0
        limits = self.services.limits.for_run_seconds(seconds)
        engine = engine_on(
            url or self.stub.url,
            self.chat,
            self.services.local,
            limits,
            clock=self.clock,
            **given,
        )
        services = replace(self.services, engine=engine, limits=limits)
        advancer = self.desk.parts.advancer
        advancer.executor = replace(advancer.executor, services=services)

    async def process(self, number: int, who: str = "") -> Run:
        ticket = CORPUS[number]
        return await self.desk.process(
            ticket["subject"], ticket["body"], customer_email=f"{who}{ticket['email']}"
        )


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    chat = ChatClient()
    async with (
        ModelStub() as stub,
        InspectedTicketGraph.open(tmp_path_factory.mktemp("failures")) as app,
    ):
        yield House(app, app.parts.services, stub, chat, Clock())
    await chat.close()


@pytest.fixture(scope="module")
async def working(house: House) -> list[Run]:
    """What a working model makes of the same tickets."""
    house.install("ok")
    runs = [await house.process(number, "ok.") for number in range(SEQUENTIAL)]
    assert all(run.engine == "llm" and not run.degraded for run in runs)
    return runs


def in_steps(run: Run) -> dict[str, int]:
    """The calls that each step made."""
    return {
        step.step_name: step.usage.calls
        for step in run.workflow_steps
        if step.usage.calls
    }


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in WORKING])
async def test_every_ticket_is_finished_well(
    house: House, working: list[Run], mode: str
) -> None:
    house.install(mode, DEADLINE if mode == "timeout" else 30.0)
    for number in range(SEQUENTIAL):
        async with asyncio.timeout(HANGING):
            run = await house.process(number, f"{mode}.")
        well_finished(run)
        assert run.classification
        assert working[number].classification
        assert (
            run.classification.category_confidence
            <= working[number].classification.category_confidence
        )
    assert len(house.stub.requests) <= (3 if mode in DECLINED else 2) * SEQUENTIAL


def well_finished(run: Run) -> None:
    """Answered in full by the local engine, and says why; at most two calls in any step."""
    assert run.status in ("finished", "waiting")
    assert run.engine == "local"
    assert run.degraded
    assert {"classify", "extract", "draft"} <= {
        problem.step for problem in run.problems
    }
    assert all(problem.detail for problem in run.problems)
    assert run.classification
    assert run.response_draft
    assert run.response_draft.engine == "local"
    assert not run.classification.calibrated
    assert max(in_steps(run).values(), default=0) <= 2


@pytest.mark.parametrize("fallback", [None, "n"])
@pytest.mark.parametrize("mode", ["500", "timeout", "malformed", "401"])
async def test_thirty_tickets_at_once_make_few_calls(
    house: House, mode: str, fallback: str | None
) -> None:
    house.install(mode, DEADLINE if mode == "timeout" else 30.0, fallback=fallback)
    runs = await asyncio.gather(
        *(
            house.process(SEQUENTIAL + n, f"{mode}.{fallback}.30.")
            for n in range(AT_ONCE)
        )
    )
    for run in runs:
        well_finished(run)
    assert len(house.stub.requests) <= CALLS_OF_THIRTY
    counted = sum(sum(in_steps(run).values()) for run in runs)
    # A call that hangs may be heard of only when its step is over already: then nobody
    # knows what it has cost.
    assert (
        counted <= len(house.stub.requests)
        if mode == "timeout"
        else counted == len(house.stub.requests)
    )


async def test_a_circuit_that_rested_is_tried_with_one_call_and_closes(
    house: House,
) -> None:
    house.install("500")
    for number in range(2):
        await house.process(number, "rest.")
    asked = len(house.stub.requests)
    house.stub.mode = "ok"
    assert (await house.process(2, "rest.")).engine == "local"
    assert len(house.stub.requests) == asked
    house.clock.ahead = REST + 1
    probing = await house.process(3, "rest.")
    assert len(house.stub.requests) > asked
    after = await house.process(4, "rest.")
    assert (after.engine, after.degraded) == ("llm", False)
    assert in_steps(after) == {"classify": 1, "extract": 1, "draft": 1}
    assert probing.status in ("finished", "waiting")


async def test_a_probe_that_fails_doubles_the_rest(house: House) -> None:
    house.install("500")
    for number in range(2):
        await house.process(number, "probe.")
    asked = len(house.stub.requests)
    house.clock.ahead = REST + 1
    well_finished(await house.process(2, "probe."))
    assert len(house.stub.requests) == asked + 1
    house.clock.ahead += REST + 1
    well_finished(await house.process(3, "probe."))
    assert len(house.stub.requests) == asked + 1


@pytest.mark.parametrize("failing", ["500", "malformed", "429"])
async def test_a_third_of_the_calls_failing_degrades_at_most_what_failed(
    house: House, failing: str
) -> None:
    house.install("ok")
    house.stub.retry_after = "0"
    house.stub.then(*(failing if n % 3 == 0 else "ok" for n in range(60)))
    runs = [
        await house.process(number, f"third.{failing}.") for number in range(SEQUENTIAL)
    ]
    for run in runs:
        assert max(in_steps(run).values()) <= 2
        assert run.response_draft
    assert Counter(run.engine for run in runs)["llm"] >= SEQUENTIAL - 1


async def test_the_fallback_model_answers_where_the_first_one_fails(
    house: House,
) -> None:
    house.install("ok", fallback="n")
    house.stub.then("500")
    run = await house.process(0, "fallback.")
    assert (run.engine, run.degraded) == ("llm", False)
    assert Counter(received.body["model"] for received in house.stub.requests)["n"] == 1


async def test_a_primary_that_hangs_is_learned_while_the_fallback_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.llm.ask.PRIMARY_TIME_SHARE", 0.05)
    async with HangingPrimary() as stub:
        house.install("ok", HANGING, fallback="n", url=stub.url)
        runs = [await house.process(number, "hanging.") for number in range(2)]
        learned = Counter(received.body["model"] for received in stub.requests)["m"]
        runs.append(await house.process(2, "hanging."))
    assert all((run.engine, run.degraded) == ("llm", False) for run in runs)
    assert (
        Counter(received.body["model"] for received in stub.requests)["m"]
        == learned
        <= 5
    )


@pytest.mark.parametrize("mode", OVER_HTTP)
async def test_a_real_server_answers_everything_and_says_that_the_circuit_rests(
    tmp_path: Path, mode: str
) -> None:
    seconds = DEADLINE if mode == "timeout" else 30.0
    async with ModelStub() as stub:
        stub.mode = mode
        model = {
            "LLM_PROVIDER": "compatible",
            "LLM_BASE_URL": stub.url,
            "LLM_API_KEY": KEY,
            "DEFAULT_MODEL": "m",
        }
        server = serving(tmp_path, WORKFLOW_TIMEOUT_SECONDS=str(seconds), **model)
        process = await asyncio.to_thread(server.__enter__)
        try:
            await answers_everything(process.url, stub)
        finally:
            await asyncio.to_thread(server.__exit__, None, None, None)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    assert KEY not in log
    assert "Traceback" not in log


async def answers_everything(url: str, stub: ModelStub) -> None:
    """A few tickets one after the other, then thirty at once."""
    async with httpx.AsyncClient(base_url=url, timeout=HANGING) as client:
        first = [await posted(client, number) for number in range(SEQUENTIAL)]
        health = (await client.get("/health")).json()
        assert health["status"] == "degraded"
        assert health["dependencies"]["provider compatible"] == "unavailable"
        assert health["dependencies"]["model"] == "unavailable"
        assert [model["circuit"] for model in health["models"]] == ["open"]
        before = len(stub.requests)
        rest = await asyncio.gather(
            *(posted(client, SEQUENTIAL + n) for n in range(AT_ONCE))
        )
        assert len(stub.requests) == before <= CALLS_OF_THIRTY
    for answer in (*first, *rest):
        assert (answer["engine"], answer["degraded"]) == ("local", True)
        assert len(answer["degraded_reasons"]) >= 3
        assert answer["response_draft"]["content"]
        assert all(step["usage"]["calls"] <= 2 for step in answer["workflow_steps"])


async def posted(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    """One ticket's answer."""
    ticket = CORPUS[number]
    body = {
        "subject": ticket["subject"],
        "body": ticket["body"],
        "customer_email": ticket["email"],
    }
    response = await client.post(PATH, json={"ticket": body})
    assert response.status_code == 200
    return response.json()
