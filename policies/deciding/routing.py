"""Which team gets a ticket, at which priority, and who could take it instead."""

from collections.abc import Sequence

from contracts.approval import ApprovalDecision
from contracts.decision import Reason
from contracts.errors import InputError
from contracts.values import PRIORITIES, Priority, Severity, Value
from policies.desk.model import Routing, SeverityLevel, Team


class Route(Value):
    """The team (by id), the priority, and the rules that chose them.

    `escalation_path` names who is asked next, in order.
    """

    team: str
    priority: Priority
    alternative_teams: tuple[str, ...]
    escalation_path: tuple[str, ...]
    reasons: tuple[Reason, ...]


def route_ticket(
    category: str | None, severity: Severity, routing: Routing, level: SeverityLevel
) -> Route:
    """Send a ticket to its category's team, a critical one to the desk's critical team.

    The category's own team is then the first alternative; an ordinary ticket's alternative
    is the fallback team. A category that is unknown, or that no team has claimed, goes to
    the fallback team.
    """
    own = team_for(category, routing)
    team, other, why = own, routing.fallback_team, _category_reason(category, own)
    if severity == "critical":
        team, other = find_team(routing.critical_team, routing), own.id
        why = Reason(
            rule="critical-team",
            text=f"A critical ticket goes to {team.title} before {own.title}.",
        )
    priority = _floored_priority(level.priority, team)
    return Route(
        team=team.id,
        priority=priority,
        alternative_teams=(other,) if other != team.id else (),
        escalation_path=team.escalation_path,
        reasons=(why,)
        if priority == level.priority
        else (why, _floor_reason(team, priority)),
    )


def team_for(category: str | None, routing: Routing) -> Team:
    """The team that claims a category; the fallback team when none does."""
    claiming = (team for team in routing.teams if category in team.categories)
    return next(claiming, None) or find_team(routing.fallback_team, routing)


def find_team(team_id: str, routing: Routing) -> Team:
    """The desk's team with this id.

    Raises InputError, naming the desk's teams, when there is none.
    """
    for team in routing.teams:
        if team.id == team_id:
            return team
    raise unknown_team_error([team.id for team in routing.teams])


def check_team_named(decision: ApprovalDecision, teams: Sequence[str]) -> None:
    """Raise InputError when a decision reassigns to a team that is not one of the desk's."""
    if decision.type == "reassign" and decision.team not in teams:
        raise unknown_team_error(teams)


def unknown_team_error(teams: Sequence[str]) -> InputError:
    """The error for a team that a desk does not have, naming those it has."""
    return InputError(f"This desk has no such team. Choose one of: {', '.join(teams)}.")


def _floored_priority(priority: Priority, team: Team) -> Priority:
    floor = team.priority_floor or priority
    return floor if PRIORITIES.index(floor) > PRIORITIES.index(priority) else priority


def _category_reason(category: str | None, own: Team) -> Reason:
    if category in own.categories:
        return Reason(
            rule="category-team",
            text=f"{own.title} takes tickets of the category {category}.",
        )
    return Reason(
        rule="fallback-team",
        text=f"No team claims the category, so {own.title} takes the ticket.",
    )


def _floor_reason(team: Team, priority: Priority) -> Reason:
    return Reason(
        rule="priority-floor",
        text=f"{team.title} works on nothing below priority {priority}.",
    )
