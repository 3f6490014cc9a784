"""`python -m server.cli`, the same as `ticketgraph`."""

from server.cli import app

app(prog_name="ticketgraph")
