"""Approvals: questions to a person, and the one decision that counts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import Approval, ApprovalDecision
from contracts.errors import ChangedError, ConflictError, NotFoundError
from contracts.result import PendingApproval
from storage.tables import approvals, runs


async def insert_approval(
    connection: AsyncConnection,
    pending: PendingApproval,
    run_id: str,
    interrupt_id: str,
    at: datetime,
) -> None:
    """Store a pending approval.

    Raises sqlalchemy.exc.IntegrityError when the interrupt has one already.
    """
    row = {
        "id": pending.id,
        "run_id": run_id,
        "ticket_id": pending.request.ticket_id,
        "interrupt_id": interrupt_id,
    }
    row |= {
        "request": pending.request.model_dump(mode="json"),
        "shown_hash": pending.request.shown_hash,
    }
    times = {"created_at": at, "expires_at": pending.expires_at}
    await connection.execute(insert(approvals), {**row, **times, "status": "pending"})


async def find_interrupt_approval(
    connection: AsyncConnection, run_id: str, interrupt_id: str
) -> RowMapping | None:
    """The approval of an interrupt."""
    query = select(approvals).where(
        approvals.c.run_id == run_id, approvals.c.interrupt_id == interrupt_id
    )
    return (await connection.execute(query)).mappings().first()


async def find_approval_row(
    connection: AsyncConnection, approval_id: str, *, for_update: bool = False
) -> RowMapping:
    """One approval; `for_update` locks its row until the transaction ends.

    Raises NotFoundError.
    """
    query = select(approvals).where(approvals.c.id == approval_id)
    if for_update:
        query = query.with_for_update()
    found = (await connection.execute(query)).mappings().first()
    if found is None:
        raise NotFoundError("There is no approval with this id.")
    return found


async def list_approvals_page(
    connection: AsyncConnection, status: str | None, limit: int, offset: int
) -> Sequence[RowMapping]:
    """Approvals, the longest waiting first, without those of forks: deciding has no effect."""
    query = (
        select(approvals)
        .join(runs, runs.c.id == approvals.c.run_id)
        .where(runs.c.forked_from.is_(None))
    )
    query = (
        query.order_by(approvals.c.created_at, approvals.c.id)
        .limit(limit)
        .offset(offset)
    )
    if status:
        query = query.where(approvals.c.status == status)
    return (await connection.execute(query)).mappings().all()


async def decide_approval(
    connection: AsyncConnection,
    approval_id: str,
    decision: ApprovalDecision,
    at: datetime,
) -> RowMapping:
    """Decide a pending approval by compare-and-set: the first decision wins.

    Raises NotFoundError, ConflictError naming who decided first, and ChangedError when the
    decision was made on an older draft.
    """
    found = await find_approval_row(connection, approval_id, for_update=True)
    if found["status"] != "pending":
        first = found["decision"] or {}
        when = f"{found['decided_at']:%Y-%m-%d %H:%M:%S} UTC"
        raise ConflictError(
            f"{found['decided_by']} already decided this at {when}: {first.get('type')}."
        )
    if decision.shown_hash and decision.shown_hash != found["shown_hash"]:
        raise ChangedError(
            "The reply has changed since it was shown. Look at the new one and decide on that."
        )
    decided = await connection.execute(
        update(approvals)
        .where(approvals.c.id == approval_id, approvals.c.status == "pending")
        .values(
            status="decided",
            decision=decision.model_dump(mode="json"),
            decided_by=decision.decided_by,
            decided_at=at,
        )
    )
    if decided.rowcount != 1:
        raise ConflictError(
            "Somebody else decided this at the same moment. Load it again to see what was decided."
        )
    return found


def approval_from_row(row: RowMapping) -> Approval:
    """The approval with its decision, once there is one."""
    return Approval(**{name: row[name] for name in Approval.model_fields})
