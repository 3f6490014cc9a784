"""Dead letters: runs that failed for good. Lists them, and tries one again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.dead_letter import DeadLetter, DeadLetterDetail
from contracts.errors import ConflictError, InputError, NotFoundError
from contracts.ticket import RunOptions, Ticket
from graph.build import FLOW_VERSION
from policies.deciding.queue_order import intake_queue_priority
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.jobs.port import Jobs
from storage.queries import dead_letters, runs, tickets
from storage.vectors import fingerprints
from ticketgraph.audit_details import digest_texts
from ticketgraph.jobs import advance_job
from ticketgraph.runs.claim import Claim, load_claim

NOT_DEAD_MESSAGE = (
    "This run is not given up (any more). Load it again to see how it stands."
)
ALREADY_DELIVERED_MESSAGE = (
    "Effects of this run are recorded already, so it cannot begin anew with another ticket or "
    "other options. "
    "Try it again without changes: it goes on from where it stopped."
)


@dataclass(frozen=True)
class RetryChanges:
    """What to change when a run is tried again. None changes nothing."""

    subject: str | None = None
    body: str | None = None
    options: RunOptions | None = None


async def list_dead_letters(
    connection: AsyncConnection, limit: int, offset: int
) -> tuple[list[DeadLetter], int]:
    """Dead letters, the oldest first, and how many there are in all."""
    rows, total = await dead_letters.list_dead_letters_page(connection, limit, offset)
    return [DeadLetter(**dead_letter_fields(row, row["desk"])) for row in rows], total


async def load_dead_letter(
    connection: AsyncConnection, run_id: str
) -> DeadLetterDetail:
    """A dead letter with its ticket. Raises NotFoundError, also for a run that is none."""
    row = await runs.find_run_row(connection, run_id)
    if row["status"] != "failed" or row["forked_from"]:
        raise NotFoundError(
            "There is no dead letter with this id. Its run may have gone on: load the run."
        )
    claim = await load_claim(connection, run_id)
    return DeadLetterDetail(
        **dead_letter_fields(row, claim.ticket.desk),
        ticket=claim.ticket,
        options=claim.options,
    )


def dead_letter_fields(row: RowMapping, desk: str) -> dict[str, Any]:
    """The fields of a dead letter that the run's row holds."""
    known = {
        "ticket_id": row["ticket_id"],
        "error": row["error"] or "unknown",
        "attempts": row["attempts"],
    }
    return {"run_id": row["id"], "desk": desk, "since": row["updated_at"], **known}


DESK_GONE = "There is no desk {desk} any more. Bring it back, then try the run again."


async def retry_run(
    connection: AsyncConnection,
    jobs: Jobs,
    desks: Mapping[str, Desk],
    run_id: str,
    changes: RetryChanges,
    decided_by: str,
    now: datetime,
) -> Claim:
    """Enqueue a dead letter again, all in the caller's transaction. Returns the run.

    Without changes it resumes at its last checkpoint; with another ticket or other options it
    begins anew. The audit log keeps digests of before and after. Raises NotFoundError,
    InputError for changes that cannot be used, ConflictError when it is no dead letter (any
    more) or has had effects that a new beginning would repeat.
    """
    dead = await runs.find_run_row(connection, run_id)
    claim = await load_claim(connection, run_id)
    if claim.ticket.desk not in desks:
        raise InputError(DESK_GONE.format(desk=claim.ticket.desk))
    retried = replace(
        claim,
        ticket=correct_ticket(claim.ticket, changes),
        options=changes.options or claim.options,
    )
    await revive_run(connection, retried, now, anew=retried != claim)
    ticket = retried.ticket
    values = {"subject": ticket.subject, "body": ticket.body, "status": "received"}
    await tickets.update_ticket(connection, ticket.id, now, **values)
    priority = intake_queue_priority(ticket, desks[ticket.desk])
    await jobs.enqueue_job(connection, advance_job(run_id, ticket.id, priority))
    detail = {
        "error": dead["error"],
        "attempts": dead["attempts"],
        **describe_changes(claim, retried),
    }
    await audit.append_record(
        connection, "retry", ticket.id, run_id, decided_by, detail, now
    )
    return retried


async def revive_run(
    connection: AsyncConnection, retried: Claim, now: datetime, *, anew: bool
) -> None:
    """Set a dead letter running by compare-and-set; `anew` without its progress.

    Raises ConflictError.
    """
    options = retried.options.model_dump(mode="json")
    renewed = {"options": options, "flow_version": FLOW_VERSION} if anew else {}
    if not await dead_letters.revive_run(connection, retried.run_id, now, **renewed):
        raise ConflictError(NOT_DEAD_MESSAGE)
    if anew:
        if await dead_letters.run_has_effects(connection, retried.run_id):
            raise ConflictError(ALREADY_DELIVERED_MESSAGE)
        await dead_letters.delete_run_progress(connection, retried.run_id)
        await fingerprints.delete_fingerprints(connection, [retried.ticket.id])


def correct_ticket(ticket: Ticket, changes: RetryChanges) -> Ticket:
    """The ticket with another subject or body. Raises InputError when they cannot be used."""
    given = {"subject": changes.subject, "body": changes.body}
    try:
        changed = Ticket.model_validate(
            dict(ticket)
            | {name: text for name, text in given.items() if text is not None}
        )
    except ValidationError as error:
        raise InputError("The changed subject or body is too long.") from error
    if not f"{changed.subject}{changed.body}".strip():
        raise InputError(
            "The ticket would have neither a subject nor a body. Leave at least one of them."
        )
    return changed


def describe_changes(dead: Claim, retried: Claim) -> dict[str, Any]:
    """What the audit log keeps of a change: the parts, and digests of the text before and after."""
    before, after = dead.ticket, retried.ticket
    changed = [
        name
        for name in ("subject", "body")
        if getattr(after, name) != getattr(before, name)
    ]
    return {
        "anew": retried != dead,
        "changed": changed + ["options"] * (retried.options != dead.options),
        "before": digest_texts(before.subject, before.body),
        "after": digest_texts(after.subject, after.body),
        "flow": FLOW_VERSION,
    }
