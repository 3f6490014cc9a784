"""The Python API without `await`, for scripts and notebooks.

with BlockingTicketGraph.open() as app:
    run = app.process("Cannot log in", "It says invalid credentials.")
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from ticketgraph.app import TicketGraph
from ticketgraph.effects.effects import Effects
from ticketgraph.runs.approvals import Approvals
from ticketgraph.runs.runs import Runs
from ticketgraph.tickets.tickets import Tickets

Part = TypeVar("Part")
Given = ParamSpec("Given")
Result = TypeVar("Result")


class BlockingPart(Generic[Part]):
    """A part of the API whose coroutines run on an event loop in another thread."""

    def __init__(self, part: Part, loop: asyncio.AbstractEventLoop) -> None:
        self._part = part
        self._loop = loop


def make_blocking(
    method: Callable[Concatenate[Part, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[BlockingPart[Part], Given], Result]:
    """The method of a BlockingPart that runs a coroutine method of its part and waits for it."""

    @wraps(method)
    def run_blocking(
        blocking: BlockingPart[Part], *args: Given.args, **named: Given.kwargs
    ) -> Result:
        work = method(blocking._part, *args, **named)
        return asyncio.run_coroutine_threadsafe(work, blocking._loop).result()

    return run_blocking


class BlockingTickets(BlockingPart[Tickets]):
    """See ticketgraph.tickets.tickets.Tickets."""

    process = make_blocking(Tickets.process)
    submit = make_blocking(Tickets.submit)
    run_stored = make_blocking(Tickets.run_stored)
    get = make_blocking(Tickets.get)
    get_run = make_blocking(Tickets.get_run)
    list_page = make_blocking(Tickets.list_page)
    import_solved = make_blocking(Tickets.import_solved)


class BlockingRuns(BlockingPart[Runs]):
    """See ticketgraph.runs.runs.Runs. Steps are not streamed."""

    get = make_blocking(Runs.get)
    wait = make_blocking(Runs.wait)
    finish = make_blocking(Runs.finish)
    history = make_blocking(Runs.history)
    fork = make_blocking(Runs.fork)
    begin_fork = make_blocking(Runs.begin_fork)
    list_dead_letters = make_blocking(Runs.list_dead_letters)
    get_dead_letter = make_blocking(Runs.get_dead_letter)
    retry = make_blocking(Runs.retry)
    begin_retry = make_blocking(Runs.begin_retry)


class BlockingApprovals(BlockingPart[Approvals]):
    """See ticketgraph.runs.approvals.Approvals."""

    list = make_blocking(Approvals.list)
    get = make_blocking(Approvals.get)
    decide = make_blocking(Approvals.decide)
    begin_decision = make_blocking(Approvals.begin_decision)


class BlockingEffects(BlockingPart[Effects]):
    """See ticketgraph.effects.effects.Effects."""

    list = make_blocking(Effects.list)
    resolve = make_blocking(Effects.resolve)


class BlockingTicketGraph(BlockingPart[TicketGraph]):
    """TicketGraph on an event loop of its own, in a thread.

    Works where a loop is running already, as in notebooks.
    """

    def __init__(self, app: TicketGraph, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(app, loop)
        self.tickets = BlockingTickets(app.tickets, loop)
        self.runs = BlockingRuns(app.runs, loop)
        self.approvals = BlockingApprovals(app.approvals, loop)
        self.effects = BlockingEffects(app.effects, loop)

    process = make_blocking(TicketGraph.process)
    decide = make_blocking(TicketGraph.decide)
    prune = make_blocking(TicketGraph.prune)
    compact = make_blocking(TicketGraph.compact)
    find_erasable = make_blocking(TicketGraph.find_erasable)
    erase = make_blocking(TicketGraph.erase)
    verify_audit = make_blocking(TicketGraph.verify_audit)

    @classmethod
    @contextmanager
    def open(cls, data_dir: str | Path = "data", **options: Any) -> Iterator[Self]:
        """See TicketGraph.open."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(
            target=loop.run_forever, name="ticketgraph", daemon=True
        )
        thread.start()
        opened = TicketGraph.open(data_dir, **options)
        try:
            app = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
            try:
                yield cls(app, loop)
            finally:
                asyncio.run_coroutine_threadsafe(
                    opened.__aexit__(None, None, None), loop
                ).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
