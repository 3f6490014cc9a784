"""A real `langgraph dev` process on our langgraph.json, and what a client does with it."""

import os
import signal
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from tests.conftest import REPOSITORY

GRAPH = "ticketgraph"
START_SECONDS = 300.0
UNJUDGED = {
    "ticket": {
        "subject": "Error code ERR-500",
        "body": "The export of my report stops with error code ERR-500.",
        "customer_email": "bob@example.com",
    },
    "options": {"skip_classification": True},
}
"""Nobody says what it is about, and unknown means that a person is asked."""


class Outside(socketserver.ThreadingTCPServer):
    """Stands for the world beyond this machine, and remembers who came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Listener)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Listener(socketserver.BaseRequestHandler):
    server: Outside

    def handle(self) -> None:
        self.server.heard.append(self.request.recv(4096))


@dataclass(frozen=True)
class Studio:
    """What the tests hold of the running server."""

    client: LangGraphClient
    outside: Outside
    log: Path

    async def schemas(self) -> dict[str, Any]:
        assistants: Any = await self.client.assistants.search(graph_id=GRAPH)
        found: Any = await self.client.assistants.get_schemas(
            assistants[0]["assistant_id"]
        )
        return found

    async def thread(self) -> str:
        return (await self.client.threads.create())["thread_id"]

    async def run(self, thread_id: str, **what: Any) -> dict[str, Any]:
        """Run until the graph ends, waits or fails, as any client does."""
        values: Any = await self.client.runs.wait(
            thread_id, GRAPH, raise_error=False, **what
        )
        return values

    async def process(self, ticket: dict[str, Any], **options: Any) -> dict[str, Any]:
        return await self.run(
            await self.thread(), input={"ticket": ticket, "options": options}
        )

    async def waiting(self) -> str:
        """A thread that waits for a person."""
        thread_id = await self.thread()
        await self.run(thread_id, input=UNJUDGED)
        return thread_id

    async def checkpoints(self, thread_id: str) -> dict[str, Any]:
        """The thread's newest checkpoint before each node."""
        found = {}
        for state in reversed(
            await self.client.threads.get_history(thread_id, limit=100)
        ):
            for node in state["next"]:
                found[node] = state["checkpoint"]
        return found


def environment(outside: Outside, folder: Path) -> dict[str, str]:
    """An environment in which a careless server would talk to somebody, and in which types
    could get lost."""
    return {
        **os.environ,
        "HTTP_PROXY": outside.url,
        "HTTPS_PROXY": outside.url,
        "LANGCHAIN_TRACING_V2": "true",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_DISABLE_FILE_PERSISTENCE": "true",
        "LANGGRAPH_STRICT_MSGPACK": "true",
        "LANGSMITH_API_KEY": "lsv2_pt_a_key_of_the_developer",
        "LANGSMITH_ENDPOINT": outside.url,
        "LANGSMITH_TRACING": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "TMPDIR": str(folder),
    }


@contextmanager
def langgraph_dev(port: int, folder: Path, outside: Outside) -> Iterator[Path]:
    """The command of the documentation, until it answers; at the end Ctrl-C. Yields its log."""
    command = [
        sys.executable,
        "-m",
        "langgraph_cli",
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    path = folder / "langgraph.log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-browser", "--no-reload", "--n-jobs-per-worker", "8"],
            cwd=REPOSITORY,
            env=environment(outside, folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        await_ok(process, port, path)
        yield path
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=300)


def await_ok(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server says that it is up.

    Fail with its log when it ends or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ok", timeout=1).json() == {
                "ok": True,
                "services": {},
            }:
                return
        except httpx.HTTPError:
            time.sleep(0.05)  # between two polls of another process
    pytest.fail(f"langgraph dev did not start:\n{log.read_text()[-3000:]}")


def effects(values: dict[str, Any]) -> dict[str, str]:
    """Where each effect would have gone."""
    return {
        effect["action"]: effect["target"] for effect in values["delivery"]["effects"]
    }


def sent(values: dict[str, Any]) -> str | None:
    """The reply that would have been sent."""
    texts = [
        effect["payload"]["text"]
        for effect in values["delivery"]["effects"]
        if effect["action"] == "reply"
    ]
    return texts[0] if texts else None
