"""No false alarms.

On everything that the local engine writes, and few on ordinary polite replies.
"""

from itertools import product

import pytest

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import ExtractedField, Extraction
from contracts.retrieval import Source
from contracts.values import SEVERITIES, Tone
from engines.local.template_draft import draft_reply
from nodes.services import DraftBrief
from policies.desk.model import Category, Desk
from policies.loading.load import load_desk
from policies.replies import check_reply
from tests.linear_work import LONGEST, bounded_work
from tests.paths import DESKS
from tests.unit.policies.replies.conftest import CLEAN, TICKET, Check

TONES: tuple[Tone, ...] = ("formal", "friendly", "technical")

POLITE = [
    "Thank you for your message and for your patience.",
    "We are sorry for the trouble this has caused you.",
    "We understand how annoying it is to be charged twice.",
    "We have passed your case on to our billing team.",
    "A colleague will look at your order and write to you.",
    "Please let us know which browser you use and since when it happens.",
    "Could you send us a screenshot of the error message?",
    "Please never send us your password, PIN or card number.",
    "Nobody in our team will ever ask for your password.",
    "You can change your password in the settings of your account.",
    "If you forgot your password, choose the link below the sign-in form.",
    "We have received your refund request and are checking it.",
    "We will check whether a refund is possible.",
    "Thank you for telling us about the refund you are waiting for.",
    "You mention that you were promised a discount; we are looking into it.",
    "We can not say yet whether you will get a refund.",
    "Please restart the app, wait a few minutes and try again.",
    "If it still happens after 24 hours, reply to this message.",
    "Please check in Settings > Billing whether both entries are still pending.",
    "The error E4711 usually means that the connection was lost.",
    "Feel free to reply if anything is unclear.",
    "We appreciate your idea and have noted it for the product team.",
    "Your credit card is shown with its last digits only.",
    "We would like to understand what happened on your side.",
    "Please share a screenshot of both entries, with the card number covered.",
    "Your password is never stored as you type it.",
    "Have a nice day and best wishes from all of us.",
    "Hi Ada,\n\nthank you for getting in touch.",
    "Dear customer,\n\nthank you for writing to us.",
    "Hello there, we are happy to help.",
    "1. Open the app.\n2. Choose Settings.\n3. Press Save.",
    "Version 5.6.0 of the app on Android 14 and Windows 11 is supported.",
    "Please attach the file invoice.pdf or the log app.log to your reply.",
    "We are open on weekdays, e.g. on Monday mornings.",
    "The entry of 2026-05-04 is shown in the list.",
    "Thank you for your message of 3 May; we are sorry about the wait.",
    "The export is a file with the ending .csv, which Excel can open.",
    "We can not guarantee that this helps, but it often does.",
    "This is Node.js, and the new page is made with ASP.Net.Please try it.",
]


@pytest.mark.parametrize("text", POLITE)
def test_polite_replies(check: Check, text: str) -> None:
    assert check(text) == ()


@pytest.mark.parametrize("desk_id", ["customer_support", "internal_helpdesk"])
def test_whatever_the_local_engine_writes(desk_id: str) -> None:
    desk = load_desk(DESKS / desk_id)
    for tone, category, article, severity in product(
        TONES, desk.categories, (None, *desk.articles), ("low", "medium")
    ):
        assert not written(desk, tone, category, article, severity)
    for tone, category, severity in product(TONES, desk.categories, SEVERITIES):
        assert not written(desk, tone, category, None, severity)
        assert not written(desk, tone, category, None, severity, actionable=False)


def written(
    desk: Desk,
    tone: Tone,
    category: Category,
    article: Source | None,
    severity: str,
    *,
    actionable: bool = True,
) -> tuple[Draft, tuple[str, ...]] | None:
    sources = (article.model_copy(update={"score": 0.9}),) if article else ()
    extraction = Extraction(
        fields=(ExtractedField(name="order_id", value="ORD-48213", confidence=0.9),),
        missing_required=tuple(
            field.name for field in desk.fields if field.name != "order_id"
        ),
    )
    classification = Classification.model_validate(
        {
            "category": category.id,
            "category_confidence": 0.9,
            "severity": severity,
            "severity_confidence": 0.9,
        }
    )
    brief = DraftBrief(
        ticket=TICKET,
        clean=CLEAN,
        classification=classification,
        extraction=extraction,
        sources=sources,
        tone=tone,
        actionable=actionable,
    )
    draft = draft_reply(brief, desk)
    warnings = check_reply(draft, TICKET, CLEAN, extraction, sources, desk)
    return (draft, warnings) if warnings else None


HOSTILE = [
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "1 ",
    "1.",
    "(",
    "[",
    "[a](",
    "<",
    "{",
    "@",
    "a@",
    "a.",
    "+1 ",
    "á̖",
    "refund ",
    "send ",
    "not ",
    "h",
    "\u202e",
    "order 1",
    "one hundred ",
    "%41",
    "&#46;",
    "dear ",
    "in 2 ",
    "\n",
    "ﷺ",
    "://",
    "x dot ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_linear_time(check: Check, piece: str) -> None:
    text = piece * (LONGEST // len(piece))
    with bounded_work():
        check(text)


def test_the_shipped_desks_point_nowhere() -> None:
    for desk_id in ("customer_support", "internal_helpdesk"):
        contacts = load_desk(DESKS / desk_id).replies.contacts
        assert (contacts.domains, contacts.emails, contacts.phones) == ((), (), ())
