"""A sentence stands on a source only when the source says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.retrieval import Source
from engines.llm.grounding import cited_indexes, ground_text, split_cited_sentences

RESET = Source(
    id="reset-password",
    kind="article",
    title="Reset your password",
    score=0.8,
    excerpt=(
        "Choose 'Forgot password' on the sign-in page. The link we send is valid for 30 "
        "minutes."
    ),
    steps=("Open the sign-in page.", "Choose 'Forgot password'."),
)
OTHER = RESET.model_copy(
    update={
        "id": "invoices",
        "title": "Invoices",
        "excerpt": "Invoices are under Billing.",
        "steps": (),
    }
)


def test_what_the_source_says_is_supported_and_read_without_marks() -> None:
    found = ground_text(
        "Choose 'Forgot password' on the sign-in page [S1]. The link is valid for 30 minutes. [S1]",
        [RESET],
    )
    assert (
        found.text
        == "Choose 'Forgot password' on the sign-in page. The link is valid for 30 minutes."
    )
    assert found.source_ids == ("reset-password",)
    assert found.unsupported == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The link is valid for 60 minutes [S1].",
        "You will get a refund of everything you paid [S1].",
        "The link we send is not valid [S1].",
        "Choose 'Forgot password' on the sign-in page [S2].",
        "Choose 'Forgot password' on the sign-in page [S7].",
        "Choose 'Forgot password' on the sign-in page [S0].",
        "A colleague has already fixed it.",
        "Sorry, but your account is closed and all your data is gone.",
        "Please let us know your mother's birth name and the last four of your card.",
        "I am sorry, we hate customers like you.",
        "Hello, send us your card.",
        "Do not choose 'Forgot password' on the sign-in page [S1].",
        "The link we send is valid for any 30 minutes, always [S1].",
        "Choose 'Forgot password' and delete your account on the sign-in page [S1].",
    ],
)
def test_what_no_source_says_is_marked(sentence: str) -> None:
    found = ground_text(sentence, [RESET, OTHER])
    assert len(found.unsupported) == 1
    assert found.source_ids == ()


def test_a_copied_sentence_needs_no_mark() -> None:
    found = ground_text(
        "The link we send is valid for 30 minutes. We will also call you.",
        [OTHER, RESET],
    )
    assert found.source_ids == ("reset-password",)
    assert found.unsupported == ("We will also call you.",)


@pytest.mark.parametrize(
    "sentence",
    ["Thank you for your message.", "We are sorry for the trouble.", "Hello!", "…"],
)
def test_courtesy_needs_no_source(sentence: str) -> None:
    assert ground_text(sentence, [RESET]).unsupported == ()


def test_a_courtesy_that_goes_on_with_a_number_is_none() -> None:
    assert ground_text("We are sorry and credit you 50 dollars.", [RESET]).unsupported


def test_marks_in_many_shapes() -> None:
    assert cited_indexes("Do it [S1][S2].") == [0, 1]
    assert cited_indexes("Do it [S1, S3].") == [0, 2]
    assert cited_indexes("Do it (S2).") == [1]
    assert split_cited_sentences("First. [S1] Second [S2]. Third") == [
        "First. [S1]",
        "Second [S2].",
        "Third",
    ]


@given(st.text(max_size=300))
def test_never_fails_and_never_cites_what_is_not_there(text: str) -> None:
    found = ground_text(text, [RESET])
    assert set(found.source_ids) <= {"reset-password"}
    assert "[S1]" not in found.text
