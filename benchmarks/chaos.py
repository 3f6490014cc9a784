"""Kills processes at random moments under load; counts what is lost and what happens twice.

    python -m benchmarks.chaos --database sqlite --tickets 1000
    python -m benchmarks.chaos --database postgres --tickets 1000

On SQLite the one server is killed 5 to 15 s after each start; on PostgreSQL, of two API
processes and two workers, one every 3 s. It is started again at once. Meanwhile clients
post distinct tickets in bursts, two approvers race for every approval, and a receiver
records deliveries. At the end benchmarks/guarantees.py checks the database.
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

from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, run_fleet, start_database
from benchmarks.guarantees import find_faults
from benchmarks.receiver import ReceiverProcess, deliveries, run_receiver
from benchmarks.recovery import Standstill, measure_effect_gaps, measure_run_gaps
from benchmarks.waiting import wait_until
from tests.conftest import REPOSITORY

BURST = 40
SEED = 7
SLOW = {"delay": 0.3, "lost": 0.02}
"""The receiver's behaviour: slow, so that kills meet deliveries, and one in fifty answered
with 500 after it was accepted."""

REST_SECONDS = 240.0
"""How long all runs and effects may take to settle after the last kill."""


@dataclass(frozen=True)
class Plan:
    """Tickets in bursts every `pause` seconds, and a kill every `apart` seconds (from, to)."""

    tickets: int
    pause: float
    apart: tuple[float, float]
    burst: int = BURST
    seed: int = SEED
    only_workers: bool = False
    most_kills: int = 1000


@dataclass
class Report:
    """What was sent and what is stored. `faults` names every violated guarantee."""

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


async def run_chaos(
    place: Place,
    plan: Plan,
    receiver: ReceiverProcess | None = None,
    **environment: str,
) -> Report:
    """Post and approve while processes are killed, wait until all is settled, and check it."""
    rng = random.Random(plan.seed)
    report = Report()
    delivering = receiver.environment if receiver else {}
    async with run_fleet(
        place, apis=2, workers=2, **environment, **delivering
    ) as fleet:
        async with Clients(fleet.urls, plan.seed) as clients:
            background = [
                asyncio.create_task(keep_killing(fleet, plan, rng, report)),
                asyncio.create_task(clients.keep_approving()),
            ]
            await post_in_bursts(clients, plan, background)
        await asyncio.gather(*(member.ready() for member in fleet.members))
        await wait_until_settled(place)
    report.faults = find_faults(
        place.stored, clients.record, deliveries(receiver.file) if receiver else None
    )
    report.faults += find_audit_faults(place.environment)
    return fill_report(place, report, clients, receiver)


async def post_in_bursts(
    clients: Clients, plan: Plan, background: list["asyncio.Task[None]"]
) -> None:
    """Post everything in bursts, then cancel the background tasks. Raises their errors."""
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
    """Kill a random process and restart it, again and again, unless it is still starting."""
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


async def wait_until_settled(place: Place, seconds: float = REST_SECONDS) -> None:
    """Wait until no run or effect is under way; find_faults reports what still is after that."""
    await wait_until(lambda: not place.stored.count_unsettled(), 0.3, seconds)


def find_audit_faults(place: Mapping[str, str]) -> list[str]:
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


def fill_report(
    place: Place, report: Report, clients: Clients, receiver: ReceiverProcess | None
) -> Report:
    """The report with its counts."""
    stored = place.stored
    report.acknowledged, report.decided = (
        len(clients.record.tickets),
        len(clients.record.decisions),
    )
    report.runs, report.effects = stored.count_runs(), stored.count_effects()
    report.delivered = len(deliveries(receiver.file)) if receiver else 0
    report.stood = measure_run_gaps(stored, report.kills)
    report.stood_effects = measure_effect_gaps(stored, report.kills)
    return report


def show_report(report: Report) -> None:
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
        "guarantees violated": len(report.faults),
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
    with (
        tempfile.TemporaryDirectory() as name,
        start_database(given.database) as server,
    ):
        place = Place(Path(name), server.fresh() if server else None)
        with run_receiver(place.folder, **SLOW) as receiver:
            show_report(asyncio.run(run_chaos(place, plan, receiver)))


if __name__ == "__main__":
    main()
