"""retrieve: finds solved tickets and articles that may answer this one."""

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from nodes.services import Services

SOURCE_LIMIT = 3


class Needs(TypedDict):
    """What retrieve reads."""

    ticket: Ticket
    clean: CleanTicket


class Gives(TypedDict, total=False):
    """What retrieve writes."""

    sources: list[Source]


async def retrieve(state: Needs, runtime: Runtime[Services]) -> Gives:
    """The best sources. The drafter and the reply policy decide how they are used."""
    return {
        "sources": await runtime.context.ticket_search.find_sources(
            state["ticket"], state["clean"], SOURCE_LIMIT
        )
    }
