"""extract: reads the desk's fields from the text."""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.extraction import Extraction
from contracts.step import Problem, Problems
from contracts.ticket import CleanTicket, RunOptions, Ticket
from nodes.attempt import call_engine
from nodes.services import Services


class Needs(TypedDict):
    """What extract reads."""

    ticket: Ticket
    clean: CleanTicket
    options: NotRequired[RunOptions]


class Gives(TypedDict, total=False):
    """What extract writes."""

    extraction: Extraction | None
    problems: Problems


async def extract(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Ask the engine for every field of the desk; gate checks those the category requires."""
    if state.get("options", RunOptions()).skip_extraction:
        return {}
    ticket, services = state["ticket"], runtime.context
    call = services.engine.extract(ticket, state["clean"], services.desks[ticket.desk])
    answer = await call_engine("extract", call, services.limits.extract)
    return (
        {"problems": [answer]}
        if isinstance(answer, Problem)
        else {"extraction": answer}
    )
