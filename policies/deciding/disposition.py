"""What may happen to a ticket without a person.

The decision starts at escalate: unknown means escalate. Grants that hold lower it to the
lowest verdict granted, then requirements that hold raise it to the highest demanded. A fact
that is not known fails every grant and meets every requirement. Rules are monotone
(policies/rules/conditions.py), and so is the decision: more risk never means less review.
"""

from collections.abc import Iterable

from contracts.decision import Reason
from contracts.values import Value
from policies.desk.model import REVIEW, DispositionPolicy, Rule, RuleVerdict
from policies.rules.conditions import holds
from policies.rules.facts import Facts

__all__ = ["Facts", "Verdict", "decide"]

NOTHING_GRANTED = Reason(
    rule="nothing-granted", text="No rule allows less than a person's decision."
)


class Verdict(Value):
    """What was decided, and the rules that decided it.

    Requirements first, the most demanding one on top.
    """

    disposition: RuleVerdict
    reasons: tuple[Reason, ...]


def decide(facts: Facts, policy: DispositionPolicy) -> Verdict:
    """Decide how much review a ticket needs. Pure, and never fails."""
    grants, requirements = (
        _speaking("grant", facts, policy),
        _speaking("require", facts, policy),
    )
    lowered = min((rule.rank for rule in grants), default=len(REVIEW) - 1)
    rank = max((lowered, *(rule.rank for rule in requirements)))
    demanding = sorted(requirements, key=lambda rule: -rule.rank)
    deciding = [*demanding, *(rule for rule in grants if rule.rank == rank)]
    decided = any(rule.rank == rank for rule in deciding)
    reasons = _reasons(deciding, facts)
    return Verdict(
        disposition=REVIEW[rank],
        reasons=reasons if decided else (NOTHING_GRANTED, *reasons),
    )


def _speaking(verb: str, facts: Facts, policy: DispositionPolicy) -> list[Rule]:
    return [rule for rule in policy.rules if rule.verb == verb and _speaks(rule, facts)]


def _speaks(rule: Rule, facts: Facts) -> bool:
    return all(
        holds(rule.verb, condition, getattr(facts, name))
        for name, condition in rule.when.items()
    )


def _reasons(rules: Iterable[Rule], facts: Facts) -> tuple[Reason, ...]:
    return tuple(Reason(rule=rule.id, text=_text(rule, facts)) for rule in rules)


def _text(rule: Rule, facts: Facts) -> str:
    unknown = [name for name in rule.when if getattr(facts, name) is None]
    return (
        f"{rule.reason} (not known: {', '.join(unknown)})" if unknown else rule.reason
    )
