"""Middleware of every request: request id, size limits, and security headers."""

import re
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.log import log
from server.http.problems import problem_response

MAX_BODY_BYTES = 1_048_576
"""Bytes of a request's body.

The largest ticket, 50,000 characters escaped in JSON, is under 600 kB.
"""

MAX_DRAINED_BYTES = 33_554_432
"""Bytes of a too large body that are read and discarded.

A client that is still sending then reads the refusal in place of a reset connection.
"""

BODY_TOO_LARGE = f"The body is too large. Send at most {MAX_BODY_BYTES // 1024} KiB."

MAX_HEAD_BYTES = 32_768
"""Bytes of a request's address and headers together. Browsers and proxies send a few thousand."""

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")

LOGGED_IDS = ("ticket_id", "run_id", "approval_id")
"""Parameters of paths that a request's line in the log shows."""

OWN_ID_PATTERN = re.compile(r"TKT-[0-9A-F]{8}|[0-9a-f]{32}")
"""Ids of our making. Anything else in a path may be a customer's name."""

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors "
        "'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class RequestGuard:
    """ASGI middleware: refuses oversized requests, adds the request id and security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Oversized bodies are refused before anything parses them."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_of(headers.get("x-request-id"))
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}

        started, status = time.monotonic(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["x-request-id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.answer(scope, headers, receive, send_with_headers)
            finally:
                log.info(
                    "request answered" if status else "request not answered",
                    method=scope["method"],
                    route=route_of(scope),
                    **ids_of(scope),
                    status=status,
                    duration_ms=round((time.monotonic() - started) * 1000, 1),
                )

    async def answer(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """Answer the request, or refuse it before anything parses its body."""
        if not scope["path"].isprintable():
            await refuse_path()(scope, receive, send)
            return
        if head_size(scope) > MAX_HEAD_BYTES:
            await refuse_head()(scope, receive, send)
            return
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            if int(length) <= MAX_DRAINED_BYTES:
                await drain_body(receive)
            await refuse_body()(scope, receive, send)
            return
        await self.app(scope, CappedBody(receive), send)


class CappedBody:
    """A receive callable that limits the request's body to MAX_BODY_BYTES."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.bytes_left = MAX_BODY_BYTES

    async def __call__(self) -> MutableMapping[str, Any]:
        """The next message.

        Raises HTTPException 413 when a body without Content-Length exceeds the limit.
        """
        message = await self.receive()
        if message["type"] == "http.request":
            self.bytes_left -= len(message.get("body", b""))
            if self.bytes_left < 0:
                raise HTTPException(413, BODY_TOO_LARGE)
        return message


def route_of(scope: Scope) -> str:
    """The path of the route that answered, as our code has it; `-` where none did.

    Not the path that was sent, in which a caller may have put anything.
    """
    return getattr(scope.get("route"), "path", "-")


def ids_of(scope: Scope) -> dict[str, str]:
    """The ids in the path, where they are of our making."""
    params = scope.get("path_params", {})
    return {
        name: params[name]
        for name in LOGGED_IDS
        if OWN_ID_PATTERN.fullmatch(str(params.get(name, "")))
    }


async def drain_body(receive: Receive) -> None:
    """Read the rest of the body and discard it."""
    while (message := await receive())["type"] == "http.request" and message.get(
        "more_body"
    ):
        pass


def refuse_path() -> ASGIApp:
    """The refusal of a path with control characters.

    The router would match a path that ends in a newline like the one without it.
    """
    return problem_response(
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


def refuse_head() -> ASGIApp:
    """The refusal of an oversized path and headers."""
    detail = f"Send at most {MAX_HEAD_BYTES // 1024} KiB of address and headers."
    return problem_response(431, "The request's headers are too large.", detail)


def refuse_body() -> ASGIApp:
    """The refusal of a body."""
    return problem_response(413, "The request cannot be answered.", BODY_TOO_LARGE)


def request_id_of(given: str | None) -> str:
    """The caller's X-Request-ID if it is well-formed, else a new id."""
    return given if given and REQUEST_ID_PATTERN.fullmatch(given) else uuid.uuid4().hex
