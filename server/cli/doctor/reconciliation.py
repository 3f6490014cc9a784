"""What the books of a database come to, in words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from server.cli.doctor.finding import Finding, lasting, named
from storage.jobs.kinds import ADVANCE, DELIVER
from storage.queries.reconciliation import CLASSES, Books, class_of, contradiction

STILL = timedelta(minutes=10)
"""After which nobody works if nobody has the task. What is worked on comes to rest much sooner."""

START = "Start ticketgraph serve, or ticketgraph worker."
AGAIN = (
    "A worker puts that down again within a minute; where none works: ticketgraph doctor "
    "--repair."
)
IMPOSSIBLE = (
    "Nothing of ours leads there: keep a copy of the database, and look what else "
    "writes to it."
)
UNSENT = (
    "DELIVERY_WEBHOOK_URL is not set here: nobody sends them. Set it for every worker."
)
WAITING = "See ticketgraph effects."


def balance(books: Books, now: datetime, *, delivering: bool) -> Iterator[Finding]:
    """All findings. `delivering`: there is somebody to send effects to."""
    yield from of_tickets(books)
    yield of_runs(books)
    yield of_the_queue(books, now)
    yield from of_effects(books, delivering=delivering)
    yield of_deadlines(books, now)


def of_tickets(books: Books) -> Iterator[Finding]:
    """Received = finished + parked + ..., and whatever is nowhere."""
    counts = dict.fromkeys(CLASSES, 0)
    for standing, count in books.standings.items():
        if found := class_of(standing):
            counts[found] += count
    received = sum(books.standings.values())
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
            f"{equation} + {nowhere} that cannot be. {IMPOSSIBLE}",
            numbers,
        )
    else:
        yield Finding("tickets", "ok", f"{equation}.", numbers)
    for standing, ids in books.wrong.items():
        words = f"{contradiction(standing)}: {named(ids, books.standings[standing])}."
        yield Finding("tickets", "BAD", words, {"nowhere": books.standings[standing]})


def of_runs(books: Books) -> Finding:
    """Runs that are under way while nobody is to go on with them."""
    tasks = {task.subject for task in books.tasks if task.kind == ADVANCE}
    orphaned = sorted(books.under_way.keys() - tasks)
    counts = {"under way": len(books.under_way), "orphaned": len(orphaned)}
    if orphaned:
        return Finding(
            "runs",
            "BAD",
            f"Under way and without a task: {named(orphaned)}. {AGAIN}",
            counts,
        )
    return Finding(
        "runs", "ok", f"{len(books.under_way)} under way, none without a task.", counts
    )


def of_the_queue(books: Books, now: datetime) -> Finding:
    """How much waits to be done, and whether anybody does it."""
    waiting = [
        now - task.ready_at
        for task in books.tasks
        if not task.held and task.ready_at <= now
    ]
    held = {task.subject for task in books.tasks if task.held}
    longest = max(waiting, default=timedelta())
    counts = {
        "waiting": len(waiting),
        "held": len(held),
        "longest_seconds": int(longest.total_seconds()),
    }
    words = f"{len(waiting)} waiting, the longest for {lasting(longest)}; {len(held)} being done."
    if longest >= STILL:
        # Whoever is alive has something: then there is only too much to do.
        return Finding(
            "queue",
            "note" if held else "BAD",
            f"{words} Does nobody work? {START}",
            counts,
        )
    still = [now - books.under_way[run_id] for run_id in books.under_way.keys() & held]
    if (longest := max(still, default=timedelta())) >= STILL:
        words += (
            f" One was begun {lasting(longest)} ago: stop its process, and another one "
            "goes on with it."
        )
        return Finding("queue", "note", words, counts)
    return Finding("queue", "ok", words, counts)


def of_effects(books: Books, *, delivering: bool) -> Iterator[Finding]:
    """Effects that do not go on by themselves."""
    tasks = {task.subject for task in books.tasks if task.kind == DELIVER}
    stuck = [key for key in books.sending if key not in tasks]
    counts = {
        "sending": len(books.sending),
        "stuck": len(stuck),
        "parked": books.parked_effects,
    }
    on_their_way = f"{len(books.sending)} on their way"
    if books.sending and not delivering:
        yield Finding("effects", "BAD", f"{on_their_way}. {UNSENT}", counts)
    elif stuck:
        yield Finding(
            "effects",
            "BAD",
            f"To be sent and without a task: {named(stuck)}. {AGAIN}",
            counts,
        )
    else:
        yield Finding("effects", "ok", f"{on_their_way}, none without a task.", counts)
    if books.parked_effects:
        yield Finding(
            "effects",
            "note",
            f"{books.parked_effects} waiting for a person. {WAITING}",
            counts,
        )


def of_deadlines(books: Books, now: datetime) -> Finding:
    """Whether anybody ticks."""
    count, oldest = books.overdue
    if oldest is None:
        return Finding("deadlines", "ok", "0 overdue.", {"overdue": 0})
    words = (
        f"{count} overdue, the first for {lasting(now - oldest)}: nobody ticks. {START}"
    )
    return Finding("deadlines", "BAD", words, {"overdue": count})
