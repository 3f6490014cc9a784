"""The header Prefer: what counts, what is ignored, and what the answer says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.prefer import MAX_WAIT_SECONDS, Preference, parse_preferences


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ([], Preference()),
        (["wait=10"], Preference(wait=10)),
        (['Wait = "10" ; for=me'], Preference(wait=10)),
        (["respond-async"], Preference(respond_async=True)),
        (["respond-async, wait=10"], Preference(10, respond_async=True)),
        (["return=minimal", "RESPOND-ASYNC"], Preference(respond_async=True)),
        (["wait=3, wait=7"], Preference(wait=3)),
        (["wait=99999999"], Preference(wait=MAX_WAIT_SECONDS)),
        (["wait"], Preference()),
        (["wait=-1"], Preference()),
        (["wait=1.5"], Preference()),
        (["wait=\u0661"], Preference()),
        (["wait=" + "9" * 5000], Preference()),
        (["respond-asynchronously; wait=5"], Preference()),
    ],
)
def test_what_a_header_means(values: list[str], meant: Preference) -> None:
    assert parse_preferences(values) == meant


@pytest.mark.parametrize(
    ("preference", "seconds", "early", "late"),
    [
        (Preference(), 30, None, None),
        (Preference(wait=5), 5, "wait=5", "wait=5"),
        (Preference(wait=50), 30, "wait=50", "wait=50"),
        (Preference(respond_async=True), 0, None, "respond-async"),
        (Preference(5, respond_async=True), 5, "wait=5", "wait=5, respond-async"),
    ],
)
def test_how_long_is_waited_and_what_is_said_of_it(
    preference: Preference, seconds: float, early: str | None, late: str | None
) -> None:
    assert preference.wait_seconds(30.0) == seconds
    assert preference.applied_header(finished=True).get("Preference-Applied") == early
    assert preference.applied_header(finished=False).get("Preference-Applied") == late


@given(st.lists(st.text(st.characters(max_codepoint=255)), max_size=4))
def test_nothing_that_a_header_says_makes_anybody_wait_longer(
    values: list[str],
) -> None:
    assert 0 <= parse_preferences(values).wait_seconds(30.0) <= 30.0
