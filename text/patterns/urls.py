"""Web addresses as written, without the punctuation of the sentence around them."""

import re
from collections.abc import Iterator

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue

URL = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"'`|\\^{}]++", re.IGNORECASE)


def find_urls(page: MaskedText) -> Iterator[FoundValue]:
    """Addresses with http, https or a leading www."""
    if "://" not in page.text and "www." not in page.text:
        return
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
            yield FoundValue(address, match.start(), match.start() + len(address), 0.95)
