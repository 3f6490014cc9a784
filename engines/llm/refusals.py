"""From an HTTP status and what came with it to the failure it means.

The provider's own words are looked at to tell one refusal from another, and never repeated: they may quote the
ticket, the model or the key.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
from engines.llm.rungs import Rung

MODERATED = ("content_filter", "content management policy", "moderation", "flagged", "responsibleai")
FORMAT = (
    "response_format", "json_schema", "json_object", "json mode", "structured output", "tool_choice", "tools",
    "tool use", "tool call", "function call", "grammar", "schema", "not supported", "unsupported",
)  # fmt: skip
FORMAT_AT_FAULT = ("response_format", "json_schema", "tool_choice", "tools param")
"""Words that make even a 500 a matter of the format: llama.cpp answers so where tools are not switched on."""

REQUESTS: Mapping[str, tuple[str, ...]] = {
    "The model does not take these MAX_TOKENS: set fewer.": ("max_tokens", "max_completion_tokens"),
    "The request is longer than the model's context.": (
        "context_length", "context length", "context window", "context size", "maximum context", "exceed_context",
        "too long", "too large",
    ),
    "The model does not take this TEMPERATURE: set the one it wants, usually 1.": ("temperature",),
    "The provider does not know this model: check DEFAULT_MODEL and FALLBACK_MODEL.": (
        "model_not_found", "model not found", "does not exist", "not a valid model", "unknown model", "no such model",
        "deploymentnotfound", "invalid model", "is not found",
    ),
}  # fmt: skip
"""What an operator can do, and the words by which it is known."""


def failure_of(status: int, words: str, retry_after: str | None, rung: Rung, usage: Usage) -> ModelError:
    """The failure that an HTTP status above 399 means, with `words` the body that came with it."""
    words = words.lower()
    if _about_format(status, words, rung):
        return FormatRefused(f"The provider answered {status} to a request by {rung}.", usage)
    if status >= 500:
        return ProviderFailed(f"The provider answered {status}.", usage)
    if status == 429:
        spent = "insufficient_quota" in words
        detail = "The account's quota is used up (429)." if spent else "The provider answered 429."
        return RateLimited(detail, usage, seconds_of(retry_after))
    if status in {400, 403} and _has(words, MODERATED):
        return ModelDeclined(f"The provider's moderation stopped the request ({status}).", usage)
    if status in {401, 403}:
        return KeyRefused(f"The provider answered {status}: check the key and what it may use.", usage)
    return RequestRefused(f"The provider answered {status}. {_advice(status, words)}".strip(), usage)


def _about_format(status: int, words: str, rung: Rung) -> bool:
    if rung == "prose" or status not in {400, 404, 422, 500, 501}:
        return False
    if _has(words, FORMAT_AT_FAULT):
        return True
    return status < 500 and not _advice(0, words) and _has(words, FORMAT)


def _advice(status: int, words: str) -> str:
    """What an operator can do about a refused request; empty when nothing is known."""
    for advice, signs in REQUESTS.items():
        if _has(words, signs):
            return advice
    return {402: "The account has no credit left.", 404: "Check LLM_BASE_URL and DEFAULT_MODEL."}.get(status, "")


def _has(words: str, signs: tuple[str, ...]) -> bool:
    return any(sign in words for sign in signs)


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header, which has seconds or a date; None when it has neither."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = parsedate_to_datetime(retry_after)
        except (ValueError, OverflowError):
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if seconds < float("inf") else None
