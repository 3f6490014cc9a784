"""What happens to an approval request that nobody answered: never a reply to the customer."""

from contracts.approval import ApprovalDecision
from policies.desk.model import Desk

DECIDED_BY = "system:expiry"
"""Recorded as `decided_by` when an approval request expires."""


def expired_approval_decision(desk: Desk, team: str) -> ApprovalDecision:
    """The decision the desk's policy takes when a team did not answer in time.

    `reassign` gives the ticket to the next team, or acts as `reject` where there is none;
    `reject` sends nothing and leaves the ticket with its team.
    """
    following = (
        next_escalation_team(desk, team)
        if desk.settings.approval_expiry == "reassign"
        else None
    )
    if following is None:
        return ApprovalDecision(type="reject", decided_by=DECIDED_BY)
    return ApprovalDecision(type="reassign", team=following, decided_by=DECIDED_BY)


def next_escalation_team(desk: Desk, team: str) -> str | None:
    """The next team on a team's escalation path, else the desk's fallback team; None for neither.

    Entries of the path that are no team of the desk are skipped: a path may name people outside
    the desk, and no ticket can be assigned to them.
    """
    paths = {known.id: known.escalation_path for known in desk.routing.teams}
    candidates = (*paths.get(team, ()), desk.routing.fallback_team)
    return next((name for name in candidates if name in paths and name != team), None)
