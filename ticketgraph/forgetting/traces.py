"""What one ticket leaves in the runs of others.

Suggestions, sources, the link of a duplicate, hints for the agent.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from contracts.draft import Draft
from contracts.retrieval import Duplicate, SimilarTicket, Source
from storage.queries.checkpoints import ChangeValue

TRACED_CHANNELS = ("similar", "sources", "duplicate", "draft")
"""The parts of the state that hold other tickets.

Where only their ids are, that says nothing of anybody.
"""

JOINED_FIELDS = ("classification", "extraction", "draft", "duplicate_of")
"""What a duplicate's result has from the ticket that it joins."""


def make_trace_remover(serde: SerializerProtocol, gone: Collection[str]) -> ChangeValue:
    """How serialized values and whole checkpoints lose what comes from the tickets that are
    gone.
    """
    return partial(change_serialized, serde, gone)


def change_serialized(
    serde: SerializerProtocol, gone: Collection[str], kind: str, data: bytes
) -> tuple[str, bytes]:
    """The same in LangGraph's own way of writing.

    The run goes on from it as if it had never found more.
    """
    value = serde.loads_typed((kind, data))
    if isinstance(value, dict) and "channel_values" in value:
        held = value["channel_values"]
        value["channel_values"] = held | {
            name: remove_traces(held[name], gone)
            for name in TRACED_CHANNELS
            if name in held
        }
    else:
        value = remove_traces(value, gone)
    return serde.dumps_typed(value)


def remove_traces(value: Any, gone: Collection[str]) -> Any:
    """A channel's value without what comes from the tickets that are gone.

    What a reply says stays as it was shown.
    """
    if isinstance(value, list):
        return [one for one in value if ticket_id_of(one) not in gone]
    if isinstance(value, Draft):
        return value.model_copy(
            update={"suggested_actions": keep_hints(value.suggested_actions, gone)}
        )
    return None if ticket_id_of(value) in gone else value


def ticket_id_of(value: Any) -> str | None:
    """The ticket that a value comes from."""
    if isinstance(value, SimilarTicket | Duplicate):
        return value.ticket_id
    return value.id if isinstance(value, Source) else None


def keep_hints(actions: Iterable[str], gone: Collection[str]) -> tuple[str, ...]:
    """The suggested actions that point to none of the tickets.

    Those that do name its subject, too.
    """
    return tuple(
        action
        for action in actions
        if not any(ticket_id in action for ticket_id in gone)
    )


def remove_result_traces(
    result: Mapping[str, Any], gone: Collection[str]
) -> dict[str, Any]:
    """A run's result without what comes from the tickets that are gone."""
    cleaned = {
        **result,
        "similar": [
            one for one in result.get("similar", ()) if one["ticket_id"] not in gone
        ],
    }
    if result.get("duplicate_of") in gone:
        return cleaned | dict.fromkeys(JOINED_FIELDS)
    if draft := result.get("draft"):
        cleaned["draft"] = draft | {
            "suggested_actions": keep_hints(draft["suggested_actions"], gone)
        }
    return cleaned
