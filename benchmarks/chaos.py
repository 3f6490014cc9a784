"""Kills a server at random moments under load and counts what is lost: `python -m benchmarks.chaos --kills 20`.

A client posts distinct tickets and approves what waits for a person; the server process gets SIGKILL, a new one starts
on the same folder. At the end everything that was ever acknowledged has to be there, once.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.corpus import tickets
from storage.address import DATABASE_FILE
from tests.conftest import ServerProcess, serving

CLIENTS = 8
CRITICAL = " Our production system is down for all users since this morning and we are losing data."
CRITICAL_EVERY = 4
MOST_TICKETS = 50_000


@dataclass
class Load:
    """What clients sent, and what they were told. Only what was answered with 2xx counts as acknowledged."""

    source: Any
    numbers: Any = field(default_factory=count)
    ticket_ids: set[str] = field(default_factory=set)
    decisions: set[str] = field(default_factory=set)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def post(self, client: httpx.AsyncClient) -> None:
        """Post tickets for ever, every second one without waiting for its run, some of them critical."""
        while True:
            number, ticket = next(self.numbers), next(self.source)
            body = ticket["body"][:1800] + (CRITICAL if number % CRITICAL_EVERY == 0 else "")
            path = "/api/v1/tickets" if number % 2 else "/api/v1/workflow/process"
            sent = {"subject": ticket["subject"], "body": body, "customer_email": ticket["email"]}
            answer = await client.post(path, json=sent)
            if answer.is_success:
                await self.acknowledge(self.ticket_ids, answer.json()["ticket_id"])

    async def approve(self, client: httpx.AsyncClient) -> None:
        """Approve whatever waits, for ever."""
        while True:
            for waiting in (await client.get("/api/v1/approvals")).json()["items"]:
                answer = await client.post(f"/api/v1/approvals/{waiting['id']}/decision", json={"type": "approve"})
                if answer.is_success:
                    await self.acknowledge(self.decisions, waiting["id"])

    async def acknowledge(self, known: set[str], key: str) -> None:
        """Remember what was acknowledged, and tell who counts."""
        async with self.heard:
            known.add(key)
            self.heard.notify_all()

    async def reaches(self, acknowledged: int) -> None:
        """Until so many tickets were acknowledged in all."""
        async with self.heard:
            await self.heard.wait_for(lambda: len(self.ticket_ids) >= acknowledged)


@dataclass(frozen=True)
class Report:
    """What was sent and what is there. `faults` names every promise that was broken."""

    kills: int
    acknowledged: int
    approved: int
    tickets: Counter[str]
    runs: Counter[str]
    effects: int
    restarts: list[float]
    faults: list[str]


async def chaos(folder: Path, kills: int, seed: int, apart: int = 60, **environment: str) -> Report:
    """Kill and restart so often, let the last server come to rest, and look.

    At most `apart` acknowledgements lie between a start and its kill. `environment` is the servers'.
    """
    rng = random.Random(seed)
    load = Load(iter(tickets(MOST_TICKETS, seed)))
    restarts: list[float] = []
    for _ in range(kills):
        clock = time.perf_counter()
        with serving(folder, **environment) as server:
            restarts.append(time.perf_counter() - clock)
            await until_killed(server, load, rng.randint(1, apart), rng.uniform(0, 0.1))
    with serving(folder, **environment) as server:
        await everything_rests(server.url, folder)
    return look(folder, load, restarts)


async def until_killed(server: ServerProcess, load: Load, more: int, seconds: float) -> None:
    """Let clients work, and kill the server so many seconds after so many more acknowledgements."""
    limits = httpx.Limits(max_connections=CLIENTS + 1)
    async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
        work = [asyncio.create_task(gone(load.post(client))) for _ in range(CLIENTS)]
        work.append(asyncio.create_task(gone(load.approve(client))))
        await load.reaches(len(load.ticket_ids) + more)
        await asyncio.sleep(seconds)  # to be anywhere in the work, not right behind an answer
        server.kill()
        await asyncio.gather(*work)


async def gone(work: Any) -> None:
    """Work until the server is gone."""
    with suppress(httpx.TransportError):
        await work


async def everything_rests(url: str, folder: Path) -> None:
    """Follow every run that is still running to its end, as a page would."""
    with sqlite3.connect(folder / DATABASE_FILE) as tables:
        running = [run_id for (run_id,) in tables.execute("SELECT id FROM runs WHERE status = 'running'")]
    tables.close()
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for run_id in running:
            (await client.get(f"/api/v1/runs/{run_id}/events")).raise_for_status()


def look(folder: Path, load: Load, restarts: list[float]) -> Report:
    """Compare the database with what clients were told."""
    tables = sqlite3.connect(folder / DATABASE_FILE)
    stored = dict(tables.execute("SELECT id, status FROM tickets"))
    runs = tables.execute("SELECT ticket_id, status FROM runs").fetchall()
    states = Counter(status for _, status in runs)
    twice = tables.execute("SELECT ticket_id, action FROM outbox GROUP BY ticket_id, action HAVING count(*) > 1")
    asked_twice = tables.execute("SELECT run_id FROM approvals GROUP BY run_id HAVING count(*) > 1")
    unasked = tables.execute(
        "SELECT id FROM runs WHERE status = 'waiting' AND id NOT IN"
        " (SELECT run_id FROM approvals WHERE status = 'pending')"
    )
    ineffective = tables.execute(
        "SELECT id FROM runs WHERE status = 'finished' AND id NOT IN (SELECT run_id FROM outbox)"
    )
    decided = {key for (key,) in tables.execute("SELECT id FROM approvals WHERE status = 'decided'")}
    faults = [
        *(f"acknowledged and lost: {key}" for key in load.ticket_ids - stored.keys()),
        *(f"decided and forgotten: {key}" for key in load.decisions - decided),
        *(f"ticket without exactly one run: {key}" for key, n in Counter(t for t, _ in runs).items() if n != 1),
        *(f"ticket without a run: {key}" for key in stored.keys() - {ticket for ticket, _ in runs}),
        *(f"still running: {key}" for key, status in runs if status not in ("finished", "waiting")),
        *(f"effect twice: {key} {action}" for key, action in twice),
        *(f"asked twice: {key}" for (key,) in asked_twice),
        *(f"waits and nobody is asked: {key}" for (key,) in unasked),
        *(f"finished without effect: {key}" for (key,) in ineffective),
    ]
    effects = tables.execute("SELECT count(*) FROM outbox").fetchone()[0]
    tables.close()
    acknowledged, approved = len(load.ticket_ids), len(load.decisions)
    return Report(len(restarts), acknowledged, approved, Counter(stored.values()), states, effects, restarts, faults)


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(chaos(Path(folder), given.kills, given.seed))
    restarts = sorted(report.restarts)
    rows = {
        "kills": report.kills,
        "tickets acknowledged": report.acknowledged,
        "tickets stored": report.tickets.total(),
        "  finished": report.runs["finished"],
        "  parked": report.runs["waiting"],
        "  anything else": report.runs.total() - report.runs["finished"] - report.runs["waiting"],
        "approvals acknowledged": report.approved,
        "effects recorded": report.effects,
        "restart, median s": f"{restarts[len(restarts) // 2]:.2f}",
        "restart, longest s": f"{restarts[-1]:.2f}",
        "promises broken": len(report.faults),
    }
    for name, value in rows.items():
        print(f"{name:24}{value:>10}")
    for fault in report.faults:
        print(f"  {fault}")


if __name__ == "__main__":
    main()
