"""Long tickets: what is kept, what is said of the rest, and how long it takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.condensing import MIN_CONDENSE_LIMIT, OMISSION_MARK, condense_text
from tests.linear_work import bounded_work

NUMBER = re.compile(r"\n\[… ([\d,]+) characters left out …\]\n")
FILLER = "The weather was fine and we talked about the garden for a while. "
SENTENCES = (
    "Order ORD-77 is gone. ",
    "Down!\n",
    "x" * 400,
    "ß" * 90,
    "İ",
    " ",
    "\n",
    FILLER,
    "All users are locked out? ",
)
LONG = st.lists(
    st.one_of(st.sampled_from(SENTENCES), st.text(max_size=20)), max_size=60
).map("".join)


@given(LONG, st.integers(min_value=0, max_value=3_000))
def test_never_above_the_limit_and_every_character_counted(
    text: str, limit: int
) -> None:
    made = condense_text(text, limit)
    assert len(made.text) <= limit
    marks = [int(number.replace(",", "")) for number in NUMBER.findall(made.text)]
    kept = len(made.text) - sum(len(OMISSION_MARK.format(number)) for number in marks)
    assert made.omitted_characters == len(text) - kept
    if limit >= MIN_CONDENSE_LIMIT:
        assert made.omitted_characters == sum(marks)


@given(LONG)
def test_a_text_within_the_limit_is_untouched(text: str) -> None:
    assert condense_text(text, len(text)).text == text
    assert condense_text(text, len(text)).omitted_characters == 0


def test_beginning_end_and_what_matters_between() -> None:
    telling = [
        "All users are locked out of the portal.",
        "My invoice INV-2024-889 is over 1,250.00 EUR.",
        "It says E-512.",
    ]
    middle = "".join(FILLER * 200 + sentence + " " for sentence in telling)
    text = f"First words here. {middle}{FILLER * 200}Last words here."
    made = condense_text(text, 4_000)
    assert made.text.startswith("First words here.")
    assert made.text.endswith("Last words here.")
    places = [made.text.index(sentence) for sentence in telling]
    assert places == sorted(places)
    assert len(NUMBER.findall(made.text)) == 4


def test_harm_comes_before_numbers_when_room_is_short() -> None:
    numbers = "".join(
        f"Item {number} was looked at again by somebody. " for number in range(2_000)
    )
    text = f"{FILLER * 40}{numbers}Somebody was injured by the machine. {FILLER * 40}"
    assert "Somebody was injured by the machine." in condense_text(text, 2_000).text


def test_the_same_sentence_is_kept_once() -> None:
    text = (
        FILLER * 100
        + "Error 500 in the log.\n" * 3_000
        + "Only here: ORD-9.\n"
        + FILLER * 100
    )
    made = condense_text(text, 4_000)
    assert made.text.count("Error 500 in the log.") == 1
    assert "Only here: ORD-9." in made.text


def test_words_and_placeholders_are_not_cut_in_two() -> None:
    made = condense_text("[EMAIL_1] wrote. " * 5_000, 3_000)
    assert set(re.findall(r"\S+", NUMBER.sub(" ", made.text))) == {
        "[EMAIL_1]",
        "wrote.",
    }


@pytest.mark.parametrize(
    "unit",
    [
        FILLER,
        "1",
        "1.\n",
        "down lost fire ",
        "a",
        ".",
        "ü ",
        "İ ",
        "Error 7 in the log.\n",
    ],
)
def test_any_long_text_is_short_work(unit: str) -> None:
    text = (unit * (200_000 // len(unit) + 1))[:200_000]
    with bounded_work():
        made = condense_text(text, 12_000)
    assert 0 < made.omitted_characters < len(text)
