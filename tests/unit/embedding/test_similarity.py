import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.embedding.similarity import (
    build_fingerprint,
    near_exact_similarity,
    normalised_digest,
)
from tests.paths import REPOSITORY

TICKET = (
    "Wrong invoice\n\nInvoice INV-2041 shows fifteen seats, but we only have twelve. "
    "Please correct it."
)


def unit(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32) / np.float32(np.linalg.norm(values))


@given(a=st.text(), b=st.text(), angle=st.floats(0, np.pi))
def test_the_dot_product_is_meaning_plus_half_spelling(
    a: str, b: str, angle: float
) -> None:
    x, y = unit(1, 0), unit(np.cos(angle), np.sin(angle))
    meaning = x @ y
    spelling = build_fingerprint(a, x)[2:] @ build_fingerprint(b, x)[2:] * 3
    assert build_fingerprint(a, x) @ build_fingerprint(b, y) == pytest.approx(
        (meaning + spelling / 2) / 1.5, abs=1e-5
    )


def test_a_fingerprint_is_of_one_length_and_norm() -> None:
    embedding = unit(*range(1, 385))
    for text in (TICKET, TICKET * 500, "short", "日本語のチケット"):
        vector = build_fingerprint(text, embedding)
        assert vector.shape == (384 + 512,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_shared_identifier_brings_two_texts_together() -> None:
    embedding = unit(1, 0)
    report = build_fingerprint("NullPointerException in FooBarHandler.parse", embedding)
    same = build_fingerprint(
        "crash: FooBarHandler.parse throws NullPointerException", embedding
    )
    other = build_fingerprint(
        "crash: the printer on the second floor is on fire", embedding
    )
    assert report @ same > report @ other + 0.1


def test_a_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "import numpy as np; from engines.embedding.similarity import build_fingerprint;"
        "print(build_fingerprint('Crème brûlée ORD-1', np.ones(1, np.float32)).tobytes().hex())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (
        found.strip()
        == build_fingerprint("Crème brûlée ORD-1", np.ones(1, np.float32))
        .tobytes()
        .hex()
    )


@pytest.mark.parametrize(
    "again",
    [
        TICKET.upper(),
        TICKET.replace("\n\n", "  \n"),
        "RE: Fwd: " + TICKET,
        unicodedata.normalize("NFD", TICKET).replace("-", "\N{EN DASH}"),
        TICKET.rstrip(".") + "!!!",
    ],
)
def test_the_same_message_in_other_clothes_has_the_same_digest(again: str) -> None:
    assert normalised_digest(again) == normalised_digest(TICKET)
    assert near_exact_similarity(again, TICKET) == 1


@pytest.mark.parametrize(
    "other",
    [
        TICKET.replace("2041", "2042"),
        TICKET.replace("twelve", "ten"),
        "",
        "हिन्दी",
        "हनद",
    ],
)
def test_another_message_has_another_digest(other: str) -> None:
    known = {normalised_digest(text) for text in (TICKET, "हिन्द")}
    assert normalised_digest(other) not in known


@pytest.mark.parametrize(
    "again",
    [
        "Resending this, nobody has answered.\n" + TICKET,
        TICKET.replace("\n\n", "\n\nHello again, I am resending this.\n"),
        "Re: " + TICKET.replace("Invoice INV", "Second try: Invoice INV"),
    ],
)
def test_a_line_in_front_does_not_make_another_message(again: str) -> None:
    assert (
        near_exact_similarity(TICKET, again)
        == near_exact_similarity(again, TICKET)
        == 1
    )
    assert normalised_digest(again) != normalised_digest(TICKET)


@pytest.mark.parametrize(
    "other",
    [
        TICKET
        + (
            " Also, two of our people cannot log in since Monday, and the export has been "
            "failing for a week."
        ),
        "We cannot log in any more. " * 6 + TICKET,
        "The warehouse door does not close.",
        "",
    ],
)
def test_more_than_a_line_in_front_is_another_message(other: str) -> None:
    assert near_exact_similarity(TICKET, other) < 0.9


def test_a_short_message_is_not_found_at_the_end_of_a_longer_one() -> None:
    assert (
        near_exact_similarity(
            "My order is late", "My laptop is broken. My order is late"
        )
        < 0.9
    )


def test_one_other_identifier_stays_near_exact_and_is_for_the_caller_to_see() -> None:
    assert 0.9 < near_exact_similarity(TICKET, TICKET.replace("2041", "2042")) < 1


@given(a=st.text(), b=st.text())
def test_nearness_is_symmetric_and_within_bounds(a: str, b: str) -> None:
    assert near_exact_similarity(a, b) == near_exact_similarity(b, a)
    assert 0 <= near_exact_similarity(a, b) <= 1
    assert near_exact_similarity(a, a) == 1
