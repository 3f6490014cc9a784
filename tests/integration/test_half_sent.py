"""Connections that begin a request and never end it are closed, and meanwhile nobody else waits."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import httpx
import pytest

from tests.conftest import ServerProcess, serving

CONNECTIONS = 300
HANGING = 60.0
"""Seconds that pass only when the server waits for what never comes."""

LINE = b"POST /api/v1/workflow/process HTTP/1.1\r\n"
BEGINNINGS = (
    b"",
    b"POST /api/v1/work",
    LINE + b"Host: here\r\nX-Unfinished: a",
    LINE
    + b"Host: here\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
    LINE
    + (
        b"Host: here\r\nContent-Type: application/json\r\nContent-Length: "
        b'1000\r\n\r\n{"subject": "half'
    ),
    LINE
    + (
        b"Host: here\r\nContent-Type: application/json\r\nTransfer-Encoding: "
        b'chunked\r\n\r\n5\r\n{"sub\r\n'
    ),
)
TICKET = {
    "subject": "Printer",
    "body": "It does not print since the update.",
    "customer_email": "p@example.com",
}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that no other test holds connections to."""
    with serving(tmp_path) as server:
        yield server


async def begun(
    server: ServerProcess, beginning: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a request has begun."""
    address = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(beginning)
    await writer.drain()
    return reader, writer


async def until_closed(reader: asyncio.StreamReader) -> None:
    """Return when the server has closed a connection."""
    with suppress(ConnectionResetError):
        await reader.read()


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    """More of the same header. Raises ConnectionError when the server has had enough."""
    while True:
        writer.write(b"y" * 65_536)
        await writer.drain()


async def test_300_half_sent_requests_are_closed_and_hold_up_nobody(
    own_server: ServerProcess,
) -> None:
    half_sent = [
        await begun(own_server, beginning)
        for beginning in islice(cycle(BEGINNINGS), CONNECTIONS)
    ]
    closed = asyncio.gather(*(until_closed(reader) for reader, _ in half_sent))
    meanwhile = 0
    async with httpx.AsyncClient(base_url=own_server.url, timeout=HANGING) as client:
        for _ in range(20):
            assert (
                await client.post("/api/v1/workflow/process", json=TICKET)
            ).status_code == 200
            meanwhile += not closed.done()
    await asyncio.wait_for(closed, HANGING)
    for _, writer in half_sent:
        writer.transport.abort()
    assert meanwhile > 0


async def test_headers_that_never_end_are_cut_off(server: ServerProcess) -> None:
    _, writer = await begun(server, LINE + b"X-Endless: ")
    with pytest.raises(ConnectionError):
        await send_for_ever(writer)
    writer.transport.abort()
    assert (
        await asyncio.to_thread(httpx.get, f"{server.url}/health")
    ).status_code == 200


async def test_a_request_in_small_pieces_is_answered(server: ServerProcess) -> None:
    reader, writer = await begun(server, LINE[:20])
    for piece in (
        LINE[20:],
        b"Host: here\r\nContent-Type: application/json\r\nContent-Le",
        b"ngth: 2\r\n\r\n{",
        b"}",
    ):
        writer.write(piece)
        await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 422 ")
    writer.transport.abort()
