"""A model's words in the desk's frame.

Nothing of its own about times, nothing asked twice, every weakness marked.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import ExtractedField, Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from engines.llm.model_draft import build_draft
from engines.masking import Mask, create_mask
from engines.reply_frame import build_frame
from nodes.services import DraftBrief
from policies.loading.load import load_desks
from prompts.draft import DraftOutput
from ticketgraph.assembly import SHIPPED_DESKS

DESK = load_desks(SHIPPED_DESKS)["customer_support"]
TEXT = "I cannot sign in to the reporting module, order ORD-5521. Ada Lovelace, ada@example.com"
SOURCE = Source(
    id="reset-password",
    kind="article",
    title="Reset your password",
    score=0.8,
    excerpt=(
        "Choose 'Forgot password' on the sign-in page. The link we send is valid for 30 "
        "minutes."
    ),
)
GIVEN = ExtractedField(name="order_id", value="ORD-5521", confidence=1.0)
FILLED = {
    "acknowledgment": "You cannot sign in to the reporting module.",
    "explanation": "The link we send is valid for 30 minutes [S1].",
    "action_items": ["Choose 'Forgot password' on the sign-in page [S1]."],
    "suggested_actions": ["Look at the account."],
    "greeting": "",
    "timeline": "",
    "closing": "",
}


def brief(*, speaks: bool = True, missing: tuple[str, ...] = ()) -> DraftBrief:
    return DraftBrief(
        ticket=Ticket(
            id="T-1",
            body=TEXT,
            customer_name="Ada Lovelace",
            customer_email="ada@example.com",
            received_at=datetime.now(UTC),
        ),
        clean=CleanTicket(
            subject="",
            body=TEXT,
            language="en" if speaks else "fi",
            supported_language=speaks,
        ),
        classification=Classification(
            category="account",
            category_confidence=0.8,
            severity="medium",
            severity_confidence=0.8,
        ),
        extraction=Extraction(fields=(GIVEN,), missing_required=missing),
        sources=(SOURCE,),
        tone="friendly",
    )


def mask_of(given: DraftBrief) -> Mask:
    mask = create_mask(given.ticket, given.clean, DESK)
    mask.mask_text(given.clean.everything)
    return mask


def draft(given: DraftBrief | None = None, **changed: Any) -> Draft:
    given = given or brief()
    output = DraftOutput.model_validate(FILLED | changed)
    return build_draft(output, given, given.sources, DESK, mask_of(given))


def test_what_a_source_says_stands_in_the_desks_frame() -> None:
    made, frame = draft(), build_frame(brief(), DESK, answered=True)
    assert made.content == "\n\n".join(
        (
            frame.greeting,
            "You cannot sign in to the reporting module.",
            "The link we send is valid for 30 minutes.",
            "1. Choose 'Forgot password' on the sign-in page.",
            frame.timeline,
            frame.closing,
        )
    )
    assert "Ada" in made.greeting
    assert made.sources == ("reset-password",)
    assert (made.unsupported, made.warnings) == ((), ())
    assert (made.engine, made.prompt_version) == ("llm", "draft@1")
    assert "The model suggests: Look at the account." in made.suggested_actions


@pytest.mark.parametrize("part", ["acknowledgment", "explanation", "action_items"])
def test_a_promise_without_a_source_is_marked_wherever_it_stands(part: str) -> None:
    promise = "We will pay back 500 dollars within 5 minutes."
    made = draft(**{part: [promise] if part == "action_items" else promise})
    assert made.unsupported == (promise,)


def test_citing_a_source_that_says_something_else_does_not_help() -> None:
    assert draft(
        explanation="The link we send is valid for 60 minutes [S1]."
    ).unsupported


def test_an_acknowledgment_may_say_what_the_customer_said_and_nothing_else() -> None:
    assert (
        draft(acknowledgment="You cannot sign in; your order is ORD-5521.").unsupported
        == ()
    )
    assert draft(acknowledgment="Our database was destroyed yesterday.").unsupported


@pytest.mark.parametrize(
    "question",
    [
        "Could you please send us your order number?",
        "Please provide the order id.",
        "What is your order number?",
    ],
)
def test_what_was_given_is_not_asked_for(question: str) -> None:
    for changed in (
        {"explanation": f"{FILLED['explanation']} {question}"},
        {"action_items": [question]},
    ):
        made = draft(**changed)
        assert question not in made.content
        assert "?" not in made.content.replace("password?", "")


def test_what_is_missing_is_asked_for_by_the_desk_when_nothing_answers() -> None:
    made = draft(
        brief(missing=("error_code",)), explanation="We look at it.", action_items=[]
    )
    field = next(field for field in DESK.fields if field.name == "error_code")
    assert field.ask in made.content


def test_the_models_times_are_not_used() -> None:
    made = draft(
        greeting="Hey you", timeline="It takes 5 minutes.", closing="Yours, me"
    )
    assert "5 minutes" not in made.content.replace("30 minutes", "")
    assert "Hey you" not in made.content
    assert "Yours, me" not in made.content


def test_a_translation_with_the_same_numbers_is_used_and_marked() -> None:
    given = brief(speaks=False)
    frame = build_frame(given, DESK, answered=True)
    parts = {
        "greeting": "Hei,",
        "closing": "Terveisin",
        "timeline": f"Suomeksi: {frame.timeline}",
    }
    made = draft(given, **parts)
    assert (made.greeting, made.closing) == ("Hei,", "Terveisin")
    assert any("language" in warning for warning in made.warnings)


def test_a_translation_that_changes_the_time_is_not_used() -> None:
    given = brief(speaks=False)
    made = draft(
        given,
        greeting="Hei,",
        timeline="Viisi 5 minuuttia ja 77 tuntia.",
        closing="Terveisin",
    )
    assert made.timeline == build_frame(given, DESK, answered=True).timeline
    assert made.greeting != "Hei,"


def test_pseudonyms_come_back_and_invented_ones_are_marked() -> None:
    given = brief()
    hidden = mask_of(given).mask_text("ada@example.com")
    made = draft(given, acknowledgment=f"You wrote from {hidden}, and from [PHONE_7].")
    assert "ada@example.com" in made.content
    assert any("[PHONE_7]" in warning for warning in made.warnings)


def test_without_a_source_the_reviewer_is_told() -> None:
    assert any(
        "no source" in warning
        for warning in draft(explanation="", action_items=[]).warnings
    )


@given(
    st.fixed_dictionaries(
        {
            name: st.lists(st.text(max_size=60), max_size=3)
            if isinstance(value, list)
            else st.text(max_size=200)
            for name, value in FILLED.items()
        }
    )
)
def test_any_answer_becomes_a_reply_in_the_frame(changed: dict[str, Any]) -> None:
    made = draft(**changed)
    frames = [
        build_frame(brief(), DESK, answered=answered) for answered in (True, False)
    ]
    assert made.timeline in [frame.timeline for frame in frames]
    assert made.greeting == frames[0].greeting
    assert set(made.sources) <= {"reset-password"}
    assert "[S1]" not in made.content
