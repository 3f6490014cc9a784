"""What is found suspicious about desks that load."""

from pathlib import Path

import pytest

from policies.desk.model import Desk, Rule, RuleVerdict, Signal, Team
from policies.loading.check import check_desk
from policies.loading.load import load_desk
from policies.rules.conditions import Bound, Condition
from tests.paths import DESKS


@pytest.fixture
def desk(folder: Path) -> Desk:
    """The small desk of conftest.py."""
    return load_desk(folder)


def found(desk: Desk) -> list[tuple[str, str]]:
    """File and rule of everything found."""
    return [(finding.file, finding.rule) for finding in check_desk(desk)]


def grant(verdict: RuleVerdict, **when: Condition) -> Rule:
    """A rule that allows a verdict."""
    return Rule(id="", when=when, grant=verdict, reason="")


def require(verdict: RuleVerdict, **when: Condition) -> Rule:
    """A rule that demands a verdict."""
    return Rule(id="", when=when, require=verdict, reason="")


def with_rules(desk: Desk, *rules: Rule) -> Desk:
    """The desk with other disposition rules, named r0, r1 and so on."""
    made = tuple(
        rule.model_copy(update={"id": f"r{number}"})
        for number, rule in enumerate(rules)
    )
    return desk.model_copy(
        update={"disposition": desk.disposition.model_copy(update={"rules": made})}
    )


def with_teams(desk: Desk, *teams: Team) -> Desk:
    """The desk with more teams."""
    routing = desk.routing.model_copy(update={"teams": (*desk.routing.teams, *teams)})
    return desk.model_copy(update={"routing": routing})


def test_a_desk_in_order_has_no_findings(desk: Desk) -> None:
    assert check_desk(desk) == []


@pytest.mark.parametrize("desk_id", ["customer_support", "internal_helpdesk"])
def test_the_shipped_desks_are_in_order_but_for_articles(desk_id: str) -> None:
    findings = check_desk(load_desk(DESKS / desk_id))
    # A category without an article is a gap in the content, which its authors close; it
    # breaks nothing.
    assert [finding.text for finding in findings if finding.rule != "no-article"] == []


def test_a_category_needs_team_exemplars_and_article(desk: Desk) -> None:
    lonely = desk.categories[0].model_copy(
        update={"id": "wheels", "exemplars": ("It wobbles.",)}
    )
    wider = desk.model_copy(update={"categories": (*desk.categories, lonely)})
    assert found(wider) == [
        ("routing_rules.yaml", "no-team"),
        ("categories.yaml", "few-exemplars"),
        ("categories.yaml", "no-article"),
    ]


def test_a_severity_needs_a_signal(desk: Desk) -> None:
    assert found(desk.model_copy(update={"signals": desk.signals[1:]})) == [
        ("severities.yaml", "no-signal")
    ]


def test_a_pattern_that_fails_only_when_whole_is_found(desk: Desk) -> None:
    broken = Signal(id="broken", severity="high", reason="", patterns=("(?<=a+)b",))
    assert found(desk.model_copy(update={"signals": (*desk.signals, broken)})) == [
        ("severities.yaml", "bad-pattern")
    ]


def test_idle_and_overlapping_teams_are_found(desk: Desk) -> None:
    idle = Team(id="idle", title="Idle", escalation_path=("boss",))
    rival = Team(
        id="rival", title="Rival", categories=("brakes",), escalation_path=("boss",)
    )
    findings = check_desk(with_teams(desk, idle, rival))
    assert [finding.rule for finding in findings] == ["idle-team", "overlap"]
    assert (
        findings[1].text
        == "workshop and rival both take brakes; only workshop ever gets it"
    )


def test_what_the_loader_refuses_is_found_in_a_desk_made_otherwise(desk: Desk) -> None:
    findings = check_desk(with_rules(desk, grant("assign", category="wheels")))
    assert [(finding.file, finding.rule) for finding in findings] == [
        ("disposition.yaml", "unknown-category")
    ]


@pytest.mark.parametrize(
    ("reminder", "refused"), [(None, False), (71.9, False), (72.0, True), (100.0, True)]
)
def test_a_reminder_must_come_before_the_expiry(
    desk: Desk, reminder: float | None, refused: bool
) -> None:
    settings = desk.settings.model_copy(
        update={"approval_hours": 72.0, "approval_reminder_hours": reminder}
    )
    expected = [("desk.yaml", "late-reminder")] if refused else []
    assert found(desk.model_copy(update={"settings": settings})) == expected


@pytest.mark.parametrize(
    ("first", "second", "rules"),
    [
        (
            grant("assign", amount=Bound(max=1)),
            grant("assign", amount=Bound(max=2)),
            ["r0"],
        ),
        (grant("assign", amount=Bound(max=1)), grant("request_info"), ["r0"]),
        (
            grant("assign", amount=Bound(max=2)),
            grant("auto_resolve", amount=Bound(max=1)),
            [],
        ),
        (
            require("assign", amount=Bound(min=1)),
            require("assign", amount=Bound(min=2)),
            ["r1"],
        ),
        (
            require("assign", amount=Bound(min=1)),
            require("escalate", amount=Bound(min=2)),
            [],
        ),
        (require("assign", severity=Bound(min="high")), require("escalate"), ["r0"]),
        (
            grant("assign", category="other"),
            grant("assign", category=("brakes", "other")),
            ["r0"],
        ),
        (
            grant("assign", category=("brakes", "other")),
            grant("assign", category="other"),
            ["r1"],
        ),
        (grant("assign", injection=False), grant("assign", injection=False), ["r1"]),
        (grant("assign", actionable=True), grant("assign", actionable=False), []),
        (require("assign", injection=True), grant("auto_resolve"), []),
        (grant("escalate"), require("auto_resolve", injection=True), ["r0", "r1"]),
    ],
)
def test_rules_that_never_change_a_decision_are_found(
    desk: Desk, first: Rule, second: Rule, rules: list[str]
) -> None:
    findings = check_desk(with_rules(desk, first, second))
    assert [
        finding.text.split()[0] for finding in findings if finding.rule == "unreachable"
    ] == rules


def test_rules_with_the_same_conditions_and_different_verdicts_are_found(
    desk: Desk,
) -> None:
    twins = with_rules(
        desk, grant("assign", actionable=True), require("escalate", actionable=True)
    )
    findings = check_desk(twins)
    assert [finding.text for finding in findings] == [
        "r0 and r1 have the same conditions and say different things; keep one"
    ]
