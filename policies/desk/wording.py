"""The texts of a desk's replies, and the contacts they may name (`replies.yaml`)."""

from pydantic import Field

from contracts.values import Tone, Value


class ReplyParts(Value):
    """The texts of one tone. `{placeholders}` are filled from trusted values only."""

    greeting_named: str
    greeting: str
    acknowledgment: str
    timeline: str
    closing: str
    ask: str = Field(description="Introduces the list of missing details")
    source_intro: str = Field(
        description="Introduces what an article or a solved ticket says"
    )
    no_source: str = Field(description="Explanation when nothing is known yet")
    unclear: str = Field(description="Reply to a ticket with nothing to act on")
    if_not_solved: str = Field(
        description="In place of the timeline, after a source has answered"
    )


class Contacts(Value):
    """The desk's own domains, mailboxes and numbers.

    A reply may point to these besides what its sources name.
    """

    domains: tuple[str, ...] = Field(
        default=(), description="Web domains; those below them count too"
    )
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = Field(
        default=(), description="As they are written in replies; only the digits count"
    )


class ReplyTemplates(Value):
    """Reply texts per tone, and per category what happens next (`replies.yaml`)."""

    default_tone: Tone = "friendly"
    signature: str = ""
    tones: dict[Tone, ReplyParts]
    acknowledgments: dict[str, str] = Field(
        default_factory=dict, description="Per category: names the issue"
    )
    next_steps: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Per category, for the customer"
    )
    agent_actions: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Per category, for the agent"
    )
    contacts: Contacts = Field(
        default=Contacts(),
        description="What replies may point to; all else brings a person in",
    )
