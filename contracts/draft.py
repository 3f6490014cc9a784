"""The reply to the customer, before it is approved."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Tone, Value


class Draft(Value):
    """A reply in parts and as one text, with the sources it is based on."""

    content: str = Field(description="The whole reply as one text")
    tone: Tone = Field(description="The tone it is written in")
    template_used: str | None = Field(
        default=None,
        description="Id of the desk's template; null when a model wrote it",
    )
    greeting: str = Field(default="", description="First line")
    acknowledgment: str = Field(
        default="", description="What the customer wrote about, in our words"
    )
    explanation: str = Field(
        default="", description="The answer itself, from the sources"
    )
    action_items: tuple[str, ...] = Field(
        default=(), description="What the customer is asked to do"
    )
    timeline: str = Field(
        default="", description="When the customer hears from us, by the SLA"
    )
    closing: str = Field(default="", description="Last line")
    suggested_actions: tuple[str, ...] = Field(
        default=(), description="For the agent, not for the customer"
    )
    requires_escalation: bool = Field(
        default=False, description="True when a person should take the ticket over"
    )
    sources: tuple[str, ...] = Field(
        default=(), description="Ids of the articles and tickets the reply stands on"
    )
    unsupported: tuple[str, ...] = Field(
        default=(), description="Sentences without a source; any bars automatic sending"
    )
    warnings: tuple[str, ...] = Field(
        default=(),
        description="What a reviewer must know before sending it; any bars automatic sending",
    )
    engine: EngineName = Field(default="local", description="The engine that wrote it")
    prompt_version: str | None = Field(
        default=None,
        description="The prompt used, as name@version; null without a model",
    )
    usage: Usage = Field(
        default=Usage(), description="What the model calls of this step cost"
    )
