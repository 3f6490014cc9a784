"""Who was overtaken writes nothing any more, and what cannot be done is given up, on both
databases."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.ticket import NewTicket
from storage.audit import log as audit
from storage.jobs.port import RetryLaterError
from storage.queries import outbox, runs, tickets
from tests.inspected import InspectedTicketGraph
from tests.postgres import PostgresServer
from ticketgraph.checkpoints.fence import StaleEpochError, hold_epoch
from ticketgraph.runs.advance import MAX_CLAIMS, RunAdvancer
from ticketgraph.runs.execute import RunExecutor

TICKET = NewTicket(
    subject="Charged twice",
    body="Order ORD-7 was charged twice.",
    customer_email="ada@example.com",
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def app(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[InspectedTicketGraph]:
    """A desk whose process does no work by itself."""
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.fresh()
    async with InspectedTicketGraph.open(
        tmp_path, database_url=url, at_once=0
    ) as opened:
        yield opened


async def row_of(app: InspectedTicketGraph, run_id: str) -> Any:
    return await app.parts.database.run_read(partial(runs.find_run_row, run_id=run_id))


async def test_who_was_overtaken_changes_nothing(app: InspectedTicketGraph) -> None:
    advancing = RunAdvancer(app.parts.advancer.executor, app.parts.advancer.control)
    run_id = (await app.tickets.submit(TICKET)).run_id
    first = await app.parts.database.run_transaction(
        partial(advancing.claim_run, run_id=run_id)
    )
    second = await app.parts.database.run_transaction(
        partial(advancing.claim_run, run_id=run_id)
    )
    assert first is not None
    assert second is not None
    assert (first.epoch, second.epoch) == (1, 2)
    with pytest.raises(StaleEpochError), hold_epoch(first.epoch):
        await advancing.executor.advance(first)
    assert await app.runs.history(run_id) == []
    with hold_epoch(second.epoch):
        assert (await advancing.executor.advance(second)).status == "finished"


@pytest.mark.parametrize("moment", ["ainvoke", "settle"])
async def test_who_is_overtaken_on_the_way_changes_nothing_from_then_on(
    app: InspectedTicketGraph, moment: str
) -> None:
    executor = app.parts.advancer.executor
    run_id = (await app.tickets.submit(TICKET)).run_id
    advancing = RunAdvancer(executor, app.parts.advancer.control)
    slow = RunAdvancer(
        Overtaken(
            moment=moment, by=lambda: advancing.advance_run(run_id), **vars(executor)
        ),
        app.parts.advancer.control,
    )
    await slow.advance_run(run_id)
    done = await row_of(app, run_id)
    assert (done["status"], done["epoch"]) == ("finished", 2)
    async with app.parts.database.open_read() as connection:
        effects = await outbox.list_ticket_effects(connection, done["ticket_id"])
        kinds = [record["kind"] async for record in audit.iterate_records(connection)]
    assert [effect["action"] for effect in effects] == ["assignment"]
    assert kinds == ["finished"]
    steps = [checkpoint.step for checkpoint in await app.runs.history(run_id)]
    assert steps == sorted(set(steps))


class Overtaken(RunExecutor):
    """An executor that somebody else overtakes.

    When it has saved something, or when it is about to settle.
    """

    def __init__(
        self, moment: str, by: Callable[[], Awaitable[None]], **parts: Any
    ) -> None:
        super().__init__(**parts)
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "by", by)

    async def advance(self, job: Any, control: Any = None) -> Any:
        if self.moment == "ainvoke":  # type: ignore[attr-defined]
            with hold_epoch(None):
                await self.by()  # type: ignore[attr-defined]
        return await super().advance(job, control)

    async def settle(self, *given: Any) -> Any:
        if self.moment == "settle":  # type: ignore[attr-defined]
            await self.by()  # type: ignore[attr-defined]
        return await super().settle(*given)


async def test_a_run_that_fails_three_times_is_a_dead_letter(
    app: InspectedTicketGraph,
) -> None:
    advancing = RunAdvancer(
        Failing(**vars(app.parts.advancer.executor)), app.parts.advancer.control
    )
    run_id = (await app.tickets.submit(TICKET)).run_id
    pauses = []
    for _ in range(2):
        with pytest.raises(RetryLaterError) as again:
            await advancing.advance_run(run_id)
        pauses.append(again.value.seconds)
    assert pauses == [0.2, 0.4]
    await advancing.advance_run(run_id)
    await given_up(app, run_id, "RuntimeError")
    assert (await row_of(app, run_id))["attempts"] == 3


class Failing(RunExecutor):
    """An executor that cannot."""

    async def advance(self, *_: Any) -> Any:
        raise RuntimeError("the words of a ticket")


async def test_a_run_that_kills_its_process_again_and_again_is_a_dead_letter(
    app: InspectedTicketGraph,
) -> None:
    advancing = RunAdvancer(app.parts.advancer.executor, app.parts.advancer.control)
    run_id = (await app.tickets.submit(TICKET)).run_id
    for _ in range(MAX_CLAIMS):
        assert await app.parts.database.run_transaction(
            partial(advancing.claim_run, run_id=run_id)
        )
    await advancing.advance_run(run_id)
    await given_up(app, run_id, "Died")


async def given_up(app: InspectedTicketGraph, run_id: str, error: str) -> None:
    run = await row_of(app, run_id)
    assert (run["status"], run["error"]) == ("failed", error)
    assert "words" not in str(run["result"])
    assert (
        await app.parts.database.run_read(
            partial(tickets.find_ticket_row, ticket_id=run["ticket_id"])
        )
    )["status"] == "failed"
    assert (await app.runs.get(run_id)).status == "failed"
    async with app.parts.database.open_read() as connection:
        assert [
            record["kind"] async for record in audit.iterate_records(connection)
        ] == ["failed"]
