"""HTML becomes what a reader would see; text that only mentions tags is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.cleaning.markup import html_to_text, is_html


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><html>x</html>",
        "<p>Hello</p>",
        "<div>a<br>b</div>",
        "Hello<br><br>my lamp is broken",
        "<b>Hi</b>\n",
    ],
)
def test_clearly_html(text: str) -> None:
    assert is_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "The page shows <div> as text.",
        "a < b and c > d",
        "at com.example.Shop.<init>(Shop.java:12)",
        "Please write to Anna <anna@example.com>",
        "<anna@example.com> did not answer",
        "My template `<p>Hello</p>` is not rendered, why?",
    ],
)
def test_not_html(text: str) -> None:
    assert not is_html(text)


def test_paragraphs_lines_links_and_entities() -> None:
    page = (
        '<p>Hello &amp; welcome</p><p>See <a href="https://shop.example/x">my '
        "order</a><br>Anna</p>"
    )
    assert (
        html_to_text(page)
        == "Hello & welcome\n\nSee my order (https://shop.example/x)\nAnna"
    )


def test_an_address_that_is_shown_is_not_repeated() -> None:
    assert (
        html_to_text('<a href="mailto:anna@example.com">anna@example.com</a>')
        == "anna@example.com"
    )


def test_comments_scripts_and_styles_are_dropped() -> None:
    page = (
        "<style>p {color: red}</style><p>Hello</p><!-- secret --><script>if (a < b) alert"
        "(1)</script><p>Bye</p>"
    )
    assert html_to_text(page) == "Hello\n\nBye"


def test_a_head_that_is_never_closed_ends_at_the_body() -> None:
    assert html_to_text("<html><head><title>x<body>Hello</body></html>") == "Hello"


def test_a_quote_becomes_quoted_lines() -> None:
    assert (
        html_to_text("<div>Yes</div><blockquote>Is it?</blockquote>")
        == "Yes\n\n> Is it?"
    )


@given(st.text("<>/!-pabr ="))
def test_nothing_raises(text: str) -> None:
    assert isinstance(html_to_text(text), str)
