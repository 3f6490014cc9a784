"""Acts on deadlines that are due, in any number of processes: each in one transaction of one."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Effect
from contracts.errors import ConflictError, NotFoundError
from contracts.log import log
from policies.deciding.expiry import expired_approval_decision
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.audit.chain import format_time
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import approvals, deadlines, runs, tickets
from storage.queries.deadlines import Deadline
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.runs.deadlines import SETTLED_STATUSES
from ticketgraph.runs.decide import decide_approval

RETRY_DELAY = timedelta(minutes=1)
"""Until a deadline that failed is tried again; it does not hold up the others."""


class DeadlineClock:
    """Acts on the deadlines of a database."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        desks: Mapping[str, Desk],
        outbox: StoredOutbox,
        now: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.jobs = jobs
        self.desks = desks
        self.outbox = outbox
        self.now = now

    async def run_forever(self, seconds: float = 1.0) -> None:
        """Act every `seconds` until cancelled. An outage of the database is logged once."""
        away = False
        while True:
            try:
                await self.process_due()
                away = False
            except Exception as error:
                if not away:
                    log.error("deadlines wait", error=type(error).__name__)
                away = True
            await asyncio.sleep(seconds)

    async def process_due(self) -> int:
        """Act on everything that is due now. Returns how many deadlines that were."""
        now, count = self.now(), 0
        while await self.process_next(now):
            count += 1
        return count

    async def process_next(self, now: datetime) -> bool:
        """Act on one deadline in a transaction of its own. False when nothing is due."""
        claimed: list[Deadline] = []

        async def claim_and_act(connection: AsyncConnection) -> None:
            claimed[:] = await deadlines.claim_due_deadlines(connection, now, 1)
            for deadline in claimed:
                await self.act_on_deadline(connection, deadline, now)

        try:
            await self.database.run_transaction(claim_and_act)
            for deadline in claimed:
                log.info(
                    "deadline reached",
                    kind=deadline.kind,
                    ticket_id=deadline.ticket_id,
                )
        except Exception as error:
            if not claimed:
                raise
            log.error(
                "deadline postponed",
                deadline_key=claimed[0].key,
                ticket_id=claimed[0].ticket_id,
                error=type(error).__name__,
            )
            await self.database.run_transaction(
                partial(
                    deadlines.postpone_deadline,
                    key=claimed[0].key,
                    until=now + RETRY_DELAY,
                )
            )
        if claimed:
            self.jobs.wake_worker()
        return bool(claimed)

    async def act_on_deadline(
        self, connection: AsyncConnection, deadline: Deadline, now: datetime
    ) -> None:
        """Act on a deadline by its kind, in the caller's transaction."""
        match deadline.kind:
            case "sla_warning" | "sla_breach":
                await self.warn_team(connection, deadline, now)
            case "approval_reminder":
                await self.remind_team(connection, deadline, now)
            case "approval_expiry":
                await self.expire_approval(connection, deadline, now)

    async def warn_team(
        self, connection: AsyncConnection, deadline: Deadline, now: datetime
    ) -> None:
        """Notify the team of an open ticket that it is due soon or overdue, and log that."""
        ticket = await tickets.find_ticket_row(connection, deadline.ticket_id)
        breached = ticket["due_at"] <= now
        if ticket["status"] in SETTLED_STATUSES or breached != (
            deadline.kind == "sla_breach"
        ):
            return  # settled, or a warning that came so late that the breach says it
        run = await runs.find_ticket_run(connection, deadline.ticket_id)
        run_id = run["id"] if run else ""
        team = (
            ticket["assigned_team"] or self.desks[ticket["desk"]].routing.fallback_team
        )
        details = {
            "severity": ticket["severity"],
            "priority": ticket["priority"],
            "due_at": format_time(ticket["due_at"]),
        }
        await self.outbox.record_effects(
            connection,
            ticket["id"],
            run_id,
            [build_notice(deadline, ticket, team, details)],
            now,
        )
        detail = {"team": team, **details}
        await audit.append_record(
            connection, deadline.kind, deadline.ticket_id, run_id, "system", detail, now
        )

    async def remind_team(
        self, connection: AsyncConnection, deadline: Deadline, now: datetime
    ) -> None:
        """Remind the team of a pending approval."""
        asked = await approvals.find_approval_row(connection, deadline.subject)
        if asked["status"] != "pending" or asked["expires_at"] <= now:
            return
        ticket = await tickets.find_ticket_row(connection, deadline.ticket_id)
        details = {
            "approval": asked["id"],
            "expires_at": format_time(asked["expires_at"]),
        }
        effects = [build_notice(deadline, ticket, asked["request"]["team"], details)]
        await self.outbox.record_effects(
            connection, ticket["id"], asked["run_id"], effects, now
        )

    async def expire_approval(
        self, connection: AsyncConnection, deadline: Deadline, now: datetime
    ) -> None:
        """Decide by the desk's safe default, unless a person was first."""
        try:
            asked = await approvals.find_approval_row(connection, deadline.subject)
            ticket = await tickets.find_ticket_row(connection, deadline.ticket_id)
            decision = expired_approval_decision(
                self.desks[ticket["desk"]], asked["request"]["team"]
            )
            await decide_approval(
                connection, self.jobs, self.desks, deadline.subject, decision, now
            )
        except (ConflictError, NotFoundError):
            return


def build_notice(
    deadline: Deadline, ticket: RowMapping, team: str, details: Mapping[str, Any]
) -> Effect:
    """A notification for a team. Its key makes it one a deadline, however often that moves."""
    payload = {
        "notice": deadline.kind,
        "subject": ticket["subject"],
        "team": team,
        **details,
    }
    of_approval = (
        f":{deadline.subject}" if deadline.kind in deadlines.APPROVAL_KINDS else ""
    )
    key = f"{deadline.ticket_id}:notification:{deadline.kind}{of_approval}"
    return Effect(action="notification", target=team, payload=payload, key=key)
