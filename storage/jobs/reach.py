"""Whether a worker reaches its database."""

import logging

log = logging.getLogger("ticketgraph")


class Reach:
    """Tells the log once when the database goes away, and once when it is back."""

    def __init__(self) -> None:
        self.away = False

    def lost(self, error: Exception) -> None:
        """It did not answer, or refused."""
        if not self.away:
            log.error("tasks wait for the database: %s", type(error).__name__)
        self.away = True

    def found(self) -> None:
        """It answered."""
        if self.away:
            log.warning("the database is back, tasks go on")
        self.away = False
