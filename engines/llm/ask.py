"""One step's question to a model.

Which model, how often, and what happens when the answer is no good.

This is the only layer that tries again. A step makes at most `attempts` calls, whatever
they are for: another way of asking for structure, a repair, a second try, or the fallback
model.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from contracts.usage import Usage
from engines.models.budget import Budget, Reservation, completed, tokens_in
from engines.models.chat import Chat, Message, Reply
from engines.models.failures import (
    AnswerUnusable,
    Busy,
    FormatRefused,
    Invalid,
    KeyRefused,
    ModelError,
    ModelTimedOut,
    ProviderFailed,
    RateLimited,
    Truncated,
)
from engines.models.gateway import Gateway
from engines.models.parse_answer import read_answer, schema_of
from engines.models.providers import Models
from engines.models.records import CallRecord
from engines.models.rungs import ModelSpec, Rungs
from prompts.prompt import Rendered
from prompts.repair import REPAIR, RepairInput

T = TypeVar("T", bound=BaseModel)

FIRST_SHARE = 0.6
"""Of a step's time, for the first model where there is a second."""

SHORTEST_CALL = 0.5
"""Seconds below which another call is not worth making."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked, for which step of which ticket, and by when (`seconds`)."""

    step: str
    ticket_id: str
    desk_id: str
    rendered: Rendered
    output: type[T]
    seconds: float


class Answered(NamedTuple, Generic[T]):
    """A valid answer and what it cost."""

    value: T
    usage: Usage


@dataclass(frozen=True)
class Try:
    """The next call: which model, with which words, after which pause in seconds."""

    spec: ModelSpec
    rendered: Rendered
    pause: float = 0.0
    longer: bool = False


@dataclass
class Call:
    """One call: whom, with which words, for how many tokens.

    `sent` once it has left, and may cost.
    """

    spec: ModelSpec
    rendered: Rendered
    max_tokens: int
    sent: bool = False

    @property
    def size(self) -> int:
        """Characters of the prompt."""
        return len(self.rendered.system) + len(self.rendered.user)


class Asker:
    """Asks the models of one process."""

    def __init__(
        self,
        models: Models,
        chat: Chat,
        gateway: Gateway,
        budget: Budget,
        *,
        attempts: int = 2,
        backoff: float = 0.5,
        observe: Callable[[CallRecord], None] = lambda _: None,
    ) -> None:
        self.models = models
        self.chat = chat
        self.gateway = gateway
        self.budget = budget
        self.attempts = attempts
        self.backoff = backoff
        self.observe = observe
        self.rungs = Rungs()
        for spec in (models.primary, models.fallback):
            if spec:
                gateway.expect(spec.id)

    async def ask(self, question: Question[T]) -> Answered[T]:
        """A valid answer.

        Raises the last ModelError, with the usage of all calls, when there is none in time.
        """
        deadline = time.monotonic() + question.seconds
        turn: Try | None = Try(self.models.primary, question.rendered)
        usage = Usage()
        while turn:
            try:
                answered = await self.once(
                    question, turn, self.share(turn, deadline - time.monotonic())
                )
            except ModelError as error:
                usage += error.usage
                following = self.following(
                    turn, error, question, usage.calls, deadline - time.monotonic()
                )
                if following is None:
                    error.usage = usage
                    raise
                await asyncio.sleep(following.pause)
                turn = following
            else:
                return Answered(answered.value, usage + answered.usage)
        raise AssertionError("there is always a first turn")

    def share(self, turn: Try, seconds: float) -> float:
        """How much of the time left a call may take.

        A first model that hangs leaves some for the second.
        """
        more = (
            self.models.fallback
            and turn.spec == self.models.primary
            and self.attempts > 1
        )
        return seconds * FIRST_SHARE if more else seconds

    async def once(
        self, question: Question[T], turn: Try, seconds: float
    ) -> Answered[T]:
        """One call: reserved, made, judged, settled and recorded. Raises ModelError."""
        spec, started = turn.spec, time.monotonic()
        call = Call(spec, turn.rendered, spec.max_tokens * (2 if turn.longer else 1))
        reservation = self.budget.reserve(
            question.ticket_id,
            question.desk_id,
            spec.id,
            tokens_in(call.size),
            call.max_tokens,
        )
        usage, outcome = Usage(), "cancelled"
        try:
            reply = await self.call(call, question.output, seconds)
            usage = self.budget.settle(
                reservation, completed(reply.usage, call.size, len(reply.text))
            )
            outcome = "ok"
            return Answered(self.judged(spec, reply, question.output, usage), usage)
        except ModelError as error:
            outcome = type(error).__name__
            if not usage.calls:
                book = (
                    self.budget.forfeit
                    if isinstance(error, ModelTimedOut)
                    else self.budget.settle
                )
                usage = book(reservation, error.usage)
            error.usage = usage
            raise
        finally:
            if outcome == "cancelled":
                usage = self.given_up(call, reservation)
            self.observe(
                CallRecord(
                    question.step,
                    question.desk_id,
                    spec.id,
                    outcome,
                    time.monotonic() - started,
                    usage,
                )
            )

    def given_up(self, call: Call, reservation: Reservation) -> Usage:
        """What a call costs that nobody waits for any more."""
        if call.sent:
            return self.budget.forfeit(
                reservation, Usage(calls=1, models=(call.spec.id,))
            )
        self.budget.release(reservation)
        return Usage()

    async def call(self, call: Call, output: type[BaseModel], seconds: float) -> Reply:
        """The model's reply, by way of the gateway."""
        messages = (
            Message("system", call.rendered.system),
            Message("user", call.rendered.user),
        )
        spec, schema, until = call.spec, schema_of(output), time.monotonic() + seconds

        async def work() -> Reply:
            # The way of asking is chosen now: while this call waited for its place, another
            # may have found it refused.
            rung, left = self.rungs.current(spec), until - time.monotonic()
            if left <= 0:
                raise Busy("There was no time left for a call.")
            call.sent = True
            try:
                return await self.chat.ask(
                    spec, messages, schema, output.__name__, rung, left, call.max_tokens
                )
            except FormatRefused:
                self.rungs.refused(spec, rung)
                raise
            except asyncio.CancelledError:
                if (
                    time.monotonic() >= until
                ):  # the step's deadline and this call's came together, on a busy loop
                    self.gateway.unusable(spec.id, ModelTimedOut())
                raise

        # A call that is sure to time out must not be made: it would count against the model.
        waiting = max(0.0, seconds - SHORTEST_CALL, seconds / 2)
        return await self.gateway.call(spec.id, waiting, work)

    def judged(self, spec: ModelSpec, reply: Reply, output: type[T], usage: Usage) -> T:
        """The reply as a valid value, and the model's circuit told of it. Raises AnswerUnusable."""
        try:
            value = read_answer(reply, output)
        except AnswerUnusable as error:
            error.usage = usage
            self.gateway.unusable(spec.id, error)
            raise
        self.gateway.usable(spec.id)
        return value

    def following(
        self,
        turn: Try,
        error: ModelError,
        question: Question[T],
        calls: int,
        seconds: float,
    ) -> Try | None:
        """What to try after a failure, if anything: `calls` were made, `seconds` are left."""
        other = self.models.fallback if turn.spec == self.models.primary else None
        if calls >= self.attempts or seconds < SHORTEST_CALL:
            return None
        following = self.remedy(turn, error, question, other)
        return (
            following
            if following and following.pause + SHORTEST_CALL <= seconds
            else None
        )

    def remedy(
        self,
        turn: Try,
        error: ModelError,
        question: Question[T],
        other: ModelSpec | None,
    ) -> Try | None:
        """What answers this kind of failure; None when nothing does."""
        match error:
            case FormatRefused():
                return turn
            case AnswerUnusable() if other is None:
                return Try(
                    turn.spec,
                    repaired(question.rendered, error),
                    longer=isinstance(error, Truncated),
                )
            case ProviderFailed():
                return Try(other or turn.spec, question.rendered, pause=self.pause())
            case RateLimited() if other is None:
                return Try(
                    turn.spec,
                    question.rendered,
                    pause=max(error.retry_after or 0.0, self.pause()),
                )
            case KeyRefused():
                return None
            case _:
                return Try(other, question.rendered) if other else None

    def pause(self) -> float:
        """Seconds before a second try, with jitter, so that those that failed together do
        not come back together.
        """
        return self.backoff * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def repaired(rendered: Rendered, error: AnswerUnusable) -> Rendered:
    """The same question, with what was wrong about the first answer."""
    problems = error.problems if isinstance(error, Invalid) else ()
    return REPAIR.render(RepairInput(request=rendered, problems=problems))
