"""Where personal data stands in a text, and of which kind it is."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

PersonalDataLabel = Literal[
    "NAME", "EMAIL", "PHONE", "CARD", "IBAN", "ID", "SECRET", "ADDRESS", "IP",
    "ACCOUNT", "ORDER", "CODE", "PRODUCT", "AMOUNT", "DATE", "URL", "VALUE", "TEXT",
]  # fmt: skip
"""What a pseudonym says of its value.

TEXT stands for what the customer typed in the form of a pseudonym.
"""


class PersonalSpan(NamedTuple):
    """`text[start:end]` is personal."""

    start: int
    end: int
    label: PersonalDataLabel

    @property
    def span_length(self) -> int:
        """Its length in characters."""
        return self.end - self.start


def label_spans(
    spans: Iterable[tuple[int, int]], label: PersonalDataLabel
) -> Iterator[PersonalSpan]:
    """Spans found by a reader in text/, as personal data of one kind."""
    return (PersonalSpan(start, end, label) for start, end in spans)


def merge_spans(spans: Iterable[PersonalSpan]) -> list[PersonalSpan]:
    """The spans in the order of the text.

    Those that overlap become one, named like the longest of them.
    """
    result: list[PersonalSpan] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not result or span.start >= result[-1].end:
            result.append(span)
            longest = span.span_length
            continue
        last = result[-1]
        label = span.label if span.span_length > longest else last.label
        longest = max(longest, span.span_length)
        result[-1] = PersonalSpan(last.start, max(last.end, span.end), label)
    return result
