"""Every engine's draft is checked, also one that a person asked for again."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from contracts.approval import ApprovalDecision
from contracts.classification import Classification
from contracts.draft import Draft
from contracts.errors import EngineError
from contracts.ticket import CleanTicket, Ticket
from nodes.draft import Needs, draft
from nodes.services import DraftBrief, Limits, Services
from policies.desk.model import Desk
from policies.loading.load import load_desk
from tests.paths import DESKS

DESK = load_desk(DESKS / "customer_support")
STATE: Needs = {
    "ticket": Ticket(
        id="TKT-1",
        subject="Help",
        body="It is slow.",
        received_at=datetime(2026, 5, 4, tzinfo=UTC),
    ),
    "clean": CleanTicket(subject="Help", body="It is slow."),
    "classification": Classification(
        category="technical",
        category_confidence=0.9,
        severity="low",
        severity_confidence=0.9,
    ),
}


class Writer:
    """An engine that writes one text, or fails."""

    def __init__(self, text: str | None) -> None:
        """Keep the text; None fails."""
        self.text = text

    async def draft(self, brief: DraftBrief, desk: Desk) -> Draft:
        """The text, with a warning of its own."""
        assert brief.ticket.desk == desk.id
        if self.text is None:
            raise EngineError("down")
        return Draft(content=self.text, tone=brief.tone, warnings=("Its own.",))


def written(engine: str | None, local: str, **state: Any) -> Draft | None:
    services = SimpleNamespace(
        desks={DESK.id: DESK},
        engine=Writer(engine),
        local=Writer(local),
        limits=Limits(),
    )
    runtime = Runtime(context=cast("Services", services))
    given = asyncio.run(draft(cast("Needs", STATE | state), runtime))
    return given.get("draft")


LINK = "See https://evil.example."


@pytest.mark.parametrize(
    ("engine", "local"),
    [(LINK, "Hello"), (None, LINK), (LINK + " Thank you." * 900, "Hello")],
)
@pytest.mark.parametrize(
    "approval", [None, ApprovalDecision(type="reject", guidance="Shorter, please.")]
)
def test_warnings_are_added(
    engine: str | None, local: str, approval: ApprovalDecision | None
) -> None:
    result = written(engine, local, approval=approval)
    assert result is not None
    assert result.warnings[0] == "Its own."
    assert "evil.example" in result.warnings[1]


def test_a_clean_draft_keeps_only_its_own() -> None:
    result = written("Hello, we look at it.", "")
    assert result is not None
    assert result.warnings == ("Its own.",)
