import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.embedding.embedder import Embedder
from engines.local.categories.zero_shot import (
    ZeroShotScorer,
    choose_category,
    scores_to_probabilities,
)
from policies.desk.model import Category

CATEGORIES = (
    Category(
        id="kitchen",
        title="Kitchen",
        description="Ovens, fridges, dishwashers and what is cooked with them.",
        exemplars=(
            "The oven does not get hot.",
            "My dishwasher leaves spots on the glasses.",
            "The fridge hums all night.",
        ),
    ),
    Category(
        id="garden",
        title="Garden",
        description="Lawns, mowers, hedges and what grows outside.",
        exemplars=("The mower will not start.", "How often should I water the hedge?"),
    ),
    Category(
        id="library",
        title="Library",
        description="Borrowing books, returning them, and fines for late returns.",
    ),
)
SCORES = st.dictionaries(st.text(min_size=1), st.floats(-2, 2), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def zero_shot(embedder: Embedder) -> ZeroShotScorer:
    return ZeroShotScorer(embedder, CATEGORIES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My stove stays cold when I want to bake bread.", "kitchen"),
        ("Moss has taken over my grass, what can I do?", "garden"),
        ("I have to pay a fine for a novel that I brought back in time.", "library"),
    ],
)
def test_a_ticket_goes_to_the_category_that_it_is_about(
    zero_shot: ZeroShotScorer, embedder: Embedder, text: str, expected: str
) -> None:
    scores = zero_shot.score_categories(embedder.embed([text])[0])
    assert tuple(scores) == zero_shot.categories
    assert choose_category(scores).category == expected


def test_the_order_of_categories_and_exemplars_does_not_matter(
    zero_shot: ZeroShotScorer, embedder: Embedder
) -> None:
    turned = [
        c.model_copy(update={"exemplars": c.exemplars[::-1]}) for c in CATEGORIES[::-1]
    ]
    vector = embedder.embed(["The sprinkler floods the lawn."])[0]
    expected = zero_shot.score_categories(vector)
    found = ZeroShotScorer(embedder, turned).score_categories(vector)
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_desk_with_one_category_has_no_choice(embedder: Embedder) -> None:
    scores = ZeroShotScorer(embedder, CATEGORIES[:1]).score_categories(
        embedder.embed(["Anything"])[0]
    )
    assert scores_to_probabilities(scores, 0.1) == {"kitchen": 1.0}
    assert choose_category(scores) == ("kitchen", ())


@given(scores=SCORES, temperature=st.floats(0.01, 10))
def test_probabilities_sum_to_one_and_keep_the_order(
    scores: dict[str, float], temperature: float
) -> None:
    found = scores_to_probabilities(scores, temperature)
    assert sum(found.values()) == pytest.approx(1)
    assert found[choose_category(scores).category] == max(found.values())


@given(scores=SCORES, colder=st.floats(0.01, 1), warmer=st.floats(1, 10))
def test_a_lower_temperature_is_never_less_sure(
    scores: dict[str, float], colder: float, warmer: float
) -> None:
    assert (
        max(scores_to_probabilities(scores, colder).values())
        >= max(scores_to_probabilities(scores, warmer).values()) - 1e-12
    )


def test_probabilities_are_the_softmax() -> None:
    found = scores_to_probabilities({"a": 1.0, "b": 0.8}, 0.1)
    assert found == pytest.approx({"a": 1 / (1 + np.exp(-2)), "b": 1 / (1 + np.exp(2))})


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"a": 0.5, "b": 0.9, "c": 0.85}, ("b", ("c",))),
        ({"a": 0.9, "b": 0.7}, ("a", ())),
        ({"a": 0.9, "b": 0.86, "c": 0.88, "d": 0.87}, ("a", ("c", "d"))),
    ],
)
def test_secondary_categories_are_close_and_few(
    scores: dict[str, float], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert choose_category(scores) == expected


def test_a_second_category_that_stands_out_is_named_however_far_behind() -> None:
    assert choose_category(
        {"defect": 2.0, "technical": 1.4, "billing": 1.2}
    ).secondary == ("technical",)
    assert (
        choose_category({"defect": 2.0, "technical": 1.4, "billing": 1.38}).secondary
        == ()
    )
    assert choose_category({"defect": 2.0, "technical": 1.4}).secondary == ()
