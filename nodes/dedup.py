"""dedup: finds the ticket that this one repeats, and similar tickets of others."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.retrieval import Duplicate, SimilarTicket
from contracts.ticket import CleanTicket, RunOptions, Ticket
from nodes.services import Services

SUGGESTION_LIMIT = 5


class Needs(TypedDict):
    """What dedup reads."""

    ticket: Ticket
    clean: CleanTicket
    options: NotRequired[RunOptions]


class Gives(TypedDict, total=False):
    """What dedup writes."""

    duplicate: Duplicate | None
    similar: list[SimilarTicket]


async def dedup(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Link nearly the same text of the same customer; suggest tickets that are only similar."""
    ticket, clean, services = state["ticket"], state["clean"], runtime.context
    window = services.desks[ticket.desk].settings.duplicate_window_hours
    duplicate = await services.ticket_search.find_duplicate(ticket, clean, window)
    if not state.get("options", RunOptions()).enable_duplicate_detection:
        return {}  # later tickets can still be compared with this one
    return {
        "duplicate": duplicate,
        "similar": await services.ticket_search.find_similar(
            ticket, clean, SUGGESTION_LIMIT
        ),
    }
