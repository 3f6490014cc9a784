"""Runs single steps on a ticket that is not stored: the same nodes, outside of the graph."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from langgraph.runtime import Runtime

from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.errors import EngineError, InputError
from contracts.extraction import Extraction
from contracts.ticket import NewTicket, RunOptions, Ticket
from nodes.classify import classify
from nodes.draft import draft
from nodes.extract import extract
from nodes.fallback import fallback
from nodes.gate import gate
from nodes.retrieve import retrieve
from nodes.route import route
from nodes.sanitize import Needs, sanitize
from nodes.services import Services
from policies.deciding.engine_answers import add_missing_fields, raise_severity


@dataclass(frozen=True)
class SingleSteps:
    """The steps of one ticket, each returning what its node gives."""

    services: Services

    async def classify_ticket(self, new: NewTicket) -> Classification:
        """What the ticket is about. Raises InputError for an unknown desk."""
        state = await self.understand_ticket(new, RunOptions(skip_extraction=True))
        return require_result(state, "classification")

    async def extract_fields(self, new: NewTicket, category: str | None) -> Extraction:
        """The ticket's fields, and those that the category requires and lacks.

        Raises InputError.
        """
        state = await self.understand_ticket(new, RunOptions(skip_classification=True))
        found: Extraction = require_result(state, "extraction")
        if category is None:
            return found
        desk = self.services.desks[new.desk]
        self.check_category(new.desk, category)
        return add_missing_fields(found, category, new.customer_email, desk)

    async def draft_reply(
        self,
        new: NewTicket,
        made: Classification,
        fields: Extraction,
        options: RunOptions,
    ) -> Draft:
        """A reply to a ticket that was classified before. Raises InputError."""
        state, runtime = await self.prepare_state(new, made, fields, options)
        state |= cast("dict[str, Any]", await retrieve(cast("Any", state), runtime))
        state |= cast("dict[str, Any]", await draft(cast("Any", state), runtime))
        return require_result(state, "draft")

    async def route_ticket(
        self, new: NewTicket, made: Classification, fields: Extraction
    ) -> Decision:
        """Where a ticket goes that was classified before. Raises InputError."""
        state, runtime = await self.prepare_state(new, made, fields, RunOptions())
        state |= cast("dict[str, Any]", await route(cast("Any", state), runtime))
        return require_result(state, "decision")

    async def understand_ticket(
        self, new: NewTicket, options: RunOptions
    ) -> dict[str, Any]:
        """The state after classify, extract, gate and, where needed, fallback."""
        state, runtime = await self.sanitize_ticket(new, options)
        for node in (classify, extract, gate):
            state |= cast("dict[str, Any]", await node(cast("Any", state), runtime))
        if state["doubts"]:
            state |= cast("dict[str, Any]", await fallback(cast("Any", state), runtime))
        return state

    async def prepare_state(
        self,
        new: NewTicket,
        made: Classification,
        fields: Extraction,
        options: RunOptions,
    ) -> tuple[dict[str, Any], Runtime[Services]]:
        """The state of a ticket that the caller has understood.

        The severity judge may still raise its severity.
        """
        state, runtime = await self.sanitize_ticket(new, options)
        self.check_category(new.desk, made.category)
        desk = self.services.desks[new.desk]
        evidence = await self.services.severity.judge(state["clean"], desk)
        state["classification"] = raise_severity(made, evidence)
        state["extraction"] = add_missing_fields(
            fields, made.category, new.customer_email, desk
        )
        return state, runtime

    async def sanitize_ticket(
        self, new: NewTicket, options: RunOptions
    ) -> tuple[dict[str, Any], Runtime[Services]]:
        """The state after sanitize, and the runtime that the nodes get."""
        runtime = Runtime(context=self.services)
        # An id of its own: budgets and pseudonyms are kept by ticket.
        ticket = Ticket(
            id=f"unsaved-{uuid4().hex}", received_at=self.services.now(), **dict(new)
        )
        gives = await sanitize(Needs(ticket=ticket, options=options), runtime)
        return dict(gives), runtime

    def check_category(self, desk_id: str, category: str) -> None:
        """Raise InputError for a category that the desk does not have."""
        categories = [known.id for known in self.services.desks[desk_id].categories]
        if category not in categories:
            raise InputError(
                f"This desk has no such category. Choose one of: {', '.join(categories)}."
            )


def require_result(state: dict[str, Any], key: str) -> Any:
    """What a node gave. Raises EngineError when it gave nothing."""
    value = state.get(key)
    if value is None:
        raise EngineError("No engine could do this step. Try again later.")
    return value
