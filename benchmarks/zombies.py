"""Zombies: whether a worker that was frozen past its lease changes anything when it resumes.

    python -m benchmarks.zombies --database postgres --times 20
    python -m benchmarks.zombies --database sqlite --times 3

On PostgreSQL one of two workers is frozen while it holds runs and deliveries, longer than
its lease, until the other has finished everything; then it resumes. On SQLite the only
process is frozen for 10 s.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.chaos import find_audit_faults, wait_until_settled
from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, run_fleet, start_database
from benchmarks.guarantees import StoredState, find_faults
from benchmarks.receiver import ReceiverProcess, deliveries, run_receiver
from benchmarks.slow_model import run_slow_model
from benchmarks.table import show_table
from benchmarks.waiting import wait_until
from storage.jobs.port import HEARTBEAT, LEASE

TICKETS = 16
WATCHED_SECONDS = 2 * HEARTBEAT.total_seconds() + 2.0
"""How long a resumed process is watched: for its last delivery and two heartbeats."""

BEGUN_SECONDS = 20.0
"""The longest wait for the first run or delivery in progress."""

FROZEN_SECONDS = 10.0
"""How long the only process of a system is frozen."""

SLOW = {"delay": 1.0}
"""The receiver's behaviour: a delivery takes a second, so that a freeze meets some."""


@dataclass
class Report:
    """What the freezes met, and every violated guarantee."""

    frozen: list[float] = field(default_factory=list)
    runs_held: int = 0
    effects_held: int = 0
    taken_over: int = 0
    delivered: int = 0
    faults: list[str] = field(default_factory=list)


async def run_zombies(
    place: Place,
    times: int,
    receiver: ReceiverProcess | None,
    seed: int = 7,
    **more: str,
) -> Report:
    """Freeze and resume a worker `times` times under load, and check the database at the end."""
    rng, report = random.Random(seed), Report()
    delivering = receiver.environment if receiver else {}
    async with (
        run_fleet(place, apis=1, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls, seed) as clients,
    ):
        for _ in range(times):
            await one_zombie(place, fleet, clients, rng, report)
        received = deliveries(receiver.file) if receiver else None
        report.faults += find_faults(place.stored, clients.record, received)
        report.delivered = len(received or ())
    report.faults += find_audit_faults(place.environment)
    return report


async def one_zombie(
    place: Place, fleet: Fleet, clients: Clients, rng: random.Random, report: Report
) -> None:
    """One freeze. The database must be the same before the worker resumes and long after."""
    stored, member = place.stored, rng.choice(fleet.working)
    posting = asyncio.gather(*(clients.post("/api/v1/tickets") for _ in range(TICKETS)))
    await wait_for_work(stored, rng)
    held = read_epochs(stored)
    report.runs_held += len(held)
    report.effects_held += stored.count_sending()
    clock = time.monotonic()
    member.freeze()
    try:
        if len(fleet.members) == 1:
            await asyncio.sleep(FROZEN_SECONDS)
        else:
            await posting
            await asyncio.sleep(LEASE.total_seconds() + HEARTBEAT.total_seconds())
            await wait_until_settled(place)
            before = read_everything(stored)
    finally:
        member.thaw()
        report.frozen.append(time.monotonic() - clock)
    await posting
    if len(fleet.members) == 1:
        await wait_until_settled(place)
        return
    report.taken_over += sum(
        epoch > held[run] for run, epoch in read_epochs(stored, list(held)).items()
    )
    await asyncio.sleep(WATCHED_SECONDS)
    after = read_everything(stored)
    report.faults += [
        f"changed after the thaw: {key}"
        for key in before | after
        if before.get(key) != after.get(key)
    ]


async def wait_for_work(stored: StoredState, rng: random.Random) -> None:
    """Wait until a run or a delivery is in progress, and a random time longer."""
    await wait_until(
        rng.choice((stored.count_unsettled, stored.count_sending)), 0.01, BEGUN_SECONDS
    )
    await asyncio.sleep(rng.uniform(0.0, 1.5))


def read_epochs(
    stored: StoredState, runs: list[str] | None = None
) -> Mapping[str, int]:
    """The epochs of all claimed runs, or of these."""
    found = stored.fetch_rows("SELECT id, epoch, status FROM runs")
    if runs is None:
        return {
            run: epoch
            for run, epoch, status in found
            if status == "running" and epoch > 0
        }
    return {run: epoch for run, epoch, _ in found if run in runs}


def read_everything(stored: StoredState) -> dict[Any, Any]:
    """Everything that a worker can change: runs, checkpoints, outbox, audit log."""
    runs = {
        ("run", row[0]): row
        for row in stored.fetch_rows(
            "SELECT id, status, epoch, attempts, updated_at FROM runs"
        )
    }
    saved = "SELECT thread_id, checkpoint_id FROM checkpoints"
    checkpoints = {
        ("checkpoint", run, key): True for run, key in stored.fetch_rows(saved)
    }
    ledger = (
        "SELECT key, status, attempts, started_at, settled_at, remote_id FROM outbox"
    )
    effects = {("effect", row[0]): row for row in stored.fetch_rows(ledger)}
    log = {
        ("audit", number): digest
        for number, digest in stored.fetch_rows("SELECT sequence, hash FROM audit")
    }
    return runs | checkpoints | effects | log


def show_report(report: Report) -> None:
    """Print the table."""
    spans = sorted(report.frozen)
    rows = {
        "freezes": len(spans),
        "  shortest, longest s": f"{spans[0]:.1f}, {spans[-1]:.1f}",
        "runs in hand": report.runs_held,
        "  taken over": report.taken_over,
        "effects being sent": report.effects_held,
        "deliveries received": report.delivered,
        "guarantees violated": len(report.faults),
    }
    show_table(rows, report.faults)


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database", choices=("sqlite", "postgres"), default="postgres"
    )
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with ExitStack() as stack:
        place = Place(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        server = stack.enter_context(start_database(given.database))
        place = Place(place.folder, server.fresh() if server else None)
        receiver = stack.enter_context(run_receiver(place.folder, **SLOW))
        model = stack.enter_context(run_slow_model(place.folder, seconds=0.5))
        show_report(
            asyncio.run(run_zombies(place, given.times, receiver, given.seed, **model))
        )


if __name__ == "__main__":
    main()
