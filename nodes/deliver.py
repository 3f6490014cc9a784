"""deliver: records the decided effects in the outbox, each at most once."""

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from contracts.effect import Delivery
from nodes.services import Services
from policies.deciding.effects import Decided, plan_effects, target_system_of


class Needs(Decided):
    """What deliver reads."""


class Gives(TypedDict, total=False):
    """What deliver writes."""

    delivery: Delivery


async def deliver(state: Needs, runtime: Runtime[Services]) -> Gives:
    """Record every effect of the decision, or of the person's answer."""
    decision = state.get("decision")
    if decision is None:
        return {"delivery": Delivery()}
    effects = plan_effects(
        state,
        decision,
        target_system_of(state, runtime.context.desks[state["ticket"].desk]),
    )
    recorded = await runtime.context.outbox.put(
        state["ticket"].id, state["run_id"], effects
    )
    return {"delivery": Delivery(effects=effects, simulated=not recorded)}
