"""What is tried only where a word or a number stands finds what trying it everywhere would find."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.masking import names, redact_text, streets
from engines.masking.cues import (
    LETTER_VARIANTS,
    LedPattern,
    casefolded_words,
    find_at_starts,
    word_positions,
)
from tests.unit.masking.test_mask import DESK

LED = {
    name: pattern
    for name, pattern in vars(names).items()
    if isinstance(pattern, LedPattern)
}
PHRASES = [
    *(f"{lead} " for pattern in LED.values() for lead in sorted(pattern.lead_words)),
    *(
        "I am ",
        "I’m ",
        "it's ",
        "je m'",
        "name is ",
        "behalf of ",
        "by ",
        "c/o ",
        "mr. ",
        "thank you ",
        "à vous\n",
    ),
    *(
        "Ada Byron",
        "ada",
        "O’Neil",
        "Ada-Maria",
        "İnes",
        "ınes",
        "ẞ",
        "\u0345",
        "我",
        "from ",
        " here",
        "x",
    ),
    *(" ", "\n", ", ", ". ", "-", "1", "_"),
]
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(PHRASES),
        st.sampled_from(PHRASES).map(str.upper),
        st.text(max_size=3),
    )
).map("".join)
NUMBERED = st.lists(
    st.one_of(
        st.sampled_from(
            ["#", "12 ", "3", "old ", "Mill ", "Road", "rue ", "de ", "st", ", "]
        ),
        st.text(max_size=2),
    )
).map("".join)


@pytest.mark.parametrize("name", LED)
@given(text=TEXTS)
@settings(deadline=None)
def test_a_led_pattern_begins_with_one_of_its_leads(name: str, text: str):
    pattern = LED[name]

    found = [match.span() for match in pattern.find_matches(text, word_positions(text))]

    assert found == [match.span() for match in pattern.pattern.finditer(text)]


@given(text=NUMBERED)
@settings(deadline=None)
def test_streets_with_the_number_first_begin_with_it(text: str):
    starts = [match.start() for match in streets.NUMBER_START.finditer(text)]
    for pattern in streets.NUMBER_FIRST:
        assert [m.span() for m in find_at_starts(pattern, text, starts)] == [
            m.span() for m in pattern.finditer(text)
        ]


@given(text=TEXTS)
def test_words_stand_where_they_are_said_to(text: str):
    plain = text.translate(LETTER_VARIANTS)
    for word, starts in word_positions(text).items():
        for start in starts:
            assert word.startswith(plain[start].casefold())
            assert start == 0 or not re.match(r"[^\W\d_]", plain[start - 1])
    assert casefolded_words(text) == frozenset(word_positions(text))


@pytest.mark.parametrize(
    "text", ["SUİTE 12", "suıte 12", "\u0345suite 12", "Hİ Nkechi,", "ı am Nkechi Udeh"]
)
def test_letters_that_only_patterns_take_for_equal_hide_no_cue(text: str):
    assert "[" in redact_text(text, DESK)


@pytest.mark.parametrize(
    "text", ["call +491234", "call 12-3456", "code 100023, call 10 00 23"]
)
def test_six_digits_can_be_a_phone_number(text: str):
    assert "[PHONE]" in redact_text(text, DESK)


def test_six_digits_in_one_piece_are_none():
    assert (
        redact_text("please call about ORD-100023 or 100023", DESK)
        == "please call about ORD-100023 or 100023"
    )
