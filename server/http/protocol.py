"""HTTP connections with a time limit on receiving each request."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.http.guard import MAX_HEAD_BYTES

REQUEST_TIMEOUT_SECONDS = 8.0
"""From a request's first byte to its last one.

On a slow line the largest body takes a tenth of it.
"""


class RequestTimeoutProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time limit on receiving a request, headers and body together.

    Headers that never end are refused by size: the parser buffers them, and the application
    does not see them before they end.
    """

    deadline: asyncio.TimerHandle | None = None
    head_bytes: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout: a connection that sends nothing is closed as well."""
        super().connection_made(transport)
        self.start_timeout()

    def data_received(self, data: bytes) -> None:
        """Start the timeout at the first bytes of a request."""
        if self.deadline is None:
            self.start_timeout()
        super().data_received(data)
        if self.head_bytes is not None:
            self.head_bytes += len(data)
            if self.head_bytes > 2 * MAX_HEAD_BYTES:
                self.reset_connection()

    def on_message_begin(self) -> None:
        """Start counting the bytes of the headers."""
        self.head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: from here on RequestGuard checks the size of the headers."""
        self.head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the timeout: the request is complete."""
        self.cancel_timeout()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timeout of a closed connection."""
        self.cancel_timeout()
        super().connection_lost(exc)

    def start_timeout(self) -> None:
        """Start the timeout."""
        self.deadline = self.loop.call_later(
            REQUEST_TIMEOUT_SECONDS, self.reset_connection
        )

    def cancel_timeout(self) -> None:
        """Stop the timeout."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def reset_connection(self) -> None:
        """Reset the connection.

        An orderly close would leave it half open while the client does not read.
        """
        self.cancel_timeout()
        connection: Any = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.transport.abort()
