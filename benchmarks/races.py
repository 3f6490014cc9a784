"""Races: two people decide one approval differently at once, at two API processes.

    python -m benchmarks.races

One of them has to win, the other has to be told who won, when, and with which decision, and
only the winner's decision may have effects, once.
"""

import argparse
import asyncio
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos import find_audit_faults, wait_until_settled
from benchmarks.clients import Clients
from benchmarks.fleet import Place, run_fleet, start_database
from benchmarks.guarantees import ClientRecord, find_faults
from benchmarks.receiver import ReceiverProcess, deliveries, run_receiver
from benchmarks.table import show_table

AT_ONCE = 10
POSTERS = 16
WINNER = re.compile(
    r"(\w+) already decided this at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: (\w+)\."
)
DECISIONS = ("approve", "reject")


@dataclass
class Report:
    """Who won, and every violated guarantee."""

    pairs: int = 0
    answers: Counter[tuple[int, ...]] = field(default_factory=Counter)
    winners: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    effects: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def run_races(
    place: Place,
    pairs: int,
    receiver: ReceiverProcess | None,
    seed: int = 7,
    **more: str,
) -> Report:
    """Make `pairs` pending approvals, then race two decisions for each."""
    rng, report = random.Random(seed), Report()
    delivering = receiver.environment if receiver else {}
    async with (
        run_fleet(place, apis=2, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls, seed) as clients,
    ):
        await asyncio.gather(*(ask(clients, pairs, first) for first in range(POSTERS)))
        await wait_until_settled(place)
        waiting = [
            key
            for (key,) in place.stored.fetch_rows(
                "SELECT id FROM approvals WHERE status = 'pending'"
            )
        ]
        clock, turns = time.monotonic(), iter(waiting)
        await asyncio.gather(*(decide_all(clients, turns, rng) for _ in range(AT_ONCE)))
        report.seconds = time.monotonic() - clock
        await wait_until_settled(place)
    report.pairs, report.effects = len(waiting), place.stored.count_effects()
    for approval in waiting:
        check_pair(approval, clients.record, report)
    report.faults += find_faults(
        place.stored, clients.record, deliveries(receiver.file) if receiver else None
    )
    report.faults += find_audit_faults(place.environment)
    return report


async def ask(clients: Clients, pairs: int, first: int) -> None:
    """Post one client's share of tickets that need an approval."""
    for _ in range(first, pairs, POSTERS):
        await clients.post("/api/v1/tickets", critical=True)


async def decide_all(
    clients: Clients, waiting: Iterator[str], rng: random.Random
) -> None:
    """Race a pair for each approval, with addresses and decisions in random order."""
    for approval in waiting:
        people, decisions = rng.sample(("ada", "grace"), 2), rng.sample(DECISIONS, 2)
        await clients.race(approval, dict(zip(people, decisions, strict=True)))


def check_pair(approval: str, record: ClientRecord, report: Report) -> None:
    """Check what both were answered about one approval."""
    answers = record.decisions[approval]
    codes = tuple(sorted(code for _, code, _ in answers))
    report.answers[codes] += 1
    if codes not in ((200, 409), (202, 409)):
        report.faults.append(f"answered {codes}: {approval}")
        return
    winner = next(who for who, code, _ in answers if code < 300)
    report.winners[winner] += 1
    named = WINNER.fullmatch(next(detail for _, code, detail in answers if code == 409))
    if named is None or named[1] != winner:
        report.faults.append(
            f"{winner} has won, and the other was told {answers}: {approval}"
        )


def show_report(report: Report) -> None:
    """Print the table."""
    rows = {
        "pairs of decisions": report.pairs,
        "answered": ", ".join(
            f"{many} x {codes}" for codes, many in report.answers.items()
        ),
        "won by": ", ".join(f"{who} {many}" for who, many in report.winners.items()),
        "seconds": f"{report.seconds:.1f}",
        "effects": ", ".join(
            f"{many} {status}" for status, many in report.effects.items()
        ),
        "guarantees violated": len(report.faults),
    }
    show_table(rows, report.faults)


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument(
        "--database", choices=("sqlite", "postgres"), default="postgres"
    )
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(start_database(given.database))
        receiver = stack.enter_context(run_receiver(folder))
        place = Place(folder, server.fresh() if server else None)
        show_report(asyncio.run(run_races(place, given.pairs, receiver)))


if __name__ == "__main__":
    main()
