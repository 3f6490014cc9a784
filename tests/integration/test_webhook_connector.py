"""The webhook connector against a real HTTP server.

What every answer, and every missing one, is taken for.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from connectors.port import (
    NotAcceptedError,
    OutboundEffect,
    RefusedError,
    UnclearError,
    UnsearchableError,
)
from connectors.webhook import WebhookConnector, signing_key
from tests.integration.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
EFFECT = OutboundEffect(
    "TKT-1:reply:0c4f", "reply", "ada@example.com", "TKT-1", {"text": "Grüße"}
)
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
TIMEOUT = 30.0
SHORT = 0.5
"""The timeout where nothing is to be answered."""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
async def connector(receiver: Receiver) -> AsyncIterator[WebhookConnector]:
    made = WebhookConnector(receiver.url, SECRET, TIMEOUT, lambda: AT)
    yield made
    await made.close()


@pytest.fixture
async def impatient(receiver: Receiver) -> AsyncIterator[WebhookConnector]:
    made = WebhookConnector(receiver.url, SECRET, SHORT, lambda: AT)
    yield made
    await made.close()


def soon() -> float:
    return time.monotonic() + TIMEOUT


async def test_what_is_sent(receiver: Receiver, connector: WebhookConnector) -> None:
    assert await connector.send(EFFECT, soon()) == receiver.id_of(EFFECT.marker)
    assert receiver.bodies[EFFECT.marker] == {
        "marker": EFFECT.marker,
        "action": "reply",
        "target": "ada@example.com",
        "ticket_id": "TKT-1",
        "payload": {"text": "Grüße"},
    }
    headers = receiver.headers[0]
    assert (headers["idempotency-key"], headers["content-type"]) == (
        EFFECT.marker,
        "application/json",
    )


async def test_the_signature_is_that_of_standard_webhooks(
    receiver: Receiver, connector: WebhookConnector
) -> None:
    await connector.send(EFFECT, soon())
    headers, body = (
        receiver.headers[0],
        json.dumps(receiver.bodies[EFFECT.marker], ensure_ascii=False),
    )
    compact = body.replace(": ", ":").replace(", ", ",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{compact}"
    proof = hmac.new(
        b"a secret of 24 bytes....", signed.encode(), hashlib.sha256
    ).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(proof).decode()}"
    assert (headers["webhook-id"], int(headers["webhook-timestamp"])) == (
        EFFECT.marker,
        int(AT.timestamp()),
    )


def test_the_published_example_of_the_signature() -> None:
    # The one that the specification's libraries test themselves with.
    made = WebhookConnector(
        "http://x",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        1,
        lambda: datetime.fromtimestamp(1614265330, UTC),
    )
    headers = made.signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    )
    assert (
        headers["webhook-signature"]
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    "secret", ["whsec_", "short", "whsec_!!!", base64.b64encode(b"x" * 65).decode()]
)
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="base64 of 24 to 64 bytes"):
        signing_key(secret)


@pytest.mark.parametrize(
    ("mode", "error", "says"),
    [
        ("refuse", RefusedError, "422"),
        ("unauthorized", RefusedError, "401"),
        ("too many", NotAcceptedError, "429"),
        ("busy", NotAcceptedError, "503"),
        ("timeout", UnclearError, "408"),
        ("early", UnclearError, "425"),
        ("conflict", UnclearError, "409"),
        ("error", UnclearError, "502"),
        ("redirect", UnclearError, "307"),
        ("500 after", UnclearError, "500"),
        ("garbage after", UnclearError, "200 without an id"),
        ("no id", UnclearError, "200 without an id"),
        ("long after", UnclearError, "more than 64 KiB"),
        ("drop before", httpx.RemoteProtocolError, ""),
        ("drop after", httpx.RemoteProtocolError, ""),
    ],
)
async def test_what_an_answer_is_taken_for(
    receiver: Receiver,
    connector: WebhookConnector,
    mode: str,
    error: type[Exception],
    says: str,
) -> None:
    receiver.mode = mode
    with pytest.raises(error, match=says or None) as raised:
        await connector.send(EFFECT, soon())
    if isinstance(raised.value, NotAcceptedError):
        assert raised.value.seconds == 3
    assert receiver.requests == 1


async def test_who_does_not_answer_may_have_accepted(
    receiver: Receiver, impatient: WebhookConnector
) -> None:
    receiver.mode = "hang after"
    with pytest.raises(httpx.ReadTimeout):
        await impatient.send(EFFECT, soon())
    assert receiver.requests == 1


async def test_a_conflict_that_names_the_marker_is_an_acceptance(
    receiver: Receiver, connector: WebhookConnector
) -> None:
    receiver.mode = "conflict after"
    assert await connector.send(EFFECT, soon()) == receiver.id_of(EFFECT.marker)


async def test_who_is_down_has_not_accepted(
    receiver: Receiver, connector: WebhookConnector
) -> None:
    await receiver.stop()
    with pytest.raises(NotAcceptedError):
        await connector.send(EFFECT, soon())
    with pytest.raises(httpx.ConnectError):
        await connector.find(EFFECT.marker)


async def test_who_takes_no_connection_has_not_accepted() -> None:
    listening = await asyncio.start_server(
        lambda _r, _w: None, "127.0.0.1", 0, backlog=1, start_serving=False
    )
    port = listening.sockets[0].getsockname()[1]
    async with asyncio.timeout(TIMEOUT):
        connector = WebhookConnector(
            f"https://127.0.0.1:{port}/", None, SHORT, lambda: AT
        )
        with pytest.raises(
            NotAcceptedError
        ):  # the connection stands, but its TLS never does
            await connector.send(EFFECT, soon())
    await connector.close()
    listening.close()


async def test_nothing_leaves_after_its_time(
    receiver: Receiver, connector: WebhookConnector
) -> None:
    with pytest.raises(NotAcceptedError, match="too late"):
        await connector.send(EFFECT, time.monotonic())
    assert receiver.requests == 0


@pytest.mark.parametrize(
    ("search", "error"),
    [
        ("bare 404", UnsearchableError),
        ("another page", UnsearchableError),
        ("forbidden", UnsearchableError),
        ("fails", UnclearError),
    ],
)
async def test_a_search_that_says_nothing_of_the_marker_proves_nothing(
    receiver: Receiver, connector: WebhookConnector, search: str, error: type[Exception]
) -> None:
    receiver.search = search
    with pytest.raises(error):
        await connector.find(EFFECT.marker)


async def test_a_search_that_hangs_proves_nothing(
    receiver: Receiver, impatient: WebhookConnector
) -> None:
    receiver.search = "hangs"
    with pytest.raises(httpx.ReadTimeout):
        await impatient.find(EFFECT.marker)


async def test_the_search_knows_what_was_accepted(
    receiver: Receiver, connector: WebhookConnector
) -> None:
    assert await connector.find(EFFECT.marker) is None
    await connector.send(EFFECT, soon())
    assert await connector.find(EFFECT.marker) == receiver.id_of(EFFECT.marker)


async def test_neither_address_nor_content_is_logged(
    receiver: Receiver, connector: WebhookConnector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await connector.send(EFFECT, soon())
    assert "deliveries" not in caplog.text
    assert "Grüße" not in caplog.text
