"""Which pseudonym stands for which value, within one ticket."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import get_args

from engines.masking.spans import Label, Span

PSEUDONYM = re.compile(
    rf"\[(?:{'|'.join(get_args(Label))})(?:_[0-9]{{1,6}})?\]", re.IGNORECASE
)
"""A pseudonym, `[EMAIL_1]`, or a mark left by redaction, `[EMAIL]`.

Models change the case of both.
"""


def find_typed(text: str) -> Iterator[Span]:
    """What somebody typed that looks like a pseudonym.

    It needs one of its own, to come back as it was.
    """
    return (
        (Span(*match.span(), "TEXT") for match in PSEUDONYM.finditer(text))
        if "[" in text
        else iter(())
    )


class Pseudonyms:
    """Grows with each text of the ticket.

    Equal values have one pseudonym, however they were found.
    """

    def __init__(self) -> None:
        self._of_value: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._counts: Counter[Label] = Counter()

    def give(self, value: str, label: Label) -> str:
        """The pseudonym of a value.

        A new one, numbered in the order of the text, for a new value.
        """
        known = self._of_value.get(value)
        if known is not None:
            return known
        self._counts[label] += 1
        pseudonym = f"[{label}_{self._counts[label]}]"
        self._of_value[value] = pseudonym
        self._values[pseudonym] = value
        return pseudonym

    def restore(self, text: str) -> str:
        """The text with values in place of the pseudonyms that are known here.

        One pass, so values stay whole.
        """
        return PSEUDONYM.sub(
            lambda match: self._values.get(match[0].upper(), match[0]), text
        )

    def unknown(self, text: str) -> tuple[str, ...]:
        """What looks like a pseudonym in the text and is none of these, each once."""
        found = (match[0] for match in PSEUDONYM.finditer(text))
        return tuple(
            dict.fromkeys(
                written for written in found if written.upper() not in self._values
            )
        )
