"""What the books of a database come to, in words."""

from collections.abc import Iterator
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
"""After which nobody works if nobody has the task. What is worked on comes to rest much sooner."""

START_WORKER_HINT = "Start ticketgraph serve, or ticketgraph worker."
REENQUEUE_HINT = (
    "A worker puts that down again within a minute; where none works: ticketgraph doctor "
    "--repair."
)
IMPOSSIBLE_STATE_HINT = (
    "Nothing of ours leads there: keep a copy of the database, and look what else "
    "writes to it."
)
NO_CONNECTOR_HINT = (
    "DELIVERY_WEBHOOK_URL is not set here: nobody sends them. Set it for every worker."
)
PARKED_EFFECTS_HINT = "See ticketgraph effects."


def reconcile_snapshot(
    books: ReconciliationSnapshot, now: datetime, *, delivering: bool
) -> Iterator[Finding]:
    """All findings. `delivering`: there is somebody to send effects to."""
    yield from check_tickets(books)
    yield check_runs(books)
    yield check_queue(books, now)
    yield from check_effects(books, delivering=delivering)
    yield check_deadlines(books, now)


def check_tickets(books: ReconciliationSnapshot) -> Iterator[Finding]:
    """Received = finished + parked + ..., and whatever is nowhere."""
    counts = dict.fromkeys(TICKET_CLASSES, 0)
    for standing, count in books.ticket_counts.items():
        if found := classify_ticket(standing):
            counts[found] += count
    received = sum(books.ticket_counts.values())
    nowhere = received - sum(counts.values())
    equation = (
        f"{received} received = "
        f"{' + '.join(f'{count} {name}' for name, count in counts.items())}"
    )
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
    for standing, ids in books.impossible_tickets.items():
        words = f"{describe_contradiction(standing)}: {list_ids(ids, books.ticket_counts[standing])}."
        yield Finding(
            "tickets", "BAD", words, {"nowhere": books.ticket_counts[standing]}
        )


def check_runs(books: ReconciliationSnapshot) -> Finding:
    """Runs that are under way while nobody is to go on with them."""
    tasks = {task.subject for task in books.tasks if task.kind == ADVANCE}
    orphaned = sorted(books.unfinished_runs.keys() - tasks)
    counts = {"under way": len(books.unfinished_runs), "orphaned": len(orphaned)}
    if orphaned:
        return Finding(
            "runs",
            "BAD",
            f"Under way and without a task: {list_ids(orphaned)}. {REENQUEUE_HINT}",
            counts,
        )
    return Finding(
        "runs",
        "ok",
        f"{len(books.unfinished_runs)} under way, none without a task.",
        counts,
    )


def check_queue(books: ReconciliationSnapshot, now: datetime) -> Finding:
    """How much waits to be done, and whether anybody does it."""
    waiting = [
        now - task.ready_at
        for task in books.tasks
        if not task.is_leased and task.ready_at <= now
    ]
    held = {task.subject for task in books.tasks if task.is_leased}
    longest = max(waiting, default=timedelta())
    counts = {
        "waiting": len(waiting),
        "held": len(held),
        "longest_seconds": int(longest.total_seconds()),
    }
    words = f"{len(waiting)} waiting, the longest for {format_duration(longest)}; {len(held)} being done."
    if longest >= STALL_TIME:
        # Whoever is alive has something: then there is only too much to do.
        return Finding(
            "queue",
            "note" if held else "BAD",
            f"{words} Does nobody work? {START_WORKER_HINT}",
            counts,
        )
    still = [
        now - books.unfinished_runs[run_id]
        for run_id in books.unfinished_runs.keys() & held
    ]
    if (longest := max(still, default=timedelta())) >= STALL_TIME:
        words += (
            f" One was begun {format_duration(longest)} ago: stop its process, and another one "
            "goes on with it."
        )
        return Finding("queue", "note", words, counts)
    return Finding("queue", "ok", words, counts)


def check_effects(
    books: ReconciliationSnapshot, *, delivering: bool
) -> Iterator[Finding]:
    """Effects that do not go on by themselves."""
    tasks = {task.subject for task in books.tasks if task.kind == DELIVER}
    stuck = [key for key in books.deliverable_keys if key not in tasks]
    counts = {
        "sending": len(books.deliverable_keys),
        "stuck": len(stuck),
        "parked": books.parked_effects,
    }
    on_their_way = f"{len(books.deliverable_keys)} on their way"
    if books.deliverable_keys and not delivering:
        yield Finding("effects", "BAD", f"{on_their_way}. {NO_CONNECTOR_HINT}", counts)
    elif stuck:
        yield Finding(
            "effects",
            "BAD",
            f"To be sent and without a task: {list_ids(stuck)}. {REENQUEUE_HINT}",
            counts,
        )
    else:
        yield Finding("effects", "ok", f"{on_their_way}, none without a task.", counts)
    if books.parked_effects:
        yield Finding(
            "effects",
            "note",
            f"{books.parked_effects} waiting for a person. {PARKED_EFFECTS_HINT}",
            counts,
        )


def check_deadlines(books: ReconciliationSnapshot, now: datetime) -> Finding:
    """Whether anybody ticks."""
    count, oldest = books.overdue
    if oldest is None:
        return Finding("deadlines", "ok", "0 overdue.", {"overdue": 0})
    words = f"{count} overdue, the first for {format_duration(now - oldest)}: nobody ticks. {START_WORKER_HINT}"
    return Finding("deadlines", "BAD", words, {"overdue": count})
