"""Removes what one ticket leaves in the runs of others.

That is similar tickets, sources, the link of a duplicate, and hints for the agent.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from contracts.draft import Draft
from contracts.retrieval import Duplicate, SimilarTicket, Source
from storage.queries.checkpoints import ChangeValue

TRACED_CHANNELS = ("similar", "sources", "duplicate", "draft")
"""The channels of the state that hold texts of other tickets. Ids alone are left."""

JOINED_FIELDS = ("classification", "extraction", "draft", "duplicate_of")
"""The fields that a duplicate's result takes from its original."""


def make_trace_remover(serde: SerializerProtocol, gone: Collection[str]) -> ChangeValue:
    """A function that removes the erased tickets from serialized values and checkpoints."""
    return partial(change_serialized, serde, gone)


def change_serialized(
    serde: SerializerProtocol, gone: Collection[str], kind: str, data: bytes
) -> tuple[str, bytes]:
    """A value in LangGraph's serialization, without what comes from the erased tickets."""
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
    """A channel's value without what comes from the erased tickets.

    The text of a draft stays as it was shown.
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
    """The suggested actions that name none of the tickets.

    An action that names one also quotes its subject.
    """
    return tuple(
        action
        for action in actions
        if not any(ticket_id in action for ticket_id in gone)
    )


def remove_result_traces(
    result: Mapping[str, Any], gone: Collection[str]
) -> dict[str, Any]:
    """A run's result without what comes from the erased tickets."""
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
