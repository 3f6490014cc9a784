"""Where personal data stands in a text, and of which kind it is."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Label = Literal[
    "NAME", "EMAIL", "PHONE", "CARD", "IBAN", "ID", "SECRET", "ADDRESS", "IP",
    "ACCOUNT", "ORDER", "CODE", "PRODUCT", "AMOUNT", "DATE", "URL", "VALUE", "TEXT",
]  # fmt: skip
"""What a pseudonym says of its value.

TEXT stands for what the customer typed in the form of a pseudonym.
"""


class Span(NamedTuple):
    """`text[start:end]` is personal."""

    start: int
    end: int
    label: Label

    @property
    def size(self) -> int:
        """Its length in characters."""
        return self.end - self.start


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in the order of the text.

    Those that overlap become one, named like the longest of them.
    """
    result: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not result or span.start >= result[-1].end:
            result.append(span)
            longest = span.size
            continue
        last = result[-1]
        label = span.label if span.size > longest else last.label
        longest = max(longest, span.size)
        result[-1] = Span(last.start, max(last.end, span.end), label)
    return result
