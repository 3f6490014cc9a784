"""The graph and the Python API on it."""

from graph.blocking import BlockingTicketGraph
from graph.desk import TicketGraph

__all__ = ["BlockingTicketGraph", "TicketGraph"]
