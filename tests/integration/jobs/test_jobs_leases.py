"""The leased table under any order of claims, expiries and late ends.

No task is lost, no lock is held twice.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables
from storage.database.sqlite import SqliteDatabase, SqliteWriter
from storage.database.sync_connection import SyncConnection, run_without_waiting
from storage.jobs import job_queries as table
from storage.jobs.job_queries import EndedJobClaim, JobClaim
from storage.jobs.leased_jobs import LeasedJobs
from storage.jobs.port import LEASE, Task
from storage.jobs.retry import Retry
from storage.migrations.migrate import migrate_sqlite
from tests.integration.jobs.bench import KIND, task

WORKERS = st.sampled_from(["one", "two"])


class Leases(RuleBasedStateMachine):
    """Two workers who believe that they hold what they once claimed.

    What is true is counted beside the table.
    """

    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.connection.execute(delete(tables.jobs))
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.put = 0
        self.unfinished: set[str] = set()
        self.last: dict[str, tuple[str, JobClaim]] = {}
        self.freed: set[JobClaim] = set()
        self.believed: dict[str, list[JobClaim]] = defaultdict(list)

    def do(self, function: Any, *arguments: Any) -> Any:
        """Call one of the table's functions."""
        return run_without_waiting(
            function(SyncConnection(self.connection), *arguments)
        )

    @rule(lock=st.sampled_from(["x", "y"]), priority=st.integers(0, 2))
    def put_down(self, lock: str, priority: int) -> None:
        self.put += 1
        self.do(table.insert_job, task(str(self.put), lock, priority), self.now)
        self.unfinished.add(str(self.put))

    @rule(worker=WORKERS, places=st.integers(1, 3))
    def claim(self, worker: str, places: int) -> None:
        claims = self.do(table.claim_jobs, worker, [KIND], places, self.now)
        assert len(claims) <= places
        for claim in claims:
            self.last[claim.subject] = worker, claim
            self.believed[worker].append(claim)

    @rule(seconds=st.floats(0.0, 2 * LEASE.total_seconds()))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(worker=WORKERS)
    def renew(self, worker: str) -> None:
        lost = self.do(table.renew_leases, worker, self.believed[worker], self.now)
        mine = {claim for claim in self.believed[worker] if self.holds(worker, claim)}
        assert lost == set(self.believed[worker]) - mine | self.freed & mine

    @precondition(lambda self: any(self.believed.values()))
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data: st.DataObject, failed: bool) -> None:
        worker = data.draw(
            st.sampled_from(
                sorted(who for who, claims in self.believed.items() if claims)
            )
        )
        claim = data.draw(st.sampled_from(self.believed[worker]))
        self.believed[worker].remove(claim)
        holds = self.holds(worker, claim)
        self.do(
            table.settle_claims,
            [
                EndedJobClaim(
                    claim, Retry(1.0, counts_as_failure=True) if failed else None
                )
            ],
            self.now,
        )
        if holds:
            del self.last[claim.subject]
            self.unfinished -= set() if failed else {claim.subject}

    @rule(worker=WORKERS)
    def start_anew(self, worker: str) -> None:
        self.do(table.end_other_leases, worker)
        self.freed |= {claim for who, claim in self.last.values() if who != worker}

    def holds(self, worker: str, claim: JobClaim) -> bool:
        """Whether nobody has claimed the task since."""
        return self.last.get(claim.subject) == (worker, claim)

    @invariant()
    def nothing_disappears_but_by_its_holder(self) -> None:
        assert self.do(table.list_open_subjects, KIND) == self.unfinished

    @invariant()
    def no_lock_has_two_leases(self) -> None:
        live = select(tables.jobs.c.lock).where(tables.jobs.c.leased_until > self.now)
        locks = self.connection.scalars(live).all()
        assert len(locks) == len(set(locks))


def test_no_order_of_events_loses_a_task_or_shares_a_lock() -> None:
    with TemporaryDirectory() as folder:
        migrate_sqlite(Path(folder) / "jobs.db")
        writer = SqliteWriter(Path(folder) / "jobs.db", asyncio.Lock())
        try:
            machine = type("Machine", (Leases,), {"connection": writer.sync_connection})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=100, stateful_step_count=30, deadline=None
                ),
            )
        finally:
            writer.sync_connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate_sqlite(tmp_path / "jobs.db")
    return tmp_path / "jobs.db"


async def test_an_id_that_comes_again_is_another_task(path: Path) -> None:
    database = SqliteDatabase(path)
    now = datetime.now(UTC)

    async def put_and_claim(subject: str, connection: AsyncConnection) -> JobClaim:
        await table.insert_job(connection, task(subject), now)
        return (await table.claim_jobs(connection, "one", [KIND], 1, now))[0]

    old = await database.run_transaction(partial(put_and_claim, "old"))
    await database.run_transaction(
        partial(table.settle_claims, ended=[EndedJobClaim(old)], now=now)
    )
    new = await database.run_transaction(partial(put_and_claim, "new"))
    assert new.id == old.id
    await database.run_transaction(
        partial(table.settle_claims, ended=[EndedJobClaim(old)], now=now)
    )
    assert await database.run_read(partial(table.list_open_subjects, kind=KIND)) == {
        "new"
    }
    await database.close()


async def test_taking_over_frees_the_leases_of_the_dead_at_once(path: Path) -> None:
    database = SqliteDatabase(path)
    dead = LeasedJobs(database, "dead")
    await database.run_transaction(
        lambda connection: dead.enqueue_task(connection, Task(KIND, "a", "a"))
    )
    now = datetime.now(UTC)
    assert await database.run_transaction(
        lambda connection: table.claim_jobs(connection, "dead", [KIND], 1, now)
    )
    done = asyncio.Event()

    async def finish(_subject: str) -> None:
        done.set()

    alive = LeasedJobs(database)
    work = asyncio.create_task(alive.run_tasks({KIND: finish}, 1))
    await alive.free_other_workers()
    async with asyncio.timeout(0.8 * LEASE.total_seconds()):
        await done.wait()
    await alive.drain_tasks(5)
    await work
    await database.close()
