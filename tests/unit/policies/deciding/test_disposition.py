"""The decision.

Worked examples on the shipped desks, and what holds for every policy that can be written.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.values import SEVERITIES
from policies.deciding.disposition import decide_disposition
from policies.desk.model import REVIEW_LEVELS, DispositionPolicy, Rule
from policies.loading.documents import parse_document
from policies.loading.files import FILES
from policies.loading.load import load_desk
from policies.loading.validation import validate_document
from policies.rules.conditions import (
    Bound,
    Condition,
    Verb,
    condition_fault,
    rule_categories,
)
from policies.rules.facts import FACTS, Facts
from tests.paths import DESKS

CATEGORIES = ["billing", "technical", "general"]


def policy_of(desk_id: str) -> DispositionPolicy:
    """The shipped policy of a desk, read without the rest of the desk."""
    text = (DESKS / desk_id / "disposition.yaml").read_text(encoding="utf-8")
    return validate_document(
        parse_document(text, "disposition.yaml"), DispositionPolicy
    )


SUPPORT = policy_of("customer_support")
HELPDESK = policy_of("internal_helpdesk")

HARMLESS = Facts(
    category="technical",
    actionable=True,
    severity="low",
    critical_signals=0,
    amount=0,
    missing_required=1,
    unsupported_sentences=0,
    obstacles=0,
    abstained=False,
    injection=False,
    degraded=False,
    category_confidence=0.9,
    source_score=0.7,
    calibrated=True,
    supported_language=True,
    source_self_service=True,
    source_same_category=True,
)


def decided(policy: DispositionPolicy, **changes: Any) -> str:
    """The disposition of the harmless question with some facts changed."""
    return decide_disposition(Facts(**(dict(HARMLESS) | changes)), policy).disposition


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "auto_resolve"),
        ({"severity": "medium"}, "auto_resolve"),
        ({"severity": "high"}, "assign"),
        ({"severity": "critical"}, "escalate"),
        ({"critical_signals": 1}, "escalate"),
        ({"injection": True}, "assign"),
        ({"supported_language": False}, "assign"),
        ({"amount": 0.01}, "assign"),
        ({"calibrated": False}, "assign"),
        ({"calibrated": None}, "assign"),
        ({"category_confidence": None}, "assign"),
        ({"category_confidence": 0.34}, "auto_resolve"),
        ({"category_confidence": 0.34, "source_score": 0.61}, "assign"),
        ({"category_confidence": 0.19}, "assign"),
        ({"source_score": 0.58}, "auto_resolve"),
        ({"source_score": 0.56}, "assign"),
        ({"source_self_service": False}, "assign"),
        ({"source_same_category": False}, "auto_resolve"),
        ({"source_same_category": False, "source_score": 0.61}, "assign"),
        ({"obstacles": 1}, "assign"),
        ({"obstacles": None}, "assign"),
        ({"unsupported_sentences": 1}, "assign"),
        ({"unsupported_sentences": None}, "assign"),
        ({"degraded": True}, "assign"),
        ({"missing_required": 5}, "auto_resolve"),
        ({"category": "feature_request"}, "auto_resolve"),
        ({"category": "anything else"}, "escalate"),
        ({"category": None}, "escalate"),
        ({"category": None, "actionable": False}, "request_info"),
        ({"actionable": False}, "request_info"),
        ({"actionable": False, "injection": True}, "assign"),
        ({"actionable": False, "severity": "high"}, "escalate"),
        ({"actionable": None}, "escalate"),
        ({"severity": None}, "escalate"),
        ({"amount": float("nan")}, "assign"),
    ],
)
def test_customer_support_decides(changes: dict[str, Any], expected: str) -> None:
    assert decided(SUPPORT, **changes) == expected


@pytest.mark.parametrize(
    "category", ["IT", "HR", "Finance", "Facilities", "Security", "general"]
)
def test_the_helpdesk_answers_by_article_only_where_nothing_stands_against_it(
    category: str,
) -> None:
    assert decided(HELPDESK, category=category) == "auto_resolve"
    assert decided(HELPDESK, category=category, obstacles=1) == "assign"
    assert decided(HELPDESK, category=category, severity="high") == "assign"


def test_nothing_known_escalates_and_says_what_is_not_known() -> None:
    verdict = decide_disposition(Facts(), SUPPORT)
    assert verdict.disposition == "escalate"
    assert verdict.reasons[0].text == "The severity is critical. (not known: severity)"


def test_the_reasons_are_the_rules_that_spoke() -> None:
    verdict = decide_disposition(
        Facts(**(dict(HARMLESS) | {"severity": "critical", "injection": True})), SUPPORT
    )
    assert [reason.rule for reason in verdict.reasons] == [
        "critical-severity",
        "text-addresses-the-machine",
    ]
    assert [
        reason.rule for reason in decide_disposition(HARMLESS, SUPPORT).reasons
    ] == [
        "answered-by-an-article",
        "answered-closely-by-an-article",
    ]


def test_when_nothing_is_granted_the_reasons_say_so_first() -> None:
    verdict = decide_disposition(
        Facts(**(dict(HARMLESS) | {"category": None, "injection": True})), SUPPORT
    )
    assert [reason.rule for reason in verdict.reasons] == [
        "nothing-granted",
        "text-addresses-the-machine",
    ]


def test_without_any_rule_a_person_decides() -> None:
    verdict = decide_disposition(
        HARMLESS, DispositionPolicy(id="empty", version=1, owner="nobody", rules=())
    )
    assert (verdict.disposition, verdict.reasons[0].rule) == (
        "escalate",
        "nothing-granted",
    )


def test_the_table_speaks_of_every_fact() -> None:
    assert set(FACTS) == set(Facts.model_fields)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"grant": "assign", "when": {"colour": True}}, ("there is no fact 'colour'; use one of "
                                                         "abstained, ")),
        ({"grant": "assign", "when": {"category": True}}, ("category takes a name or a list of "
                                                           "names")),
        ({"grant": "assign", "when": {"category": ()}}, "category takes a name or a list of names"),
        ({"grant": "assign", "when": {"injection": "no"}}, "injection takes true or false"),
        ({"grant": "assign", "when": {"injection": True}}, ("a grant may not ask for "
                                                            "`injection: true`: otherwise more")),
        ({"require": "assign", "when": {"calibrated": True}}, ("a require may not ask for "
                                                               "`calibrated: true`: otherwis")),
        ({"grant": "assign", "when": {"amount": True}}, "amount takes a range such as {max: 1}"),
        ({"grant": "assign", "when": {"amount": Bound()}}, "amount takes a range such as {max: 1}"),
        ({"grant": "assign", "when": {"amount": Bound(min=1)}}, ("a grant may bound amount by "
                                                                 "`max` only: otherwise mo")),
        ({"grant": "assign", "when": {"amount": Bound(min=1, max=2)}},
         "a grant may bound amount by `max` only"),
        ({"require": "assign", "when": {"severity": Bound(max="low")}},
         "bound severity by `min` only: otherwise less"),
        ({"grant": "assign", "when": {"source_score": Bound(min="low")}},
         "source_score is a number; write a range su"),
        ({"grant": "assign", "when": {"severity": Bound(max=None)}}, ("severity is a severity; "
                                                                      "write a range such as {")),
        ({"grant": "assign", "require": "assign"}, "either `grant` or `require`"),
        ({}, "either `grant` or `require`"),
    ],
)  # fmt: skip
def test_a_rule_that_could_lower_review_for_risk_cannot_be_made(
    rule: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Rule(id="bad", reason="", **rule)
    assert words in str(caught.value)


def test_names_of_reads_one_name_and_several() -> None:
    assert (
        rule_categories({"category": "a"}),
        rule_categories({"category": ("a", "b")}),
        rule_categories({}),
    ) == (("a",), ("a", "b"), ())


def conditions_for(name: str) -> st.SearchStrategy[Condition]:
    """Any condition on a fact, whether a rule may have it or not."""
    kind = FACTS[name].kind
    if kind == "name":
        return st.sampled_from(CATEGORIES) | st.lists(
            st.sampled_from(CATEGORIES), min_size=1
        ).map(tuple)
    if kind == "flag":
        return st.booleans()
    ends = (
        st.sampled_from(SEVERITIES)
        if kind == "severity"
        else st.integers(0, 3).map(float)
    )
    return st.tuples(st.sampled_from(["min", "max"]), ends).map(
        lambda pair: Bound.model_validate(dict([pair]))
    )


def known_values(name: str) -> st.SearchStrategy[Any]:
    """Any known value of a fact."""
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "name": st.sampled_from(CATEGORIES),
        "flag": st.booleans(),
        "severity": st.sampled_from(SEVERITIES),
        "number": st.integers(0, 3),
    }
    return by_kind[FACTS[name].kind]


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule that can be made; conditions it may not have are left out."""
    verb: Verb = draw(st.sampled_from(["grant", "require"]))
    names = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=3, unique=True))
    drawn = {name: draw(conditions_for(name)) for name in names}
    when = {
        name: condition
        for name, condition in drawn.items()
        if condition_fault(verb, name, condition) is None
    }
    return Rule.model_validate(
        {
            "id": "r",
            "when": when,
            verb: draw(st.sampled_from(REVIEW_LEVELS)),
            "reason": "drawn",
        }
    )


policies = st.lists(rules(), max_size=8).map(
    lambda r: DispositionPolicy(id="p", version=1, owner="o", rules=tuple(r))
)
facts = st.fixed_dictionaries({name: st.none() | known_values(name) for name in FACTS})
ORDERED = sorted(name for name, fact in FACTS.items() if fact.risk != "free")


def review(known: dict[str, Any], policy: DispositionPolicy) -> int:
    """How much review the policy asks for."""
    return REVIEW_LEVELS.index(decide_disposition(Facts(**known), policy).disposition)


def by_risk(name: str, first: Any, second: Any) -> tuple[Any, Any]:
    """Two known values of a fact, the safer one first."""
    rank = SEVERITIES.index if FACTS[name].kind == "severity" else float
    safer, riskier = sorted((first, second), key=rank)
    return (safer, riskier) if FACTS[name].risk == "rises" else (riskier, safer)


@given(
    policies | st.sampled_from([SUPPORT, HELPDESK]),
    facts,
    st.sampled_from(ORDERED),
    st.data(),
)
def test_more_risk_never_means_less_review(
    policy: DispositionPolicy, known: dict[str, Any], name: str, data: st.DataObject
) -> None:
    safer, riskier = by_risk(
        name, data.draw(known_values(name)), data.draw(known_values(name))
    )
    assert review(known | {name: safer}, policy) <= review(
        known | {name: riskier}, policy
    )


@given(
    policies | st.sampled_from([SUPPORT, HELPDESK]),
    facts,
    st.sampled_from(sorted(FACTS)),
)
def test_forgetting_a_fact_never_means_less_review(
    policy: DispositionPolicy, known: dict[str, Any], name: str
) -> None:
    assert review(known, policy) <= review(known | {name: None}, policy)


@given(facts)
def test_an_injected_text_gets_no_reply_without_a_person(known: dict[str, Any]) -> None:
    for policy in (SUPPORT, HELPDESK):
        assert review(known | {"injection": True}, policy) >= REVIEW_LEVELS.index(
            "assign"
        )


@given(facts)
def test_the_confidence_alone_never_escalates(known: dict[str, Any]) -> None:
    for confidence in (0.0, None):
        changed = known | {"category_confidence": confidence, "calibrated": False}
        assert review(changed, SUPPORT) <= max(
            review(known, SUPPORT), REVIEW_LEVELS.index("assign")
        )


def test_every_file_of_a_desk_has_a_model() -> None:
    assert {path.name for path in (DESKS / "customer_support").glob("*.yaml")} == set(
        FILES
    )


def test_the_shipped_policies_are_those_the_loader_gives() -> None:
    assert load_desk(DESKS / "customer_support").disposition == SUPPORT
