"""Links, mailboxes and phone numbers that neither the desk nor a cited source has."""

import re
from collections.abc import Iterator, Sequence

from policies.replies.trusted import TrustedContent
from text.figures import digits_of, find_phone_numbers
from text.hosts import (
    WebAddress,
    find_masked_links,
    find_web_addresses,
    is_allowed_host,
)
from text.reply import quote_values

_CONTACT_VERB = re.compile(
    r"(?P<we>\b(?:we|i|us|our \w+)(?:'ll|'ve|'d)?(?: (?:will|can|could|may|shall|would|have"
    r"|also|try|tried|to"
    r"|already|then"
    r"|now|be|gladly|happily))* )?\b(?:calls?|contact(?!s? (?:details|address))|phone|ring|dial"
    r"|write|e-?mail|mail"
    r"|send|forward|reach|text|reply|visit"
    r"|transfer|pay|report|upload|message)\b",
    re.IGNORECASE,
)
_LOOK_BACK = 80
_SENTENCE_START = re.compile(r"[.!?\n](?=\s|$)")


def find_untrusted_contacts(text: str, trusted: TrustedContent) -> Iterator[str]:
    """One sentence for each kind of contact that bars sending; `text` is plain."""
    found = list(find_web_addresses(text))
    if links := _untrusted_links(found, trusted):
        yield (
            f"The reply links to {quote_values(links)}, which neither the desk's list nor a cited "
            "source has."
        )
    if masked := find_masked_links(text):
        yield (
            "The reply has a link that shows one address and leads to another: "
            f"{quote_values(masked)}."
        )
    if mailboxes := _untrusted_mailboxes(found, text, trusted):
        yield (
            f"The reply names the address {quote_values(mailboxes)}, which is not the customer's, "
            "the desk's or a source's."
        )
    numbers = [
        number
        for number, start in find_phone_numbers(text)
        if not _is_known_number(number, start, text, trusted)
    ]
    if numbers:
        yield (
            f"The reply names the number {quote_values(numbers)}, which is not the customer's, the "
            "desk's or a source's."
        )


def _untrusted_links(found: Sequence[WebAddress], trusted: TrustedContent) -> list[str]:
    return [
        address.name
        for address in found
        if not address.is_mailbox and not is_allowed_host(address.name, trusted.hosts)
    ]


def _untrusted_mailboxes(
    found: Sequence[WebAddress], text: str, trusted: TrustedContent
) -> list[str]:
    """Mailboxes that are not known, or the customer's where the customer is sent to them."""
    return [
        address.name
        for address in found
        if address.is_mailbox
        and address.name not in trusted.mailboxes
        and not (
            address.name in trusted.customer_mailboxes
            and not _is_recommended_contact(text, address.start)
        )
    ]


def _is_known_number(
    number: str, start: int, text: str, trusted: TrustedContent
) -> bool:
    digits = digits_of(number)
    if digits in trusted.phones:
        return True
    return digits in trusted.customer_phones and not _is_recommended_contact(
        text, start
    )


def _is_recommended_contact(text: str, start: int) -> bool:
    """Whether the words before send the customer there.

    "write to …", but not "we will write to …".
    """
    before = _SENTENCE_START.split(text[max(0, start - _LOOK_BACK) : start])[-1]
    return any(not match["we"] for match in _CONTACT_VERB.finditer(before))
