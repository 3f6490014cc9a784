"""The reply to the customer, before it is approved."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Tone, Value


class Draft(Value):
    """A reply in parts and as one text, with the sources it is based on."""

    content: str
    tone: Tone
    template_used: str | None = None
    greeting: str = ""
    acknowledgment: str = ""
    explanation: str = ""
    action_items: tuple[str, ...] = ()
    timeline: str = ""
    closing: str = ""
    suggested_actions: tuple[str, ...] = Field(
        default=(), description="For the agent, not for the customer"
    )
    requires_escalation: bool = False
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
    engine: EngineName = "local"
    prompt_version: str | None = None
    usage: Usage = Usage()
