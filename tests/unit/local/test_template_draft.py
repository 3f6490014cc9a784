from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.classification import Classification
from contracts.extraction import ExtractedField, Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from engines.local.template_draft import draft_reply, pick_usable_source
from engines.reply_frame import pick_first_name
from nodes.services import DraftBrief
from policies.desk.model import Desk
from policies.loading.load import load_desk
from tests.paths import DESKS

DESK = load_desk(DESKS / "customer_support")


@pytest.fixture
def desk() -> Desk:
    return DESK


def source(source_id: str, score: float, category: str = "account") -> Source:
    return Source(
        id=source_id,
        kind="article",
        title=source_id,
        score=score,
        category=category,
        excerpt=f"This is what {source_id} says.",
        steps=("Open the page.", "Press the button."),
    )


def brief(**changes: Any) -> DraftBrief:
    known: dict[str, Any] = {
        "ticket": Ticket(
            id="TKT-1",
            subject="Help",
            body="...",
            customer_name="Ada Byron",
            received_at=datetime.now(UTC),
        ),
        "clean": CleanTicket(subject="Help", body="I forgot my password."),
        "classification": Classification(
            category="account",
            category_confidence=0.9,
            severity="medium",
            severity_confidence=0.9,
        ),
        "extraction": Extraction(),
        "tone": "friendly",
    }
    return DraftBrief(**(known | changes))


def test_the_reply_stands_on_its_source(desk: Desk) -> None:
    draft = draft_reply(brief(sources=(source("reset", 0.8),)), desk)
    assert draft.sources == ("reset",)
    assert "This is what reset says." in draft.content
    assert "1. Open the page.\n2. Press the button." in draft.content
    assert draft.greeting == "Hi Ada,"
    assert "24 hours" in draft.timeline or "day" in draft.timeline
    assert draft.unsupported == ()
    assert "reset" in draft.suggested_actions[0]


def test_without_a_source_it_promises_to_look(desk: Desk) -> None:
    draft = draft_reply(brief(sources=(source("far", 0.3),)), desk)
    assert draft.sources == ()
    assert draft.explanation == desk.replies.tones["friendly"].no_source
    assert draft.action_items == desk.replies.next_steps["account"]


def test_it_asks_for_what_is_missing_and_repeats_what_was_given(desk: Desk) -> None:
    fields = (ExtractedField(name="order_id", value=["A-1", "A-2"], confidence=0.9),)
    extraction = Extraction(fields=fields, missing_required=("order_id", "amount"))
    draft = draft_reply(brief(extraction=extraction), desk)
    assert "(A-1, A-2)" in draft.acknowledgment
    assert "the amount in question" in draft.content
    assert "order number" not in draft.content


def test_nothing_to_act_on_is_asked_about(desk: Desk) -> None:
    draft = draft_reply(brief(actionable=False, sources=(source("reset", 0.9),)), desk)
    assert draft.explanation == desk.replies.tones["friendly"].unclear
    assert draft.sources == ()


def test_a_reviewers_guidance_comes_first(desk: Desk) -> None:
    draft = draft_reply(brief(guidance="Offer a call."), desk)
    assert draft.suggested_actions[0] == "Reviewer's guidance: Offer a call."


@pytest.mark.parametrize("tone", ["formal", "friendly", "technical"])
def test_every_tone_has_its_words(desk: Desk, tone: str) -> None:
    draft = draft_reply(brief(tone=tone), desk)
    assert draft.tone == tone
    assert desk.replies.signature in draft.closing
    assert "{" not in draft.content


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Byron", "Ada"),
        ("Jean-Luc P", "Jean-Luc"),
        (None, None),
        ("", None),
        ("<script>", None),
        ("a" * 41, None),
    ],
)
def test_what_to_call_the_customer(name: str | None, expected: str | None) -> None:
    assert pick_first_name(name) == expected


def test_the_closest_source_is_used() -> None:
    far, near = source("far", 0.7, "account"), source("near", 0.9, "billing")
    assert pick_usable_source((near, far), "account") == near


def test_of_two_equally_close_the_one_of_the_category() -> None:
    other, own = source("other", 0.72, "billing"), source("own", 0.7, "account")
    assert pick_usable_source((other, own), "account") == own


def test_a_source_far_away_is_not_used() -> None:
    assert pick_usable_source((source("far", 0.44),), "account") is None
