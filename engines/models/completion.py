"""Checks a provider's answer before it is read: a completion with a message, tokens counted."""

import json
from typing import Any

from contracts.usage import Usage
from engines.models.failures import ModelDeclined, ProviderFailed
from engines.models.refusals import classify_refusal
from engines.models.rungs import Rung

MAX_TOKEN_COUNT = 10**9
"""A larger number is not taken for a count of tokens."""

MAX_BODY_BYTES = 4 * 2**20
"""Bytes of an answer that are read.

Room for the longest answer with every character escaped, and as much again for a model's
reasoning.
"""


async def read_limited_body(response: Any) -> bytes:
    """The unpacked body of an unread httpx response. Closes the response.

    Raises ProviderFailed, with no usage, when the stated length or what was read so far exceeds
    `MAX_BODY_BYTES`.
    """
    stated, body = response.headers.get("content-length", ""), bytearray()
    msg = f"The answer has more than {MAX_BODY_BYTES:,} bytes."
    try:
        if stated.isdecimal() and int(stated[:20]) > MAX_BODY_BYTES:
            raise ProviderFailed(msg)
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise ProviderFailed(msg)
    finally:
        await response.aclose()
    return bytes(body)


def read_usage(body: Any, model: str) -> Usage:
    """One call of `model`, with the tokens that the answer reports; zero where it reports none."""
    counted = _as_dict(_as_dict(body).get("usage"))
    prompt = _as_token_count(counted.get("prompt_tokens"))
    cached = _as_token_count(
        _as_dict(counted.get("prompt_tokens_details")).get("cached_tokens")
    )
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=_as_token_count(counted.get("completion_tokens")),
        cached_tokens=min(cached, prompt),
        models=(model,),
    )


def validate_completion(body: Any, rung: Rung, usage: Usage) -> dict[str, Any]:
    """The answer as a completion with one message.

    Raises ModelError for anything else, also for a refusal.
    """
    if not isinstance(body, dict):
        msg = "The answer is not JSON of a completion."
        raise ProviderFailed(msg, usage)
    choices = body.get("choices")
    choice = _as_dict(choices[0]) if isinstance(choices, list) and choices else {}
    if error := body.get("error") or choice.get("error"):
        code = _as_dict(error).get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        raise classify_refusal(status, json.dumps(error), None, rung, usage)
    message = _as_dict(choice.get("message"))
    if not message:
        msg = "The answer has no message."
        raise ProviderFailed(msg, usage)
    if message.get("refusal"):
        msg = "The model refused."
        raise ModelDeclined(msg, usage)
    if choice.get("finish_reason") == "content_filter":
        msg = "The provider's filter stopped the answer."
        raise ModelDeclined(msg, usage)
    tidy = {**choice, "message": {**message, "role": "assistant"}}
    return {**body, "choices": [tidy], "usage": None}


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_token_count(value: Any) -> int:
    return (
        int(value)
        if isinstance(value, int | float) and 0 <= value <= MAX_TOKEN_COUNT
        else 0
    )
