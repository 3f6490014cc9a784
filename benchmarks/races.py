"""Two people decide the same thing differently at the same moment, at two API processes.

`python -m benchmarks.races`.

Of each pair one has to be told that it counts, the other who was first, when, and with
what; and what follows is what the first one said, once.
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

from benchmarks.books import Told, faults
from benchmarks.chaos import at_rest, audit_faults
from benchmarks.clients import Clients
from benchmarks.fleet import Place, database, sailing
from benchmarks.receiver import ReceiverProcess, deliveries, receiving
from benchmarks.table import show_table

AT_ONCE = 10
POSTERS = 16
WINNER = re.compile(
    r"(\w+) already decided this at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: (\w+)\."
)
DECISIONS = ("approve", "reject")


@dataclass
class Report:
    """Who won, and every promise that was broken."""

    pairs: int = 0
    answers: Counter[tuple[int, ...]] = field(default_factory=Counter)
    winners: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    effects: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def races(
    place: Place,
    pairs: int,
    receiver: ReceiverProcess | None,
    seed: int = 7,
    **more: str,
) -> Report:
    """So many questions, then a pair of decisions for each."""
    rng, report = random.Random(seed), Report()
    delivering = receiver.environment if receiver else {}
    async with (
        sailing(place, apis=2, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls, seed) as clients,
    ):
        await asyncio.gather(*(ask(clients, pairs, first) for first in range(POSTERS)))
        await at_rest(place)
        waiting = [
            key
            for (key,) in place.books.rows(
                "SELECT id FROM approvals WHERE status = 'pending'"
            )
        ]
        clock, turns = time.monotonic(), iter(waiting)
        await asyncio.gather(*(decide_all(clients, turns, rng) for _ in range(AT_ONCE)))
        report.seconds = time.monotonic() - clock
        await at_rest(place)
    report.pairs, report.effects = len(waiting), place.books.effects()
    for approval in waiting:
        judge(approval, clients.told, report)
    report.faults += faults(
        place.books, clients.told, deliveries(receiver.file) if receiver else None
    )
    report.faults += audit_faults(place.environment)
    return report


async def ask(clients: Clients, pairs: int, first: int) -> None:
    """One client's share of tickets that a person has to see."""
    for _ in range(first, pairs, POSTERS):
        await clients.post("/api/v1/tickets", critical=True)


async def decide_all(
    clients: Clients, waiting: Iterator[str], rng: random.Random
) -> None:
    """Pair after pair. Each time somebody else is at the first address, with another decision."""
    for approval in waiting:
        people, decisions = rng.sample(("ada", "grace"), 2), rng.sample(DECISIONS, 2)
        await clients.race(approval, dict(zip(people, decisions, strict=True)))


def judge(approval: str, told: Told, report: Report) -> None:
    """What both were told about one approval."""
    answers = told.decisions[approval]
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


def show(report: Report) -> None:
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
        "promises broken": len(report.faults),
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
        server = stack.enter_context(database(given.database))
        receiver = stack.enter_context(receiving(folder))
        place = Place(folder, server.fresh() if server else None)
        show(asyncio.run(races(place, given.pairs, receiver)))


if __name__ == "__main__":
    main()
