"""What may happen to a ticket without a person.

The decision starts at escalate: unknown means escalate. Grants that hold lower it to the
lowest level granted, then requirements that hold raise it to the highest level demanded. An
unknown fact fails every grant and meets every requirement. Rules are monotone
(policies/rules/conditions.py), and so is the decision: more risk never means less review.
"""

from collections.abc import Iterable

from contracts.decision import Reason
from contracts.values import Value
from policies.desk.model import REVIEW_LEVELS, DispositionPolicy, Rule, RuleVerdict
from policies.rules.conditions import condition_holds
from policies.rules.facts import Facts

__all__ = ["DispositionVerdict", "Facts", "decide_disposition"]

NOTHING_GRANTED = Reason(
    rule="nothing-granted", text="No rule allows less than a person's decision."
)


class DispositionVerdict(Value):
    """A disposition and the rules that decided it: requirements first, the strictest on top."""

    disposition: RuleVerdict
    reasons: tuple[Reason, ...]


def decide_disposition(facts: Facts, policy: DispositionPolicy) -> DispositionVerdict:
    """Decide how much review a ticket needs. Pure, and never fails."""
    grants, requirements = (
        _matching_rules("grant", facts, policy),
        _matching_rules("require", facts, policy),
    )
    lowered = min((rule.rank for rule in grants), default=len(REVIEW_LEVELS) - 1)
    rank = max((lowered, *(rule.rank for rule in requirements)))
    demanding = sorted(requirements, key=lambda rule: -rule.rank)
    deciding = [*demanding, *(rule for rule in grants if rule.rank == rank)]
    decided = any(rule.rank == rank for rule in deciding)
    reasons = _rule_reasons(deciding, facts)
    return DispositionVerdict(
        disposition=REVIEW_LEVELS[rank],
        reasons=reasons if decided else (NOTHING_GRANTED, *reasons),
    )


def _matching_rules(verb: str, facts: Facts, policy: DispositionPolicy) -> list[Rule]:
    return [
        rule
        for rule in policy.rules
        if rule.verb == verb and _rule_applies(rule, facts)
    ]


def _rule_applies(rule: Rule, facts: Facts) -> bool:
    return all(
        condition_holds(rule.verb, condition, getattr(facts, name))
        for name, condition in rule.when.items()
    )


def _rule_reasons(rules: Iterable[Rule], facts: Facts) -> tuple[Reason, ...]:
    return tuple(Reason(rule=rule.id, text=_reason_text(rule, facts)) for rule in rules)


def _reason_text(rule: Rule, facts: Facts) -> str:
    unknown = [name for name in rule.when if getattr(facts, name) is None]
    return (
        f"{rule.reason} (not known: {', '.join(unknown)})" if unknown else rule.reason
    )
