"""A model beside the local engine: it may raise, never lower.

And where it fails nobody becomes surer.
"""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import Classification
from contracts.values import SEVERITIES
from policies.deciding.engine_answers import (
    UNCONFIRMED_CONFIDENCE,
    cap_fallback_confidence,
    is_local_sure,
    reconcile_with_local,
    resolve_doubted_answer,
)

CATEGORIES = ("technical", "billing", "general")


def classifications(engine: str) -> st.SearchStrategy[Classification]:
    return st.builds(
        Classification,
        category=st.sampled_from(CATEGORIES),
        category_confidence=st.floats(0, 1),
        severity=st.sampled_from(SEVERITIES),
        severity_confidence=st.floats(0, 1),
        secondary_categories=st.just(()),
        calibrated=st.booleans() if engine == "local" else st.just(False),
        abstained=st.booleans() if engine == "local" else st.just(False),
        engine=st.just(engine),
    )


@given(classifications("llm"), classifications("local"), st.booleans())
def test_a_model_never_lowers_the_severity(
    model: Classification, local: Classification, steered: bool
) -> None:
    both = reconcile_with_local(model, local, steered=steered)
    assert SEVERITIES.index(both.severity) == max(
        SEVERITIES.index(model.severity), SEVERITIES.index(local.severity)
    )


@given(classifications("llm"), classifications("local"), st.booleans())
def test_only_the_local_engine_makes_a_confidence_calibrated(
    model: Classification, local: Classification, steered: bool
) -> None:
    both = reconcile_with_local(model, local, steered=steered)
    assert not both.calibrated or (
        both.category == local.category and local.calibrated and not local.abstained
    )
    assert both.category_confidence in (
        local.category_confidence,
        UNCONFIRMED_CONFIDENCE,
    )


@given(classifications("llm"), classifications("local"))
def test_a_broken_model_leaves_nobody_surer_than_a_working_one(
    model: Classification, local: Classification
) -> None:
    broken = cap_fallback_confidence(local)
    for answer, steered in product(
        (model, model.model_copy(update={"category": local.category})), (True, False)
    ):
        assert (
            broken.category_confidence
            <= reconcile_with_local(answer, local, steered=steered).category_confidence
        )
    assert not broken.calibrated


@given(classifications("llm"), classifications("local"))
def test_a_text_that_steers_keeps_the_local_category(
    model: Classification, local: Classification
) -> None:
    assert reconcile_with_local(model, local, steered=True).category == local.category
    expected = local if is_local_sure(local) else model
    assert (
        reconcile_with_local(model, local, steered=False).category == expected.category
    )


@given(classifications("llm"), classifications("local"))
def test_a_doubted_answer_stands_where_the_local_one_agrees(
    model: Classification, local: Classification
) -> None:
    heard = resolve_doubted_answer(model, local)
    assert heard.category == local.category
    assert SEVERITIES.index(heard.severity) >= SEVERITIES.index(local.severity)
    assert (
        resolve_doubted_answer(
            reconcile_with_local(model, local, steered=True), local
        ).category
        == local.category
    )
