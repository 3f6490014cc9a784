"""Signatures are split off; in doubt a line stays."""

import pytest

from text.cleaning.signatures import split_signature

MESSAGE = "My lamp is broken, what can I do?"


@pytest.mark.parametrize(
    "signature",
    [
        "--\nAnna\nAcme Ltd",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Get Outlook for iOS",
        "Best regards,\nAnna",
        "Thanks, Anna",
        "Mit freundlichen Grüßen\nAnna Muster",
        "Cordialement,\nAnne",
        "Un saludo,\nAna",
        (
            "Kind regards,\nDr. Anna Smith\nHead of Sales\n12 Baker Street, 10115 Berlin\nTel: +49 "
            "30 1234567"
        ),
        "Anna Smith\nanna@acme.example\n(555) 346-9947",
        "-Anna Smith",
        (
            "Cheers\nTom\n\nCONFIDENTIALITY NOTICE: This message is for the addressee.\nDelete it "
            "if that is not you."
        ),
        "________________\nlamps mailing list\nlamps@lists.example\nhttps://lists.example/lamps",
    ],
)
def test_split_off(signature: str) -> None:
    assert split_signature(f"{MESSAGE}\n\n{signature}") == (MESSAGE, signature)


@pytest.mark.parametrize(
    "text",
    [
        "I got the lamp.\nThanks for the quick delivery.\nBut it is broken.",
        "Thanks\n\nThe lamp is broken, please send me a new one as soon as you can.",
        "It shows an error.\n\nThanks\nApp version 3.2\nAndroid 14",
        "It never came.\n\nThanks\nOrder ORD-12345",
        "Please create an account for:\n\nAnna Smith\nanna@acme.example\n+49 30 1234567",
        "A fix -- this is not a signature.",
        "Sent from my desk, it is easier than by phone.",
        "Thanks",
        "Regards\nAnna",
        "I need:\n- Mouse\n- Keyboard",
        "This message is confidential, please do not tell my manager: I was harassed.",
    ],
)
def test_kept(text: str) -> None:
    assert split_signature(text) == (text, "")


def test_a_postscript_is_part_of_the_message() -> None:
    message, signature = split_signature(
        f"{MESSAGE}\n\nThanks,\nAnna\n\nPS: the order is 4711"
    )
    assert message == f"{MESSAGE}\n\nPS: the order is 4711"
    assert signature == "Thanks,\nAnna"
