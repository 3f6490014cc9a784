"""Tells those who watch a run that something of it was saved."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watchers:
    """Events by run. A watcher reads what is saved; the event only says that it is worth reading again."""

    def __init__(self) -> None:
        self.events: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, run_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something of the run is saved. The watcher clears it before it reads."""
        event = asyncio.Event()
        self.events.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            self.events[run_id].discard(event)
            if not self.events[run_id]:
                del self.events[run_id]

    def saved(self, run_id: str) -> None:
        """Something of the run was saved."""
        for event in self.events.get(run_id, ()):
            event.set()
