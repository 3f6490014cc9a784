"""The system's processes on one database, to be killed, frozen and started again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.guarantees import StoredState
from storage.database.address import DATABASE_FILE
from tests.conftest import REPOSITORY, free_port
from tests.postgres import PostgresServer, postgres_server

STARTED_SECONDS, STOPPED_SECONDS = 240.0, 40.0
"""Generous, for a busy machine: a start takes three seconds of a core."""

ANSWER_SECONDS = 10.0
"""Timeout of /health, on a server with a backlog."""


class Member:
    """One process: `serve` or `api` on a port of its own that it keeps, or `worker`."""

    def __init__(
        self, name: str, command: str, folder: Path, environment: dict[str, str]
    ) -> None:
        self.name, self.command = name, command
        self.port = None if command == "worker" else free_port()
        self.log = folder / f"{name}.log"
        self.environment = os.environ | environment
        self.process: subprocess.Popen[bytes] | None = None
        self.said_before = 0

    @property
    def url(self) -> str:
        """Its address, if it serves HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the current process."""
        return self.process.pid if self.process else 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        self.said_before = self.log.stat().st_size if self.log.exists() else 0
        port = ["--port", str(self.port)] if self.port else []
        command = [sys.executable, "-m", "server.cli", self.command, *port]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def ready(self) -> None:
        """Wait until it is ready. Raises RuntimeError if it ends, TimeoutError if it is slow."""
        deadline = time.monotonic() + STARTED_SECONDS
        while not await self.answers():
            if not self.alive:
                raise RuntimeError(f"{self.name} ended: {self.said()[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} did not start: {self.said()[-2000:]}")
            await asyncio.sleep(0.05)  # between two polls of another process

    async def answers(self) -> bool:
        """Whether it is ready."""
        if self.port is None:
            return "worker is ready" in self.said()
        try:
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as client:
                return (await client.get(f"{self.url}/health")).status_code == 200
        except httpx.HTTPError:
            return False

    def said(self) -> str:
        """Its log since the last start."""
        return self.log.read_bytes()[self.said_before :].decode()

    def kill(self) -> None:
        """SIGKILL: like a crash, the out-of-memory killer or a lost machine."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self) -> None:
        """SIGSTOP: like a paused machine or a hanging disk. Its sockets stay open."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT: it resumes."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it runs."""
        if self.process is not None and self.alive:
            self.process.send_signal(number)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL if it does not end in time."""
        self.thaw()
        self.signal(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(STOPPED_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


@dataclass(frozen=True)
class Place:
    """Where a fleet stores its data: a folder, and on PostgreSQL a database beside it."""

    folder: Path
    database_url: str | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def stored(self) -> StoredState:
        """The state in its database."""
        return StoredState(self.database_url or self.data / DATABASE_FILE)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        here = {"DATA_DIR": str(self.data)}
        return here | {"DATABASE_URL": self.database_url} if self.database_url else here


@dataclass(frozen=True)
class Fleet:
    """The processes of one system."""

    members: Sequence[Member]

    @property
    def urls(self) -> list[str]:
        """The addresses that serve HTTP."""
        return [member.url for member in self.members if member.port]

    @property
    def working(self) -> list[Member]:
        """The processes that advance runs."""
        return [member for member in self.members if member.command != "api"]

    async def restart(self, member: Member) -> float:
        """Kill one and start it again. Returns when it was killed."""
        member.kill()
        at = time.time()
        member.start()
        return at


@asynccontextmanager
async def run_fleet(
    place: Place, apis: int = 1, workers: int = 1, **environment: str
) -> AsyncIterator[Fleet]:
    """A fleet that is ready, stopped at the end. On SQLite it is always one `serve`."""
    names = [f"api{n}" for n in range(1, apis + 1)] + [
        f"worker{n}" for n in range(1, workers + 1)
    ]
    commands = (
        dict.fromkeys(("serve",), "serve")
        if place.database_url is None
        else {n: n[:-1] for n in names}
    )
    given = place.environment | environment
    fleet = Fleet(
        [
            Member(name, command, place.folder, given)
            for name, command in commands.items()
        ]
    )
    try:
        for member in fleet.members:
            member.start()
        await asyncio.gather(*(member.ready() for member in fleet.members))
        yield fleet
    finally:
        await asyncio.gather(
            *(asyncio.to_thread(member.stop) for member in fleet.members)
        )


@contextmanager
def start_database(kind: str) -> Iterator[PostgresServer | None]:
    """A new PostgreSQL server for `postgres`, None for `sqlite`."""
    if kind == "sqlite":
        yield None
        return
    with postgres_server() as server:
        server.make_template()
        yield server
