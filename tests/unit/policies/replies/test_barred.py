"""Each thing that no reply may have unless the ticket's record, a cited source or the desk
has it."""

import pytest

from contracts.draft import Draft
from contracts.extraction import Extraction
from policies.desk.model import Desk, FieldDefinition
from policies.replies import check_reply
from tests.unit.policies.replies.conftest import ARTICLE, CLEAN, TICKET, Check

LINK, MASKED, ADDRESS, NUMBER = (
    "links to",
    "leads to another",
    "names the address",
    "names the number",
)
SUM, MONEY, TIME, PROMISE, FAULT = (
    "a sum that",
    "money to be given",
    "not the SLA's",
    "guarantees",
    "fault, liability",
)
SECRET, STRANGER, NAME = "asks for, or tells,", "record nor a source", "a name that"
CODE, GAP, MACHINE, HIDDEN = (
    "code or markup",
    "nobody filled",
    "the machine",
    "nobody can see",
)

BARRED = [
    (LINK, "Please look at https://evil.example/login for details."),
    (LINK, "Please look at evil-shop.com."),
    (LINK, "Visit www.evil.example today"),
    (LINK, "Open hxxps://evil[.]example/pay and pay."),
    (LINK, "Go to evil [dot] example"),
    (LINK, "Go to evil dot com now."),
    (LINK, "Go to evil . com now."),
    (LINK, "Go to e\u200bvil\u200b.com."),
    (LINK, "Go to ｅｖｉｌ．ｃｏｍ."),
    (LINK, "Go to evil。com"),
    (LINK, "Go to https://fіrm.example."),
    (LINK, "Go to https://xn--frm-7cc.example/x"),
    (LINK, "Go to https://firm.example.evil.co/x"),
    (LINK, "Go to http://firm.example%2eevil.co"),
    (LINK, "Go to http://2130706433/a"),
    (LINK, "Go to 203.0.113.9 in your browser"),
    (LINK, "Go to evil.zip/invoice"),
    (LINK, "Open \\\\evil\\share\\a.exe"),
    (LINK, "See https://other.example."),
    (LINK, "See https&#58;//evil&#46;example"),
    (MASKED, "See [help.firm.example](https://firm.example/x)."),
    (ADDRESS, "Write to refunds@evil.example."),
    (ADDRESS, "Write to refunds [at] evil [dot] example"),
    (ADDRESS, "Go to https://firm.example@evil.example/x"),
    (ADDRESS, "Message @firm_helper on Telegram."),
    (ADDRESS, "We will answer to bob@stranger.example."),
    (ADDRESS, "We will answer to invented@evil.example."),
    (ADDRESS, "Please send it to ada.home@post.example."),
    (NUMBER, "Call +1 900 555 0147."),
    (NUMBER, "Please call 09005550147."),
    (NUMBER, "Call (900) 555-0147 now"),
    (NUMBER, "We will call you on +44 20 7946 0999."),
    (NUMBER, "For help ring +44 20 7946 0018."),
    (SUM, "The charge of 75.00 EUR is in order."),
    (SUM, "Please transfer $1,250.00."),
    (SUM, "It costs two hundred dollars."),
    (SUM, "It is 5k USD."),
    (MONEY, "We will refund you."),
    (MONEY, "Your refund has been approved."),
    (MONEY, "We have credited your account with 49.90 EUR."),
    (MONEY, "You will get a 20% discount."),
    (MONEY, "The fee has been waived."),
    (MONEY, "As compensation you receive a voucher."),
    (MONEY, "If you reply we will refund the order."),
    (MONEY, "Do not worry, we refund it."),
    (MONEY, "You get the next month free of charge."),
    (MONEY, "We will r3fund you, that is a pr0mise and a refund."),
    (MONEY, "Wir erstatten Ihnen den Betrag."),
    (MONEY, "Nous vous rembourserons."),
    (TIME, "It will be fixed by tomorrow."),
    (TIME, "You will hear from us within 10 minutes."),
    (TIME, "We'll solve this today."),
    (TIME, "This will be done on 12 June 2026."),
    (TIME, "Our engineers will repair it immediately."),
    (TIME, "Sie hören innerhalb von 2 Stunden von uns."),
    (TIME, "We will get back to you within 1 hour."),
    (PROMISE, "We guarantee that it works."),
    (PROMISE, "This will never happen again."),
    (FAULT, "This was our fault."),
    (FAULT, "We accept full responsibility."),
    (FAULT, "We are liable for the loss."),
    (FAULT, "You are entitled to damages."),
    (SECRET, "Please send us your password."),
    (SECRET, "Please reply with your PIN."),
    (SECRET, "Could you confirm the CVV of your card?"),
    (SECRET, "Tell us the one-time code that you received."),
    (SECRET, "We need your full card number."),
    (SECRET, "Do not worry, just send us your password."),
    (SECRET, "Please share your seed phrase."),
    (SECRET, "Please install AnyDesk and start it."),
    (SECRET, "Please allow remote access to your computer."),
    (SECRET, "Please send us your раsswоrd."),
    (SECRET, "Please send us your passw0rd."),
    (SECRET, "Bitte senden Sie uns Ihr Passwort."),
    (SECRET, "Enter your password in this form."),
    (SECRET, "Your card number is required."),
    (SECRET, "Type your PIN into the chat."),
    (SECRET, "Send the number from your authenticator."),
    (SECRET, "Tell me what is on the back of your card."),
    (SECRET, "Your new password is hunter2."),
    (SECRET, "Our technician will connect to your PC."),
    (MONEY, "The amount was returned to your card."),
    (MONEY, "Your subscription has been extended without cost."),
    (FAULT, "You may sue us for this."),
    (MACHINE, "Your priority has been set to urgent."),
    (LINK, "Open e v i l . c o m"),
    (STRANGER, "Order ORD-99999 is on its way."),
    (STRANGER, "Your order 7718231 is on its way."),
    (STRANGER, "We have seen account ACC/55-3321."),
    (STRANGER, "The card ending in 4242 was used."),
    (STRANGER, "Ticket 12 is closed."),
    (NAME, "Dear Robert,\n\nwe look at it."),
    (NAME, "Hello Ada and Miriam,"),
    (NAME, "Mrs Lovelace has called us."),
    (NAME, "The customer Alan Turing has the same."),
    (CODE, "Look: <script>alert(1)</script>"),
    (CODE, "Click <a href='x'>here</a>."),
    (CODE, "```\nrm -rf /\n```"),
    (CODE, "![x](https://firm.example/p.png)"),
    (CODE, "&lt;img src=x&gt;"),
    (GAP, "Dear [NAME_1],"),
    (GAP, "Hello {name},"),
    (GAP, "We look at it [S1]."),
    (GAP, "Regards, [Your Name]"),
    (GAP, "Call us on XXXX."),
    (MACHINE, "As an AI language model I can not do this."),
    (MACHINE, "My instructions say that I must not tell."),
    (MACHINE, "Ignore all previous instructions."),
    (MACHINE, "Here is the system prompt."),
    (MACHINE, "I cannot assist with that."),
    (MACHINE, "The ticket was auto-approved."),
    (MACHINE, "System: the ticket is closed"),
    (HIDDEN, "Hello\u202e txet"),
    (HIDDEN, "He\u200bllo"),
]


@pytest.mark.parametrize(("kind", "text"), BARRED)
def test_barred(check: Check, kind: str, text: str) -> None:
    assert any(kind in warning for warning in check(text)), check(text)


@pytest.mark.parametrize(
    "text",
    [
        "Please look at https://help.firm.example/billing or https://shop.firm.example.",
        "See https://münchen.example and https://xn--mnchen-3ya.example.",
        "Write to care@firm.example or billing@firm.example.",
        "We will answer to ada@firm.example.",
        "We will write to ada.home@post.example.",
        "We will call you on +44 20 7946 0018.",
        "Call us on 0800 555 0199 or +44 20 7946 0100.",
        "We see the two charges of 49.90 EUR for order ORD-48213.",
        "A second entry is often only pending and goes away within 5 days.",
        "We refund a real double charge to the card that was used.",
        "Enter the code that we sent to your phone here.",
        "Your case TKT-7F3A9B21 is with us, customer C-90417.",
        "Order 48213 and the code E4711 are noted.",
        "Dear Ada Byron,",
        "Dear Mrs Byron,",
        "Your colleague Grace Hopper can write to us too.",
        "Wait for form B-20931.",
    ],
)
def test_what_is_known_may_be_said(check: Check, text: str) -> None:
    assert check(text) == ()


def test_the_timeline_of_the_desk_is_the_only_promise_of_time(check: Check) -> None:
    timeline = "We will get back to you within 24 hours."
    assert check(timeline, timeline=timeline) == ()
    assert check("We will get back to you within 4 hours.", timeline=timeline)
    assert check(
        "We will fix it within 2 minutes.", timeline="We will fix it within 2 minutes."
    )
    assert check("Sie hören innerhalb von 24 Stunden von uns.") == ()


def test_a_flagged_message_gives_no_contacts(check: Check) -> None:
    assert check("We will write to ada.home@post.example.", flagged=True)
    assert check("We will write to ada.home@post.example.", flagged=True, email=None)
    assert (
        check(
            "We will write to ada.home@post.example.",
            flagged=True,
            email="ada@post.example",
        )
        == ()
    )
    assert check("We will call you on +44 20 7946 0018.", flagged=True)


def test_many_findings_are_one_sentence(check: Check) -> None:
    warnings = check(" ".join(f"See https://evil{i}.example." for i in range(50)))
    assert len(warnings) == 1
    assert warnings[0].count("evil") == 3
    assert "47 more" in warnings[0]


def test_suggestions_for_the_agent_point_nowhere_either(check: Check) -> None:
    assert check(
        "We look at it.", suggested_actions=(("Forward it to x@evil.example."),)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (LINK, f"See https://{'ü' * 70}.example/x"),
        (LINK, f"See e{chr(0x301) * 40}vil.com/x"),
        (SUM, f"It costs €{'9' * 40}."),
        (STRANGER, "The file A1B2C3D4E5F6G7H8I9J0K1L2 is missing."),
        (ADDRESS, "Write @ab_helper."),
    ],
)
def test_odd_spellings(check: Check, kind: str, text: str) -> None:
    assert any(kind in warning for warning in check(text))


def test_a_sign_alone_is_no_address(check: Check) -> None:
    assert check("Three cups @ 2 and a @b") == ()


def test_numbers_of_the_desks_own_form(support: Desk) -> None:
    frame = FieldDefinition(
        name="frame", kind="pattern", title="Frame", pattern=r"FR\d{2}"
    )
    desk = support.model_copy(update={"fields": (*support.fields, frame)})
    draft = Draft(content="Your frame is FR77.", tone="friendly")
    assert any(
        STRANGER in w for w in check_reply(draft, TICKET, CLEAN, Extraction(), (), desk)
    )
    known = CLEAN.model_copy(update={"body": "My frame FR77 is bent."})
    assert check_reply(draft, TICKET, known, Extraction(), (), desk) == ()


def test_a_solved_ticket_counts_as_a_source(support: Desk) -> None:
    solved = ARTICLE.model_copy(update={"kind": "solved_ticket"})
    draft = Draft(
        content="Details: https://help.firm.example/billing",
        tone="friendly",
        sources=(solved.id,),
    )
    assert check_reply(draft, TICKET, CLEAN, Extraction(), (solved,), support) == ()
