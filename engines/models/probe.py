"""One tiny question to each configured model.

Does it answer, how is it asked, and if not, what is wrong.
"""

import time
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel

from engines.models.chat import Chat, Message
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
from engines.models.parse_answer import read_answer, schema_of
from engines.models.providers import NO_KEY, PROVIDERS, Models
from engines.models.rungs import ModelSpec, Rung, Rungs

SECONDS = 15.0
"""How long one call may take, if nothing else is said.

A model that is loaded first may need more.
"""

WORDS = (
    Message(
        "system",
        'You check a connection. Answer with one JSON object: {"ready": true}. Nothing else.',
    ),
    Message("user", "Are you ready?"),
)


class Ready(BaseModel):
    """The smallest answer."""

    ready: bool


class Finding(NamedTuple):
    """What a probe found: the model, whether it can be used, and what there is to say about it."""

    model: str
    well: bool
    says: str


async def probe(models: Models, seconds: float = SECONDS) -> list[Finding]:
    """Ask every configured model once, or once a rung until one is taken.

    `seconds` is for each call.

    The answers may be as long as those to tickets: a model that thinks first needs the
    room. Never raises ModelError.
    """
    chat = Chat()
    try:
        return [
            await probed(chat, spec, seconds)
            for spec in (models.primary, models.fallback)
            if spec
        ]
    finally:
        await chat.close()


async def probed(chat: Chat, spec: ModelSpec, seconds: float) -> Finding:
    """What one model says."""
    rungs, refused = Rungs(), list[Rung]()
    rung: Rung | None = rungs.current(spec)
    while rung:
        started = time.monotonic()
        try:
            reply = await chat.ask(
                spec, WORDS, schema_of(Ready), "Ready", rung, seconds
            )
            read_answer(reply, Ready)
        except FormatRefused:
            refused.append(rung)
            rung = rungs.refused(spec, rung)
        except ModelError as error:
            return Finding(
                spec.id,
                well=False,
                says=" ".join((error.title, error.detail, hint(error, spec))).strip(),
            )
        else:
            way = f"{rung}, as it refuses {' and '.join(refused)}" if refused else rung
            took = time.monotonic() - started
            says = (
                f"answers in {took:.1f} s, asked by {way}, {reply.usage.tokens} tokens."
            )
            return Finding(spec.id, well=True, says=says)
    says = (
        f"It refuses every way of asking for a structured answer: {', '.join(refused)}."
    )
    return Finding(spec.id, well=False, says=says)


def hint(error: ModelError, spec: ModelSpec) -> str:
    """Where an operator looks next; nothing where the error says it all."""
    match error:
        case KeyRefused():
            names = [*PROVIDERS[spec.provider].keys, "llm_api_key"]
            state = (
                "No key is set"
                if spec.api_key.get_secret_value() == NO_KEY
                else "The key was sent"
            )
            return f"{state} (settings: {', '.join(name.upper() for name in names)})."
        case Truncated():
            return "Raise MAX_TOKENS."
        case AnswerUnusable():
            return "It can be reached, but does not answer as asked."
        case ModelTimedOut() | ProviderFailed() | RequestRefused():
            return (
                f"It was asked at {address(spec)}: is it running, and is that the address "
                "of its API?"
            )
        case _:
            return ""


def address(spec: ModelSpec) -> str:
    """The base URL without a user name, a password or a query that somebody may have put
    into it.
    """
    parts = urlsplit(spec.base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
