"""Received = finished + parked + ..., for whatever is in the tables of either database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from storage.database.database import Database
from storage.queries.reconciliation import (
    TICKET_CLASSES,
    StatusCombination,
    classify_ticket,
    count_by_status,
    describe_contradiction,
    list_tickets_with_status,
)
from storage.tables import approvals, runs, tickets
from tests.integration.stored import NOON, address_in, opened
from tests.postgres import PostgresServer

TICKET = (
    "received",
    "waiting",
    "failed",
    "processed",
    "assigned",
    "awaiting_customer",
    "resolved",
    "duplicate",
)
TICKET += ("closed", "somewhere")
RUN = ("running", "waiting", "failed", "finished", "asleep")


@dataclass(frozen=True)
class MadeRun:
    """A run with so many pending approvals. `minute` is when it was made."""

    status: str
    fork: bool
    pending: int
    minute: int


made_runs = st.builds(
    MadeRun,
    st.sampled_from(RUN),
    st.booleans(),
    st.integers(0, 2),
    st.integers(0, 10_000),
)
made_tickets = st.lists(
    st.tuples(
        st.sampled_from(TICKET),
        st.lists(made_runs, max_size=3, unique_by=lambda run: run.minute),
    ),
    max_size=6,
)


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
async def database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> AsyncIterator[Database]:
    url = await asyncio.to_thread(
        address_in, request.param, tmp_path_factory.mktemp("books"), postgres
    )
    async with opened(url) as holding:
        yield holding


def test_every_standing_is_of_one_class_or_a_contradiction() -> None:
    found = Counter[str | None]()
    for standing in map(
        StatusCombination._make, product(TICKET, (None, *RUN), range(4), range(3))
    ):
        found[classify_ticket(standing)] += 1
        assert describe_contradiction(standing)
    assert found.keys() == {None, *TICKET_CLASSES}
    assert [
        classify_ticket(StatusCombination("waiting", "waiting", 1, pending))
        for pending in range(3)
    ] == [None, "parked", None]
    assert classify_ticket(StatusCombination("waiting", "waiting", 2, 1)) is None
    assert classify_ticket(StatusCombination("waiting", "running", 1, 1)) is None
    assert (
        classify_ticket(StatusCombination("received", "running", 1, 0)) == "under way"
    )


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(made=made_tickets)
async def test_the_database_counts_as_we_would(
    database: Database, made: list[tuple[str, list[MadeRun]]]
) -> None:
    async with database.open_read() as connection:
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN")
        for number, (status, its_runs) in enumerate(made):
            await connection.execute(insert(tickets), ticket_row(number, status))
            for place, run in enumerate(its_runs):
                await connection.execute(insert(runs), run_row(number, place, run))
                for question in range(run.pending):
                    await connection.execute(
                        insert(approvals), approval_row(number, place, question)
                    )
        expected = Counter(standing_of(status, its_runs) for status, its_runs in made)
        assert await count_by_status(connection) == expected
        for standing, count in expected.items():
            assert (
                len(await list_tickets_with_status(connection, standing, 100)) == count
            )
        await connection.rollback()


def standing_of(status: str, its_runs: list[MadeRun]) -> StatusCombination:
    """The same, without SQL."""
    own = sorted((run for run in its_runs if not run.fork), key=lambda run: run.minute)
    unfinished = sum(run.status in ("running", "waiting") for run in own)
    return StatusCombination(
        status,
        own[-1].status if own else None,
        unfinished,
        sum(run.pending for run in own),
    )


def ticket_row(number: int, status: str) -> dict[str, object]:
    known = {
        "desk": "customer_support",
        "subject": "Help",
        "body": "Stuck.",
        "metadata": {},
        "source": "api",
    }
    return {
        "id": f"TKT-{number}",
        "status": status,
        "received_at": NOON,
        "updated_at": NOON,
        **known,
    }


def run_row(number: int, place: int, run: MadeRun) -> dict[str, object]:
    at = NOON + timedelta(minutes=run.minute)
    row = {
        "id": f"{number}-{place}",
        "ticket_id": f"TKT-{number}",
        "status": run.status,
        "created_at": at,
    }
    return {
        **row,
        "updated_at": at,
        "flow_version": 1,
        "options": {},
        "forked_from": "x" if run.fork else None,
    }


def approval_row(number: int, place: int, question: int) -> dict[str, object]:
    run_id = f"{number}-{place}"
    row = {
        "id": f"{run_id}-{question}",
        "run_id": run_id,
        "ticket_id": f"TKT-{number}",
        "interrupt_id": str(question),
    }
    return {
        **row,
        "request": {},
        "shown_hash": "0",
        "status": "pending",
        "created_at": NOON,
        "expires_at": NOON,
    }
