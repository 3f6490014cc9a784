"""gate: joins the three parallel branches and names what they left undone.

A conditional edge out of one parallel branch cannot see what its siblings wrote; after this
node one can.
"""

from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.ticket import RunOptions, Ticket
from nodes.services import Services
from policies.deciding.engine_answers import add_missing_fields, is_distrusted


class Needs(TypedDict):
    """What gate reads."""

    ticket: Ticket
    options: NotRequired[RunOptions]
    classification: NotRequired[Classification | None]
    extraction: NotRequired[Extraction | None]


class Gives(TypedDict, total=False):
    """What gate writes."""

    doubts: list[str]
    extraction: Extraction | None


async def gate(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Name steps without a trusted answer, and required fields that are missing."""
    ticket = state["ticket"]
    desk = runtime.context.desks[ticket.desk]
    options = state.get("options", RunOptions())
    classification, extraction = state.get("classification"), state.get("extraction")
    doubts: list[str] = []
    if not options.skip_classification and is_distrusted(
        classification, desk.settings.confidence_threshold
    ):
        doubts.append("classify")
    if not options.skip_extraction and extraction is None:
        doubts.append("extract")
    gives = Gives(doubts=doubts)
    if extraction and classification:
        gives["extraction"] = add_missing_fields(
            extraction, classification.category, ticket.customer_email, desk
        )
    return gives
