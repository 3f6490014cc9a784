"""HTTP connections that do not wait for ever for the rest of a request."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.http.guard import MAX_HEAD

REQUEST_SECONDS = 8.0
"""From a request's first byte to its last one.

A client on a slow line sends the largest body in a tenth of it.
"""


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a deadline on receiving each request, its headers and its
    body together.

    Headers that never end are given up by size: the parser keeps them, and no application
    sees them before they end.
    """

    deadline: asyncio.TimerHandle | None = None
    head: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is as idle as one that stops in the middle."""
        super().connection_made(transport)
        self.expect()

    def data_received(self, data: bytes) -> None:
        """Start the clock at the first bytes of a request."""
        if self.deadline is None:
            self.expect()
        super().data_received(data)
        if self.head is not None:
            self.head += len(data)
            if self.head > 2 * MAX_HEAD:
                self.give_up()

    def on_message_begin(self) -> None:
        """A head begins: count it."""
        self.head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole: whether it is too large is now the application's to say."""
        self.head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole: stop the clock."""
        self.relax()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self.relax()
        super().connection_lost(exc)

    def expect(self) -> None:
        """Start the clock."""
        self.deadline = self.loop.call_later(REQUEST_SECONDS, self.give_up)

    def relax(self) -> None:
        """Stop the clock."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def give_up(self) -> None:
        """Reset the connection.

        A polite close would leave it half open on a client that never reads.
        """
        self.relax()
        connection: Any = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.transport.abort()
