"""Tells those who watch a run that something of it was saved, or that it rests."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from contracts.result import Run

News = Literal["saved", "rests"]


def publish_nowhere(_run_id: str, _news: News) -> None:
    """For a process that is alone."""


@dataclass(eq=False)
class RunWatch:
    """What somebody is told of one run.

    An event only says that the database is worth reading again.

    `saved` is set whenever something of the run is saved; the watcher clears it before
    reading. `rests` is set when the run is finished, waits or has failed; `run` is then
    how, if this process has brought it there.
    """

    saved_event: asyncio.Event = field(default_factory=asyncio.Event)
    settled_event: asyncio.Event = field(default_factory=asyncio.Event)
    run: Run | None = None


class Watchers:
    """The watches by run. `publish_news` passes on to other processes what happens here."""

    def __init__(self, tell: Callable[[str, News], None] = publish_nowhere) -> None:
        self.watches: dict[str, set[RunWatch]] = {}
        self.publish_news = tell
        self.stopping = False

    @contextmanager
    def watch_run(self, run_id: str) -> Iterator[RunWatch]:
        """A watch on a run, as long as it is needed."""
        watch = RunWatch()
        self.watches.setdefault(run_id, set()).add(watch)
        try:
            yield watch
        finally:
            self.watches[run_id].discard(watch)
            if not self.watches[run_id]:
                del self.watches[run_id]

    def announce_saved(self, run_id: str) -> None:
        """Something of the run was saved here."""
        self.handle_news(run_id, "saved")
        self.publish_news(run_id, "saved")

    def announce_settled(self, run_id: str, run: Run | None = None) -> None:
        """The run was brought to rest here."""
        for watch in self.watches.get(run_id, ()):
            watch.run = run
        self.handle_news(run_id, "rests")
        self.publish_news(run_id, "rests")

    def handle_news(self, run_id: str, news: News) -> None:
        """Something happened to the run, here or elsewhere."""
        for watch in self.watches.get(run_id, ()):
            watch.saved_event.set()
            if news == "rests":
                watch.settled_event.set()

    def stop(self) -> None:
        """Nothing more will be told: whoever waits is to look, and give up."""
        self.stopping = True
        for run_id in self.watches:
            self.handle_news(run_id, "rests")
