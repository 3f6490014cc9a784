"""A program whose children kill themselves.

`python tests/integration/dying.py FOLDER STORY:POINT:COUNT …`.

Each child opens the folder (which goes on with what the child before it left), lets that
come to rest, plays its story and sends itself SIGKILL at the COUNT-th time that its point
is passed: saved    a checkpoint was committed, or the run's outcome was written  what one
node wrote was committed, its checkpoint not yet put      the effects are in the outbox, no
checkpoint says so yet COUNT 0 is the moment that the ticket, or the decision, is durable
and nothing else has happened. One JSON object a child goes to stdout. At last the folder is
opened once more, and everything comes to rest.

The program forks before it opens anything: it holds no thread and no connection then, only
compiled policies.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

from contracts.approval import ApprovalDecision
from contracts.ticket import NewTicket
from policies.loading.load import load_desks
from policies.severity.assess import assess_severity
from storage.queries import runs
from tests.inspected import InspectedTicketGraph
from ticketgraph.checkpoints.sqlite import GroupCommitSaver
from ticketgraph.news.watchers import RunWatch

ORDINARY = ("Charged twice", "Order ORD-{n} was charged twice, please refund $29.99.")
CRITICAL = (
    "Everything is down",
    "Your production system is down for all users and we lose data. Case {n}.",
)
DECISIONS = {
    "approve": ApprovalDecision(type="approve", decided_by="ada"),
    "guide": ApprovalDecision(
        type="reject", guidance="Name the status page.", decided_by="ada"
    ),
}


@dataclass
class Trigger:
    """Ends this process the moment that it was pulled often enough."""

    left: int

    def pull(self) -> None:
        """Count, and die. SIGKILL to oneself is delivered before `kill` returns."""
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(
        self, call: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """`call`, which pulls the trigger when it is done."""

        @wraps(call)
        async def pulling(*args: Any, **kwargs: Any) -> Any:
            result = await call(*args, **kwargs)
            self.pull()
            return result

        return pulling


class DeadlyEvent(asyncio.Event):
    """A watcher's event that pulls a trigger: set from within the saver, right after the commit."""

    def __init__(self, trigger: Trigger) -> None:
        super().__init__()
        self.trigger = trigger

    def set(self) -> None:
        """Something was saved."""
        self.trigger.pull()


@dataclass(frozen=True)
class DeadlyOutbox:
    """The real outbox, which does not come back."""

    outbox: Any
    trigger: Trigger

    async def put(self, *effects: Any) -> bool:
        """Put, and pull the trigger."""
        return await self.trigger.after(self.outbox.put)(*effects)


def arm(app: InspectedTicketGraph, run_id: str, point: str, count: int) -> None:
    """Let this process die at the count-th passing of the point. There is no way back."""
    trigger = Trigger(count)
    if count == 0:
        trigger.pull()
    elif point == "saved":
        app.parts.watchers.watches.setdefault(run_id, set()).add(
            RunWatch(saved_event=DeadlyEvent(trigger))
        )
    elif point == "written":
        # On the class: LangGraph makes a saver of its own for every run.
        GroupCommitSaver.aput_writes = trigger.after(GroupCommitSaver.aput_writes)
    else:
        advancer, services = app.parts.advancer, app.parts.services
        outbox = DeadlyOutbox(services.outbox, trigger)
        advancer.executor = replace(
            advancer.executor, services=replace(services, outbox=outbox)
        )


async def play(folder: Path, number: int, story: str, point: str, count: int) -> None:
    """One child's life. It ends by SIGKILL, or by RuntimeError when its point was never passed."""
    async with InspectedTicketGraph.open(
        folder / "data", desks_dir=folder / "desks"
    ) as app:
        await rested(app)
        subject, body = ORDINARY if story == "assign" else CRITICAL
        ticket = NewTicket(
            subject=subject,
            body=body.format(n=number),
            customer_email=f"customer{number}@example.com",
        )
        job = await app.tickets.submit(ticket)
        sys.stdout.write(
            json.dumps(
                {
                    "case": f"{story}:{point}:{count}",
                    "ticket_id": job.ticket.id,
                    "run_id": job.run_id,
                }
            )
            + "\n"
        )
        sys.stdout.flush()
        if decision := DECISIONS.get(story):
            run = await app.runs.finish(job.run_id)
            assert run.approval is not None
            await app.approvals.begin_decision(run.approval.id, decision)
        arm(app, job.run_id, point, count)
        await app.runs.finish(job.run_id)
    raise RuntimeError(f"{story} passed {point} fewer than {count} times")


async def rested(app: InspectedTicketGraph) -> None:
    """Until what was recovered is finished or waits."""
    async with app.parts.database.open_read() as connection:
        begun = [row["id"] for row in await runs.list_unfinished_runs(connection)]
    for run_id in begun:
        await app.runs.finish(run_id)


async def recover(folder: Path) -> None:
    """Open the folder, let everything come to rest, and close it as one should."""
    async with InspectedTicketGraph.open(
        folder / "data", desks_dir=folder / "desks"
    ) as app:
        await rested(app)


def in_child(life: Awaitable[None]) -> int:
    """What waitpid says of a child that lived this life."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asyncio.run(life)  # type: ignore[arg-type]
    os._exit(0)


def main(folder: Path, cases: list[str]) -> int:
    """Play all cases, then recover. The exit code is 0 when every child died as it should."""
    for desk in load_desks(folder / "desks").values():
        assess_severity("", desk.severities, desk.signals)
    for number, case in enumerate(cases):
        story, point, count = case.split(":")
        ended = in_child(play(folder, number, story, point, int(count)))
        if ended != -signal.SIGKILL:
            return 1
    return in_child(recover(folder))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
