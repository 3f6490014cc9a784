"""A single command beside the processes that share a database, and on which database it works."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from contracts.errors import UnavailableError
from contracts.ticket import NewTicket
from server.opening import open_app
from server.settings import Settings
from storage.migrations.migrate import migrate_sqlite
from tests.conftest import REPOSITORY, ServerProcess
from tests.postgres import PostgresServer
from ticketgraph.app import TicketGraph

ORDINARY = NewTicket(
    subject="Charged twice",
    body="Order ORD-7 was charged twice.",
    customer_email="ada@example.com",
)


def said(*arguments: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "server.cli", *arguments]
    given = os.environ | environment
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_on_postgresql_it_leaves_the_work_to_the_workers(
    postgres: PostgresServer,
) -> None:
    url = postgres.fresh()
    async with TicketGraph.open(database_url=url, at_once=0) as api:
        waiting = await api.tickets.submit(ORDINARY)
        async with open_app(
            Settings(database_url=url, max_workflow_timeout_seconds=0.5), command=True
        ) as guest:
            with pytest.raises(
                UnavailableError, match="when a server or a worker runs"
            ):
                await guest.process("Another", "Order ORD-8 was charged twice.")
            assert (await guest.runs.get(waiting.run_id)).status == "running"


def test_on_postgresql_it_does_not_migrate(postgres: PostgresServer) -> None:
    url = postgres.fresh(migrated=False)
    code, words = said("approvals", DATABASE_URL=url)
    assert (code, "ticketgraph migrate" in words, "Traceback" in words) == (
        2,
        True,
        False,
    )
    with psycopg.connect(url) as tables:
        assert tables.execute("SELECT to_regclass('tickets')").fetchone() == (None,)


def test_two_databases_are_refused(tmp_path: Path) -> None:
    code, words = said(
        "approvals", "--data-dir", str(tmp_path), DATABASE_URL="sqlite:///other.db"
    )
    assert (code, "Give only one of them" in words, "Traceback" in words) == (
        2,
        True,
        False,
    )


def test_a_link_to_the_file_is_the_file(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "linked.db").symlink_to(server.data_dir / "ticketgraph.db")
    linked = {"DATABASE_URL": f"sqlite:///{tmp_path / 'linked.db'}"}
    code, words = said("prune", **linked)
    assert (code, "Another ticketgraph" in words) == (2, True)
    code, words = said("show", "TKT-00000000", **linked)
    assert (code, "There is no ticket with this id" in words) == (2, True), words


async def test_a_waiting_run_without_its_desk_stops_the_start(tmp_path: Path) -> None:
    async with TicketGraph.open(tmp_path, at_once=0) as app:
        job = await app.tickets.submit(ORDINARY)
    other = tmp_path / "desks"
    (other / "internal_helpdesk").parent.mkdir()
    (other / "internal_helpdesk").symlink_to(
        REPOSITORY / "policies" / "desks" / "internal_helpdesk"
    )
    with pytest.raises(
        UnavailableError, match=f"{job.run_id}.*its desk customer_support is not there"
    ):
        async with TicketGraph.open(tmp_path, desks_dir=other):
            pass
    code, words = said(
        "serve", "--port", "0", DATA_DIR=str(tmp_path), DESKS_DIR=str(other)
    )
    assert (code, "its desk customer_support" in words, "Traceback" in words) == (
        2,
        True,
        False,
    )


async def test_questions_from_before_deadlines_end_at_their_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    await asyncio.to_thread(migrate_sqlite, path, "0004")
    with closing(sqlite3.connect(path)) as tables, tables:
        tables.execute(
            "INSERT INTO tickets (id, desk, subject, body, metadata, source, received_at, "
            "updated_at, status)"
            " VALUES ('TKT-1', 'customer_support', 's', 'b', '{}', 'api', '2026-01-01', "
            "'2026-01-01', 'waiting')"
        )
        for run, fork, state in (
            ("r", None, "pending"),
            ("f", "r", "pending"),
            ("d", None, "decided"),
        ):
            tables.execute(
                "INSERT INTO runs (id, ticket_id, flow_version, status, options, attempts, "
                "created_at, updated_at,"
                " forked_from) VALUES (?, 'TKT-1', 1, 'waiting', '{}', 0, '2026-01-01', "
                "'2026-01-01', ?)",
                (run, fork),
            )
            tables.execute(
                "INSERT INTO approvals (id, run_id, ticket_id, interrupt_id, request, "
                "shown_hash, status, created_at,"
                " expires_at) VALUES (?, ?, 'TKT-1', 'i', '{}', 'h', ?, '2026-01-01', "
                "'2026-01-04')",
                (f"asked-{run}", run, state),
            )
    await asyncio.to_thread(migrate_sqlite, path)
    with closing(sqlite3.connect(path)) as tables:
        found = tables.execute(
            "SELECT key, kind, ticket_id, subject, due_at FROM deadlines"
        ).fetchall()
    assert found == [
        ("approval_expiry:asked-r", "approval_expiry", "TKT-1", "asked-r", "2026-01-04")
    ]
