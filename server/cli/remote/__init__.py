"""Commands beside a running server: TicketGraph's Python API over HTTP."""
