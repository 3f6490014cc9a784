"""sanitize: cleans the ticket into the text that every other node reads."""

from langgraph.runtime import Runtime
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from contracts.errors import InputError
from contracts.ticket import CleanTicket, NewTicket, RunOptions, Ticket
from nodes.long_texts import run_by_size
from nodes.services import Services


class Needs(BaseModel):
    """A ticket as somebody submits it, and what is asked of the run.

    `subject` and `body` are enough.
    """

    # A model, not a TypedDict: LangGraph validates the first node's input only then.
    # Left out of the schema that LangGraph Studio shows is what only our own server gives.
    ticket: NewTicket | SkipJsonSchema[Ticket] = Field(
        description="The ticket as submitted"
    )
    options: RunOptions = Field(
        default=RunOptions(), description="What is asked of this one run"
    )
    run_id: SkipJsonSchema[str | None] = None


class Gives(TypedDict, total=False):
    """What sanitize writes."""

    ticket: Ticket
    options: RunOptions
    run_id: str
    clean: CleanTicket


async def sanitize(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Normalise the text, split off quotes and signature, tell the language, flag injections."""
    services = runtime.context
    thread = runtime.execution_info.thread_id if runtime.execution_info else None
    run_id = state.run_id or thread or "unsaved"
    ticket = receive_ticket(state.ticket, run_id, services)
    if ticket.desk not in services.desks:
        raise InputError(
            f"There is no such desk. Choose one of: {', '.join(services.desks)}."
        )
    size = len(ticket.subject) + len(ticket.body)
    clean = await run_by_size(
        size, services.cleaners[ticket.desk].clean, ticket.subject, ticket.body
    )
    return {
        "ticket": ticket,
        "options": state.options,
        "run_id": run_id,
        "clean": clean,
    }


def receive_ticket(
    ticket: Ticket | NewTicket, run_id: str, services: Services
) -> Ticket:
    """The ticket with an id and a time; one that comes from Studio has neither."""
    if isinstance(ticket, Ticket):
        return ticket
    return Ticket(
        id=f"studio-{run_id}", received_at=services.now(), **ticket.model_dump()
    )
