"""Asks a model one step's question: which model, how often, and what after a bad answer.

This is the only layer that retries. A step makes at most `attempts` calls, whatever they
are for: another way of asking for structure, a repair, a second try, or the fallback
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
from engines.models.budget import (
    Budget,
    Reservation,
    estimate_tokens,
    fill_missing_tokens,
)
from engines.models.chat import ChatClient, ChatMessage, ModelReply
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
from engines.models.gateway import ModelGateway
from engines.models.parse_answer import read_answer, strict_schema
from engines.models.providers import ModelPair
from engines.models.records import CallRecord
from engines.models.rungs import ModelSpec, RungMemory
from prompts.prompt import RenderedPrompt
from prompts.repair import REPAIR, RepairInput

T = TypeVar("T", bound=BaseModel)

PRIMARY_TIME_SHARE = 0.6
"""Share of a step's time for the first model, where there is a fallback."""

MIN_CALL_SECONDS = 0.5
"""Seconds below which another call is not worth making."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """A prompt, the step and ticket it is for, and the seconds there are for its answer."""

    step: str
    ticket_id: str
    desk_id: str
    rendered: RenderedPrompt
    output_type: type[T]
    timeout_seconds: float


class ValidAnswer(NamedTuple, Generic[T]):
    """A valid answer and what it cost."""

    value: T
    usage: Usage


@dataclass(frozen=True)
class Attempt:
    """The next call: the model, the prompt, and the pause before it in seconds."""

    spec: ModelSpec
    rendered: RenderedPrompt
    pause_seconds: float = 0.0
    doubles_tokens: bool = False


@dataclass
class ModelCall:
    """One call: the model, the prompt and the most tokens of its answer.

    `was_sent` once it has left: from then on it may cost.
    """

    spec: ModelSpec
    rendered: RenderedPrompt
    max_tokens: int
    was_sent: bool = False

    @property
    def prompt_characters(self) -> int:
        """Characters of the prompt."""
        return len(self.rendered.system) + len(self.rendered.user)


class ModelClient:
    """Asks the models of one process."""

    def __init__(
        self,
        models: ModelPair,
        chat: ChatClient,
        gateway: ModelGateway,
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
        self.record_call = observe
        self.rungs = RungMemory()
        for spec in (models.primary, models.fallback):
            if spec:
                gateway.register_model(spec.id)

    async def ask_model(self, question: Question[T]) -> ValidAnswer[T]:
        """A valid answer.

        Raises the last ModelError, with the usage of all calls, when none comes in time.
        """
        deadline = time.monotonic() + question.timeout_seconds
        turn: Attempt | None = Attempt(self.models.primary, question.rendered)
        usage = Usage()
        while turn:
            try:
                answered = await self.run_attempt(
                    question,
                    turn,
                    self.attempt_timeout(turn, deadline - time.monotonic()),
                )
            except ModelError as error:
                usage += error.usage
                following = self.next_attempt(
                    turn, error, question, usage.calls, deadline - time.monotonic()
                )
                if following is None:
                    error.usage = usage
                    raise
                await asyncio.sleep(following.pause_seconds)
                turn = following
            else:
                return ValidAnswer(answered.value, usage + answered.usage)
        raise AssertionError("there is always a first attempt")

    def attempt_timeout(self, turn: Attempt, seconds: float) -> float:
        """How much of the `seconds` left one call may take.

        The first model leaves some for the fallback, in case it hangs.
        """
        more = (
            self.models.fallback
            and turn.spec == self.models.primary
            and self.attempts > 1
        )
        return seconds * PRIMARY_TIME_SHARE if more else seconds

    async def run_attempt(
        self, question: Question[T], turn: Attempt, seconds: float
    ) -> ValidAnswer[T]:
        """One call: budget reserved, call made, answer validated, budget settled, call recorded.

        Raises ModelError.
        """
        spec, started = turn.spec, time.monotonic()
        call = ModelCall(
            spec, turn.rendered, spec.max_tokens * (2 if turn.doubles_tokens else 1)
        )
        reservation = self.reserve_budget(question, call)
        usage, outcome = Usage(), "cancelled"
        try:
            reply = await self.call_gateway(call, question.output_type, seconds)
            usage = self.settle_answered(call, reservation, reply)
            value = self.validate_reply(spec, reply, question.output_type, usage)
            outcome = "ok"
            return ValidAnswer(value, usage)
        except ModelError as error:
            outcome = type(error).__name__
            if not usage.calls:
                usage = self.settle_failed(reservation, error)
            error.usage = usage
            raise
        finally:
            if outcome == "cancelled":
                usage = self.settle_cancelled(call, reservation)
            took = time.monotonic() - started
            self.record_call(
                CallRecord(
                    question.step, question.desk_id, spec.id, outcome, took, usage
                )
            )

    def reserve_budget(self, question: Question[T], call: ModelCall) -> Reservation:
        """Reserve the most that a call may cost. Raises BudgetSpent."""
        return self.budget.reserve_call(
            question.ticket_id,
            question.desk_id,
            call.spec.id,
            estimate_tokens(call.prompt_characters),
            call.max_tokens,
        )

    def settle_answered(
        self, call: ModelCall, reservation: Reservation, reply: ModelReply
    ) -> Usage:
        """Book what an answered call cost, usable or not."""
        used = fill_missing_tokens(reply.usage, call.prompt_characters, len(reply.text))
        return self.budget.settle_reservation(reservation, used)

    def settle_failed(self, reservation: Reservation, error: ModelError) -> Usage:
        """Book what a failed call cost: all that was reserved when its answer never came."""
        if isinstance(error, ModelTimedOut):
            return self.budget.forfeit_reservation(reservation, error.usage)
        return self.budget.settle_reservation(reservation, error.usage)

    def settle_cancelled(self, call: ModelCall, reservation: Reservation) -> Usage:
        """Book what a cancelled call cost: all that was reserved if it had left, else nothing."""
        if call.was_sent:
            return self.budget.forfeit_reservation(
                reservation, Usage(calls=1, models=(call.spec.id,))
            )
        self.budget.release_reservation(reservation)
        return Usage()

    async def call_gateway(
        self, call: ModelCall, output: type[BaseModel], seconds: float
    ) -> ModelReply:
        """The model's reply, sent through the gateway."""
        messages = (
            ChatMessage("system", call.rendered.system),
            ChatMessage("user", call.rendered.user),
        )
        spec, schema, until = (
            call.spec,
            strict_schema(output),
            time.monotonic() + seconds,
        )

        async def send_call() -> ModelReply:
            # The rung is chosen only now: while this call waited for a slot, another call
            # may have found a rung refused.
            rung, left = self.rungs.current_rung(spec), until - time.monotonic()
            if left <= 0:
                raise Busy("There was no time left for a call.")
            call.was_sent = True
            try:
                return await self.chat.ask_model(
                    spec, messages, schema, output.__name__, rung, left, call.max_tokens
                )
            except FormatRefused:
                self.rungs.record_refusal(spec, rung)
                raise
            except asyncio.CancelledError:
                # On a busy event loop the step's deadline can fire together with this
                # call's own: it timed out, and was not given up.
                if time.monotonic() >= until:
                    self.gateway.report_unusable(spec.id, ModelTimedOut())
                raise

        # A call that would surely time out is not made: it would count against the model.
        waiting = max(0.0, seconds - MIN_CALL_SECONDS, seconds / 2)
        return await self.gateway.call_model(spec.id, waiting, send_call)

    def validate_reply(
        self, spec: ModelSpec, reply: ModelReply, output: type[T], usage: Usage
    ) -> T:
        """The reply as a valid value; tells the model's circuit. Raises AnswerUnusable."""
        try:
            value = read_answer(reply, output)
        except AnswerUnusable as error:
            error.usage = usage
            self.gateway.report_unusable(spec.id, error)
            raise
        self.gateway.report_usable(spec.id)
        return value

    def next_attempt(
        self,
        turn: Attempt,
        error: ModelError,
        question: Question[T],
        calls: int,
        seconds: float,
    ) -> Attempt | None:
        """The attempt after a failure; None when no calls or too few `seconds` are left."""
        other = self.models.fallback if turn.spec == self.models.primary else None
        if calls >= self.attempts or seconds < MIN_CALL_SECONDS:
            return None
        following = self.choose_retry(turn, error, question, other)
        return (
            following
            if following and following.pause_seconds + MIN_CALL_SECONDS <= seconds
            else None
        )

    def choose_retry(
        self,
        turn: Attempt,
        error: ModelError,
        question: Question[T],
        other: ModelSpec | None,
    ) -> Attempt | None:
        """What to try after this kind of failure; None when nothing helps."""
        match error:
            case FormatRefused():
                return turn
            case AnswerUnusable() if other is None:
                return Attempt(
                    turn.spec,
                    repair_prompt(question.rendered, error),
                    doubles_tokens=isinstance(error, Truncated),
                )
            case ProviderFailed():
                return Attempt(
                    other or turn.spec,
                    question.rendered,
                    pause_seconds=self.retry_pause(),
                )
            case RateLimited() if other is None:
                return Attempt(
                    turn.spec,
                    question.rendered,
                    pause_seconds=max(error.retry_after or 0.0, self.retry_pause()),
                )
            case KeyRefused():
                return None
            case _:
                return Attempt(other, question.rendered) if other else None

    def retry_pause(self) -> float:
        """Seconds before a second try, with jitter to spread calls that failed together."""
        return self.backoff * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def repair_prompt(rendered: RenderedPrompt, error: AnswerUnusable) -> RenderedPrompt:
    """The same question, with what was wrong with the first answer."""
    problems = error.problems if isinstance(error, Invalid) else ()
    return REPAIR.render(RepairInput(request=rendered, problems=problems))
