"""Web addresses as written, without the punctuation of the sentence around them."""

import re
from collections.abc import Iterator

from text.patterns.finding import Finding
from text.patterns.page import Page

URL = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"'`|\\^{}]++", re.IGNORECASE)


def find_urls(page: Page) -> Iterator[Finding]:
    """Addresses with http, https or a leading www."""
    for match in URL.finditer(page.text):
        address = match[0].rstrip(".,;:!?*_")
        if address.endswith((")", "]")) and address.count("(") < address.count(")") + (
            "[" not in address
        ):
            address = address.rstrip(")].,;:")
        if (
            "." in address.partition("//")[2]
            or "localhost" in address
            or address.startswith("www.")
        ):
            yield Finding(address, match.start(), match.start() + len(address), 0.95)
