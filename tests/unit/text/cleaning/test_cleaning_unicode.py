"""One spelling per character, with lines and paragraphs kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.cleaning.unicode import normalise_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("one\n\n\n\n two", "one\n\ntwo"),
        ("wide   gap\tand tab\u00a0", "wide gap and tab"),
        ("pass\u00adword\u200b \ufeffre\u2060set", "password reset"),
        ("a\u202eb\u2066c\x00\x1b[0m", "abc[0m"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("\uff26\uff55\uff4c\uff4c \ufb01ne", "Full fine"),
        ("flag\U000e0041\U000e0042", "flag"),
    ],
)
def test_spelling(text: str, expected: str) -> None:
    assert normalise_text(text) == expected


def test_paragraphs_stay() -> None:
    letter = "Hello,\n\nfirst line\nsecond line\n\nBye"
    assert normalise_text(letter) == letter


def test_a_ligature_that_stands_for_a_sentence_does_not_blow_the_text_up() -> None:
    assert len(normalise_text("\ufdfa" * 1000)) == 1000


def test_marks_beyond_the_thirtieth_are_dropped() -> None:
    assert (
        sum(map(unicodedata.combining, normalise_text("x" + "\u0316" * 500)))
        <= 30 * 220
    )


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_output_has_no_control_and_no_lone_surrogate(text: str) -> None:
    clean = normalise_text(text)
    clean.encode("utf-8")
    assert all(char == "\n" or unicodedata.category(char) != "Cc" for char in clean)
    assert "\n\n\n" not in clean
    assert clean == clean.strip()
