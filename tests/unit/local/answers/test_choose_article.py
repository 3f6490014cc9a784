import numpy as np
import pytest

from contracts.retrieval import Source
from contracts.ticket import CleanTicket
from engines.embedding.embedder import DIMENSIONS, Embedder
from engines.local.answers.asides import GravityClassifier, load_examples
from engines.local.answers.choose_article import (
    ArticleIndex,
    build_ticket_texts,
    list_article_texts,
)

ARTICLES = (
    Source(
        id="bread",
        kind="article",
        title="Bake bread",
        score=0,
        excerpt="Mix flour and water and bake it.",
        self_service=True,
        questions=("How do I bake bread?", "Which flour do I use for a loaf?"),
    ),
    Source(
        id="lawn",
        kind="article",
        title="Mow the lawn",
        score=0,
        excerpt="Mow it once a week.",
        self_service=True,
        questions=("How often do I mow the lawn?",),
    ),
    Source(
        id="oven-fault",
        kind="article",
        title="The oven is broken",
        score=0,
        excerpt="Call the workshop.",
        questions=("The oven does not get hot.", "There is a spark in the oven."),
    ),
)


@pytest.fixture(scope="module")
def asides(embedder: Embedder) -> GravityClassifier:
    return GravityClassifier(*(embedder.embed(texts) for texts in load_examples()))


@pytest.fixture(scope="module")
def articles(embedder: Embedder, asides: GravityClassifier) -> ArticleIndex:
    return ArticleIndex(
        ARTICLES,
        embedder.embed(
            [text for article in ARTICLES for text in list_article_texts(article)]
        ),
        asides,
    )


def best(
    articles: ArticleIndex, embedder: Embedder, body: str, subject: str = ""
) -> Source:
    parts = build_ticket_texts(CleanTicket(subject=subject, body=body))
    empty = np.zeros((0, DIMENSIONS), np.float32)
    views, points, stated = (
        embedder.embed(texts) if texts else empty for texts in parts
    )
    return articles.find_nearest(views, points, stated, 1)[0]


def test_a_question_finds_its_article(
    articles: ArticleIndex, embedder: Embedder
) -> None:
    found = best(articles, embedder, "Which flour should I take for a loaf of bread?")
    assert (found.id, found.leaves_open, found.questions) == ("bread", False, ())
    assert 0.7 < found.score <= 1


def test_a_story_around_it_hardly_hides_the_question(
    articles: ArticleIndex, embedder: Embedder
) -> None:
    story = (
        "Hello, we moved to the coast last spring. It is windy here. My sister often "
        "visits us with her dog."
    )
    plain = best(articles, embedder, "How do I bake bread?")
    told = best(articles, embedder, f"{story} How do I bake bread? Many greetings, Ole")
    assert told.id == "bread"
    assert told.score > plain.score - 0.05


def test_the_subject_completes_a_question(
    articles: ArticleIndex, embedder: Embedder
) -> None:
    alone = best(articles, embedder, "How often do I have to do that?")
    assert (
        best(
            articles, embedder, "How often do I have to do that?", "mowing the lawn"
        ).score
        > alone.score + 0.2
    )


@pytest.mark.parametrize(
    "more",
    [
        "There are sparks coming out of the oven.",
        "How often do I have to mow the lawn in summer?",
        "My son is in intensive care since yesterday.",
    ],
)
def test_trouble_another_question_and_a_grave_aside_stay_open(
    articles: ArticleIndex, embedder: Embedder, more: str
) -> None:
    found = best(articles, embedder, f"How do I bake bread? {more}")
    assert (found.id, found.leaves_open) == ("bread", True)


def test_a_desk_without_articles_has_no_answer(asides: GravityClassifier) -> None:
    nothing = np.zeros((0, DIMENSIONS), np.float32)
    assert (
        ArticleIndex((), nothing, asides).find_nearest(nothing, nothing, nothing, 3)
        == []
    )


def test_a_long_message_is_read_but_not_taken_apart() -> None:
    reading = build_ticket_texts(
        CleanTicket(subject="Bread", body="How do I bake it? " + "It rains here. " * 80)
    )
    assert "how do i bake it ?" in reading.views
    assert (reading.points, reading.asides) == ((), ())


def test_what_is_denied_is_no_aside() -> None:
    reading = build_ticket_texts(
        CleanTicket(
            subject="", body="There is no rush. My cat is grey and old. Where is it?"
        )
    )
    assert reading.asides == ("my cat is grey and old",)


def test_grave_examples_weigh_more_than_harmless_ones(
    asides: GravityClassifier, embedder: Embedder
) -> None:
    harmless, grave = load_examples()
    assert len(harmless) >= 100
    assert len(grave) >= 100
    assert (asides.score_gravity(embedder.embed(grave)) > 0).mean() > 0.95
    assert (asides.score_gravity(embedder.embed(harmless)) < 0).mean() > 0.95
