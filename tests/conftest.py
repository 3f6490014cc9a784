"""What several kinds of tests use: a free port and a real server process."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest

from engines.embedding.embedder import Embedder
from engines.models.settings import ModelSettings
from tests.paths import REPOSITORY
from tests.postgres import PostgresServer, postgres_server

# The keys of a developer's environment or `.env` are not for tests, nor for the processes
# that tests start: an empty variable counts as not set, and comes before `.env`.
os.environ.update(
    dict.fromkeys((name.upper() for name in ModelSettings.model_fields), "")
)
# Readline of a process in a terminal sets it, and a command would wrap its tables to it.
os.environ.pop("COLUMNS", None)

START_SECONDS = 300.0
"""Seconds that pass only when a process hangs: on a busy machine a start takes a minute."""


@dataclass(frozen=True)
class ServerProcess:
    """A real `ticketgraph serve`, and how to reach it."""

    url: str
    pid: int
    process: subprocess.Popen[bytes]
    data_dir: Path

    def kill(self) -> None:
        """SIGKILL: what a crash, the out-of-memory killer or a lost machine looks like."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(10_000 + WORKER, 32_000, 16)
"""Below those of outgoing connections, and others in each of 16 pytest workers."""

turns = count(random.randrange(len(PORTS)))


def free_port() -> int:
    """A port nobody listens on, and that nobody else is given before a server is started on it."""
    while True:
        port = PORTS[next(turns) % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def await_healthy(process: subprocess.Popen[bytes], url: str) -> None:
    """Return when the server answers; fail when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=30).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)  # between two polls of another process
    pytest.fail("the server did not start")


@contextmanager
def process(
    *arguments: str,
    log: Path,
    program: Sequence[str] = ("-m", "server.cli"),
    **environment: str,
) -> Iterator["subprocess.Popen[bytes]"]:
    """`ticketgraph` with these arguments, stopped at the end unless it was killed before.

    `program` is what Python runs. No model is configured but by `environment`.
    """
    with log.open("ab") as output:
        running = subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.terminate()
        running.wait(timeout=START_SECONDS)


@contextmanager
def serving(
    data_dir: Path,
    port: int | None = None,
    program: Sequence[str] = ("-m", "server.cli"),
    command: str = "serve",
    **environment: str,
) -> Iterator[ServerProcess]:
    """A server process on a data folder.

    With `command` "api", it needs a DATABASE_URL in its environment.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    here = {"DATA_DIR": str(data_dir), **environment}
    with process(
        command,
        "--port",
        str(port),
        log=data_dir / "server.log",
        program=program,
        **here,
    ) as running:
        await_healthy(running, url)
        yield ServerProcess(url, running.pid, running, data_dir)


@contextmanager
def worker(
    folder: Path, name: str, **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process that is ready. Its log is `folder / name`."""
    log = folder / f"{name}.log"
    with process("worker", log=log, **environment) as running:
        deadline = time.monotonic() + START_SECONDS
        while "worker is ready" not in log.read_text():
            if running.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the worker did not start: {log.read_text()}")
            time.sleep(0.05)  # between two looks at another process
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests that only talk to it, offline in spite of a key."""
    with serving(
        tmp_path_factory.mktemp("server"), LLM_PROVIDER="none", OPENAI_API_KEY="unused"
    ) as process:
        yield process


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The embedding model, loaded once."""
    return Embedder.load()


@pytest.fixture(scope="session")
def http(server: ServerProcess) -> Iterator[httpx.Client]:
    """A client of the shared server."""
    with httpx.Client(base_url=server.url, timeout=300) as client:
        yield client


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests.

    `postgres.fresh()` is the DATABASE_URL of a new, migrated database.
    """
    with postgres_server() as running:
        running.make_template()
        yield running
