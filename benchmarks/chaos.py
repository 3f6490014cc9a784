"""Kills processes at random moments under load and counts what is lost, and what happens twice.

    python -m benchmarks.chaos --database sqlite --tickets 1000
    python -m benchmarks.chaos --database postgres --tickets 1000

On SQLite the one server is killed 5 to 15 s after each start; on PostgreSQL, of two API
processes and two workers, one every 3 s. What is killed is started again at once. Meanwhile
clients post distinct tickets in bursts, two approvers race for every approval, and a
receiver notes what is delivered. At the end everything has to be there, once.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import environ
from pathlib import Path

from benchmarks.books import faults
from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, database, sailing
from benchmarks.receiver import ReceiverProcess, deliveries, receiving
from benchmarks.recovery import Standstill, effects_stood_still, runs_stood_still
from benchmarks.waiting import until
from tests.conftest import REPOSITORY

BURST = 40
SEED = 7
SLOW = {"delay": 0.3, "lost": 0.02}
"""The receiver's behaviour.

With deliveries under way at most moments, and one of fifty taken without a word.
"""

REST_SECONDS = 240.0
"""How long everything may take to come to rest when nobody kills any more."""


@dataclass(frozen=True)
class Plan:
    """So many tickets, a burst of them every `pause` seconds, and a kill every `apart`
    seconds (from, to).
    """

    tickets: int
    pause: float
    apart: tuple[float, float]
    burst: int = BURST
    seed: int = SEED
    only_workers: bool = False
    most_kills: int = 1000


@dataclass
class Report:
    """What was sent and what is there. `faults` names every promise that was broken."""

    kills: list[float] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    decided: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    stood: Standstill = field(default_factory=lambda: Standstill((), 0))
    stood_effects: Standstill = field(default_factory=lambda: Standstill((), 0))
    faults: list[str] = field(default_factory=list)


async def chaos(
    place: Place,
    plan: Plan,
    receiver: ReceiverProcess | None = None,
    **environment: str,
) -> Report:
    """Load, kills, rest, and a look at it all."""
    rng = random.Random(plan.seed)
    report = Report()
    delivering = receiver.environment if receiver else {}
    async with sailing(place, apis=2, workers=2, **environment, **delivering) as fleet:
        async with Clients(fleet.urls, plan.seed) as clients:
            background = [
                asyncio.create_task(keep_killing(fleet, plan, rng, report)),
                asyncio.create_task(clients.keep_approving()),
            ]
            await posted(clients, plan, background)
        await asyncio.gather(*(member.ready() for member in fleet.members))
        await at_rest(place)
    report.faults = faults(
        place.books, clients.told, deliveries(receiver.file) if receiver else None
    )
    report.faults += audit_faults(place.environment)
    return counted(place, report, clients, receiver)


async def posted(
    clients: Clients, plan: Plan, background: list["asyncio.Task[None]"]
) -> None:
    """Post everything in bursts; end the background when it is acknowledged."""
    bursts = [
        min(plan.burst, plan.tickets - first)
        for first in range(0, plan.tickets, plan.burst)
    ]
    posting: list[asyncio.Task[str]] = []
    for size in bursts:
        posting += [asyncio.create_task(clients.post()) for _ in range(size)]
        await asyncio.wait(
            [*background], timeout=plan.pause, return_when=asyncio.FIRST_COMPLETED
        )
        for task in background:
            if task.done():
                task.result()
    await asyncio.gather(*posting)
    for task in background:
        task.cancel()
    for result in await asyncio.gather(*background, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def keep_killing(
    fleet: Fleet, plan: Plan, rng: random.Random, report: Report
) -> None:
    """Kill somebody, start it again, and wait, again and again.

    One that is still starting is left alone.
    """
    while report.killed.total() < plan.most_kills:
        await asyncio.sleep(rng.uniform(*plan.apart))
        member = rng.choice(fleet.working if plan.only_workers else fleet.members)
        if not await member.answers():
            continue
        at = await fleet.restart(member)
        report.killed[member.command] += 1
        if member in fleet.working:
            report.kills.append(at)
        if len(fleet.members) == 1:
            await member.ready()
    await asyncio.Event().wait()


async def at_rest(place: Place, seconds: float = REST_SECONDS) -> None:
    """Until nothing moves any more. What still does after so long is for the report to say."""
    await until(lambda: not place.books.moving(), 0.3, seconds)


def audit_faults(place: Mapping[str, str]) -> list[str]:
    """What `ticketgraph audit verify` finds."""
    command = [sys.executable, "-m", "server.cli", "audit", "verify"]
    said = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environ | place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return [] if said.returncode == 0 else [f"audit: {said.stdout}{said.stderr}"]


def counted(
    place: Place, report: Report, clients: Clients, receiver: ReceiverProcess | None
) -> Report:
    """The report with its numbers."""
    books = place.books
    report.acknowledged, report.decided = (
        len(clients.told.tickets),
        len(clients.told.decisions),
    )
    report.runs, report.effects = books.runs(), books.effects()
    report.delivered = len(deliveries(receiver.file)) if receiver else 0
    report.stood = runs_stood_still(books, report.kills)
    report.stood_effects = effects_stood_still(books, report.kills)
    return report


def show(report: Report) -> None:
    """Print the table."""
    rows = {
        "kills": ", ".join(f"{many} {name}" for name, many in report.killed.items()),
        "tickets acknowledged": report.acknowledged,
        "runs": ", ".join(f"{many} {status}" for status, many in report.runs.items()),
        "approvals raced for": report.decided,
        "effects": ", ".join(
            f"{many} {status}" for status, many in report.effects.items()
        ),
        "deliveries received": report.delivered,
        "runs met by a kill": len(report.stood.seconds) + report.stood.never,
        "  stood still, median s": f"{report.stood.median:.1f}",
        "  stood still, longest s": f"{report.stood.longest:.1f}",
        "effects met by a kill": len(report.stood_effects.seconds)
        + report.stood_effects.never,
        "  unknown for, median s": f"{report.stood_effects.median:.1f}",
        "  unknown for, longest s": f"{report.stood_effects.longest:.1f}",
        "promises broken": len(report.faults),
    }
    for name, value in rows.items():
        print(f"{name:26}{value}")
    for fault in report.faults:
        print(f"  {fault}")


PLANS = {"sqlite": (5.0, 15.0), "postgres": (3.0, 3.0)}


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=PLANS, default="sqlite")
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds between two bursts"
    )
    parser.add_argument("--burst", type=int, default=BURST)
    parser.add_argument(
        "--apart", type=float, nargs=2, help="seconds between two kills, from and to"
    )
    parser.add_argument(
        "--only-workers", action="store_true", help="kill no API process"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    apart = tuple(given.apart or PLANS[given.database])
    plan = Plan(
        given.tickets, given.pause, apart, given.burst, given.seed, given.only_workers
    )
    with tempfile.TemporaryDirectory() as name, database(given.database) as server:
        place = Place(Path(name), server.fresh() if server else None)
        with receiving(place.folder, **SLOW) as receiver:
            show(asyncio.run(chaos(place, plan, receiver)))


if __name__ == "__main__":
    main()
