"""A webhook receiver that records every delivery, repeated ones too.

    python -m benchmarks.receiver --file FILE

A line of the file is one delivery: `{"marker", "action", "target", "ticket_id", "at"}`, with
`at` in seconds since 1970, written before the answer is sent. A marker that it knows gets
the same id again. POST /control changes its behaviour.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from tests.conftest import free_port, process

PATH = "/deliveries"
NOTED = ("marker", "action", "target", "ticket_id")
STARTED_SECONDS = 30.0


@dataclass(frozen=True)
class Behaviour:
    """How it treats deliveries.

    delay: the longest pause before one is recorded, and again before it is answered, in
    seconds; busy: the share answered with 503 and not recorded; lost: the share that is
    recorded and answered with 500.
    """

    delay: float = 0.0
    busy: float = 0.0
    lost: float = 0.0


class Receiver:
    """The web application, its file and its counts."""

    def __init__(self, file: Path, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.counts = Counter(delivery["marker"] for delivery in deliveries(file))
        self.lines = file.open("a", encoding="utf-8", buffering=1)

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_post(PATH, self.receive)
        app.router.add_get(PATH, self.find)
        app.router.add_post("/control", self.control)
        return app

    async def receive(self, request: web.Request) -> web.Response:
        """Record a delivery, also when the sender has disconnected meanwhile."""
        sent, now = await request.json(), self.behaviour
        await asyncio.sleep(random.uniform(0, now.delay))
        chance = random.random()
        if chance < now.busy:
            return web.json_response(
                {"message": "later"}, status=503, headers={"Retry-After": "1"}
            )
        marker = sent["marker"]
        self.counts[marker] += 1
        self.lines.write(
            json.dumps({name: sent[name] for name in NOTED} | {"at": time.time()})
            + "\n"
        )
        await asyncio.sleep(random.uniform(0, now.delay))
        if chance < now.busy + now.lost:
            return web.Response(status=500, text="sorry")
        return web.json_response(
            {"marker": marker, "id": self.id_of(marker)}, status=201
        )

    async def find(self, request: web.Request) -> web.Response:
        """Look up a marker."""
        marker = request.query["marker"]
        known = self.counts[marker] > 0
        found = {"marker": marker, "id": self.id_of(marker) if known else None}
        return web.json_response(found, status=200 if known else 404)

    async def control(self, request: web.Request) -> web.Response:
        """Change the behaviour."""
        self.behaviour = replace(self.behaviour, **await request.json())
        return web.json_response({})

    def id_of(self, marker: str) -> str:
        """The id that it gives a delivery."""
        return f"received-{marker}"


def deliveries(file: Path) -> list[dict[str, Any]]:
    """All recorded deliveries, in order."""
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        if file.exists()
        else []
    )


@dataclass(frozen=True)
class ReceiverProcess:
    """A running receiver and its file."""

    url: str
    file: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that delivers to it."""
        return {"DELIVERY_WEBHOOK_URL": self.url + PATH}

    def behave(self, **wanted: float) -> None:
        """See Behaviour."""
        httpx.post(f"{self.url}/control", json=wanted).raise_for_status()


@contextmanager
def run_receiver(folder: Path, **behaviour: float) -> Iterator[ReceiverProcess]:
    """A receiver in a process of its own, stopped at the end."""
    file, port = folder / "received.jsonl", free_port()
    program = ("-m", "benchmarks.receiver", "--file", str(file), "--port", str(port))
    with process(log=folder / "receiver.log", program=program):
        started = ReceiverProcess(f"http://127.0.0.1:{port}", file)
        await_answer(f"{started.url}{PATH}?marker=none")
        started.behave(**behaviour)
        yield started


def await_answer(url: str) -> None:
    """Return when something answers there. Raises TimeoutError."""
    deadline = time.monotonic() + STARTED_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=1)
        except httpx.HTTPError:
            time.sleep(0.05)  # between two polls of another process
        else:
            return
    raise TimeoutError(f"nothing answers at {url}")


def main() -> None:
    """Serve until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--file", type=Path, default=Path("received.jsonl"))
    parser.add_argument(
        "--delay",
        type=float,
        default=0.0,
        help="most seconds before it is noted, and then answered",
    )
    given = parser.parse_args()
    receiver = Receiver(given.file, Behaviour(delay=given.delay))
    sys.stdout.write(f"http://127.0.0.1:{given.port}{PATH}\n")
    sys.stdout.flush()
    web.run_app(
        receiver.app(), host="127.0.0.1", port=given.port, access_log=None, print=None
    )


if __name__ == "__main__":
    main()
