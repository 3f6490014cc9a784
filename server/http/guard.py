"""Around every request: its id, the cap on its body, and the headers that keep browsers safe."""

import re
import uuid
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.problems import problem

MAX_BODY = 1_048_576
"""Bytes of a request's body.

The largest ticket, 50,000 characters escaped in JSON, is under 600 kB.
"""

MAX_DRAINED = 33_554_432
"""Bytes that are read and thrown away so that a client that is still sending gets to read
the refusal."""

TOO_LARGE = f"The body is too large. Send at most {MAX_BODY // 1024} KiB."

MAX_HEAD = 32_768
"""Bytes of a request's address and headers together. Browsers and proxies send a few thousand."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors "
        "'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body that is too large before anything parses it.

        Mark everything that goes out.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = known_id(headers.get("x-request-id"))
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                out["x-request-id"] = request_id
                for name, value in SECURITY.items():
                    out.setdefault(name, value)
            await send(message)

        if not scope["path"].isprintable():
            await no_such_path()(scope, receive, marked)
            return
        if head_size(scope) > MAX_HEAD:
            await head_too_large()(scope, receive, marked)
            return
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY:
            if int(length) <= MAX_DRAINED:
                await drain(receive)
            await too_large()(scope, receive, marked)
            return
        await self.app(scope, Capped(receive), marked)


class Capped:
    """The request's body, up to the cap."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.left = MAX_BODY

    async def __call__(self) -> MutableMapping[str, Any]:
        """The next message.

        Raises HTTPException 413 when a body of unannounced length goes over the cap.
        """
        message = await self.receive()
        if message["type"] == "http.request":
            self.left -= len(message.get("body", b""))
            if self.left < 0:
                raise HTTPException(413, TOO_LARGE)
        return message


async def drain(receive: Receive) -> None:
    """Read the rest of the body and keep none of it."""
    while (message := await receive())["type"] == "http.request" and message.get(
        "more_body"
    ):
        pass


def no_such_path() -> ASGIApp:
    """The refusal of an address with control characters.

    A router takes one that ends in a newline for another.
    """
    return problem(
        404,
        "The request cannot be answered.",
        "No address has control characters in it.",
    )


def head_size(scope: Scope) -> int:
    """Bytes of the address and the headers."""
    return (
        len(scope["raw_path"])
        + len(scope["query_string"])
        + sum(len(n) + len(v) for n, v in scope["headers"])
    )


def head_too_large() -> ASGIApp:
    """The refusal of a request that nobody needs to send."""
    detail = f"Send at most {MAX_HEAD // 1024} KiB of address and headers."
    return problem(431, "The request's headers are too large.", detail)


def too_large() -> ASGIApp:
    """The refusal of a body."""
    return problem(413, "The request cannot be answered.", TOO_LARGE)


def known_id(given: str | None) -> str:
    """The caller's id for the request if it is a harmless one, else a new one."""
    return given if given and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
