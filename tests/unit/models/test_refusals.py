"""What providers say when they refuse, and what we make of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.usage import Usage
from engines.models.breaker import CircuitBreaker
from engines.models.failures import (
    FormatRefused,
    KeyRefused,
    ModelDeclined,
    ModelError,
    ProviderFailed,
    RateLimited,
    RequestRefused,
)
from engines.models.refusals import classify_refusal
from engines.models.rungs import RUNG_ORDER, Rung
from tests.linear_work import bounded_work

SAID: list[tuple[int, str, type[ModelError]]] = [
    (
        400,
        "response_format: json_schema is not available for this model",
        FormatRefused,
    ),
    (400, "Invalid schema for response_format 'Answer'", FormatRefused),
    (
        400,
        "'messages' must contain the word 'json' to use response_format json_object",
        FormatRefused,
    ),
    (400, "This model cannot do tools", FormatRefused),
    (404, "No endpoints found that support tool use", FormatRefused),
    (
        422,
        "response_format.type: input should be 'text' or 'json_object'",
        FormatRefused,
    ),
    (400, "failed to parse grammar", FormatRefused),
    (500, "tools param requires a flag", FormatRefused),
    (501, "json_schema is not implemented", FormatRefused),
    (400, "JSON mode is not supported", FormatRefused),
    (500, "Database schema is out of date", ProviderFailed),
    (502, "response_format", ProviderFailed),
    (
        400,
        "Unsupported value: 'temperature' does not support 0 with this model",
        RequestRefused,
    ),
    (400, "max_tokens is too large for this model", RequestRefused),
    (
        400,
        "maximum context length is 8192 tokens, with 300 in the tools",
        RequestRefused,
    ),
    (413, "too large", RequestRefused),
    (
        404,
        "models/x is not found for this version, or is not supported",
        RequestRefused,
    ),
    (404, "The model `x` does not exist", RequestRefused),
    (404, "page not found", RequestRefused),
    (402, "more credits are needed", RequestRefused),
    (403, "your input was flagged by moderation", ModelDeclined),
    (400, "code: content_filter", ModelDeclined),
    (
        400,
        "value is too long for response_format, which must be shorter",
        RequestRefused,
    ),
    (400, "schema for response_format is too large", FormatRefused),
    (
        400,
        "the specified schema produces a constraint that has too many states",
        FormatRefused,
    ),
    (400, "not supported", RequestRefused),
    (
        400,
        "bad request near: our response_format, json_schema and tools arrived",
        RequestRefused,
    ),
    (400, "api key not valid", KeyRefused),
    (403, "not allowed in your country", RequestRefused),
    (403, "project p does not have access to model x", RequestRefused),
    (403, "this api key may not use the model x", RequestRefused),
    (
        403,
        "your api key does not have permission to use the specified resource",
        RequestRefused,
    ),
    (403, "the caller does not have permission", RequestRefused),
    (403, "authentication failed", KeyRefused),
    (403, "", KeyRefused),
    (401, "json_schema", KeyRefused),
    (429, "slow down", RateLimited),
]


@pytest.mark.parametrize(("status", "words", "failure"), SAID)
def test_words_are_told_apart(
    status: int, words: str, failure: type[ModelError]
) -> None:
    assert (
        type(classify_refusal(status, words, None, "json_schema", Usage())) is failure
    )


@pytest.mark.parametrize(
    ("status", "words", "failure"), [said for said in SAID if said[2] is FormatRefused]
)
def test_without_a_format_no_format_is_refused(
    status: int, words: str, failure: type[ModelError]
) -> None:
    assert type(classify_refusal(status, words, None, "prose", Usage())) is not failure


def error(**said: object) -> str:
    return json.dumps({"error": said})


SENT = {
    "model": "m",
    "messages": [{"content": "json_schema is not supported"}],
    "response_format": "unknown",
}
BODIES: list[tuple[int, str, type[ModelError]]] = [
    (
        400,
        error(message="Bad.", input="response_format is not supported"),
        RequestRefused,
    ),
    (
        422,
        json.dumps(
            {"detail": [{"loc": ["body", "messages"], "msg": "No.", "input": SENT}]}
        ),
        RequestRefused,
    ),
    (400, f"cannot process {json.dumps(SENT)}", RequestRefused),
    (400, error(message=f"cannot process {SENT}"), RequestRefused),
    (
        400,
        error(message="word " * 200 + "response_format is not supported"),
        RequestRefused,
    ),
    (
        400,
        error(message="Failed.", failed_generation="response_format: invalid"),
        RequestRefused,
    ),
    (
        422,
        json.dumps(
            {
                "detail": [
                    {
                        "loc": ["body", "response_format"],
                        "msg": "Extra inputs are not permitted",
                    }
                ]
            }
        ),
        FormatRefused,
    ),
    (
        400,
        error(
            message="Provider error",
            metadata={"raw": error(message="tools are not supported")},
        ),
        FormatRefused,
    ),
    (
        403,
        json.dumps(
            [
                {
                    "error": {
                        "message": "The API key has leaked.",
                        "status": "PERMISSION_DENIED",
                    }
                }
            ]
        ),
        KeyRefused,
    ),
]


@pytest.mark.parametrize(("status", "body", "failure"), BODIES)
def test_an_echo_of_the_request_is_no_complaint(
    status: int, body: str, failure: type[ModelError]
) -> None:
    assert type(classify_refusal(status, body, None, "json_schema", Usage())) is failure


@pytest.mark.parametrize(
    ("status", "words", "breaks"),
    [
        (400, "maximum context length is 8192 tokens", False),
        (
            400,
            (
                "max_tokens is too large: 900. the maximum context length is 1000, your request "
                "has 500"
            ),
            False,
        ),
        (400, "string too long", False),
        (413, "", False),
        (400, "odd characters in the request", False),
        (404, "", True),
        (400, "the model `x` does not exist", True),
        (403, "no access to model x", True),
        (403, "not available in your region", True),
        (400, "user location is not supported", True),
        (402, "", True),
        (400, "max_tokens is too large for this model", True),
        (400, "'temperature' does not support 0", True),
    ],
)
def test_only_what_every_ticket_would_meet_counts_against_the_circuit(
    status: int, words: str, breaks: bool
) -> None:
    breaker = CircuitBreaker("acme")
    for _ in range(8):
        refused = classify_refusal(status, words, None, "json_schema", Usage())
        assert type(refused) is RequestRefused
        breaker.record_failure(refused)
    assert (breaker.state == "open") is breaks


@pytest.mark.parametrize(
    "piece",
    ["invalid ", "model ", "[", '{"a":', '["', '"input"', "tools " * 90 + '","', '\\"'],
)
def test_hostile_errors_take_linear_time(piece: str) -> None:
    with bounded_work():
        for body in (piece * (1_000_000 // len(piece)), json.dumps([piece] * 50_000)):
            classify_refusal(400, body, None, "json_schema", Usage())


@given(
    st.integers(400, 599), st.text(), st.none() | st.text(), st.sampled_from(RUNG_ORDER)
)
def test_any_refusal_is_a_typed_failure(
    status: int, words: str, after: str | None, rung: Rung
) -> None:
    failure = classify_refusal(status, words, after, rung, Usage(calls=1))
    assert failure.usage.calls == 1
    assert str(status) in failure.detail
    assert (
        not isinstance(failure, RateLimited)
        or failure.retry_after is None
        or failure.retry_after >= 0
    )


def test_the_words_themselves_are_never_repeated() -> None:
    for status, words, _ in SAID:
        said = classify_refusal(
            status, f"{words} SENTINEL", "SENTINEL", "json_schema", Usage()
        )
        assert "SENTINEL" not in said.detail + repr(said)
