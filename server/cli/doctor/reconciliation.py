"""The reconciliation of a database as findings: tickets, runs, jobs, effects, deadlines."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from server.cli.doctor.finding import Finding, format_duration, list_ids
from storage.jobs.port import ADVANCE, DELIVER
from storage.queries.reconciliation import (
    TICKET_CLASSES,
    ReconciliationSnapshot,
    classify_ticket,
    describe_contradiction,
)

STALL_TIME = timedelta(minutes=10)
"""A job that waits longer is not being worked on: a run is settled much sooner."""

START_WORKER_HINT = "Start ticketgraph serve, or ticketgraph worker."
REENQUEUE_HINT = (
    "A worker enqueues that again in a minute, if one runs; else ticketgraph doctor "
    "--repair."
)
IMPOSSIBLE_STATE_HINT = (
    "TicketGraph never leaves it so: keep a copy of the database, and check what else "
    "writes to it."
)
NO_CONNECTOR_HINT = (
    "DELIVERY_WEBHOOK_URL is not set here: they are not sent. Set it for every worker."
)
PARKED_EFFECTS_HINT = "See ticketgraph effects."


def reconcile_snapshot(
    snapshot: ReconciliationSnapshot, now: datetime, *, delivering: bool
) -> Iterator[Finding]:
    """All findings. `delivering` says that a connector is configured."""
    yield from check_tickets(snapshot)
    yield check_runs(snapshot)
    yield check_queue(snapshot, now)
    yield from check_effects(snapshot, delivering=delivering)
    yield check_deadlines(snapshot, now)


def check_tickets(snapshot: ReconciliationSnapshot) -> Iterator[Finding]:
    """Received = finished + parked + ..., and the tickets in none of these classes."""
    counts = dict.fromkeys(TICKET_CLASSES, 0)
    for standing, count in snapshot.ticket_counts.items():
        if found := classify_ticket(standing):
            counts[found] += count
    received = sum(snapshot.ticket_counts.values())
    nowhere = received - sum(counts.values())
    parts = " + ".join(f"{count} {name}" for name, count in counts.items())
    equation = f"{received} received = {parts}"
    numbers = {"received": received, **counts, "nowhere": nowhere}
    if nowhere:
        yield Finding(
            "tickets",
            "BAD",
            f"{equation} + {nowhere} that cannot be. {IMPOSSIBLE_STATE_HINT}",
            numbers,
        )
    else:
        yield Finding("tickets", "ok", f"{equation}.", numbers)
    for standing, ids in snapshot.impossible_tickets.items():
        count = snapshot.ticket_counts[standing]
        words = f"{describe_contradiction(standing)}: {list_ids(ids, count)}."
        yield Finding("tickets", "BAD", words, {"nowhere": count})


def check_runs(snapshot: ReconciliationSnapshot) -> Finding:
    """Running runs without a job: no worker will resume them."""
    queued = {job.subject for job in snapshot.tasks if job.kind == ADVANCE}
    orphaned = sorted(snapshot.unfinished_runs.keys() - queued)
    counts = {"under way": len(snapshot.unfinished_runs), "orphaned": len(orphaned)}
    if orphaned:
        return Finding(
            "runs",
            "BAD",
            f"Running without a job: {list_ids(orphaned)}. {REENQUEUE_HINT}",
            counts,
        )
    return Finding(
        "runs",
        "ok",
        f"{len(snapshot.unfinished_runs)} running, none without a job.",
        counts,
    )


def check_queue(snapshot: ReconciliationSnapshot, now: datetime) -> Finding:
    """How many jobs wait, and whether a worker takes them."""
    waiting = [
        now - job.ready_at
        for job in snapshot.tasks
        if not job.is_leased and job.ready_at <= now
    ]
    held = {job.subject for job in snapshot.tasks if job.is_leased}
    longest = max(waiting, default=timedelta())
    counts = {
        "waiting": len(waiting),
        "held": len(held),
        "longest_seconds": int(longest.total_seconds()),
    }
    words = (
        f"{len(waiting)} waiting, the longest for {format_duration(longest)}; "
        f"{len(held)} being done."
    )
    if longest >= STALL_TIME:
        # Jobs that are held show that workers are alive: the queue is overloaded, not stalled.
        state = "note" if held else "BAD"
        hint = f"Is no worker running? {START_WORKER_HINT}"
        return Finding("queue", state, f"{words} {hint}", counts)
    oldest_held = max(list_held_times(snapshot, held, now), default=timedelta())
    if oldest_held >= STALL_TIME:
        words += (
            f" One was begun {format_duration(oldest_held)} ago: stop its process, and "
            "another one resumes it."
        )
        return Finding("queue", "note", words, counts)
    return Finding("queue", "ok", words, counts)


def list_held_times(
    snapshot: ReconciliationSnapshot, held: Collection[str], now: datetime
) -> list[timedelta]:
    """How long each run that a worker holds has been running."""
    return [
        now - begun
        for run_id, begun in snapshot.unfinished_runs.items()
        if run_id in held
    ]


def check_effects(
    snapshot: ReconciliationSnapshot, *, delivering: bool
) -> Iterator[Finding]:
    """Effects that no worker will send, and those that are parked."""
    queued = {job.subject for job in snapshot.tasks if job.kind == DELIVER}
    stuck = [key for key in snapshot.deliverable_keys if key not in queued]
    counts = {
        "sending": len(snapshot.deliverable_keys),
        "stuck": len(stuck),
        "parked": snapshot.parked_effects,
    }
    on_their_way = f"{len(snapshot.deliverable_keys)} on their way"
    if snapshot.deliverable_keys and not delivering:
        yield Finding("effects", "BAD", f"{on_their_way}. {NO_CONNECTOR_HINT}", counts)
    elif stuck:
        yield Finding(
            "effects",
            "BAD",
            f"To be sent, without a job: {list_ids(stuck)}. {REENQUEUE_HINT}",
            counts,
        )
    else:
        yield Finding("effects", "ok", f"{on_their_way}, none without a job.", counts)
    if snapshot.parked_effects:
        yield Finding(
            "effects",
            "note",
            f"{snapshot.parked_effects} waiting for a person. {PARKED_EFFECTS_HINT}",
            counts,
        )


def check_deadlines(snapshot: ReconciliationSnapshot, now: datetime) -> Finding:
    """Whether a worker runs deadlines at their time."""
    count, oldest = snapshot.overdue
    if oldest is None:
        return Finding("deadlines", "ok", "0 overdue.", {"overdue": 0})
    words = (
        f"{count} overdue, the first for {format_duration(now - oldest)}: no worker runs "
        f"them. {START_WORKER_HINT}"
    )
    return Finding("deadlines", "BAD", words, {"overdue": count})
