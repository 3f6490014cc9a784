"""Teams, priorities and alternatives."""

import pytest

from contracts.errors import InputError
from contracts.values import PRIORITIES, SEVERITIES, Severity
from policies.deciding.routing import find_team, route_ticket, team_for
from policies.desk.model import Routing, SeverityLevel
from policies.loading.documents import parse_document
from policies.loading.validation import validate_document
from tests.paths import DESKS

PRIORITY = dict(zip(SEVERITIES, PRIORITIES, strict=True))


def routing_of(desk_id: str) -> Routing:
    """The shipped teams of a desk, read without the rest of the desk."""
    text = (DESKS / desk_id / "routing_rules.yaml").read_text(encoding="utf-8")
    return validate_document(parse_document(text, "routing_rules.yaml"), Routing)


SUPPORT = routing_of("customer_support")
HELPDESK = routing_of("internal_helpdesk")


def level(severity: Severity) -> SeverityLevel:
    """A severity's level with the usual priority."""
    return SeverityLevel(
        id=severity, title="", description="", sla_hours=1, priority=PRIORITY[severity]
    )


@pytest.mark.parametrize(
    ("category", "severity", "team", "priority", "alternatives"),
    [
        ("technical", "high", "technical_support", "high", ("general_support",)),
        ("bug_report", "medium", "technical_support", "normal", ("general_support",)),
        ("billing", "critical", "escalation_team", "urgent", ("billing_team",)),
        ("account", "low", "account_management", "low", ("general_support",)),
        ("feature_request", "low", "product_team", "normal", ("general_support",)),
        ("feature_request", "high", "product_team", "high", ("general_support",)),
        ("general", "low", "general_support", "low", ()),
        (None, "medium", "general_support", "normal", ()),
        ("no such category", "low", "general_support", "low", ()),
        (None, "critical", "escalation_team", "urgent", ("general_support",)),
    ],
)
def test_customer_support_routes(
    category: str | None,
    severity: Severity,
    team: str,
    priority: str,
    alternatives: tuple[str, ...],
) -> None:
    routed = route_ticket(category, severity, SUPPORT, level(severity))
    assert (routed.team, routed.priority, routed.alternative_teams) == (
        team,
        priority,
        alternatives,
    )


def test_a_critical_ticket_of_a_department_goes_to_the_duty_manager() -> None:
    routed = route_ticket("IT", "critical", HELPDESK, level("critical"))
    assert (routed.team, routed.alternative_teams) == ("duty_manager", ("it_support",))


def test_a_critical_team_that_owns_the_category_is_not_its_own_alternative() -> None:
    alone = HELPDESK.model_copy(update={"critical_team": "it_support"})
    assert (
        route_ticket("IT", "critical", alone, level("critical")).alternative_teams == ()
    )


def test_the_escalation_path_is_the_teams() -> None:
    assert route_ticket("billing", "low", SUPPORT, level("low")).escalation_path == (
        "billing_manager",
        "finance_team",
    )


@pytest.mark.parametrize(
    ("category", "severity", "rules"),
    [
        ("billing", "low", ["category-team"]),
        ("billing", "critical", ["critical-team"]),
        (None, "low", ["fallback-team"]),
        ("feature_request", "low", ["category-team", "priority-floor"]),
    ],
)
def test_the_reasons_name_the_rules(
    category: str | None, severity: Severity, rules: list[str]
) -> None:
    assert [
        reason.rule
        for reason in route_ticket(category, severity, SUPPORT, level(severity)).reasons
    ] == rules


@pytest.mark.parametrize(
    ("team", "system"),
    [
        ("it_support", "jira"),
        ("security_team", "jira"),
        ("hr_team", "freshservice"),
        ("finance_team", "freshservice"),
        ("facilities_team", "slack"),
        ("general_support", "slack"),
        ("duty_manager", "jira"),
    ],
)
def test_the_helpdesk_works_in_these_systems(team: str, system: str) -> None:
    assert find_team(team, HELPDESK).system == system


def test_a_team_is_found_by_category_and_by_name() -> None:
    assert team_for("HR", HELPDESK) == find_team("hr_team", HELPDESK)


def test_reassigning_to_an_unknown_team_names_the_known_ones() -> None:
    with pytest.raises(
        InputError,
        match=r"no such team\. Choose one of: technical_support, billing_team, ",
    ):
        find_team("the_dog", SUPPORT)
