"""Freezes a worker in the middle of its work, until another has done it, and lets it go on.

Does it change anything?

    python -m benchmarks.zombies --database postgres --times 20
    python -m benchmarks.zombies --database sqlite --times 3

On PostgreSQL one of two workers is frozen with runs and deliveries in its hands, longer
than its lease, until the other has finished everything; then it is thawed. On SQLite the
only process is frozen for 10 s and thawed.
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

from benchmarks.books import Books, faults
from benchmarks.chaos import at_rest, audit_faults
from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, database, sailing
from benchmarks.receiver import ReceiverProcess, deliveries, receiving
from benchmarks.slow_model import thinking
from benchmarks.table import show_table
from benchmarks.waiting import until
from storage.jobs.port import HEARTBEAT, LEASE

TICKETS = 16
WATCHED_SECONDS = 2 * HEARTBEAT.total_seconds() + 2.0
"""How long a thawed process is watched: for what it had begun, and for two of its heartbeats."""

BEGUN_SECONDS = 20.0
"""How long it takes at most until something is delivered."""

FROZEN_SECONDS = 10.0
"""Of a process that is alone."""

SLOW = {"delay": 1.0}
"""The receiver's behaviour: a delivery takes a second, so that a freeze meets some."""


@dataclass
class Report:
    """What was met, and every promise that was broken."""

    frozen: list[float] = field(default_factory=list)
    runs_held: int = 0
    effects_held: int = 0
    taken_over: int = 0
    delivered: int = 0
    faults: list[str] = field(default_factory=list)


async def zombies(
    place: Place,
    times: int,
    receiver: ReceiverProcess | None,
    seed: int = 7,
    **more: str,
) -> Report:
    """So often.

    Load, a freeze at a random moment, everything done by others, a thaw, and a look.
    """
    rng, report = random.Random(seed), Report()
    delivering = receiver.environment if receiver else {}
    async with (
        sailing(place, apis=1, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls, seed) as clients,
    ):
        for _ in range(times):
            await one_zombie(place, fleet, clients, rng, report)
        received = deliveries(receiver.file) if receiver else None
        report.faults += faults(place.books, clients.told, received)
        report.delivered = len(received or ())
    report.faults += audit_faults(place.environment)
    return report


async def one_zombie(
    place: Place, fleet: Fleet, clients: Clients, rng: random.Random, report: Report
) -> None:
    """One freeze. What everybody sees before the thaw is what everybody sees long after it."""
    books, member = place.books, rng.choice(fleet.working)
    posting = asyncio.gather(*(clients.post("/api/v1/tickets") for _ in range(TICKETS)))
    await begun(books, rng)
    held = epochs(books)
    report.runs_held += len(held)
    report.effects_held += books.sending()
    clock = time.monotonic()
    member.freeze()
    try:
        if len(fleet.members) == 1:
            await asyncio.sleep(FROZEN_SECONDS)
        else:
            await posting
            await asyncio.sleep(LEASE.total_seconds() + HEARTBEAT.total_seconds())
            await at_rest(place)
            before = settled(books)
    finally:
        member.thaw()
        report.frozen.append(time.monotonic() - clock)
    await posting
    if len(fleet.members) == 1:
        await at_rest(place)
        return
    report.taken_over += sum(
        epoch > held[run] for run, epoch in epochs(books, list(held)).items()
    )
    await asyncio.sleep(WATCHED_SECONDS)
    after = settled(books)
    report.faults += [
        f"changed after the thaw: {key}"
        for key in before | after
        if before.get(key) != after.get(key)
    ]


async def begun(books: Books, rng: random.Random) -> None:
    """Until somebody works, one time on runs, another time on deliveries, and a random
    moment longer.
    """
    await until(rng.choice((books.moving, books.sending)), 0.01, BEGUN_SECONDS)
    await asyncio.sleep(rng.uniform(0.0, 1.5))


def epochs(books: Books, runs: list[str] | None = None) -> Mapping[str, int]:
    """The epoch of each run that somebody has in hand, or of these."""
    found = books.rows("SELECT id, epoch, status FROM runs")
    if runs is None:
        return {
            run: epoch
            for run, epoch, status in found
            if status == "running" and epoch > 0
        }
    return {run: epoch for run, epoch, _ in found if run in runs}


def settled(books: Books) -> dict[Any, Any]:
    """Everything that a worker could change: runs, their checkpoints, the ledger, the audit log."""
    runs = {
        ("run", row[0]): row
        for row in books.rows(
            "SELECT id, status, epoch, attempts, updated_at FROM runs"
        )
    }
    saved = "SELECT thread_id, checkpoint_id FROM checkpoints"
    checkpoints = {("checkpoint", run, key): True for run, key in books.rows(saved)}
    ledger = (
        "SELECT key, status, attempts, started_at, settled_at, remote_id FROM outbox"
    )
    effects = {("effect", row[0]): row for row in books.rows(ledger)}
    log = {
        ("audit", number): digest
        for number, digest in books.rows("SELECT sequence, hash FROM audit")
    }
    return runs | checkpoints | effects | log


def show(report: Report) -> None:
    """Print the table."""
    spans = sorted(report.frozen)
    rows = {
        "freezes": len(spans),
        "  shortest, longest s": f"{spans[0]:.1f}, {spans[-1]:.1f}",
        "runs in hand": report.runs_held,
        "  taken over": report.taken_over,
        "effects being sent": report.effects_held,
        "deliveries received": report.delivered,
        "promises broken": len(report.faults),
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
        server = stack.enter_context(database(given.database))
        place = Place(place.folder, server.fresh() if server else None)
        receiver = stack.enter_context(receiving(place.folder, **SLOW))
        model = stack.enter_context(thinking(place.folder, seconds=0.5))
        show(asyncio.run(zombies(place, given.times, receiver, given.seed, **model)))


if __name__ == "__main__":
    main()
