"""The kinds of jobs that runs and effects need, and the lock of each."""

from storage.jobs.port import ADVANCE, DELIVER, Job

__all__ = ["ADVANCE", "DELIVER", "advance_job", "deliver_job"]

DELIVERY_PRIORITY = 350
"""Effects go out before new runs start, unless a run is high or critical and nearly due."""


def advance_job(run_id: str, ticket_id: str, priority: int = 0) -> Job:
    """Advance a run. The lock lets one run of a ticket be advanced at a time."""
    return Job(ADVANCE, run_id, f"ticket:{ticket_id}", priority)


def deliver_job(effect_key: str) -> Job:
    """Send an effect."""
    return Job(DELIVER, effect_key, f"effect:{effect_key}", DELIVERY_PRIORITY)
