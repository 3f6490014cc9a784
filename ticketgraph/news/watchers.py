"""Notifies those who watch a run that it was saved or settled."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from contracts.result import Run

News = Literal["saved", "rests"]


def publish_nowhere(_run_id: str, _news: News) -> None:
    """Where no other process uses the database."""


@dataclass(eq=False)
class RunWatch:
    """The events of one run. An event only says that the database should be read again.

    `saved_event` is set whenever something of the run is saved; the watcher clears it before
    reading. `settled_event` is set when the run is finished, waits or has failed; `run` is
    then its result, if this process settled it.
    """

    saved_event: asyncio.Event = field(default_factory=asyncio.Event)
    settled_event: asyncio.Event = field(default_factory=asyncio.Event)
    run: Run | None = None


class Watchers:
    """The watches by run. `publish_news` notifies other processes."""

    def __init__(self, tell: Callable[[str, News], None] = publish_nowhere) -> None:
        self.watches: dict[str, set[RunWatch]] = {}
        self.publish_news = tell
        self.stopping = False

    @contextmanager
    def watch_run(self, run_id: str) -> Iterator[RunWatch]:
        """Watch a run inside the block."""
        watch = RunWatch()
        self.watches.setdefault(run_id, set()).add(watch)
        try:
            yield watch
        finally:
            self.watches[run_id].discard(watch)
            if not self.watches[run_id]:
                del self.watches[run_id]

    def announce_saved(self, run_id: str) -> None:
        """Notify of a run that this process saved."""
        self.handle_news(run_id, "saved")
        self.publish_news(run_id, "saved")

    def announce_settled(self, run_id: str, run: Run | None = None) -> None:
        """Notify of a run that this process settled."""
        for watch in self.watches.get(run_id, ()):
            watch.run = run
        self.handle_news(run_id, "rests")
        self.publish_news(run_id, "rests")

    def handle_news(self, run_id: str, news: News) -> None:
        """Set the events of a run that this or another process saved or settled."""
        for watch in self.watches.get(run_id, ()):
            watch.saved_event.set()
            if news == "rests":
                watch.settled_event.set()

    def stop(self) -> None:
        """End all waits: every watcher reads once more, and gives up."""
        self.stopping = True
        for run_id in self.watches:
            self.handle_news(run_id, "rests")
