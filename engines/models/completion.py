"""What a provider's answer must be before it is read.

A completion with a message, and tokens that can be counted.
"""

import json
from typing import Any

from contracts.usage import Usage
from engines.models.failures import ModelDeclined, ProviderFailed
from engines.models.refusals import classify_refusal
from engines.models.rungs import Rung

MAX_TOKEN_COUNT = 10**9
"""A count of tokens beyond this is no count."""

MAX_BODY_BYTES = 4 * 2**20
"""Bytes of an answer.

The longest one that is read, each character escaped, and the same again in thoughts beside.
"""


async def read_limited_body(response: Any) -> bytes:
    """The unpacked body of an httpx response that has not been read. Closes it.

    Raises ProviderFailed, with no usage, when the length it states or what has been read so
    far is beyond `MAX_BODY_BYTES`.
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
    """One call of `model`, with the tokens that a provider's answer counts.

    Zero where it counts none.
    """
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
    error = body.get("error") or choice.get("error")
    if error:
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
