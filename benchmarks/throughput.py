"""Tickets a second with one process and with more workers.

    python -m benchmarks.throughput --model-seconds 0 1

Each client posts ticket after ticket and waits for each; every ticket is another text of
another customer. CPU is milliseconds a ticket of all processes of a kind; clients, model
and database share the machine's cores with them. With `--worker-cores 0.25` each worker
gets a quarter of a core, so the factor shows how throughput grows while cores are free.
"""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.corpus import tickets
from benchmarks.fleet import Fleet, Place, run_fleet, start_database
from benchmarks.quota import limit_cpu
from benchmarks.slow_model import run_slow_model
from benchmarks.speed import cpu_seconds, percentile, send_load
from tests.postgres import PostgresServer

WARM = 40
MANY_TICKETS = 1_000_000


@dataclass(frozen=True)
class Measured:
    """One row of the table."""

    name: str
    model_seconds: float
    per_second: float
    p50: float
    p95: float
    cpu: Mapping[str, float]
    errors: int


async def measure_row(
    place: Place,
    server: PostgresServer | None,
    workers: int,
    clients: int,
    count: int,
    model: tuple[float, dict[str, str]],
    worker_cores: float | None,
) -> Measured:
    """Measure one combination, after some tickets to warm up."""
    corpus = tickets(MANY_TICKETS)
    async with run_fleet(place, apis=1, workers=workers, **model[1]) as fleet:
        await send_load(fleet.urls[0], corpus, 8, WARM * max(workers, 1))
        with limit_cpu(
            worker_cores,
            [member.pid for member in fleet.members if member.command == "worker"],
        ):
            before, clock = cpu_of(fleet, server), time.perf_counter()
            done = await send_load(fleet.urls[0], corpus, clients, count)
            seconds, after = time.perf_counter() - clock, cpu_of(fleet, server)
    times = [spent for spent, _ in done]
    used = {kind: (after[kind] - before[kind]) / count * 1000 for kind in after}
    name = f"PostgreSQL, {workers} workers" if server else "SQLite"
    errors = sum(answer is None for _, answer in done)
    return Measured(
        name,
        model[0],
        count / seconds,
        percentile(times, 0.5),
        percentile(times, 0.95),
        used,
        errors,
    )


def cpu_of(fleet: Fleet, server: PostgresServer | None) -> Counter[str]:
    """CPU seconds of the processes of each kind so far."""
    used: Counter[str] = Counter()
    for member in fleet.members:
        used[member.command] += cpu_seconds(member.pid)  # pyright: ignore[reportArgumentType]
    if server:
        postmaster = int((server.folder / "postmaster.pid").read_text().splitlines()[0])
        family = [
            postmaster,
            *(
                child.pid
                for child in psutil.Process(postmaster).children(recursive=True)
            ),
        ]
        seconds = [cpu_seconds(pid) for pid in family]  # pyright: ignore[reportArgumentType]
        used["postgres"] += sum(seconds)
    return used


def show_report(rows: Sequence[Measured]) -> None:
    """Print the table.

    The factor is against the first row with the same model and kind of database.
    """
    first: dict[tuple[str, float], float] = defaultdict(float)
    print(
        "database               model s  tickets/s  factor  p50 ms   p95 ms  errors  CPU ms/ticket"
    )
    for row in rows:
        group = (row.name.split(",")[0], row.model_seconds)
        first[group] = first[group] or row.per_second
        cpu = ", ".join(f"{kind} {spent:.0f}" for kind, spent in row.cpu.items())
        numbers = (
            f"{row.per_second:10.1f} {row.per_second / first[group]:7.2f} {row.p50:7.0f} "
            f"{row.p95:8.0f}"
        )
        print(f"{row.name:22} {row.model_seconds:7.1f} {numbers} {row.errors:7}  {cpu}")


async def measure(stack: ExitStack, given: argparse.Namespace) -> list[Measured]:
    """Every combination, each on a new database."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = stack.enter_context(start_database("postgres"))
    rows: list[Measured] = []
    for seconds in given.model_seconds:
        model = (
            seconds,
            stack.enter_context(run_slow_model(folder, seconds)) if seconds else {},
        )
        for workers in given.workers:
            used = server if workers else None
            place = Place(
                folder / f"{seconds}-{workers}", used.fresh() if used else None
            )
            place.folder.mkdir()
            rows.append(
                await measure_row(
                    place,
                    used,
                    workers,
                    given.clients,
                    given.tickets,
                    model,
                    given.worker_cores,
                )
            )
            show_report(rows[-1:])
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-seconds", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=[0, 1, 2, 4],
        help="on PostgreSQL, beside one API process; 0 is SQLite",
    )
    parser.add_argument(
        "--worker-cores",
        type=float,
        help="so much of a core for each worker; as root, cgroup v1",
    )
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--tickets", type=int, default=600)
    given = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {given.clients} clients"
    )
    with ExitStack() as stack:
        rows = asyncio.run(measure(stack, given))
    show_report(rows)


if __name__ == "__main__":
    main()
