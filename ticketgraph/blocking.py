"""The Python API without `await`, for scripts and notebooks.

with BlockingTicketGraph.open() as desk:
    run = desk.process("Cannot log in", "It says invalid credentials.")
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from contracts.approval import ApprovalDecision
from contracts.dead_letter import DeadLetter
from contracts.effect import LedgerEntry, Resolution, WhichEffects
from contracts.result import Checkpoint, PendingApproval, Run
from contracts.retention import Erasure, Pruned
from contracts.ticket import RunOptions
from storage.audit.verification import Verification
from ticketgraph.app import TicketGraph

T = TypeVar("T")


class BlockingTicketGraph:
    """TicketGraph on an event loop of its own, in a thread.

    Works where a loop runs already, as in notebooks.
    """

    def __init__(self, app: TicketGraph, loop: asyncio.AbstractEventLoop) -> None:
        self.desk = app
        self.loop = loop

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
            desk = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
            try:
                yield cls(desk, loop)
            finally:
                asyncio.run_coroutine_threadsafe(
                    opened.__aexit__(None, None, None), loop
                ).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def process(
        self,
        subject: str = "",
        body: str = "",
        *,
        options: RunOptions | None = None,
        **ticket: Any,
    ) -> Run:
        """See TicketGraph.process."""
        return self._result(self.desk.process(subject, body, options=options, **ticket))

    def run(self, run_id: str) -> Run:
        """See TicketGraph.run."""
        return self._result(self.desk.run(run_id))

    def approvals(
        self, status: str | None = "pending", limit: int = 100, offset: int = 0
    ) -> Sequence[PendingApproval]:
        """See TicketGraph.approvals."""
        return self._result(self.desk.approvals(status, limit, offset))

    def decide(
        self, approval_id: str, decision: ApprovalDecision | str, **details: Any
    ) -> Run:
        """See TicketGraph.decide."""
        return self._result(self.desk.decide(approval_id, decision, **details))

    def dead_letters(
        self, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[DeadLetter], int]:
        """See TicketGraph.dead_letters."""
        return self._result(self.desk.dead_letters(limit, offset))

    def retry(self, run_id: str, **changes: Any) -> Run:
        """See TicketGraph.retry."""
        return self._result(self.desk.retry(run_id, **changes))

    def effects(
        self, which: WhichEffects = "parked", limit: int = 100, offset: int = 0
    ) -> Sequence[LedgerEntry]:
        """See TicketGraph.effects."""
        return self._result(self.desk.effects(which, limit, offset))

    def resolve_effect(
        self, key: str, resolution: Resolution | str, **details: Any
    ) -> LedgerEntry:
        """See TicketGraph.resolve_effect."""
        return self._result(self.desk.resolve_effect(key, resolution, **details))

    def history(self, run_id: str) -> Sequence[Checkpoint]:
        """See TicketGraph.history."""
        return self._result(self.desk.history(run_id))

    def fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
        **changes: Any,
    ) -> Run:
        """See TicketGraph.fork."""
        return self._result(
            self.desk.fork(run_id, checkpoint_id, options=options, **changes)
        )

    def prune(self, *, everything: bool = False) -> Pruned:
        """See TicketGraph.prune."""
        return self._result(self.desk.prune(everything=everything))

    def compact(self) -> None:
        """See TicketGraph.compact."""
        self._result(self.desk.compact())

    def erase(
        self,
        customer: str | None = None,
        *,
        ticket_ids: Sequence[str] = (),
        erased_by: str = "unknown",
    ) -> Erasure:
        """See TicketGraph.erase."""
        return self._result(
            self.desk.erase(customer, ticket_ids=ticket_ids, erased_by=erased_by)
        )

    def verify_audit(self, head: str | None = None) -> Verification:
        """See TicketGraph.verify_audit."""
        return self._result(self.desk.verify_audit(head))

    def _result(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()
