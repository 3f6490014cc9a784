"""Verifies the audit log: walks the hash chain and explains the first broken record.

That a record is broken is certain; the explanation is inferred from the traces left. A log
whose end was cut off, or that was rewritten from some record on, is consistent in itself:
only a head kept elsewhere shows that.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit.chain import GENESIS_HASH, hash_record
from storage.audit.log import PAGE_SIZE, list_audit_page
from storage.tables import audit

Record = Mapping[Any, Any]
Tampering = Literal["changed", "removed", "inserted", "reordered", "truncated"]

HEAD_MISSING = "no record has the kept hash: the end was cut off or written anew"


class AuditFault(NamedTuple):
    """The first broken record: its number, the likely tampering, and what shows it."""

    sequence: int
    kind: Tampering
    details: str


class Verification(NamedTuple):
    """How many records from the first are intact, the hash of the last of them, the fault."""

    records: int
    head: str
    fault: AuditFault | None = None


async def has_hash_chain(connection: AsyncConnection) -> bool:
    """Whether there is an audit log with hashes; versions before had none."""

    def has_hashes(sync: Connection) -> bool:
        found = inspect(sync)
        return found.has_table(audit.name) and "hash" in {
            column["name"] for column in found.get_columns(audit.name)
        }

    return await connection.run_sync(has_hashes)


async def verify_chain(
    connection: AsyncConnection, kept: str | None = None, limit: int = PAGE_SIZE
) -> Verification:
    """Recompute every hash, reading `limit` records at a time.

    `kept` is a head from an earlier time, which the log must still contain.
    """
    count, head, seen = 0, GENESIS_HASH, kept in (None, GENESIS_HASH)
    while True:
        try:
            rows = await list_audit_page(connection, count or None, limit)
        except DBAPIError as error:
            if limit == 1:
                found = f"it cannot be read: {error.orig}"
                return Verification(
                    count, head, AuditFault(count + 1, "changed", found)
                )
            limit = 1  # reads record by record, to find the one that fails
            continue
        for row in rows:
            if fault := await find_record_fault(connection, row, count + 1, head):
                return Verification(count, head, fault)
            count, head = count + 1, row["hash"]
            seen = seen or head == kept
        if not rows:
            fault = None if seen else AuditFault(count + 1, "truncated", HEAD_MISSING)
            return Verification(count, head, fault)


async def find_record_fault(
    connection: AsyncConnection, row: Record, number: int, head: str
) -> AuditFault | None:
    """The fault of a record that should have this number and follow this hash."""
    if row["sequence"] > number:
        return AuditFault(
            number, "removed", f"the next record has the number {row['sequence']}"
        )
    if row["sequence"] < number:
        return AuditFault(row["sequence"], "inserted", "numbers begin at 1")
    intact = has_valid_hash(row)
    if intact and row["previous_hash"] == head:
        return None
    successor = await find_first_number(
        connection, audit.c.previous_hash == head, audit.c.sequence > number
    )
    if successor and not intact:
        return AuditFault(
            number,
            "inserted",
            f"record {successor} follows record {number - 1}, and this one's hash is wrong",
        )
    if not intact:
        return AuditFault(number, "changed", "its hash is not that of its words")
    return await explain_misplaced(connection, row, number, successor)


async def explain_misplaced(
    connection: AsyncConnection, row: Record, number: int, successor: int | None
) -> AuditFault:
    """The fault of an intact record that does not follow the one before it.

    `successor` is the number of the record that does follow that one.
    """
    previous = row["previous_hash"]
    followed = (
        0
        if previous == GENESIS_HASH
        else await find_first_number(connection, audit.c.hash == previous)
    )
    if followed is None:
        return AuditFault(
            number,
            "removed",
            "the record that it follows is not in the log, or has other words now",
        )
    if followed >= number:
        return AuditFault(number, "reordered", f"it follows record {followed}")
    if successor:
        return AuditFault(
            number,
            "inserted",
            f"it follows record {followed}; record {number - 1} is followed by {successor}",
        )
    if copied := await find_first_number(
        connection, audit.c.hash == row["hash"], audit.c.sequence < number
    ):
        return AuditFault(number, "inserted", f"it is record {copied} once more")
    return AuditFault(
        followed + 1, "inserted", f"record {number} follows record {followed}"
    )


def has_valid_hash(row: Record) -> bool:
    """Whether a record's hash is that of its columns."""
    try:
        return row["hash"] == hash_record(row)
    except (TypeError, ValueError):  # SQLite stores any type in any column
        return False


async def find_first_number(
    connection: AsyncConnection, *conditions: ColumnElement[bool]
) -> int | None:
    """The number of the first record that meets the conditions."""
    return await connection.scalar(
        select(audit.c.sequence).where(*conditions).order_by(audit.c.sequence).limit(1)
    )
