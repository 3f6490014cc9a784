"""Sends effects as HTTP requests to one URL, signed by the Standard Webhooks specification.

See https://www.standardwebhooks.com, and docs/connectors.md for the receiver's side.
"""

import base64
import binascii
import hmac
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson

from connectors.port import (
    NotAcceptedError,
    OutboundEffect,
    RefusedError,
    UnclearError,
    UnsearchableError,
)

for library in ("httpx", "httpcore"):
    # They log each call at INFO, with a URL that may hold a secret.
    logging.getLogger(library).setLevel(logging.WARNING)

MAX_ANSWER_BYTES = 65_536
"""The longest answer that is read, in bytes."""

MAX_ID_LENGTH = 200
"""The longest id of a receiver's, in characters: the width of outbox.remote_id."""

RETRYABLE_STATUSES = (408, 409, 425, 429)
"""Client errors that a retry of the same request may not get."""

NOT_SENT_ERRORS = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Errors after which nothing has been sent."""

SEND_EVENTS = (
    "http11.send_request_headers.started",
    "http11.send_request_body.started",
)
"""httpcore's trace events just before the headers and the body are sent."""


class WebhookConnector:
    """See Connector. `secret` is as signing_key takes it, `seconds` the request's timeout."""

    def __init__(
        self, url: str, secret: str | None, seconds: float, now: Callable[[], datetime]
    ) -> None:
        self.url = httpx.URL(url)
        self.signing_key_bytes = signing_key(secret) if secret else None
        self.now = now
        self.client = httpx.AsyncClient(
            # A connection that is not made in half the time has certainly sent nothing.
            timeout=httpx.Timeout(seconds, connect=seconds / 2),
            # No keep-alive: on a connection that the receiver just closed, a request fails
            # with an unknown outcome.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )

    async def send(self, effect: OutboundEffect, before: float) -> str:
        """See Connector."""

        async def refuse_late_send(event: str, _: Any) -> None:
            if event in SEND_EVENTS and time.monotonic() >= before:
                raise NotAcceptedError("It was too late to send it.")

        body = orjson.dumps(
            {
                "marker": effect.marker,
                "action": effect.action,
                "target": effect.target,
                "ticket_id": effect.ticket_id,
                "payload": effect.payload,
            }
        )
        headers = {
            "Idempotency-Key": effect.marker,
            **self.signature_headers(effect.marker, body),
        }
        request = self.client.stream(
            "POST",
            self.url,
            content=body,
            headers=headers,
            extensions={"trace": refuse_late_send},
        )
        try:
            async with request as response:
                return parse_receipt(response, await read_body(response), effect.marker)
        except NOT_SENT_ERRORS:
            raise NotAcceptedError("The receiver cannot be reached.") from None

    async def find(self, marker: str) -> str | None:
        """See Connector."""
        # Not with `params`, which would replace the URL's own parameters.
        url = self.url.copy_merge_params({"marker": marker})
        request = self.client.stream(
            "GET", url, headers=self.signature_headers(marker, b"")
        )
        async with request as response:
            status, found = (
                response.status_code,
                answer_for_marker(await read_body(response), marker),
            )
        if found is not None and status in (200, 404):
            return remote_id(found)
        if status >= 500 or status in RETRYABLE_STATUSES:
            raise UnclearError(f"The receiver answered {status} to the search.")
        raise UnsearchableError(
            f"The receiver answered {status} to the search, and nothing that names the marker."
        )

    def signature_headers(self, marker: str, body: bytes) -> dict[str, str]:
        """The headers that prove the sender to the receiver; none without a secret."""
        if self.signing_key_bytes is None:
            return {}
        at = str(int(self.now().timestamp()))
        signed = hmac.digest(
            self.signing_key_bytes, f"{marker}.{at}.".encode() + body, "sha256"
        )
        proof = base64.b64encode(signed).decode()
        return {
            "webhook-id": marker,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{proof}",
        }

    async def close(self) -> None:
        """Close the client."""
        await self.client.aclose()


def signing_key(secret: str) -> bytes:
    """The key in a secret of Standard Webhooks: base64 of 24 to 64 bytes, `whsec_` optional.

    Raises ValueError for anything else.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError(
            "must be base64 of 24 to 64 bytes, with or without whsec_ in front"
        )
    return key


async def read_body(response: httpx.Response) -> bytes:
    """The answer's body. Raises UnclearError beyond MAX_ANSWER_BYTES."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise UnclearError(
                f"The receiver answered {response.status_code} and more than "
                f"{MAX_ANSWER_BYTES // 1024} KiB."
            )
    return body


def parse_receipt(response: httpx.Response, body: bytes, marker: str) -> str:
    """The receiver's id in its answer to an effect.

    Raises RefusedError, NotAcceptedError or UnclearError when it has not accepted it.
    """
    status, headers = response.status_code, response.headers
    if remote := accepted_id(status, body, marker):
        return remote
    said = f"The receiver answered {status}."
    if status == 429 or (status == 503 and "retry-after" in headers):
        raise NotAcceptedError(
            said, retry_after_seconds(headers.get("retry-after", ""))
        )
    if 400 <= status < 500 and status not in RETRYABLE_STATUSES:
        raise RefusedError(said)
    raise UnclearError(said if status >= 300 else f"{said[:-1]} without an id.")


def accepted_id(status: int, body: bytes, marker: str) -> str | None:
    """The receiver's id if it has accepted the effect, now or (409) before; else None."""
    if 200 <= status < 300:
        return remote_id(parse_object(body))
    if status == 409 and (known := answer_for_marker(body, marker)):
        return remote_id(known)
    return None


def parse_object(body: bytes) -> Mapping[str, Any]:
    """The answer as a JSON object; empty when it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def answer_for_marker(body: bytes, marker: str) -> Mapping[str, Any] | None:
    """The answer if it names this marker; None for any other."""
    value = parse_object(body)
    return value if value.get("marker") == marker else None


def remote_id(value: Mapping[str, Any]) -> str | None:
    """The id in an answer: a string or number of 1 to MAX_ID_LENGTH printable characters."""
    found = value.get("id")
    text = (
        str(found)
        if isinstance(found, str | int) and not isinstance(found, bool)
        else ""
    )
    return text if 0 < len(text) <= MAX_ID_LENGTH and text.isprintable() else None


def retry_after_seconds(retry_after: str) -> float:
    """The seconds of a Retry-After; 0 for a date, which leaves the pause to the caller."""
    return (
        float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0
    )
