"""The state of a run: what every node gives, in one TypedDict, and nothing more."""

from contracts.step import Steps
from nodes import (
    classify,
    dedup,
    deliver,
    draft,
    escalate,
    extract,
    fallback,
    gate,
    retrieve,
    route,
    sanitize,
)


class State(
    sanitize.Gives,
    dedup.Gives,
    classify.Gives,
    extract.Gives,
    retrieve.Gives,
    gate.Gives,
    fallback.Gives,
    draft.Gives,
    route.Gives,
    escalate.Gives,
    deliver.Gives,
    total=False,
):
    """Channels are named by the nodes that write them.

    `steps` is written by the recorder around each node.
    """

    steps: Steps
