"""Whether a worker reaches its database."""

import logging

log = logging.getLogger("ticketgraph")


class DatabaseAvailability:
    """Tells the log once when the database goes away, and once when it is back."""

    def __init__(self) -> None:
        self.unavailable = False

    def note_unavailable(self, error: Exception) -> None:
        """It did not answer, or refused."""
        if not self.unavailable:
            log.error("tasks wait for the database: %s", type(error).__name__)
        self.unavailable = True

    def note_available(self) -> None:
        """It answered."""
        if self.unavailable:
            log.warning("the database is back, tasks go on")
        self.unavailable = False
