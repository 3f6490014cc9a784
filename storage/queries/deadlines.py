"""Deadlines: what happens at a time. Each is done once, by the process that claims it."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import RowMapping, bindparam, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.columns import UtcDateTime
from storage.database.upsert import build_for_dialects
from storage.tables import deadlines, tickets

Kind = Literal["sla_warning", "sla_breach", "approval_reminder", "approval_expiry"]

TICKET_KINDS: tuple[Kind, ...] = ("sla_warning", "sla_breach")
APPROVAL_KINDS: tuple[Kind, ...] = ("approval_reminder", "approval_expiry")

UPSERT_DEADLINE = build_for_dialects(
    lambda insert: (new := insert(deadlines)).on_conflict_do_update(
        index_elements=["key"],
        set_={"due_at": new.excluded.due_at},
        where=deadlines.c.done_at.is_(None),
    )
)
CANCEL_DEADLINES = delete(deadlines).where(
    deadlines.c.key.in_(bindparam("keys", expanding=True)),
    deadlines.c.done_at.is_(None),
)
IS_DUE_LATER = or_(tickets.c.due_at.is_(None), tickets.c.due_at > bindparam("due"))
LOWER_DUE_AT = (
    update(tickets)
    .where(tickets.c.id == bindparam("ticket"))
    .values(
        due_at=case(
            (IS_DUE_LATER, bindparam("due", type_=UtcDateTime)), else_=tickets.c.due_at
        )
    )
    .returning(tickets.c.status, tickets.c.received_at, tickets.c.due_at)
)


class Deadline(NamedTuple):
    """Something that happens at a time; `subject` is the ticket's or the approval's id."""

    kind: Kind
    subject: str
    ticket_id: str
    due_at: datetime

    @property
    def key(self) -> str:
        """The primary key: a subject has one deadline of a kind."""
        return deadline_key(self.kind, self.subject)


def deadline_key(kind: Kind, subject: str) -> str:
    """The primary key of the deadline of a kind for a subject."""
    return f"{kind}:{subject}"


async def upsert_deadlines(connection: AsyncConnection, *wanted: Deadline) -> None:
    """Set deadlines, or move open ones. Those already done stay done."""
    rows = [{"key": deadline.key, **deadline._asdict()} for deadline in wanted]
    await connection.execute(UPSERT_DEADLINE[connection.dialect.name], rows)


async def cancel_deadlines(
    connection: AsyncConnection, kinds: Collection[Kind], subject: str
) -> None:
    """Delete open deadlines of a subject.

    A deadline that another transaction is claiming is waited for; once done it stays.
    """
    await connection.execute(
        CANCEL_DEADLINES, {"keys": [deadline_key(kind, subject) for kind in kinds]}
    )


async def claim_due_deadlines(
    connection: AsyncConnection, now: datetime, limit: int
) -> list[Deadline]:
    """Mark up to `limit` due deadlines as done, the longest overdue first, and return them.

    If the caller's transaction fails they are due again. Rows that another transaction is
    claiming are skipped.
    """
    due = select(deadlines).where(
        deadlines.c.done_at.is_(None), deadlines.c.due_at <= now
    )
    due = (
        due.order_by(deadlines.c.due_at).limit(limit).with_for_update(skip_locked=True)
    )
    rows = (await connection.execute(due)).mappings().all()
    keys = [row["key"] for row in rows]
    if keys:
        await connection.execute(
            update(deadlines).where(deadlines.c.key.in_(keys)).values(done_at=now)
        )
    return [Deadline(**{name: row[name] for name in Deadline._fields}) for row in rows]


async def postpone_deadline(
    connection: AsyncConnection, key: str, until: datetime
) -> None:
    """Move an open deadline to a later time, because it could not be carried out now."""
    postponed = update(deadlines).where(
        deadlines.c.key == key, deadlines.c.done_at.is_(None)
    )
    await connection.execute(postponed.values(due_at=until))


async def lower_due_at(
    connection: AsyncConnection, ticket_id: str, due_at: datetime
) -> RowMapping | None:
    """Make a ticket's first answer due at a time, unless it is due earlier already.

    Returns status, received_at and due_at, changed or not; None without such a ticket. One
    statement, so that of two concurrent calls the earlier time stands.
    """
    return (
        (await connection.execute(LOWER_DUE_AT, {"ticket": ticket_id, "due": due_at}))
        .mappings()
        .first()
    )
