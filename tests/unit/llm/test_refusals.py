"""What providers say when they refuse, and what we make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.usage import Usage
from engines.llm.failures import (
    FormatRefused,
    KeyRefused,
    ModelDeclined,
    ModelError,
    ProviderFailed,
    RateLimited,
    RequestRefused,
)
from engines.llm.refusals import failure_of
from engines.llm.rungs import LADDER, Rung

SAID: list[tuple[int, str, type[ModelError]]] = [
    (400, "response_format: json_schema is not available for this model", FormatRefused),
    (400, "Invalid schema for response_format 'Answer'", FormatRefused),
    (400, "'messages' must contain the word 'json' to use response_format json_object", FormatRefused),
    (400, "This model cannot do tools", FormatRefused),
    (404, "No endpoints found that support tool use", FormatRefused),
    (422, "response_format.type: input should be 'text' or 'json_object'", FormatRefused),
    (400, "failed to parse grammar", FormatRefused),
    (500, "tools param requires a flag", FormatRefused),
    (501, "json_schema is not implemented", FormatRefused),
    (400, "JSON mode is not supported", FormatRefused),
    (500, "Database schema is out of date", ProviderFailed),
    (502, "response_format", ProviderFailed),
    (400, "Unsupported value: 'temperature' does not support 0 with this model", RequestRefused),
    (400, "max_tokens is too large for this model", RequestRefused),
    (400, "maximum context length is 8192 tokens, with 300 in the tools", RequestRefused),
    (413, "too large", RequestRefused),
    (404, "models/x is not found for this version, or is not supported", RequestRefused),
    (404, "The model `x` does not exist", RequestRefused),
    (404, "page not found", RequestRefused),
    (402, "more credits are needed", RequestRefused),
    (403, "your input was flagged by moderation", ModelDeclined),
    (400, "code: content_filter", ModelDeclined),
    (403, "not allowed in your country", KeyRefused),
    (401, "json_schema", KeyRefused),
    (429, "slow down", RateLimited),
]


@pytest.mark.parametrize(("status", "words", "failure"), SAID)
def test_words_are_told_apart(status: int, words: str, failure: type[ModelError]) -> None:
    assert type(failure_of(status, words, None, "json_schema", Usage())) is failure


@pytest.mark.parametrize(("status", "words", "failure"), [said for said in SAID if said[2] is FormatRefused])
def test_without_a_format_no_format_is_refused(status: int, words: str, failure: type[ModelError]) -> None:
    assert type(failure_of(status, words, None, "prose", Usage())) is not failure


@given(st.integers(400, 599), st.text(), st.none() | st.text(), st.sampled_from(LADDER))
def test_any_refusal_is_a_typed_failure(status: int, words: str, after: str | None, rung: Rung) -> None:
    failure = failure_of(status, words, after, rung, Usage(calls=1))
    assert failure.usage.calls == 1
    assert str(status) in failure.detail
    assert not isinstance(failure, RateLimited) or failure.retry_after is None or failure.retry_after >= 0


def test_the_words_themselves_are_never_repeated() -> None:
    for status, words, _ in SAID:
        said = failure_of(status, f"{words} SENTINEL", "SENTINEL", "json_schema", Usage())
        assert "SENTINEL" not in said.detail + repr(said)
