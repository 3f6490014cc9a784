"""The application around the graph, and its Python API."""

from ticketgraph.app import TicketGraph
from ticketgraph.blocking import BlockingTicketGraph

__all__ = ["BlockingTicketGraph", "TicketGraph"]
