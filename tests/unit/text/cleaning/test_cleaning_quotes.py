"""Quoted history is split off; the customer's own words never are."""

import pytest

from text.cleaning.quotes import split_quotes

ANSWER = "It is still broken."


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 3 May 2024 at 10:12, Support <help@shop.example> wrote:",
        "On Mon, 3 May 2024 at 10:12, Support\n<help@shop.example>\nwrote:",
        "Am 03.05.2024 um 10:12 schrieb Support <help@shop.example>:",
        "Le ven. 3 mai 2024 à 10:12, Support <help@shop.example> a écrit :",
        "El lun, 3 may 2024 a las 10:12, Soporte escribió:",
        "Il giorno ven 3 mag 2024 alle ore 10:12 Support ha scritto:",
        "Op vr 3 mei 2024 om 10:12 schreef Support:",
        "03.05.2024, 10:12, Support <help@shop.example>:",
    ],
)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_attributions(attribution: str, mark: str) -> None:
    now, quoted = split_quotes(
        f"{ANSWER}\n\n{attribution}\n{mark}Have you restarted it?"
    )
    assert now == ANSWER
    assert quoted.endswith(f"{mark}Have you restarted it?")


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        (
            "________________________________\nFrom: Support\nSent: Monday\nTo: Anna\nSubject: Re: "
            "lamp"
        ),
        "Von: Support\nGesendet: Montag\nAn: Anna\nBetreff: AW: Lampe",
        "*From:* Support\n*Date:* Monday\n*To:* Anna",
    ],
)
def test_headers_and_separators(head: str) -> None:
    now, quoted = split_quotes(f"{ANSWER}\n\n{head}\n\nHave you restarted it?")
    assert now == ANSWER
    assert quoted.startswith(head.split("\n", maxsplit=1)[0])


def test_inline_replies_stay_in_the_body() -> None:
    text = (
        "On 3 May 2024 at 10:12, Support wrote:\n> Which model?\n\nX200\n\n> Which serial "
        "number?\n\nSN-1234"
    )
    assert split_quotes(text)[0] == "X200\n\nSN-1234"


def test_an_answer_below_the_quote_stays() -> None:
    assert split_quotes("> Which model?\nX200")[0] == "X200"


@pytest.mark.parametrize(
    "text",
    [
        "> my printer\n> does not print",
        "From: Anna\nTo: Support\nSubject: lamp\nMy lamp is broken.",
        "-----Original Message-----\nMy lamp is broken.",
        (
            "FYI, see below\n\n---------- Forwarded message ---------\nFrom: Anna\nSubject: "
            "Lamp\n\nMy lamp is broken."
        ),
        (
            "Hi team,\n\nplease handle.\n\nFrom: Anna\nSent: Monday\nTo: Tom\nSubject: FW: "
            "Lamp\n\nMy lamp is broken."
        ),
        (
            "Siehe unten\n\nVon: Anna\nGesendet: Montag\nAn: Tom\nBetreff: Lampe\n\nMeine Lampe "
            "ist kaputt."
        ),
        'On 3 May your agent wrote:\n"we refund you"\nbut nothing came.',
        "On 3 May 2024 at 10:12 I wrote:\nplease cancel my order",
        "The error at 10:12 says:\ndisk full",
    ],
)
def test_content_is_not_history(text: str) -> None:
    assert split_quotes(text) == (text, "")


def test_a_forward_with_a_real_comment_is_split() -> None:
    comment = (
        "Our fourteen drivers cannot load their stops since this morning, and a new "
        "installation did not help."
    )
    now, quoted = split_quotes(
        f"{comment}\n\nBegin forwarded message:\n\nsee the picture"
    )
    assert now == comment
    assert quoted == "Begin forwarded message:\n\nsee the picture"


def test_the_line_above_an_attribution_is_not_eaten() -> None:
    text = "On Monday 3 lamps broke\nOn 4 May 2024, Support wrote:\n> How many?"
    assert split_quotes(text)[0] == "On Monday 3 lamps broke"


@pytest.mark.parametrize(
    "answer", ["I attached the picture.", "Thanks, looking forward to it!", "Yes."]
)
def test_a_short_answer_is_still_an_answer(answer: str) -> None:
    assert (
        split_quotes(
            f"{answer}\n\nOn 3 May 2024 at 10:12, Support wrote:\n> Have you a picture?"
        )[0]
        == answer
    )
