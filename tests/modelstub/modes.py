"""Every way to answer, by name: a status with an error, or what becomes of a good answer."""

from collections.abc import Callable, Mapping
from typing import Any

USAGE: Mapping[str, Any] = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
}
"""What every completion counts."""

ERRORS: Mapping[str, tuple[int, str]] = {
    "400": (400, "The request is malformed."),
    "401": (401, "Incorrect API key provided."),
    "402": (402, "Insufficient credits."),
    "403": (403, "You have no access."),
    "404": (404, "The model does not exist."),
    "429": (429, "Rate limit reached."),
    "500": (500, "The server had an error."),
    "503": (503, "Overloaded."),
    "quota": (429, "insufficient_quota"),
    "toolong": (400, "This model's maximum context length is 8192 tokens."),
    "temperature": (
        400,
        "Unsupported value: 'temperature' does not support 0 with this model.",
    ),
    "moderated": (
        400,
        "The response was filtered due to Azure OpenAI's content management policy.",
    ),
}
"""Modes that are an HTTP status, and what the provider says."""

TRANSPORT = ("timeout", "drop", "html", "gateway", "badjson", "list")
"""Modes below or beside a completion."""

Completion = dict[str, Any]


def _message(**change: Any) -> Callable[[Completion], Completion]:
    def spoiled(completion: Completion) -> Completion:
        choice = completion["choices"][0]
        return {
            **completion,
            "choices": [{**choice, "message": {**choice["message"], **change}}],
        }

    return spoiled


def _text(change: Callable[[str], str]) -> Callable[[Completion], Completion]:
    """Changes the words, whether they are the content or a tool's arguments."""

    def spoiled(completion: Completion) -> Completion:
        message = completion["choices"][0]["message"]
        if not message.get("tool_calls"):
            return _message(content=change(message["content"]))(completion)
        call = message["tool_calls"][0]
        function = {
            **call["function"],
            "arguments": change(call["function"]["arguments"]),
        }
        return _message(tool_calls=[{**call, "function": function}])(completion)

    return spoiled


def _finish(reason: str) -> Callable[[Completion], Completion]:
    return lambda completion: {
        **completion,
        "choices": [{**completion["choices"][0], "finish_reason": reason}],
    }


def _cut(text: str) -> str:
    return text[: len(text) // 2]


SPOILING: Mapping[str, Callable[[Completion], Completion]] = {
    "ok": lambda completion: completion,
    "malformed": _text(
        lambda _: "I believe that this one is about billing, and rather urgent."
    ),
    "cut": _text(_cut),
    "truncated": lambda completion: _finish("length")(_text(_cut)(completion)),
    "fenced": _text(
        lambda text: (
            f"Of course! Here it is {{as asked}}:\n```json\n{text}\n```\nAnything else?"
        )
    ),
    "thinking": _text(lambda text: f'<think>Perhaps {{"a": 1}}? No.</think>\n{text}'),
    "wrongschema": _text(
        lambda _: (
            '{"category": "hardware", "severity": 7, "fields": "none", "made_up": true}'
        )
    ),
    "empty": _text(lambda _: ""),
    "refusal": _message(content=None, refusal="I cannot help with that."),
    "filtered": _finish("content_filter"),
    "nochoices": lambda completion: {**completion, "choices": []},
    "nullchoices": lambda completion: {**completion, "choices": None},
    "nomessage": lambda completion: {
        **completion,
        "choices": [{"index": 0, "finish_reason": "stop"}],
    },
    "errorbody": lambda completion: {
        **completion,
        "choices": [],
        "error": {"code": 502, "message": "Upstream."},
    },
    "oddusage": lambda completion: {
        **completion,
        "usage": {"prompt_tokens": "many", "completion_tokens": -3},
    },
    "nousage": lambda completion: {
        key: value for key, value in completion.items() if key != "usage"
    },
}
"""Modes that are an answer with status 200."""

MODES: tuple[str, ...] = (*SPOILING, *ERRORS, *TRANSPORT)
