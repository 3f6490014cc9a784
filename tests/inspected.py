"""TicketGraph with the parts it stands on, for tests that look behind the Python API."""

from ticketgraph.app import TicketGraph
from ticketgraph.assembly import Assembly


class InspectedTicketGraph(TicketGraph):
    """`InspectedTicketGraph.open(...)` is `TicketGraph.open(...)` with `parts` to look at."""

    def __init__(
        self, assembly: Assembly, max_wait_seconds: float | None = None
    ) -> None:
        super().__init__(assembly, max_wait_seconds)
        self.parts = assembly
