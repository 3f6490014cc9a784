"""`TicketGraph.approvals`: the questions that wait for a person, and the decisions on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.approval import Approval, ApprovalDecision, make_decision
from contracts.result import Run
from policies.desk.model import Desk
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import approvals
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.decide import decide_approval
from ticketgraph.runs.runs import Runs


@dataclass(frozen=True)
class Approvals:
    """The approvals of a database. `runs` waits for the run of a decision."""

    database: Database
    jobs: Jobs
    desks: Mapping[str, Desk]
    now: Callable[[], datetime]
    runs: Runs

    async def list(
        self, status: str | None = "pending", limit: int = 100, offset: int = 0
    ) -> Sequence[Approval]:
        """Approvals of one status (pending, decided) or of any, the longest waiting first."""
        async with self.database.open_read() as connection:
            return [
                approvals.approval_from_row(row)
                for row in await approvals.list_approvals_page(
                    connection, status, limit, offset
                )
            ]

    async def get(self, approval_id: str) -> Approval:
        """One approval. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            return approvals.approval_from_row(
                await approvals.find_approval_row(connection, approval_id)
            )

    async def decide(
        self, approval_id: str, decision: ApprovalDecision | str, **details: Any
    ) -> Run:
        """Take a person's decision, and wait for the run that it resumes.

        `decision` is an ApprovalDecision or its type: approve, edit, reject, reassign,
        respond. Raises NotFoundError, InputError, and ConflictError when it was decided
        before.
        """
        claim = await self.begin_decision(approval_id, decision, **details)
        return await self.runs.finish(claim.run_id)

    async def begin_decision(
        self, approval_id: str, decision: ApprovalDecision | str, **details: Any
    ) -> Claim:
        """`decide` without waiting for the run."""
        if isinstance(decision, str):
            decision = make_decision({"type": decision, **details})
        async with self.database.open_write() as connection:
            claim = await decide_approval(
                connection, self.jobs, self.desks, approval_id, decision, self.now()
            )
        self.jobs.wake_worker()
        return claim
