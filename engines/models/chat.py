"""One call of a model through langchain-openai.

The only module that imports it. Three things differ from langchain's own way, for speed
(measured in decision 0026) and so that tokens are always counted: the request goes to the
client's untyped `post`, the answer is checked before langchain reads it, and concurrent
calls are spread over several small connection pools.
"""

import asyncio
import json
import logging
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import certifi
import openai
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatResult
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from langsmith.run_helpers import tracing_context

from contracts.usage import Usage
from engines.models.completion import read_limited_body, read_usage, validate_completion
from engines.models.failures import ModelError, ModelTimedOut, ProviderFailed
from engines.models.messages import ChatMessage, ModelReply
from engines.models.providers import PROVIDERS
from engines.models.refusals import classify_refusal, connection_failure
from engines.models.rungs import (
    ModelSpec,
    Rung,
    build_format_request,
    build_schema_note,
)

__all__ = ["ChatClient", "ChatMessage", "ModelReply"]

CALLS_PER_POOL = 16
"""Concurrent calls in one pool: a pool scans all of its connections at every call."""
KEEPALIVE_SECONDS = 30.0
"""Seconds for which an idle connection is kept."""
ENCODING_HEADERS = frozenset(
    {"content-encoding", "content-length", "transfer-encoding"}
)
"""Headers that no longer hold once a body is unpacked."""

MESSAGE_CLASSES = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}

for library in (
    "openai",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "langchain_openai",
):
    # At INFO they log a line for every call, and in some versions what was sent.
    logging.getLogger(library).setLevel(logging.WARNING)


class _UntypedChatModel(BaseChatOpenAI):
    """langchain's model on the client's untyped `post`, at about half the processor time."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,  # noqa: ARG002 - langchain's signature
        **kwargs: Any,
    ) -> ChatResult:
        rung, model = kwargs.pop("rung"), kwargs.pop("model_id")
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        payload.pop("stream", None)
        extra = payload.pop("extra_body")
        request = {**payload, **extra}
        try:
            body = await self.root_async_client.post(
                "/chat/completions", cast_to=object, body=request
            )
        except openai.APIError as error:
            raise _to_model_error(
                error, rung, Usage(calls=1, models=(model,))
            ) from None
        usage = read_usage(body, model)
        completion = validate_completion(body, rung, usage)
        try:
            result = self._create_chat_result(completion)
        except Exception:
            msg = "The answer is not a completion."
            raise ProviderFailed(msg, usage) from None
        result.generations[0].message.additional_kwargs["usage"] = usage
        return result


class _OpenAIChatModel(_UntypedChatModel, ChatOpenAI):
    pass


class _AzureChatModel(_UntypedChatModel, AzureChatOpenAI):
    pass


class _SizeLimitedClient(openai.DefaultAsyncHttpxClient):
    """Stops reading an answer beyond `MAX_BODY_BYTES`, whatever length or encoding it states."""

    async def send(
        self,
        request: Any,
        *,
        stream: bool = False,  # noqa: ARG002 - httpx's signature
        **how: Any,
    ) -> Any:
        response = await super().send(request, stream=True, **how)
        body = await read_limited_body(response)
        kept = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name not in ENCODING_HEADERS
        ]
        return type(response)(
            response.status_code, headers=kept, content=body, request=response.request
        )


@dataclass
class _ConnectionPool:
    """A pool of connections to one provider, and how many calls use it."""

    model: BaseChatOpenAI
    http_client: _SizeLimitedClient
    active_calls: int = 0


class ChatClient:
    """Calls models. Keeps connections; never retries."""

    def __init__(self) -> None:
        self._pools: dict[ModelSpec, list[_ConnectionPool]] = {}
        self._tls_context: ssl.SSLContext | None = None

    def open_first_pool(self, spec: ModelSpec) -> None:
        """Open the first pool now (a tenth of a second), so that the first ticket need not wait."""
        if spec not in self._pools:
            self._pools[spec] = [self._open_pool(spec)]

    async def ask_model(
        self,
        spec: ModelSpec,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any],
        schema_name: str,
        rung: Rung,
        seconds: float,
        max_tokens: int | None = None,
    ) -> ModelReply:
        """The model's answer to these messages, asked for as JSON of `schema` by `rung`.

        Raises ModelError, with the tokens counted so far, and nothing else. Ends within `seconds`.
        """
        usage = Usage(calls=1, models=(spec.id,))
        try:
            async with asyncio.timeout(seconds):
                return await self._request_answer(
                    spec,
                    messages,
                    schema,
                    schema_name,
                    rung,
                    max_tokens or spec.max_tokens,
                )
        except ModelError as error:
            if not error.usage.calls:
                error.usage = usage
            raise
        except TimeoutError:
            msg = f"No answer within {seconds:.1f} seconds."
            raise ModelTimedOut(msg, usage) from None
        except Exception as error:
            msg = f"The call ended with {type(error).__name__}."
            raise ProviderFailed(msg, usage) from None

    async def _request_answer(
        self,
        spec: ModelSpec,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any],
        schema_name: str,
        rung: Rung,
        max_tokens: int,
    ) -> ModelReply:
        preset = PROVIDERS[spec.provider]
        limit = {preset.limit_name: max_tokens}
        asked = build_format_request(
            rung, schema, schema_name, in_object=preset.schema_in_object
        )
        noted = _append_system_note(
            messages, build_schema_note(rung, schema, in_object=preset.schema_in_object)
        )
        with self._borrow_pool(spec) as model, tracing_context(enabled=False):
            # Neither LangSmith nor the graph that this runs in is to see a prompt.
            answer = await model.ainvoke(
                [MESSAGE_CLASSES[message.role](message.text) for message in noted],
                {"callbacks": []},
                rung=rung,
                model_id=spec.id,
                extra_body={**limit, **asked},
            )
        finish = answer.response_metadata.get("finish_reason")
        return ModelReply(
            _answer_text(answer),
            answer.additional_kwargs["usage"],
            finish if isinstance(finish, str) else None,
        )

    @contextmanager
    def _borrow_pool(self, spec: ModelSpec) -> Iterator[BaseChatOpenAI]:
        pools = self._pools.setdefault(spec, [])
        pool = next((p for p in pools if p.active_calls < CALLS_PER_POOL), None)
        if pool is None:
            pool = self._open_pool(spec)
            pools.append(pool)
        pool.active_calls += 1
        try:
            yield pool.model
        finally:
            pool.active_calls -= 1

    def _open_pool(self, spec: ModelSpec) -> _ConnectionPool:
        # Loading the certificates takes 18 ms: once for all pools.
        if self._tls_context is None:
            self._tls_context = ssl.create_default_context(
                cafile=os.environ.get("SSL_CERT_FILE") or certifi.where()
            )
        # The class of the httpx that this version of openai is built upon.
        make_limits = type(openai.DEFAULT_CONNECTION_LIMITS)
        limits = make_limits(
            max_connections=None,
            max_keepalive_connections=CALLS_PER_POOL,
            keepalive_expiry=KEEPALIVE_SECONDS,
        )
        http = _SizeLimitedClient(limits=limits, verify=self._tls_context)
        return _ConnectionPool(_build_chat_model(spec, http), http)

    async def close(self) -> None:
        """Close all connections."""
        opened = [pool for pools in self._pools.values() for pool in pools]
        self._pools.clear()
        for pool in opened:
            await pool.http_client.aclose()


def _build_chat_model(
    spec: ModelSpec, http: openai.DefaultAsyncHttpxClient
) -> BaseChatOpenAI:
    common: dict[str, Any] = {
        "model": spec.name,
        "api_key": spec.api_key,
        "temperature": spec.temperature,
        "default_headers": dict(spec.headers),
        "max_retries": 0,
        "timeout": None,  # the caller's deadline is around the call
        "http_async_client": http,
        "client": object(),  # there are no synchronous calls
        "use_responses_api": False,
        "cache": False,
    }
    if spec.azure_version:
        endpoint: dict[str, Any] = {
            "azure_endpoint": spec.base_url,
            "azure_deployment": spec.name,
            "api_version": spec.azure_version,
        }
        return _AzureChatModel(**common, **endpoint)
    return _OpenAIChatModel(**common, base_url=spec.base_url)


def _append_system_note(
    messages: Sequence[ChatMessage], note: str
) -> list[ChatMessage]:
    """The messages with the note at the end of the system message.

    Some chat templates take only one system message, and only as the first.
    """
    if not note:
        return list(messages)
    first, rest = messages[0], list(messages[1:])
    if first.role == "system":
        return [ChatMessage("system", first.text + note), *rest]
    return [ChatMessage("system", note.strip()), first, *rest]


def _answer_text(answer: AIMessage) -> str:
    if answer.tool_calls:
        given = answer.tool_calls[0]["args"]
        return json.dumps(given) if given else ""
    if answer.invalid_tool_calls:
        return answer.invalid_tool_calls[0]["args"] or ""
    return str(answer.text)


def _to_model_error(error: openai.APIError, rung: Rung, usage: Usage) -> ModelError:
    if isinstance(error, openai.APIStatusError):
        retry_after = error.response.headers.get("retry-after")
        return classify_refusal(
            error.status_code, error.response.text, retry_after, rung, usage
        )
    if isinstance(error, openai.APITimeoutError):
        return ModelTimedOut("The connection timed out.", usage)
    return connection_failure(error, usage)
