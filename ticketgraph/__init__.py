"""The graph and the Python API on it."""

from ticketgraph.app import TicketGraph
from ticketgraph.blocking import BlockingTicketGraph

__all__ = ["BlockingTicketGraph", "TicketGraph"]
