"""Two at the same moment, and one that leaves.

Every race has one winner, and a run belongs to nobody's connection.
"""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from benchmarks.corpus import tickets
from tests.conftest import REPOSITORY, ServerProcess, serving

PAIRS = 25
LONG = (
    "The page of the report stays blank, and the next line of our notes says the same in "
    "other words. "
)
OUTAGE = (
    "Your production system is down for all of our users since nine and we are losing "
    "data every minute. Site {n}."
)


@pytest_asyncio.fixture
async def client(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """An asynchronous client of the shared server."""
    async with httpx.AsyncClient(base_url=server.url, timeout=300) as opened:
        yield opened


async def processed(
    client: httpx.AsyncClient, subject: str, body: str, email: str
) -> dict[str, Any]:
    """The result of a new ticket."""
    sent = {"subject": subject, "body": body, "customer_email": email}
    answer = await client.post("/api/v1/workflow/process", json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def effects(data_dir: Path, ticket_id: str) -> list[str]:
    """What the outbox holds of a ticket, in order."""
    with closing(sqlite3.connect(data_dir / "ticketgraph.db")) as tables:
        rows = tables.execute(
            "SELECT action FROM outbox WHERE ticket_id = ? ORDER BY id", (ticket_id,)
        ).fetchall()
    return [action for (action,) in rows]


def runs_in(data_dir: Path) -> list[tuple[str, str]]:
    """Every run's ticket and status."""
    with closing(sqlite3.connect(data_dir / "ticketgraph.db")) as tables:
        return tables.execute("SELECT ticket_id, status FROM runs").fetchall()


@pytest.mark.parametrize("pair", range(PAIRS))
async def test_the_first_of_two_decisions_wins(
    client: httpx.AsyncClient, server: ServerProcess, pair: int
) -> None:
    run = await processed(
        client, "Everything is down", OUTAGE.format(n=pair), f"race{pair}@example.com"
    )
    path = f"/api/v1/approvals/{run['approval']['id']}/decision"
    decisions = [
        {"type": "approve", "decided_by": "ada"},
        {"type": "reject", "decided_by": "grace"},
    ]
    ordered = decisions if pair % 2 else decisions[::-1]
    answers = await asyncio.gather(
        *(client.post(path, json=decision) for decision in ordered)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    winner = ordered[answers.index(won)]
    assert f"{winner['decided_by']} already decided this" in lost.json()["detail"]
    assert lost.json()["detail"].endswith(f": {winner['type']}.")
    assert won.json()["status"] == "finished"
    wanted = ["assignment", "reply"] if winner["type"] == "approve" else ["assignment"]
    assert effects(server.data_dir, run["ticket_id"]) == wanted
    kept = (await client.get(f"/api/v1/approvals/{run['approval']['id']}")).json()
    assert (kept["status"], kept["decision"]["type"], kept["decided_by"]) == (
        "decided",
        winner["type"],
        winner["decided_by"],
    )


async def test_racing_evaluations_are_one_run(
    client: httpx.AsyncClient, server: ServerProcess
) -> None:
    body = "The invoice of order ORD-5521 lists an item twice."
    sent = {"subject": "Invoice", "body": body, "customer_email": "e@example.com"}
    stored = (await client.post("/tickets/", json=sent)).json()
    path = f"/tickets/{stored['id']}/ai-evaluate"
    answers = await asyncio.gather(*(client.post(path) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert (await client.post(path)).json() == answers[0].json()
    assert effects(server.data_dir, stored["id"]) == ["assignment"]


def test_a_second_process_on_the_same_folder_is_refused(server: ServerProcess) -> None:
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "serve",
        "--port",
        "0",
        "--data-dir",
        str(server.data_dir),
    ]
    second = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = second.stdout + second.stderr
    assert second.returncode != 0
    assert (
        f"Another ticketgraph uses the data folder {server.data_dir}. Stop it, or choose another"
        in said
    )
    assert "Traceback" not in said
    assert httpx.get(f"{server.url}/health").status_code == 200


async def test_sigterm_in_the_middle_of_30_runs_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
            sent = [
                {**ticket, "body": f"{ticket['body']}\n\n{LONG * 30}"}
                for ticket in tickets(30, seed=3)
            ]
            answers = await asyncio.gather(
                *(client.post("/api/v1/tickets", json=ticket) for ticket in sent)
            )
        assert {answer.status_code for answer in answers} == {201}
        assert any(status == "running" for _, status in runs_in(tmp_path))
        server.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(server.process.wait, 40)
    assert code in (0, -signal.SIGTERM)
    log = (tmp_path / "server.log").read_text()
    assert "Application shutdown complete" in log
    assert "Traceback" not in log
    assert "failed" not in log
    with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
            for answer in answers:
                await client.get(f"{answer.json()['run_url']}/events")
    runs = runs_in(tmp_path)
    assert {ticket for ticket, _ in runs} == {answer.json()["id"] for answer in answers}
    assert {status for _, status in runs} <= {"finished", "waiting"}
    assert all(
        effects(tmp_path, ticket) == ["assignment"]
        for ticket, status in runs
        if status == "finished"
    )


async def test_sigterm_answers_who_waits_for_a_run_and_stops_soon(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
            sent = {
                "subject": "Long report",
                "body": LONG * 500,
                "customer_id": "patient",
            }
            asked = asyncio.create_task(
                client.post("/api/v1/workflow/process", json=sent)
            )
            await until_stored(client, "patient")
            server.process.send_signal(signal.SIGTERM)
            answer = await asked
            assert await asyncio.to_thread(server.process.wait, 20) in (
                0,
                -signal.SIGTERM,
            )
    assert answer.status_code in (200, 202)
    assert answer.status_code == 200 or answer.json()["status"] == "running"
    assert answer.status_code == 200 or answer.headers["location"].startswith(
        "/api/v1/runs/"
    )


async def test_a_client_that_leaves_does_not_stop_its_run(
    client: httpx.AsyncClient, server: ServerProcess
) -> None:
    sent = {"subject": "Long report", "body": LONG * 500, "customer_id": "leaves-early"}
    address = httpx.URL(server.url)
    _, leaving = await asyncio.open_connection(address.host, address.port)
    leaving.write(request("/api/v1/workflow/process", json.dumps(sent).encode()))
    await leaving.drain()
    known = await until_stored(client, "leaves-early")
    leaving.transport.abort()
    await client.get(f"{known['run_url']}/events")
    run = (await client.get(known["run_url"])).json()
    assert run["status"] == "finished"
    assert effects(server.data_dir, known["id"]) == ["assignment"]


def request(path: str, body: bytes) -> bytes:
    """A POST request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Type: "
        f"application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def until_stored(client: httpx.AsyncClient, customer_id: str) -> dict[str, Any]:
    """The customer's ticket as soon as it is there."""
    async with asyncio.timeout(10):
        while True:
            page = (
                await client.get("/api/v1/tickets", params={"customer_id": customer_id})
            ).json()
            if page["items"]:
                return (
                    await client.get(f"/api/v1/tickets/{page['items'][0]['id']}")
                ).json()
