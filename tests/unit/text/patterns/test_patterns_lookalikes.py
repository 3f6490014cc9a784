"""The masks: what each blanks out, and that the signs looked for first hide no match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.blanking import ADDRESSES, CODES, FILLER, MACHINE, PERSONAL, blank_masks

MASKS = (*ADDRESSES, *MACHINE, *PERSONAL, *CODES)
LOOKALIKES = (
    "HTTPS://shop.example/a",
    "WWW.shop.example",
    "jdbc:h2:mem",
    "ana@shop.example",
    "0F8FAD5B-d9cb-469f-a165-70867728950e",
    "d41d8cd98f00b204e9800998",
    "/var/log/app.log",
    "C:\\Users\\ana\\x",
    "at a.b.C(D.java:12)",
    "line 12",
    ".py:40",
    "2024-03-05 10:22:01",
    "5/3/2024",
    "10:22",
    "10.0.0.1/24",
    "fe80::1",
    "v1.2.3-rc1",
    "123-45-6789",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "Eur 12.50",
    "3 Dollars",
    "$5",
    "12 %",
    "0xC0000005",
    "1700000000",
    "ABC-12",
)


@pytest.mark.parametrize("text", LOOKALIKES)
def test_look_alikes_are_blanked_whole(text: str) -> None:
    assert blank_masks(f"see\n{text}\nnow", MASKS) == f"see\n{FILLER * len(text)}\nnow"


@given(
    st.lists(st.one_of(st.sampled_from(LOOKALIKES), st.text(max_size=5)), max_size=6),
    st.sampled_from(" ,x.1-\n"),
)
def test_signs_hide_no_match(parts: list[str], joint: str) -> None:
    text = joint.join(parts)
    assert blank_masks(text, MASKS) == blank_masks(
        text, tuple(mask._replace(signs=("",)) for mask in MASKS)
    )
