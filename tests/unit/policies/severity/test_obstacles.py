import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.severity.obstacles import (
    LONG_MESSAGE_WORDS,
    find_obstacles,
    remove_denials,
)


@pytest.mark.parametrize(
    "text",
    [
        "How do I reset my password? I forgot it.",
        "Where do I download the invoice? There is no rush.",
        "This is not an emergency and nothing is lost. How do I export a list?",
        "Nobody is upset, nothing has gone wrong. Where do I find my payslip?",
        "I have not clicked on anything. Which button reports the mail?",
        "I do not know where to look. Can somebody tell me?",
        "Where is the mandatory fire safety course?",
        "Suppose the building burned down, how often do you make copies?",
        "Nothing has happened, but I demand to know where my data is.",
    ],
)
def test_a_plain_question_has_none(text: str) -> None:
    assert find_obstacles(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How do I log in? It does not accept my password.", "negation"),
        ("Where is the export? It gives an error.", "failure"),
        ("How do I reset it? I have tried three times.", "attempt"),
        ("How do I cancel? I was charged twice.", "money"),
        ("Where do I enter my new card? The old one was stolen.", "security"),
        ("How do I add a printer? This one is smoking.", "safety"),
        ("How do I request leave? I am being bullied.", "people"),
        ("Where is the privacy notice? My lawyer asks.", "law"),
        ("How do I leave? You are the worst.", "anger"),
        ("How do I book a room? It is for tomorrow.", "haste"),
        ("Do we have to clear the cache? It concerns our 40 agents.", "many"),
        ("How do I reset the password of my ex-husband's account?", "someone else's"),
        ("How do I track it? Please also change the address.", "order to act"),
        ("Why is the bill higher this month?", "cause"),
        ("I am away until Monday.", "automatic"),
        ("word " * (LONG_MESSAGE_WORDS + 1), "long"),
    ],
)
def test_each_kind_of_sign_is_seen(text: str, kind: str) -> None:
    assert kind in find_obstacles(text)


def test_what_is_denied_does_not_hide_what_is_not() -> None:
    assert "security" in find_obstacles("There is no rush. My phone was stolen.")


def test_a_denial_is_taken_out_of_its_sentence_only() -> None:
    left = remove_denials(" there is no rush , but the door is broken ")
    assert " ".join(left.split()) == "there is , but the door is broken"


@given(st.text(max_size=300), st.text(max_size=300))
def test_more_text_never_has_fewer_signs(first: str, second: str) -> None:
    assert find_obstacles(first) <= find_obstacles(f"{first}\n\n{second}")
