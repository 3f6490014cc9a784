# ruff: noqa: N818  names without Error read better where each one is caught by name
"""The errors of a model call, each with the usage so far.

ModelError
├── ProviderFailed     5xx, a dropped connection, HTML instead of JSON, no choices
├── RateLimited        429
├── KeyRefused         401; 403 about the key
├── ModelTimedOut      no answer within its deadline
├── FormatRefused      this way of asking for JSON is not accepted
├── RequestRefused     any other 4xx; `counts_as_failure` when it affects every ticket
├── AnswerUnusable     Empty, Truncated, Unreadable, Invalid
├── ModelDeclined      a refusal of the model
├── CircuitOpen        nothing was sent: the model's circuit is open
├── Busy               nothing was sent: no free slot before the deadline
├── BudgetSpent        nothing was sent: it would have exceeded a budget
├── Withheld           nothing was sent: the text reads like a prompt injection
└── PromptLeaked       the answer repeats its instructions

`detail` is a sentence for an operator. It never holds ticket text, a model's words or a key.
"""

from typing import ClassVar

from contracts.errors import EngineError
from contracts.usage import Usage


class ModelError(EngineError):
    """A call of a model failed."""

    counts_as_failure: bool = False
    """Counts against the model's circuit."""

    opens_circuit: ClassVar[bool] = False
    """Opens the circuits of all models of the provider at once."""


class ProviderFailed(ModelError):
    """The provider of the model failed."""

    counts_as_failure = True


class RateLimited(ModelError):
    """The provider of the model limits the rate of calls."""

    counts_as_failure = True

    def __init__(
        self,
        detail: str = "",
        usage: Usage | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, usage)
        self.retry_after = retry_after
        """Seconds the provider asked to wait for."""


class KeyRefused(ModelError):
    """The provider of the model refused the key."""

    counts_as_failure = True
    opens_circuit = True


class ModelTimedOut(ModelError):
    """The model did not answer in time."""

    counts_as_failure = True


class FormatRefused(ModelError):
    """The model does not take this way of asking for structure."""


class RequestRefused(ModelError):
    """The provider of the model refused the request."""

    def __init__(
        self, detail: str = "", usage: Usage | None = None, *, breaks: bool = False
    ) -> None:
        super().__init__(detail, usage)
        self.counts_as_failure = breaks
        """True for what affects every ticket, such as an unknown model or no credit.

        False for a request that is too long: the next one may not be.
        """


class AnswerUnusable(ModelError):
    """The model's answer cannot be used."""

    counts_as_failure = True


class Empty(AnswerUnusable):
    """The model's answer is empty."""


class Truncated(AnswerUnusable):
    """The model's answer stops in the middle."""


class Unreadable(AnswerUnusable):
    """The model's answer is not JSON."""


class Invalid(AnswerUnusable):
    """The model's answer does not fit its schema."""

    def __init__(
        self,
        detail: str = "",
        usage: Usage | None = None,
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(detail, usage)
        self.problems = problems
        """Paths of fields with the kind of error, never a value: `severity: literal_error`."""


class ModelDeclined(ModelError):
    """The model declined to answer."""


class CircuitOpen(ModelError):
    """The provider of the model is resting after failures."""


class Busy(ModelError):
    """There was no free place for a call in time."""


class BudgetSpent(ModelError):
    """The budget for models is spent."""


class Withheld(ModelError):
    """The text must not be shown to a model."""


class PromptLeaked(ModelError):
    """The model's answer repeats its instructions."""
