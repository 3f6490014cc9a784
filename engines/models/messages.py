"""What goes to a model and what comes back."""

from dataclasses import dataclass
from typing import Literal

from contracts.usage import Usage


@dataclass(frozen=True)
class ChatMessage:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class ModelReply:
    """What a model answered, not yet parsed."""

    text: str
    """The content, or the arguments of the forced tool."""
    usage: Usage
    """One call with its tokens as the provider counted them; no cost yet."""
    finish_reason: str | None
    """Why the model stopped, as the provider says it: `stop`, `length`, `tool_calls`."""
