"""Pruning: finished runs lose their checkpoints in time and nothing else.

The others keep theirs.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from benchmarks.corpus import tickets
from contracts.errors import GoneError
from contracts.result import Run
from storage.queries import runs
from storage.queries.checkpoints import checkpoint_id_prefix
from tests.conftest import serving
from tests.inspected import InspectedTicketGraph
from tests.integration.two_databases import Place
from ticketgraph import BlockingTicketGraph
from ticketgraph.assembly import SHIPPED_DESKS

DOWN = "Our production system is down for all users since nine and we are losing data. Site {n}."
ORDINARY = (
    "Invoice wrong",
    "The invoice for order ORD-7731 lists two licences, but I have only one of them.",
)
TABLES = {
    "sqlite": ("checkpoints", "writes"),
    "postgresql": ("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
}
WEEK = timedelta(hours=168)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(tmp_path)
    return Place(tmp_path, request.getfixturevalue("postgres").fresh())


async def saved(app: InspectedTicketGraph, run: Run) -> bool:
    """Whether LangGraph knows anything of a run."""
    async with app.parts.database.open_read() as connection:
        names = (
            ["checkpoints", "writes"]
            if connection.dialect.name == "sqlite"
            else ["checkpoints", "checkpoint_blobs"]
        )
        names += [] if connection.dialect.name == "sqlite" else ["checkpoint_writes"]
        counts = [
            await connection.scalar(
                text(f"SELECT count(*) FROM {name} WHERE thread_id = :id"),  # noqa: S608
                {"id": run.run_id},
            )
            for name in names
        ]
    assert all(counts) or not any(counts)
    return any(counts)


async def test_a_finished_run_is_pruned_when_it_is_old_enough(place: Place) -> None:
    async with place.opened() as app:
        retention = app.parts.retention
        finished = await app.process(*ORDINARY, customer_email="ada@example.com")
        forked = await app.runs.fork(finished.run_id)
        waiting = await app.process(
            "Down", DOWN.format(n=1), customer_email="ops@example.com"
        )
        failed = await app.process(
            "Cup", "The cup is too small.", customer_email="cup@example.com"
        )
        now = app.parts.services.now()
        async with app.parts.database.open_write() as connection:
            await runs.update_run(connection, failed.run_id, now, status="failed")
        assert (
            await retention.prune_expired(now + WEEK - timedelta(minutes=1))
        ).runs == 0
        assert await saved(app, finished)
        assert (await retention.prune_expired(now + WEEK)).runs == 2
        assert [
            await saved(app, run) for run in (finished, forked, waiting, failed)
        ] == [False, False, True, True]
        assert (await retention.prune_expired(now + WEEK)).runs == 0
        await is_still_whole(app, finished, waiting)


async def is_still_whole(app: InspectedTicketGraph, pruned: Run, waiting: Run) -> None:
    """What is read of a pruned run is all there, and who waited goes on."""
    assert await app.runs.get(pruned.run_id) == pruned
    assert [step async for _, step in app.runs.stream_steps(pruned.run_id)] == list(
        pruned.workflow_steps
    )
    with pytest.raises(GoneError, match="pruned"):
        await app.runs.history(pruned.run_id)
    with pytest.raises(GoneError, match="pruned"):
        await app.runs.fork(pruned.run_id, "1f1e4dd6-948c-604b-8007-a34134adf036")
    again = await app.runs.fork(pruned.run_id)
    assert (again.status, again.disposition) == ("finished", pruned.disposition)
    assert waiting.approval
    assert (await app.decide(waiting.approval.id, "approve")).status == "finished"
    assert (await app.verify_audit()).fault is None


async def test_what_belongs_to_no_run_goes_after_a_day(place: Place) -> None:
    async with place.opened() as app:
        run = await app.process(*ORDINARY, customer_email="ada@example.com")
        async with app.parts.database.open_write() as connection:
            await connection.execute(text("DELETE FROM runs"))
        retention = app.parts.retention
        now = app.parts.services.now()
        await retention.prune_expired(now)
        assert await saved(app, run)
        await retention.prune_expired(now + timedelta(days=1, seconds=1))
        assert not await saved(app, run)


async def test_tickets_that_have_ended_are_erased_when_the_desk_says_so(
    tmp_path: Path,
) -> None:
    desks = tmp_path / "desks"
    shutil.copytree(SHIPPED_DESKS, desks)
    with (desks / "customer_support" / "desk.yaml").open("a") as settings:
        settings.write("ticket_days: 30\ncheckpoint_hours: 0\n")
    async with InspectedTicketGraph.open(tmp_path, desks_dir=desks) as app:
        retention = app.parts.retention
        waiting = await app.process(
            "Down", DOWN.format(n=1), customer_email="ops@example.com"
        )
        assert waiting.approval
        resolved = await app.decide(waiting.approval.id, "approve")
        assigned = await app.process(*ORDINARY, customer_email="ada@example.com")
        elsewhere = await app.process(
            *ORDINARY, desk="internal_helpdesk", customer_email="ada@example.com"
        )
        now = app.parts.services.now()
        assert (await retention.prune_expired(now + timedelta(days=29))).tickets == 0
        assert not await saved(app, resolved)
        assert not await saved(app, assigned)
        assert (await retention.prune_expired(now + timedelta(days=31))).tickets == 1
        assert await app.tickets.get_run(assigned.ticket_id) == assigned
        assert await app.tickets.get_run(elsewhere.ticket_id) == elsewhere
        assert await app.find_erasable(ticket_ids=[resolved.ticket_id]) == []


async def test_freed_space_is_used_again_and_given_back_on_demand(
    tmp_path: Path,
) -> None:
    file = tmp_path / "ticketgraph.db"
    async with InspectedTicketGraph.open(tmp_path) as app:
        new = iter(tickets(60))
        for ticket, _ in zip(new, range(30), strict=False):
            await app.process(
                ticket["subject"], ticket["body"], customer_email=ticket["email"]
            )
        before = pages(file)
        pruned = (await app.prune(everything=True)).runs
        assert pruned > 10
        assert pages(file) == before
        for ticket, _ in zip(new, range(pruned // 2), strict=False):
            await app.process(
                ticket["subject"], ticket["body"], customer_email=ticket["email"]
            )
        assert pages(file) == before
        await app.compact()
        assert pages(file) < before


def pages(file: Path) -> int:
    """How many pages the database has, free ones too."""
    with closing(sqlite3.connect(file)) as tables:
        return tables.execute("PRAGMA page_count").fetchone()[0]


def test_a_pruned_run_over_http(tmp_path: Path) -> None:
    with BlockingTicketGraph.open(tmp_path) as app:
        run = app.process(*ORDINARY, customer_email="ada@example.com")
        moment = app.runs.history(run.run_id)[-1].checkpoint_id
        assert app.prune(everything=True).runs == 1
        app.compact()
    with (
        serving(tmp_path) as server,
        httpx.Client(base_url=f"{server.url}/api/v1/runs", timeout=300) as http,
    ):
        answers = [
            http.get(f"/{run.run_id}/history"),
            http.post(f"/{run.run_id}/fork", json={"checkpoint_id": moment}),
        ]
        for gone in answers:
            assert gone.status_code == 410
            assert gone.headers["content-type"] == "application/problem+json"
            assert gone.json()["detail"].startswith(
                "The checkpoints of this run were pruned."
            )
        assert http.get(f"/{run.run_id}").json()["disposition"] == run.disposition
        assert http.get(f"/{run.run_id}/events").text.count("event: step") == len(
            run.workflow_steps
        )
        assert http.post(f"/{run.run_id}/fork", json={}).status_code == 201


async def test_the_ids_of_checkpoints_sort_by_time(tmp_path: Path) -> None:
    async with InspectedTicketGraph.open(tmp_path) as app:
        before = app.parts.services.now()
        run = await app.process(*ORDINARY)
        after = app.parts.services.now()
        ids = [moment.checkpoint_id for moment in await app.runs.history(run.run_id)]
    assert (
        checkpoint_id_prefix(before)
        <= min(ids)
        <= max(ids)
        < checkpoint_id_prefix(after)
    )
