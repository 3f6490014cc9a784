"""Processes on one PostgreSQL database: API, workers, migrations; killed, stopped, and too old."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from benchmarks.corpus import tickets
from tests.conftest import REPOSITORY, ServerProcess, serving, worker
from tests.postgres import PostgresServer

LONG = (
    "It happened again while we were preparing the monthly report for our auditors. "
    * 300
)


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture(scope="module")
def api(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(
        tmp_path_factory.mktemp("api"), command="api", DATABASE_URL=url
    ) as running:
        yield running


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def said(*arguments: str, **environment: str) -> tuple[int, str]:
    """What a command ends with, and what it says."""
    command = [sys.executable, "-m", "server.cli", *arguments]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_worker_does_what_an_api_takes_in(
    api: ServerProcess, url: str, tmp_path: Path
) -> None:
    with httpx.Client(base_url=api.url, timeout=300) as client:
        body = {
            "subject": "Charged twice",
            "body": "Order ORD-1 was charged twice.",
            "customer_email": "a@example.com",
        }
        early = client.post(
            "/api/v1/workflow/process", json=body, headers={"Prefer": "wait=1"}
        )
        assert (early.status_code, early.json()["status"]) == (
            202,
            "running",
        )  # nobody works yet
        assert workers_health(client) == ("degraded", "unavailable")
        with worker(tmp_path, "worker", DATABASE_URL=url):
            assert workers_health(client) == ("healthy", "healthy")
            events = client.get(f"{early.headers['location']}/events").text
            assert "event: rest" in events
            assert client.get(early.headers["location"]).json()["status"] == "finished"
            done = client.post(
                "/api/v1/workflow/process", json={**body, "subject": "Another matter"}
            )
            assert (done.status_code, done.json()["status"]) == (200, "finished")


def workers_health(client: httpx.Client) -> tuple[str, str]:
    """The service's health and its workers'."""
    health = client.get("/health").json()
    return health["status"], health["dependencies"]["workers"]


def test_what_a_killed_worker_had_another_one_goes_on_with(
    api: ServerProcess, url: str, tmp_path: Path
) -> None:
    sent = [
        {**ticket, "body": f"{ticket['body']} {LONG}"} for ticket in tickets(12, seed=5)
    ]
    with (
        httpx.Client(base_url=api.url, timeout=300) as client,
        worker(tmp_path, "one", DATABASE_URL=url) as killed,
        worker(tmp_path, "two", DATABASE_URL=url),
    ):
        taken = [client.post("/api/v1/tickets", json=ticket).json() for ticket in sent]
        began = "SELECT count(DISTINCT worker_id) FROM procrastinate_jobs WHERE status = 'doing'"
        while rows(url, began)[0][0] < 2:
            time.sleep(0.01)  # between two looks at other processes
        killed.send_signal(signal.SIGKILL)
        for ticket in taken:
            client.get(f"{ticket['run_url']}/events")
    ids = ", ".join(f"'{ticket['id']}'" for ticket in taken)
    done = rows(url, f"SELECT status, epoch FROM runs WHERE ticket_id IN ({ids})")  # noqa: S608
    assert {status for status, _ in done} <= {"finished", "waiting"}
    assert max(epoch for _, epoch in done) > 1
    twice = (
        f"SELECT key FROM outbox WHERE ticket_id IN ({ids}) GROUP BY ticket_id, action, "  # noqa: S608
        "key HAVING count(*) > 1"
    )
    assert rows(url, twice) == []


def test_a_stopped_worker_gives_its_runs_back_at_once(
    api: ServerProcess, url: str, tmp_path: Path
) -> None:
    sent = [
        {**ticket, "body": f"{ticket['body']} {LONG}"} for ticket in tickets(8, seed=6)
    ]
    with httpx.Client(base_url=api.url, timeout=300) as client:
        with worker(tmp_path, "stopped", DATABASE_URL=url) as stopped:
            taken = [
                client.post("/api/v1/tickets", json=ticket).json() for ticket in sent
            ]
            while not rows(
                url, "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'"
            ):
                time.sleep(0.01)  # between two looks at another process
            stopped.send_signal(signal.SIGTERM)
            assert stopped.wait(timeout=300) == 0
        assert (
            rows(url, "SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'") == []
        )
        log = (tmp_path / "stopped.log").read_text()
        assert "Traceback" not in log
        assert "failed" not in log
        with worker(tmp_path, "next", DATABASE_URL=url):
            for ticket in taken:
                assert "event: rest" in client.get(f"{ticket['run_url']}/events").text
    ids = ", ".join(f"'{ticket['id']}'" for ticket in taken)
    assert (
        rows(
            url,
            f"SELECT 1 FROM runs WHERE status = 'running' AND ticket_id IN ({ids})",  # noqa: S608
        )
        == []
    )


def test_one_process_on_postgresql_migrates_by_itself(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    fresh = postgres.fresh(migrated=False).replace(
        "postgresql://", "postgresql+asyncpg://"
    )
    with serving(tmp_path, DATABASE_URL=fresh) as server:
        body = {"subject": "Charged twice", "body": "Order ORD-1 was charged twice."}
        assert (
            httpx.post(
                f"{server.url}/api/v1/workflow/process", json=body, timeout=300
            ).status_code
            == 200
        )
    assert not (tmp_path / "ticketgraph.db").exists()


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_database_that_is_behind_is_refused(
    postgres: PostgresServer, command: str, tmp_path: Path
) -> None:
    behind = postgres.fresh(migrated=False)
    code, words = said(command, DATABASE_URL=behind)
    assert (code, "ticketgraph migrate" in words, "Traceback" in words) == (
        2,
        True,
        False,
    )
    assert said("migrate", DATABASE_URL=behind)[0] == 0
    if command == "api":
        with serving(tmp_path, command="api", DATABASE_URL=behind) as started:
            assert started.process.poll() is None
    else:
        with worker(tmp_path, "worker", DATABASE_URL=behind) as running:
            assert running.poll() is None


@pytest.mark.parametrize("command", ["api", "worker"])
def test_processes_cannot_share_a_file(command: str, tmp_path: Path) -> None:
    code, words = said(command, DATA_DIR=str(tmp_path))
    assert (code, "DATABASE_URL" in words, "Traceback" in words) == (2, True, False)


def test_a_server_that_is_not_there_is_said_without_its_password(
    tmp_path: Path,
) -> None:
    code, words = said(
        "serve",
        "--port",
        "0",
        DATABASE_URL="postgresql://ada:hidden@127.0.0.1:9/desk",
        DATA_DIR=str(tmp_path),
    )
    assert (code, "DATABASE_URL" in words, "Traceback" in words, "hidden" in words) == (
        2,
        True,
        False,
        False,
    )


def test_nothing_is_kept_in_memory(tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL="") as server:
        body = {"subject": "Charged twice", "body": "Order ORD-1 was charged twice."}
        assert (
            httpx.post(
                f"{server.url}/api/v1/workflow/process", json=body, timeout=300
            ).status_code
            == 200
        )
    assert [path.name for path in tmp_path.iterdir()] == ["server.log"]
