"""What to hide by its form alone: mailboxes, phone numbers, addresses of machines.

The readers for masking. Anything with an @ between words is a mailbox here: whether it can
exist is asked when fields are read (text/patterns/emails.py), not when they are hidden.
"""

import re
from collections.abc import Iterator

from text.blanking import EMAIL_LIKE, IP_V4, IP_V6
from text.patterns.phones import AMERICAN, EXTENSION

Span = tuple[int, int]
"""Where a value starts and ends."""

SPELLED_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}+(?:%40| ?[\[({](?:at|@|ät)[\])}] ?| at (?=[\w-]{1,40}(?:\."
    r"| dot )(?:com|net|org"
    r"|io|co)\b))"
    r"[\w-]++(?:(?:\.| ?[\[({](?:dot|\.)[\])}] ?| dot )[\w-]++)*+",
    re.IGNORECASE,
)
QUOTED_EMAIL = re.compile(
    r"[\"“](?:[^\"“”\\\n]|\\.){1,64}+[\"”]@(?:[\w-][\w.-]*+|\[[\w.:-]{2,60}\])"
)
"""A mailbox in quotation marks, as RFC 5321 allows for what has spaces in it.

`"ada byron"@example.com`.
"""
IP_LITERAL_EMAIL = re.compile(r"(?<![\w.%+'-])[\w.%+'-]{1,64}+@\[[\w.:-]{2,60}\]")
"""An address in brackets in place of a domain (RFC 5321): `ada@[192.0.2.1]`."""
SPACED_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}+(?: @ ?|@ )[\w-]++(?:\.[\w-]++)++(?<=[A-Za-z]{2})"
)
SPELLED_EMAIL_SIGNS = re.compile(
    r"%40|[\[({](?:at|@|ät)[\])}]| at [\w-]+(?:\.| dot )(?:com|net|org|io|co)\b",
    re.IGNORECASE,
)
HASH_OR_VERSION = re.compile(r"[0-9a-f]{4,16}|[\d.]+", re.IGNORECASE)
"""Behind an @: an object's hash ("Task@1b2c3d") or a version ("react@18.2.0")."""
SURE_PHONE = re.compile(
    rf"(?=[+(\d])(?:(?<![\d.,$€£])(?<!\d-){AMERICAN}(?i:{EXTENSION})(?!\d)(?!-\d)"
    r"|\+(?<!\w\+) ?\(?\d(?:[ \xa0]?[-./()\u2010-\u2014]{0,2}[ \xa0]?\d){6,16}(?:[ ]?(?:x"
    r"|ext\.?)[ ]?\d{1,6})?)"
)
MAC_ADDRESS = re.compile(
    r"(?<![\w:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\w:-])",
    re.IGNORECASE,
)
IP_V6_COLONS, MAC_SIGNS = 2, 5
"""The fewest of their signs that such addresses have."""


def find_mailboxes(text: str) -> Iterator[Span]:
    """Addresses as they are, spelled for people, or escaped in a URL.

    "ada (at) example (dot) com", "ada%40example.com".
    """
    rare = (
        ('"@', QUOTED_EMAIL),
        ("”@", QUOTED_EMAIL),
        ("@[", IP_LITERAL_EMAIL),
        ("@ ", SPACED_EMAIL),
        (" @", SPACED_EMAIL),
    )
    for pattern in (
        dict.fromkeys(pattern for sign, pattern in rare if sign in text)
        if "@" in text
        else ()
    ):
        yield from (match.span() for match in pattern.finditer(text))
    if SPELLED_EMAIL_SIGNS.search(text):
        yield from (match.span() for match in SPELLED_EMAIL.finditer(text))
    for match in EMAIL_LIKE.finditer(text) if "@" in text else ():
        written = match[0].rstrip(".-")
        domain = written.rpartition("@")[2]
        if domain and not HASH_OR_VERSION.fullmatch(domain):
            yield match.start(), match.start() + len(written)


def find_sure_phones(text: str) -> Iterator[Span]:
    """Phone numbers by forms that little else has: a plus sign, or three, three and four digits."""
    return (match.span() for match in SURE_PHONE.finditer(text))


def find_network_addresses(text: str) -> Iterator[Span]:
    """Network addresses."""
    yield from (match.span() for match in IP_V4.finditer(text))
    colons, hyphens = text.count(":"), text.count("-")
    if colons >= IP_V6_COLONS:
        yield from (
            match.span() for match in IP_V6.finditer(text) if _is_ip_v6(match[0])
        )
    if max(colons, hyphens) >= MAC_SIGNS:
        yield from (match.span() for match in MAC_ADDRESS.finditer(text))


def _is_ip_v6(written: str) -> bool:
    return any(char.isdigit() for char in written) and (
        "::" in written or written.count(":") >= 5
    )
