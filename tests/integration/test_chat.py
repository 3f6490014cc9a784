"""One call of a model over real HTTP.

Every failure by its name, every rung, and nothing secret anywhere.
"""

import asyncio
import gzip
import logging
import ssl
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import httpx
import pytest
import tiktoken.registry
from aiohttp import web
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel, SecretStr

from contracts.usage import Usage
from engines.models.chat import ChatClient, ChatMessage, ModelReply
from engines.models.completion import MAX_BODY_BYTES
from engines.models.failures import (
    Empty,
    FormatRefused,
    Invalid,
    KeyRefused,
    ModelDeclined,
    ModelError,
    ModelTimedOut,
    ProviderFailed,
    RateLimited,
    RequestRefused,
    Truncated,
    Unreadable,
)
from engines.models.parse_answer import read_answer, strict_schema
from engines.models.providers import PROVIDERS, resolve_models
from engines.models.refusals import connection_failure
from engines.models.rungs import RUNG_ORDER, ModelSpec, Rung, RungMemory
from engines.models.settings import ModelSettings
from tests.conftest import REPOSITORY, free_port
from tests.modelstub import USAGE, ModelStub

KEY = "sk-test-4242"
TICKET = "My order ZQ-777 arrived broken; this is a matter of billing."
WORDS = (ChatMessage("system", "You classify."), ChatMessage("user", TICKET))
LONG = 10.0


class Answer(BaseModel):
    """What the model fills."""

    reasoning: str
    category: Literal["technical", "billing"]
    fields: list[str]


@pytest.fixture
async def stub() -> AsyncIterator[ModelStub]:
    async with ModelStub() as stub:
        yield stub


@pytest.fixture
async def chat() -> AsyncIterator[ChatClient]:
    chat = ChatClient()
    yield chat
    await chat.close()


def spec_for(url: str, **given: Any) -> ModelSpec:
    wanted = {
        "llm_provider": "compatible",
        "llm_api_key": SecretStr(KEY),
        "default_model": "m",
        "llm_base_url": url,
    }
    models = resolve_models(ModelSettings(_env_file=None, **(wanted | given)))
    assert models
    return models.primary


async def ask(
    chat: ChatClient, spec: ModelSpec, rung: Rung = "json_schema", seconds: float = LONG
) -> ModelReply:
    return await chat.ask_model(
        spec, WORDS, strict_schema(Answer), "Answer", rung, seconds
    )


UNCOUNTED: dict[str, type[ModelError]] = {
    "400": RequestRefused,
    "401": KeyRefused,
    "402": RequestRefused,
    "403": KeyRefused,
    "404": RequestRefused,
    "429": RateLimited,
    "quota": RateLimited,
    "500": ProviderFailed,
    "503": ProviderFailed,
    "gateway": ProviderFailed,
    "toolong": RequestRefused,
    "temperature": RequestRefused,
    "moderated": ModelDeclined,
    "drop": ProviderFailed,
    "html": ProviderFailed,
    "badjson": ProviderFailed,
    "list": ProviderFailed,
}
COUNTED: dict[str, type[ModelError]] = {
    "refusal": ModelDeclined,
    "filtered": ModelDeclined,
    "nochoices": ProviderFailed,
    "nullchoices": ProviderFailed,
    "nomessage": ProviderFailed,
    "errorbody": ProviderFailed,
    "truncated": Truncated,
    "cut": Truncated,
    "malformed": Unreadable,
    "empty": Empty,
    "wrongschema": Invalid,
}


@pytest.mark.parametrize("rung", RUNG_ORDER)
@pytest.mark.parametrize("mode", [*UNCOUNTED, *COUNTED])
async def test_each_failure_has_its_type_and_its_tokens_and_is_not_tried_again(
    stub: ModelStub, chat: ChatClient, mode: str, rung: Rung
) -> None:
    stub.mode = mode
    with pytest.raises(ModelError) as caught:
        read_answer(await ask(chat, spec_for(stub.url), rung), Answer)
    assert type(caught.value) is (UNCOUNTED | COUNTED)[mode]
    assert len(stub.requests) == 1
    usage = caught.value.usage
    assert (usage.calls, usage.models) == (1, ("compatible/m",))
    counted = mode in COUNTED
    assert usage.prompt_tokens == counted * USAGE["prompt_tokens"]
    assert usage.completion_tokens == counted * USAGE["completion_tokens"]
    assert (
        usage.cached_tokens == counted * USAGE["prompt_tokens_details"]["cached_tokens"]
    )


@pytest.mark.parametrize("mode", ["ok", "fenced", "thinking"])
@pytest.mark.parametrize("rung", RUNG_ORDER)
async def test_each_rung_brings_an_answer(
    stub: ModelStub, chat: ChatClient, rung: Rung, mode: str
) -> None:
    stub.mode = mode
    reply = await ask(chat, spec_for(stub.url), rung)
    assert read_answer(reply, Answer).category == "billing"
    assert (reply.usage.calls, reply.usage.tokens, reply.usage.cached_tokens) == (
        1,
        120,
        40,
    )
    (received,) = stub.requests
    assert received.body["model"] == "m"
    assert [message["role"] for message in received.body["messages"]] == [
        "system",
        "user",
    ]
    assert ("JSON Schema" in received.text) == (rung in {"json_object", "prose"})
    assert "stream" not in received.body


@pytest.mark.parametrize("mode", ["oddusage", "nousage"])
async def test_tokens_that_nobody_counted_are_none(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode = mode
    reply = await ask(chat, spec_for(stub.url))
    assert (reply.usage.calls, reply.usage.tokens) == (1, 0)


@pytest.mark.parametrize(
    ("rejected", "rung"),
    [
        ({"json_schema"}, "json_object"),
        ({"json_schema", "json_object"}, "tool"),
        ({"json_schema", "json_object", "tools"}, "prose"),
    ],
)
async def test_the_ladder_is_climbed_down_to_what_the_provider_takes(
    stub: ModelStub, chat: ChatClient, rejected: set[str], rung: Rung
) -> None:
    stub.rejects = rejected
    spec, rungs = spec_for(stub.url), RungMemory()
    for _ in rejected:
        with pytest.raises(FormatRefused):
            await ask(chat, spec, rungs.current_rung(spec))
        rungs.record_refusal(spec, rungs.current_rung(spec))
    assert rungs.current_rung(spec) == rung
    assert read_answer(await ask(chat, spec, rung), Answer).category == "billing"


async def test_llama_cpp_gets_the_schema_beside_json_object(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.rejects = {"json_schema"}
    spec = spec_for(stub.url, llm_provider="llamacpp")
    assert (
        read_answer(
            await ask(chat, spec, RungMemory().current_rung(spec)), Answer
        ).category
        == "billing"
    )
    assert stub.requests[0].body["response_format"] == {
        "type": "json_object",
        "schema": strict_schema(Answer),
    }
    assert stub.requests[0].text == f"You classify.\n{TICKET}"


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "azure"])
async def test_key_address_and_limits_arrive(
    stub: ModelStub, chat: ChatClient, provider: str
) -> None:
    spec = spec_for(
        stub.url,
        llm_provider=provider,
        max_tokens=321,
        temperature=0.25,
        openrouter_site_url="https://desk.example",
        openrouter_app_name="Desk",
    )
    await chat.ask_model(
        spec, WORDS, strict_schema(Answer), "Answer", "json_schema", LONG
    )
    await chat.ask_model(
        spec, WORDS, strict_schema(Answer), "Answer", "json_schema", LONG, max_tokens=99
    )
    first, second = stub.requests
    assert first.path == "/v1/chat/completions"
    assert first.headers["Authorization"] == f"Bearer {KEY}"
    limit = "max_completion_tokens" if provider == "openai" else "max_tokens"
    assert (first.body[limit], second.body[limit], first.body["temperature"]) == (
        321,
        99,
        0.25,
    )
    assert ("max_tokens" in first.body) == (limit == "max_tokens")
    shown = (first.headers.get("HTTP-Referer"), first.headers.get("X-Title"))
    assert shown == (
        ("https://desk.example", "Desk") if provider == "openrouter" else (None, None)
    )


async def test_azure_is_asked_by_deployment_and_version(
    stub: ModelStub, chat: ChatClient
) -> None:
    address = f"http://127.0.0.1:{stub.port}"
    spec = spec_for(
        address,
        llm_provider="azure",
        default_model="mine",
        azure_openai_api_version="2025-01-01",
    )
    reply = await ask(chat, spec)
    assert read_answer(reply, Answer).category == "billing"
    (received,) = stub.requests
    assert received.path == "/openai/deployments/mine/chat/completions"
    assert received.query == {"api-version": "2025-01-01"}
    assert received.headers["api-key"] == KEY
    assert received.body["max_completion_tokens"] == 1024


async def test_no_answer_in_time_is_a_timeout(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "timeout"
    with pytest.raises(ModelTimedOut) as caught:
        await ask(chat, spec_for(stub.url), seconds=0.2)
    assert caught.value.usage.calls == 1
    assert caught.value.counts_as_failure


async def test_nobody_listening_is_a_failure_of_the_provider(chat: ChatClient) -> None:
    with pytest.raises(ProviderFailed):
        await ask(chat, spec_for(f"http://127.0.0.1:{free_port()}/v1"))


async def refused_by(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], chat: ChatClient
) -> ModelError:
    """What becomes of a call to a provider that answers so."""
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(ModelError) as caught:
            await ask(chat, spec_for(f"http://127.0.0.1:{runner.addresses[0][1]}/v1"))
    finally:
        await runner.cleanup()
    return caught.value


@pytest.mark.parametrize("status", [200, 400])
async def test_of_an_endless_answer_no_more_is_read_than_an_answer_has(
    chat: ChatClient, status: int
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=status)
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(b" " * 2**16)
            sent += 2**16

    error = await refused_by(endless, chat)
    assert type(error) is ProviderFailed
    assert "more than 4,194,304 bytes" in error.detail
    assert error.usage.calls == 1
    assert sent < 8 * MAX_BODY_BYTES


async def test_a_stated_length_beyond_all_bounds_is_enough(chat: ChatClient) -> None:
    async def boasting(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Length": str(MAX_BODY_BYTES + 1)}
        )
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    assert "bytes" in (await refused_by(boasting, chat)).detail


async def test_a_packed_answer_is_measured_unpacked(chat: ChatClient) -> None:
    packed = gzip.compress(b" " * (MAX_BODY_BYTES + 1))

    async def packing(_: web.Request) -> web.StreamResponse:
        return web.Response(
            body=packed,
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        )

    assert len(packed) < 2**16
    assert "bytes" in (await refused_by(packing, chat)).detail


async def test_a_packed_error_is_read(chat: ChatClient) -> None:
    async def packing(_: web.Request) -> web.StreamResponse:
        body = gzip.compress(b'{"error": {"message": "The model does not exist."}}')
        return web.Response(status=404, body=body, headers={"Content-Encoding": "gzip"})

    assert "does not know this model" in (await refused_by(packing, chat)).detail


def test_an_untrusted_certificate_is_told_from_other_ends_of_a_connection() -> None:
    group = ExceptionGroup(KEY, [OSError(KEY), ssl.SSLCertVerificationError(1, KEY)])
    error = RuntimeError(KEY)
    error.__cause__ = group
    failure = connection_failure(error, Usage())
    assert "certificate" in failure.detail
    assert KEY not in failure.detail
    assert (
        connection_failure(ConnectionResetError(KEY), Usage()).detail
        == "The connection failed."
    )


async def test_a_cancelled_call_is_cancelled_and_frees_its_place(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.then("timeout")
    call = asyncio.create_task(ask(chat, spec_for(stub.url)))
    await stub.hanging.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (
        read_answer(await ask(chat, spec_for(stub.url)), Answer).category == "billing"
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
async def test_retry_after_is_read(
    stub: ModelStub, chat: ChatClient, header: str, seconds: float | None
) -> None:
    stub.then("429")
    stub.retry_after = header
    with pytest.raises(RateLimited) as caught:
        await ask(chat, spec_for(stub.url))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("mode", "word"),
    [
        ("toolong", "longer"),
        ("404", "DEFAULT_MODEL"),
        ("402", "credit"),
        ("temperature", "TEMPERATURE"),
    ],
)
async def test_a_refused_request_says_what_to_do(
    stub: ModelStub, chat: ChatClient, mode: str, word: str
) -> None:
    stub.mode = mode
    with pytest.raises(RequestRefused, match=word):
        await ask(chat, spec_for(stub.url))


async def test_the_stub_is_a_process_too(chat: ChatClient) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.modelstub",
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        url = (await process.stdout.readline()).decode().strip()
        address = url.removesuffix("/v1")
        async with httpx.AsyncClient(base_url=address) as control:
            assert (
                await control.post("/control", json={"then": ["503"]})
            ).status_code == 200
            with pytest.raises(ProviderFailed):
                await ask(chat, spec_for(url))
            (received,) = (await control.get("/requests")).json()
        assert received["body"]["messages"][1]["content"] == TICKET
    finally:
        process.terminate()
        await process.wait()


async def test_many_calls_at_once_are_all_answered(
    stub: ModelStub, chat: ChatClient
) -> None:
    spec = spec_for(stub.url)
    for _ in range(2):
        replies = await asyncio.gather(*(ask(chat, spec) for _ in range(60)))
        assert all(
            read_answer(reply, Answer).category == "billing" for reply in replies
        )
    assert len(stub.requests) == 120


@pytest.mark.parametrize("mode", [*UNCOUNTED, *COUNTED, "ok", "timeout"])
async def test_key_ticket_and_answer_are_in_no_log_and_no_exception(
    stub: ModelStub, chat: ChatClient, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stub.mode = mode
    spec = spec_for(stub.url)
    shown = repr(spec) + repr(chat)
    try:
        reply = await ask(chat, spec, seconds=0.2 if mode == "timeout" else LONG)
        read_answer(reply, Answer)
    except ModelError as error:
        shown += "".join(traceback.format_exception(error)) + repr(error) + error.detail
    shown += caplog.text
    assert not [
        secret
        for secret in (KEY, "ZQ-777", "reasoning", "rather urgent")
        if secret in shown
    ]


class Watching(AsyncCallbackHandler):
    """Stands for a tracer of the graph that the call runs in."""

    def __init__(self) -> None:
        self.seen = 0

    async def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        self.seen += 1


async def test_no_tracer_sees_a_prompt_and_no_tokenizer_is_loaded(
    stub: ModelStub, chat: ChatClient
) -> None:
    watching = Watching()

    async def node(_: str) -> ModelReply:
        return await ask(chat, spec_for(stub.url))

    await RunnableLambda(node).ainvoke("", {"callbacks": [watching]})
    assert watching.seen == 0
    assert tiktoken.registry.ENCODINGS == {}
