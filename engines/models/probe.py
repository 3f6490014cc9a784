"""Probes each configured model with a tiny question: whether it answers, how, or why not."""

import time
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel

from engines.models.chat import ChatClient, ChatMessage
from engines.models.failures import (
    AnswerUnusable,
    FormatRefused,
    KeyRefused,
    ModelError,
    ModelTimedOut,
    ProviderFailed,
    RequestRefused,
    Truncated,
)
from engines.models.parse_answer import read_answer, strict_schema
from engines.models.providers import PLACEHOLDER_KEY, PROVIDERS, ModelPair
from engines.models.rungs import ModelSpec, Rung, RungMemory

PROBE_SECONDS = 15.0
"""Default seconds for one call; a model that has to be loaded first may need more."""

PROBE_MESSAGES = (
    ChatMessage(
        "system",
        'You check a connection. Answer with one JSON object: {"ready": true}. Nothing else.',
    ),
    ChatMessage("user", "Are you ready?"),
)


class ReadyAnswer(BaseModel):
    """The answer that a probe asks for."""

    ready: bool


class ProbeResult(NamedTuple):
    """The model, whether it can be used, and a sentence about it."""

    model: str
    is_usable: bool
    result_text: str


async def probe_models(
    models: ModelPair, seconds: float = PROBE_SECONDS
) -> list[ProbeResult]:
    """Probe every configured model, by each rung until it takes one. Never raises ModelError.

    `seconds` is for each call. The answers may be as long as those to tickets: a model that
    reasons first needs the room.
    """
    chat = ChatClient()
    try:
        return [
            await probe_model(chat, spec, seconds)
            for spec in (models.primary, models.fallback)
            if spec
        ]
    finally:
        await chat.close()


async def probe_model(chat: ChatClient, spec: ModelSpec, seconds: float) -> ProbeResult:
    """The result of probing one model."""
    rungs, refused = RungMemory(), list[Rung]()
    rung: Rung | None = rungs.current_rung(spec)
    while rung:
        started = time.monotonic()
        try:
            reply = await chat.ask_model(
                spec, PROBE_MESSAGES, strict_schema(ReadyAnswer), "Ready", rung, seconds
            )
            read_answer(reply, ReadyAnswer)
        except FormatRefused:
            refused.append(rung)
            rung = rungs.record_refusal(spec, rung)
        except ModelError as error:
            return ProbeResult(
                spec.id,
                is_usable=False,
                result_text=" ".join(
                    (error.title, error.detail, operator_hint(error, spec))
                ).strip(),
            )
        else:
            way = f"{rung}, as it refuses {' and '.join(refused)}" if refused else rung
            took = time.monotonic() - started
            says = (
                f"answers in {took:.1f} s, asked by {way}, {reply.usage.tokens} tokens."
            )
            return ProbeResult(spec.id, is_usable=True, result_text=says)
    says = (
        f"It refuses every way of asking for a structured answer: {', '.join(refused)}."
    )
    return ProbeResult(spec.id, is_usable=False, result_text=says)


def operator_hint(error: ModelError, spec: ModelSpec) -> str:
    """Where an operator should look; empty where the error says it all."""
    match error:
        case KeyRefused():
            names = [*PROVIDERS[spec.provider].key_settings, "llm_api_key"]
            state = (
                "No key is set"
                if spec.api_key.get_secret_value() == PLACEHOLDER_KEY
                else "The key was sent"
            )
            return f"{state} (settings: {', '.join(name.upper() for name in names)})."
        case Truncated():
            return "Raise MAX_TOKENS."
        case AnswerUnusable():
            return "It can be reached, but does not answer as asked."
        case ModelTimedOut() | ProviderFailed() | RequestRefused():
            return (
                f"It was asked at {redacted_base_url(spec)}: is it running, and is that "
                "the address of its API?"
            )
        case _:
            return ""


def redacted_base_url(spec: ModelSpec) -> str:
    """The base URL without user name, password and query, which may hold secrets."""
    parts = urlsplit(spec.base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
