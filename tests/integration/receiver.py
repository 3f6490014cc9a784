"""A real HTTP receiver of deliveries that counts what it accepts, and fails in every way
that one can."""

import asyncio
import base64
import json
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Self

from aiohttp import web

ACCEPTING = frozenset(
    {
        "accept",
        "500 after",
        "hang after",
        "drop after",
        "garbage after",
        "no id",
        "long after",
        "conflict after",
    }
)
"""Modes in which a delivery is accepted, whatever is then said."""

REFUSALS = {
    "refuse": 422,
    "unauthorized": 401,
    "timeout": 408,
    "early": 425,
    "conflict": 409,
    "error": 502,
}
REFUSALS |= {"too many": 429, "busy": 503, "redirect": 307}


class Receiver:
    """`async with Receiver() as receiver:` then `receiver.url`, `receiver.then("hang
    after")`, `receiver.accepted`.

    mode: what a delivery gets that no plan is made for. search: `answers`, or how it does
    not. It does not look at idempotency keys: whatever comes twice is accepted twice.
    """

    def __init__(self, secret: str | None = None, port: int = 0) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_")) if secret else None
        self.port = port
        self.mode, self.search = "accept", "answers"
        self.accepted: Counter[str] = Counter()
        self.bodies: dict[str, dict[str, Any]] = {}
        self.headers: list[Mapping[str, str]] = []
        self.requests = 0
        self.searches = 0
        self.arrived = asyncio.Event()
        self.searched = asyncio.Event()
        self.leaving = asyncio.Event()
        self._plan: deque[str] = deque()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.port}/deliveries?tenant=a%20b"

    def then(self, *modes: str) -> None:
        """The modes of the next deliveries, one after the other."""
        self._plan.extend(modes)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen: at the same port as before, if there was a before."""
        app = web.Application()
        app.router.add_post("/deliveries", self.receive)
        app.router.add_get("/deliveries", self.find)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        """Be down."""
        self.leaving.set()
        if self._runner:
            await self._runner.cleanup()
        self.leaving.clear()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One delivery."""
        self.requests += 1
        body = await request.read()
        mode = self._plan.popleft() if self._plan else self.mode
        sent = json.loads(body)
        marker = sent["marker"]
        self.headers.append(request.headers)
        if mode in ACCEPTING:
            self.accepted[marker] += 1
            self.bodies[marker] = sent
        self.arrived.set()
        return await self.answer(request, mode, marker)

    async def answer(
        self, request: web.Request, mode: str, marker: str
    ) -> web.StreamResponse:
        """What is said, or not."""
        if mode in REFUSALS:
            headers = (
                {"Retry-After": "3"}
                if mode in ("too many", "busy")
                else {"Location": "/elsewhere"}
            )
            return web.json_response(
                {"message": "no"}, status=REFUSALS[mode], headers=headers
            )
        if mode.startswith("drop"):
            assert request.transport is not None
            request.transport.abort()
        if mode.startswith("hang"):
            await self.leaving.wait()
        if mode == "500 after":
            return web.Response(status=500, text="sorry")
        if mode == "garbage after":
            return web.Response(
                text="<html>Welcome to the hotel's network</html>",
                content_type="text/html",
            )
        if mode == "long after":
            return web.json_response({"id": "x", "more": "y" * 200_000})
        if mode == "no id":
            return web.json_response({"ok": True})
        status = 409 if mode == "conflict after" else 201
        return web.json_response(
            {"marker": marker, "id": self.id_of(marker)}, status=status
        )

    async def find(self, request: web.Request) -> web.StreamResponse:
        """The search, which looks at what was accepted."""
        self.searches += 1
        self.searched.set()
        marker = request.query["marker"]
        assert request.query.get("tenant") == "a b"
        match self.search:
            case "answers" if self.accepted[marker]:
                return web.json_response({"marker": marker, "id": self.id_of(marker)})
            case "answers":
                return web.json_response({"marker": marker, "id": None}, status=404)
            case "bare 404":
                return web.Response(status=404, text="Cannot GET /deliveries")
            case "another page":
                return web.json_response({"id": 7, "marker": "something else"})
            case "forbidden":
                return web.Response(status=405)
            case "hangs":
                await self.leaving.wait()
        return web.Response(status=500)

    def id_of(self, marker: str) -> str:
        """What it calls a delivery."""
        return f"remote-{sum(marker.encode())}"
