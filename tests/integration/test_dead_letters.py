"""Runs that were given up, on both databases.

Tried again by one, as they were or with a corrected ticket.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, text

from contracts.effect import Effect
from contracts.errors import ConflictError, InputError, NotFoundError
from contracts.result import Run
from contracts.ticket import RunOptions, Ticket
from policies.deciding.queue_order import SEVERITY_STEP
from policies.loading.load import load_desks
from storage.audit.verification import verify_chain
from storage.database.database import Database
from storage.database.sqlite import SqliteDatabase
from storage.queries import outbox
from storage.tables import steps
from storage.vectors import fingerprints
from tests.conftest import REPOSITORY
from tests.integration.stored import (
    NOON,
    TableJobs,
    a_run,
    a_ticket,
    address_in,
    opened,
    rows,
)
from tests.postgres import PostgresServer
from ticketgraph.audit_details import digest_texts
from ticketgraph.checkpoints.sqlite import connect_sqlite
from ticketgraph.runs.dead_letters import (
    RetryChanges,
    list_dead_letters,
    load_dead_letter,
    retry_run,
)

DESKS = load_desks(REPOSITORY / "policies" / "desks")
RACES = 20
UNCHANGED = RetryChanges()
SAVING = {
    "sqlite": (
        "INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint) VALUES (:thread, "
        "'c', x'00')"
    ),
    "postgresql": (
        "INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint) VALUES "
        "(:thread, 'c', '{}')"
    ),
}


@pytest.fixture(params=["sqlite", "postgres"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> AsyncIterator[Database]:
    url = await asyncio.to_thread(address_in, request.param, tmp_path, postgres)
    async with opened(url) as holding:
        if isinstance(holding, SqliteDatabase):
            connect_sqlite(holding.name).close()  # makes LangGraph's tables
        yield holding


async def dead(database: Database, **columns: Any) -> tuple[Ticket, Run]:
    """A run that was given up, with a step and what LangGraph saved of it."""
    ticket = await a_ticket(database, status="failed")
    run = await a_run(
        database,
        ticket,
        status="failed",
        error="OSError",
        attempts=3,
        result={"kept": 1},
        **columns,
    )
    step = {
        "run_id": run.run_id,
        "position": 0,
        "step_name": "sanitize",
        "status": "completed",
        "started_at": NOON,
    }
    async with database.open_write() as connection:
        await connection.execute(
            insert(steps),
            {**step, "duration_ms": 1.0, "tokens_used": 0, "cost_usd": 0.0},
        )
        for thread in (run.run_id, f"not {run.run_id}"):
            await connection.execute(
                text(SAVING[connection.dialect.name]), {"thread": thread}
            )
    return ticket, run


async def tried(
    database: Database, run_id: str, changes: RetryChanges = UNCHANGED, by: str = "ada"
) -> None:
    async with database.open_write() as connection:
        await retry_run(connection, TableJobs(), DESKS, run_id, changes, by, NOON)


async def saved(database: Database, run: Run) -> tuple[int, int]:
    """How many steps and checkpoints there are of a run."""
    kept = await rows(
        database, "SELECT count(*) FROM steps WHERE run_id = :id", id=run.run_id
    )
    points = await rows(
        database,
        "SELECT count(*) FROM checkpoints WHERE thread_id = :id",
        id=run.run_id,
    )
    return kept[0][0], points[0][0]


async def recorded(database: Database) -> dict[str, Any]:
    """The one record of a retry."""
    ((actor, detail),) = await rows(
        database, "SELECT actor, detail FROM audit WHERE kind = 'retry'"
    )
    async with database.open_read() as connection:
        assert (await verify_chain(connection)).fault is None
    return {"actor": actor, **json.loads(detail)}


async def test_they_are_listed_without_forks_and_read_with_their_ticket(
    database: Database,
) -> None:
    ticket, run = await dead(database)
    _, other = await dead(database)
    await dead(database, forked_from=run.run_id)
    await a_run(database, await a_ticket(database))
    letters, total = await database.run_read(
        partial(list_dead_letters, limit=1, offset=0)
    )
    others, _ = await database.run_read(partial(list_dead_letters, limit=5, offset=1))
    assert total == 2
    assert {letter.run_id for letter in (*letters, *others)} == {
        run.run_id,
        other.run_id,
    }
    assert (letters[0].error, letters[0].attempts, letters[0].since) == (
        "OSError",
        3,
        NOON,
    )
    assert (
        await database.run_read(partial(load_dead_letter, run_id=run.run_id))
    ).ticket == ticket


async def test_without_changes_it_goes_on_from_where_it_stopped(
    database: Database,
) -> None:
    ticket, run = await dead(database)
    await tried(database, run.run_id)
    (row,) = await rows(
        database, "SELECT status, attempts, epoch, error, result FROM runs"
    )
    assert tuple(row) == ("running", 0, 1, None, None)
    assert await saved(database, run) == (1, 1)
    (task,) = await rows(database, "SELECT kind, subject, priority FROM jobs")
    assert tuple(task) == ("advance", run.run_id, SEVERITY_STEP)
    assert (await rows(database, "SELECT status, body FROM tickets"))[0] == (
        "received",
        ticket.body,
    )
    record = await recorded(database)
    assert (record["actor"], record["anew"], record["changed"]) == ("ada", False, [])
    assert record["before"] == record["after"]


async def test_with_another_text_it_begins_anew_and_the_change_is_recorded(
    database: Database,
) -> None:
    ticket, run = await dead(database)
    async with database.open_write() as connection:
        await fingerprints.upsert_fingerprint(
            connection, ticket.id, "model", "digest", np.ones(896, np.float32)
        )
    await tried(database, run.run_id, RetryChanges(body="Corrected."))
    assert await rows(database, "SELECT ticket_id FROM fingerprints") == [], (
        "of the text from before"
    )
    assert await saved(database, run) == (0, 0)
    assert (await rows(database, "SELECT count(*) FROM checkpoints"))[0][0] == 1, (
        "another run's"
    )
    assert (await rows(database, "SELECT subject, body FROM tickets"))[0] == (
        ticket.subject,
        "Corrected.",
    )
    record = await recorded(database)
    assert (record["anew"], record["changed"]) == (True, ["body"])
    assert record["before"] == digest_texts(ticket.subject, ticket.body)
    assert record["after"] == digest_texts(ticket.subject, "Corrected.")


async def test_with_other_options_it_begins_anew(database: Database) -> None:
    _, run = await dead(database)
    await tried(
        database, run.run_id, RetryChanges(options=RunOptions(skip_response=True))
    )
    assert await saved(database, run) == (0, 0)
    assert (await recorded(database))["changed"] == ["options"]


async def test_what_is_the_same_is_no_change(database: Database) -> None:
    ticket, run = await dead(database)
    await tried(
        database, run.run_id, RetryChanges(ticket.subject, ticket.body, RunOptions())
    )
    assert await saved(database, run) == (1, 1)


@pytest.mark.parametrize(
    "changes", [RetryChanges(subject=" ", body=""), RetryChanges(body="x" * 200_001)]
)
async def test_a_change_that_cannot_be_used_is_refused(
    database: Database, changes: RetryChanges
) -> None:
    _, run = await dead(database)
    with pytest.raises(InputError):
        await tried(database, run.run_id, changes)
    assert (await rows(database, "SELECT status FROM runs"))[0][0] == "failed"


async def test_what_is_not_given_up_is_not_tried_again(database: Database) -> None:
    _, run = await dead(database)
    _, fork = await dead(database, forked_from=run.run_id)
    await tried(database, run.run_id)
    for known in (run, fork):
        with pytest.raises(ConflictError):
            await tried(database, known.run_id)
        with pytest.raises(NotFoundError):
            await database.run_read(partial(load_dead_letter, run_id=known.run_id))
    with pytest.raises(NotFoundError):
        await tried(database, "unheard of")


async def test_a_run_without_its_desk_waits_for_it(database: Database) -> None:
    ticket = await a_ticket(database, status="failed", desk="gone")
    run = await a_run(database, ticket, status="failed")
    with pytest.raises(InputError, match="no desk gone"):
        await tried(database, run.run_id)


async def test_a_run_with_effects_only_goes_on(database: Database) -> None:
    ticket, run = await dead(database)
    told = Effect(action="notification", target="team", key="told")
    async with database.open_write() as connection:
        await outbox.insert_effects(connection, ticket.id, run.run_id, [told], NOON)
    await tried(database, run.run_id, RetryChanges(body="Corrected once."))
    sent = Effect(action="reply", target="ada@example.com", key="sent")
    async with database.open_write() as connection:
        await outbox.insert_effects(connection, ticket.id, run.run_id, [sent], NOON)
        await connection.execute(text("UPDATE runs SET status = 'failed'"))
    with pytest.raises(ConflictError, match="recorded already"):
        await tried(database, run.run_id, RetryChanges(body="Corrected twice."))
    (row,) = await rows(
        database,
        "SELECT runs.status, body FROM runs JOIN tickets ON tickets.id = ticket_id",
    )
    assert tuple(row) == ("failed", "Corrected once.")
    await tried(database, run.run_id)


async def test_two_at_once_have_one_winner(database: Database) -> None:
    for _ in range(RACES):
        _, run = await dead(database)
        both = [
            tried(database, run.run_id, RetryChanges(body=f"By {name}."), name)
            for name in ("ada", "grace")
        ]
        ended = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(end) for end in ended if end) == [ConflictError]
    assert len(await rows(database, "SELECT subject FROM jobs")) == RACES
    texts = await rows(
        database,
        "SELECT body, actor FROM audit JOIN tickets ON tickets.id = ticket_id WHERE kind = 'retry'",
    )
    assert all(body == f"By {actor}." for body, actor in texts)
    assert len(texts) == RACES
