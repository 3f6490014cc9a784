"""The tasks, and their locks."""

from storage.jobs.port import ADVANCE, DELIVER, Task


def advance_task(run_id: str, ticket_id: str, priority: int = 0) -> Task:
    """Go on with a run. Of one ticket, one run at a time is advanced."""
    return Task(ADVANCE, run_id, f"ticket:{ticket_id}", priority)


DELIVERY_PRIORITY = 350
"""What was decided goes out before more is begun, unless that is high or critical and
nearly due."""


def deliver_task(effect_key: str) -> Task:
    """Send an effect."""
    return Task(DELIVER, effect_key, f"effect:{effect_key}", DELIVERY_PRIORITY)
