"""Deadlines on both databases: set with the run, moved only forward, done once whatever happens."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.approval import ApprovalDecision
from contracts.decision import Decision
from contracts.errors import ConflictError
from contracts.result import Run
from contracts.ticket import Ticket
from policies.desk.model import Desk
from policies.loading.load import load_desks
from storage.database.database import Database
from storage.migrations.migrate import migrate_sqlite
from storage.queries import tickets
from storage.tables import deadlines
from tests.conftest import REPOSITORY
from tests.integration.stored import (
    NOON,
    TableJobs,
    a_question,
    a_run,
    a_ticket,
    address_in,
    opened,
    rows,
)
from tests.postgres import PostgresServer
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.runs.deadlines import plan_deadlines
from ticketgraph.runs.decide import decide_approval
from ticketgraph.upkeep.deadline_clock import DeadlineClock

DESKS = load_desks(REPOSITORY / "policies" / "desks")
DESK = DESKS["customer_support"]
HOUR = timedelta(hours=1)
RACES = 100


@pytest.fixture(params=["sqlite", "postgres"])
async def url(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> str:
    return await asyncio.to_thread(address_in, request.param, tmp_path, postgres)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with opened(url) as holding:
        yield holding


def at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def ticker(database: Database, now: datetime, desk: Desk = DESK) -> DeadlineClock:
    return DeadlineClock(
        database,
        TableJobs(),
        DESKS | {desk.id: desk},
        StoredOutbox(database, at(now)),
        at(now),
    )


def with_settings(**settings: Any) -> Desk:
    return DESK.model_copy(
        update={"settings": DESK.settings.model_copy(update=settings)}
    )


def decided(run: Run, due_at: datetime, **update: Any) -> Run:
    decision = Decision(
        disposition="assign",
        team="billing_team",
        priority="high",
        needs_approval=False,
        send_reply=False,
        confidence=0.5,
        due_at=due_at,
    )
    return run.model_copy(update={"routing": decision, **update})


async def planned(
    database: Database, ticket: Ticket, run: Run, desk: Desk = DESK
) -> None:
    await database.run_transaction(
        partial(plan_deadlines, run=run, ticket=ticket, desk=desk, now=NOON)
    )


async def open_deadlines(database: Database) -> dict[str, datetime]:
    async with database.open_read() as connection:
        found = await connection.execute(
            select(deadlines).where(deadlines.c.done_at.is_(None))
        )
        return {row["key"]: row["due_at"] for row in found.mappings()}


async def due_at(database: Database, ticket: Ticket) -> datetime:
    async with database.open_read() as connection:
        return (await tickets.find_ticket_row(connection, ticket.id))["due_at"]


async def notices(database: Database) -> list[tuple[str, str, str]]:
    """Ticket, kind and target of every notification, in order."""
    found = await rows(
        database,
        "SELECT ticket_id, payload, target FROM outbox WHERE action = 'notification' ORDER BY id",
    )
    read = [
        (row[0], row[1] if isinstance(row[1], dict) else json.loads(row[1]), row[2])
        for row in found
    ]
    return [(ticket, payload["notice"], target) for ticket, payload, target in read]


async def status(database: Database, ticket: Ticket, value: str) -> None:
    async with database.open_write() as connection:
        await tickets.update_ticket(connection, ticket.id, NOON, status=value)


async def test_a_settled_run_sets_warning_and_breach(database: Database) -> None:
    ticket = await a_ticket(database, status="assigned")
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
    )
    kept = await open_deadlines(database)
    assert kept == {
        f"sla_warning:{ticket.id}": NOON + 3 * HOUR,
        f"sla_breach:{ticket.id}": NOON + 4 * HOUR,
    }
    assert await due_at(database, ticket) == NOON + 4 * HOUR


async def test_without_a_decision_the_severity_says_when(database: Database) -> None:
    ticket = await a_ticket(database, status="failed")
    await planned(database, ticket, await a_run(database, ticket))
    assert await due_at(database, ticket) == NOON + 24 * HOUR


async def test_a_time_moves_forward_and_never_back(database: Database) -> None:
    ticket = await a_ticket(database, status="waiting")
    run = await a_run(database, ticket)
    for hours in (24, 4, 72):
        await planned(database, ticket, decided(run, NOON + hours * HOUR))
    assert await due_at(database, ticket) == NOON + 4 * HOUR
    assert (await open_deadlines(database))[
        f"sla_breach:{ticket.id}"
    ] == NOON + 4 * HOUR


async def test_of_many_at_once_the_earliest_stands(database: Database) -> None:
    ticket = await a_ticket(database, status="assigned")
    run = await a_run(database, ticket)
    hours = (9, 3, 7, 1, 5, 2, 8, 4)
    await asyncio.gather(
        *(planned(database, ticket, decided(run, NOON + n * HOUR)) for n in hours)
    )
    assert await due_at(database, ticket) == NOON + HOUR
    assert (await open_deadlines(database))[f"sla_breach:{ticket.id}"] == NOON + HOUR


@pytest.mark.parametrize(
    "closed", ["resolved", "awaiting_customer", "closed", "duplicate"]
)
async def test_a_settled_ticket_has_none(database: Database, closed: str) -> None:
    ticket = await a_ticket(database, status="assigned")
    run = decided(await a_run(database, ticket), NOON + 4 * HOUR)
    await planned(database, ticket, run)
    await status(database, ticket, closed)
    await planned(database, ticket, run)
    assert await open_deadlines(database) == {}


async def test_a_fork_plans_nothing(database: Database) -> None:
    ticket = await a_ticket(database, status="assigned")
    run = decided(await a_run(database, ticket), NOON + 4 * HOUR, forked_from="another")
    await planned(database, ticket, run)
    assert await open_deadlines(database) == {}
    assert await due_at(database, ticket) is None


async def test_a_more_severe_repetition_hastens_the_open_original(
    database: Database,
) -> None:
    original, closed = (
        await a_ticket(database, status="assigned"),
        await a_ticket(database, status="resolved"),
    )
    await planned(
        database, original, decided(await a_run(database, original), NOON + 24 * HOUR)
    )
    for known in (original, closed):
        repeat = await a_ticket(database, status="duplicate")
        run = decided(
            await a_run(database, repeat), NOON + 4 * HOUR, duplicate_of=known.id
        )
        await planned(database, repeat, run)
    kept = {
        f"sla_warning:{original.id}": NOON + 3 * HOUR,
        f"sla_breach:{original.id}": NOON + 4 * HOUR,
    }
    assert await open_deadlines(database) == kept
    assert await due_at(database, closed) is None


async def test_warning_and_breach_are_told_and_recorded_once(
    database: Database,
) -> None:
    ticket = await a_ticket(
        database, status="assigned", assigned_team="billing_team", severity="high"
    )
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
    )
    done = [
        await ticker(database, NOON + hours * HOUR).process_due()
        for hours in (2, 3, 3, 4, 9)
    ]
    assert done == [0, 1, 0, 1, 0]
    expected = [
        (ticket.id, kind, "billing_team") for kind in ("sla_warning", "sla_breach")
    ]
    assert await notices(database) == expected
    recorded = await rows(database, "SELECT kind, actor FROM audit ORDER BY sequence")
    assert [tuple(row) for row in recorded] == [
        ("sla_warning", "system"),
        ("sla_breach", "system"),
    ]
    await planned(database, ticket, decided(await a_run(database, ticket), NOON + HOUR))
    assert await ticker(database, NOON + 9 * HOUR).process_due() == 0, (
        "what is done stays done"
    )


async def test_a_warning_that_comes_too_late_is_left_to_the_breach(
    database: Database,
) -> None:
    ticket = await a_ticket(database, status="failed")
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
    )
    assert await ticker(database, NOON + 5 * HOUR).process_due() == 2
    assert await notices(database) == [(ticket.id, "sla_breach", "general_support")]


async def test_nobody_is_told_of_a_ticket_that_was_settled_meanwhile(
    database: Database,
) -> None:
    ticket = await a_ticket(database, status="assigned")
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
    )
    await status(database, ticket, "resolved")
    assert await ticker(database, NOON + 5 * HOUR).process_due() == 2
    assert await notices(database) == []


@pytest.mark.parametrize(
    ("setting", "team", "expected"),
    [
        ("reassign", "billing_team", {"type": "reassign", "team": "general_support"}),
        ("reassign", "general_support", {"type": "reject", "team": None}),
        ("reject", "billing_team", {"type": "reject", "team": None}),
    ],
)
async def test_a_question_is_reminded_of_and_then_decided_safely(
    database: Database, setting: str, team: str, expected: dict[str, Any]
) -> None:
    desk = with_settings(approval_expiry=setting)
    # An escalation path may name people who are no team of the desk.
    ticket, run = await a_question(database, desk, team)
    assert run.approval is not None
    await planned(database, ticket, run, desk)
    assert await ticker(database, NOON + 37 * HOUR, desk).process_due() == 3, (
        "with warning and breach of the SLA"
    )
    assert (ticket.id, "approval_reminder", team) in await notices(database)
    assert await ticker(database, NOON + 73 * HOUR, desk).process_due() == 1
    (asked,) = await rows(
        database, "SELECT status, decision, decided_by FROM approvals"
    )
    decision = asked[1] if isinstance(asked[1], dict) else json.loads(asked[1])
    assert (asked[0], asked[2]) == ("decided", "system:expiry")
    assert {name: decision[name] for name in expected} == expected
    assert decision["text"] is decision["guidance"] is None
    assert [
        tuple(row) for row in await rows(database, "SELECT kind, subject FROM jobs")
    ] == [("advance", run.run_id)]
    assert (await rows(database, "SELECT status FROM runs"))[0][0] == "running"
    assert ("approval", "system:expiry") in [
        tuple(r) for r in await rows(database, "SELECT kind, actor FROM audit")
    ]


async def test_a_decided_question_has_no_deadlines(database: Database) -> None:
    ticket, run = await a_question(database, DESK, "billing_team")
    assert run.approval is not None
    await planned(database, ticket, run)
    person = ApprovalDecision(type="approve", decided_by="ada")
    async with database.open_write() as connection:
        await decide_approval(
            connection, TableJobs(), DESKS, run.approval.id, person, NOON
        )
    assert not [
        key for key in await open_deadlines(database) if key.startswith("approval")
    ]


async def test_a_deadline_that_cannot_be_kept_stands_in_nobodys_way(
    database: Database,
) -> None:
    lost = await a_ticket(database, status="assigned", desk="gone")
    await planned(database, lost, decided(await a_run(database, lost), NOON + HOUR))
    ticket = await a_ticket(database, status="assigned", assigned_team="billing_team")
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 2 * HOUR)
    )
    now = NOON + 3 * HOUR
    assert await ticker(database, now).process_due() == 4
    assert await notices(database) == [(ticket.id, "sla_breach", "billing_team")]
    assert await open_deadlines(database) == {
        f"sla_breach:{lost.id}": now + timedelta(minutes=1)
    }
    later = at(now + timedelta(minutes=1))
    known = DeadlineClock(
        database,
        TableJobs(),
        {**DESKS, "gone": DESK},
        StoredOutbox(database, later),
        later,
    )
    assert await known.process_due() == 1
    assert (await notices(database))[-1][0] == lost.id


async def test_killed_between_claim_and_commit_it_is_due_again(
    database: Database, url: str
) -> None:
    ticket = await a_ticket(database, status="assigned", assigned_team="billing_team")
    await planned(
        database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
    )
    program = [sys.executable, "-m", "tests.integration.dying_at_a_deadline", url]
    died = await asyncio.to_thread(
        subprocess.run, program, cwd=REPOSITORY, check=False, timeout=300
    )
    assert died.returncode == -signal.SIGKILL
    assert len(await open_deadlines(database)) == 2
    assert await ticker(database, NOON + 3 * HOUR).process_due() == 1
    assert await notices(database) == [(ticket.id, "sla_warning", "billing_team")]


async def test_it_ticks_on_when_the_database_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(f"sqlite:///{tmp_path / 'later.db'}") as database:
        complained, told = asyncio.Event(), asyncio.Event()
        caplog.handler.addFilter(lambda _: complained.set() or True)
        jobs = TableJobs(told.set)
        later = at(NOON + 4 * HOUR)
        ticking = asyncio.create_task(
            DeadlineClock(
                database, jobs, DESKS, StoredOutbox(database, later), later
            ).run_forever(0.01)
        )
        await asyncio.wait_for(complained.wait(), 30)
        await asyncio.to_thread(migrate_sqlite, tmp_path / "later.db")
        ticket = await a_ticket(
            database, status="assigned", assigned_team="billing_team"
        )
        await planned(
            database, ticket, decided(await a_run(database, ticket), NOON + 4 * HOUR)
        )
        await asyncio.wait_for(told.wait(), 30)
        ticking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ticking
    assert [
        record.levelname for record in caplog.records if record.name == "ticketgraph"
    ] == ["ERROR"]


async def test_side_by_side_each_is_done_once(postgres: PostgresServer) -> None:
    url = await asyncio.to_thread(postgres.fresh)
    async with opened(url) as one, opened(url) as two, opened(url) as three:
        known = [
            await a_ticket(one, status="assigned", assigned_team="billing_team")
            for _ in range(60)
        ]
        for ticket in known:
            await planned(
                one, ticket, decided(await a_run(one, ticket), NOON + 4 * HOUR)
            )
        done = await asyncio.gather(
            *(ticker(each, NOON + 4 * HOUR).process_due() for each in (one, two, three))
        )
        assert sum(done) == 120
        assert all(done)
        expected = sorted((ticket.id, "sla_breach", "billing_team") for ticket in known)
        assert sorted(await notices(one)) == expected
        recorded = await rows(
            one, "SELECT count(*), count(DISTINCT ticket_id) FROM audit"
        )
        assert tuple(recorded[0]) == (60, 60)


async def test_an_expiry_and_a_person_at_once_have_one_winner(
    postgres: PostgresServer,
) -> None:
    url = await asyncio.to_thread(postgres.fresh)
    desk = with_settings(approval_hours=1.0, approval_reminder_hours=0.5)
    person = ApprovalDecision(type="approve", decided_by="ada")
    async with opened(url) as clocks, opened(url) as people:

        async def answer(approval_id: str) -> bool:
            try:
                async with people.open_write() as connection:
                    await decide_approval(
                        connection, TableJobs(), DESKS, approval_id, person, NOON + HOUR
                    )
            except ConflictError:
                return False
            return True

        won: list[bool] = []
        for race in range(RACES):
            ticket, run = await a_question(clocks, desk, "billing_team")
            assert run.approval is not None
            await planned(clocks, ticket, run, desk)
            if (
                race % 2
            ):  # else the reminder is due as well, and comes before the expiry
                await ticker(clocks, NOON + HOUR / 2, desk).process_due()
            _, first = await asyncio.gather(
                ticker(clocks, NOON + HOUR, desk).process_due(), answer(run.approval.id)
            )
            won.append(first)
        winners = [
            row[0]
            for row in await rows(
                clocks, "SELECT decided_by FROM approvals ORDER BY created_at"
            )
        ]
        assert winners.count("ada") == sum(won)
        assert 0 < sum(won) < RACES, "it was no race"
        assert winners.count("system:expiry") == RACES - sum(won)
        assert len(await rows(clocks, "SELECT subject FROM jobs")) == RACES
        assert (
            len(
                await rows(clocks, "SELECT sequence FROM audit WHERE kind = 'approval'")
            )
            == RACES
        )
        assert not [
            key for key in await open_deadlines(clocks) if key.startswith("approval")
        ]
