"""Warnings about a desk that loads: rules that overlap or never apply, unused parts."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from contracts.values import SEVERITIES
from policies.desk.model import REVIEW_LEVELS, Desk, Rule
from policies.loading.references import (
    DeskFinding,
    find_broken_references,
    pattern_error,
)
from policies.rules.conditions import implies_conditions

__all__ = ["DeskFinding", "check_desk"]

FEWEST_EXEMPLARS = 4
"""The zero-shot classifier takes the mean of the best three; fewer than four leave no choice."""


def check_desk(desk: Desk) -> list[DeskFinding]:
    """Everything about a desk that its author should look at; empty for a desk in order.

    Compiles every pattern whole, which takes longer than loading the desk.
    """
    checks = (
        _check_categories,
        _check_severities,
        _check_patterns,
        _check_teams,
        _check_overlapping_rules,
        _check_unreachable_rules,
    )
    return find_broken_references(desk) + [
        finding for check in checks for finding in check(desk)
    ]


def _check_categories(desk: Desk) -> Iterator[DeskFinding]:
    claimed = {name for team in desk.routing.teams for name in team.categories}
    explained = {article.category for article in desk.articles}
    for index, category in enumerate(desk.categories):
        place = ("categories", index)
        if category.id not in claimed:
            text = (
                f"no team takes {category.id}; its tickets all go to "
                f"{desk.routing.fallback_team}"
            )
            yield DeskFinding(
                file="routing_rules.yaml", rule="no-team", text=text, place=("teams",)
            )
        if len(category.exemplars) < FEWEST_EXEMPLARS:
            text = (
                f"{category.id} has {len(category.exemplars)} exemplars; write at least "
                f"{FEWEST_EXEMPLARS}"
            )
            yield DeskFinding(
                file="categories.yaml", rule="few-exemplars", text=text, place=place
            )
        if category.id not in explained:
            text = (
                f"no article is about {category.id}; its tickets find no source until some "
                "are solved"
            )
            yield DeskFinding(
                file="categories.yaml", rule="no-article", text=text, place=place
            )


def _check_severities(desk: Desk) -> Iterator[DeskFinding]:
    signalled = {signal.severity for signal in desk.signals}
    # A ticket without any signal has the lowest level, which so needs no signal of its own.
    for severity in SEVERITIES[1:]:
        if severity not in signalled:
            text = f"no signal stands for {severity}, so nothing in a text leads to it"
            yield DeskFinding(
                file="severities.yaml", rule="no-signal", text=text, place=("signals",)
            )


def _check_patterns(desk: Desk) -> Iterator[DeskFinding]:
    for index, signal in enumerate(desk.signals):
        for pattern in (*signal.patterns, *signal.unless):
            if error := pattern_error(pattern):
                yield DeskFinding(
                    file="severities.yaml",
                    rule="bad-pattern",
                    text=error,
                    place=("signals", index),
                )


def _check_teams(desk: Desk) -> Iterator[DeskFinding]:
    fixed = {desk.routing.fallback_team, desk.routing.critical_team}
    for index, team in enumerate(desk.routing.teams):
        if not team.categories and team.id not in fixed:
            text = f"nothing is routed to {team.id}; give it a category or remove it"
            yield DeskFinding(
                file="routing_rules.yaml",
                rule="idle-team",
                text=text,
                place=("teams", index),
            )
    for (_, first), (index, second) in combinations(enumerate(desk.routing.teams), 2):
        for name in sorted(set(first.categories) & set(second.categories)):
            text = f"{first.id} and {second.id} both take {name}; only {first.id} ever gets it"
            yield DeskFinding(
                file="routing_rules.yaml",
                rule="overlap",
                text=text,
                place=("teams", index),
            )


def _check_overlapping_rules(desk: Desk) -> Iterator[DeskFinding]:
    for (_, first), (index, second) in combinations(
        enumerate(desk.disposition.rules), 2
    ):
        if first.when == second.when and (first.verb, first.rank) != (
            second.verb,
            second.rank,
        ):
            text = (
                f"{first.id} and {second.id} have the same conditions and say different "
                "things; keep one"
            )
            yield DeskFinding(
                file="disposition.yaml",
                rule="overlap",
                text=text,
                place=("rules", index),
            )


def _check_unreachable_rules(desk: Desk) -> Iterator[DeskFinding]:
    rules = desk.disposition.rules
    for index, rule in enumerate(rules):
        place = ("rules", index)
        if rule.rank == (len(REVIEW_LEVELS) - 1 if rule.verb == "grant" else 0):
            text = (
                f"{rule.id} never changes a decision: every decision starts there or is at "
                "least that"
            )
            yield DeskFinding(
                file="disposition.yaml", rule="unreachable", text=text, place=place
            )
        elif stronger := _find_stronger_rule(index, rule, rules):
            text = (
                f"{rule.id} never changes a decision: {stronger.id} holds whenever it does "
                "and does as much"
            )
            yield DeskFinding(
                file="disposition.yaml", rule="unreachable", text=text, place=place
            )


def _find_stronger_rule(index: int, rule: Rule, rules: Sequence[Rule]) -> Rule | None:
    for other_index, other in enumerate(rules):
        if (
            other.verb != rule.verb
            or other_index == index
            or not implies_conditions(rule.when, other.when)
        ):
            continue
        outdone = (
            other.rank < rule.rank if rule.verb == "grant" else other.rank > rule.rank
        )
        # Of two rules that do the same under the same conditions, only the later one is
        # called unreachable.
        twin = other.rank == rule.rank and (
            other_index < index or not implies_conditions(other.when, rule.when)
        )
        if outdone or twin:
            return other
    return None
