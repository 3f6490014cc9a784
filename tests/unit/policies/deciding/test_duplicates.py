import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.deciding.duplicates import (
    MIN_NEAR_EXACT_SHARE,
    find_distinguishing_words,
    find_identifiers,
    is_repeat,
    shared_sentence_share,
)

STORY = (
    "My parcel has been standing at the depot since last week. The driver says that nobody "
    "was at home, which is wrong."
)


def test_the_same_text_repeats() -> None:
    assert is_repeat(STORY, STORY, 1.0)


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("ORD-111 has not arrived", "ORD-112 has not arrived"),
        ("The lamp in room 2.14 flickers", "The lamp in room 2.41 flickers"),
        ("Please take 20.00 off the bill", "Please take 25.00 off the bill"),
        (
            "The lamp on the second floor flickers",
            "The lamp on the third floor flickers",
        ),
        ("the delivery on monday was late", "the delivery on tuesday was late"),
        ("please reset the password of Anna", "please reset the password of Peter"),
        ("the red lamp flickers", "the green lamp flickers"),
    ],
)
def test_a_look_alike_is_another_ticket(text: str, earlier: str) -> None:
    assert not is_repeat(text, earlier, 1.0)


def test_a_counted_attempt_is_the_same_ticket() -> None:
    assert is_repeat(f"2nd try: {STORY}", STORY, MIN_NEAR_EXACT_SHARE)


def test_unlike_texts_do_not_repeat() -> None:
    assert not is_repeat("The bin is full.", "The lift is slow.", 0.5)


def test_a_story_told_again_in_the_same_sentences_repeats() -> None:
    again = f"I wrote some days ago and had no answer. {STORY}"
    assert shared_sentence_share(again, f"{STORY} It makes me sad.") > 0.7
    assert is_repeat(again, f"{STORY} It makes me sad.", 0.0)


def test_one_common_sentence_is_not_the_same_story() -> None:
    assert (
        shared_sentence_share(
            "The driver rang and nobody was at home.",
            "The driver rang and nobody was at home.",
        )
        == 0.0
    )


def test_identifiers_are_words_with_digits_without_punctuation() -> None:
    assert find_identifiers("See #A-12, (B7) and 3rd mail, room 9.") == {
        "a-12",
        "b7",
        "9",
    }


def test_names_stand_inside_a_sentence() -> None:
    assert find_distinguishing_words("Hello Anna, the lamp on the second floor") == {
        "anna",
        "second floor",
    }


@given(st.text(max_size=200), st.text(max_size=200), st.floats(0, 1))
def test_repeating_is_mutual(text: str, earlier: str, likeness: float) -> None:
    assert is_repeat(text, earlier, likeness) == is_repeat(earlier, text, likeness)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_share_is_a_share(text: str, earlier: str) -> None:
    assert 0 <= shared_sentence_share(text, earlier) <= 1
