"""What becomes of a question that nobody answered: never a reply to the customer."""

from contracts.approval import ApprovalDecision
from policies.desk.model import Desk

DECIDED_BY = "system:expiry"
"""Who decides when the time is over."""


def expired_approval_decision(desk: Desk, team: str) -> ApprovalDecision:
    """The decision that a desk takes in the place of a team that did not answer in time.

    `reassign` gives the ticket to the next team; `reject` sends nothing and leaves it with
    the team it has. Where there is no next team, `reassign` is `reject`.
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
    """The first of a team's escalation path that is a team of the desk, else the fallback team.

    None for neither.

    A path may also name people and groups outside of the desk, whom no ticket can be given to.
    """
    paths = {known.id: known.escalation_path for known in desk.routing.teams}
    candidates = (*paths.get(team, ()), desk.routing.fallback_team)
    return next((name for name in candidates if name in paths and name != team), None)
