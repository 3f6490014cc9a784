"""Which pseudonym stands for which value, within one ticket."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import get_args

from engines.masking.spans import PersonalDataLabel, PersonalSpan

PSEUDONYM_PATTERN = re.compile(
    rf"\[(?:{'|'.join(get_args(PersonalDataLabel))})(?:_[0-9]{{1,6}})?\]", re.IGNORECASE
)
"""A pseudonym, `[EMAIL_1]`, or a mark left by redaction, `[EMAIL]`.

Models change the case of both.
"""


def find_typed_pseudonyms(text: str) -> Iterator[PersonalSpan]:
    """What somebody typed that looks like a pseudonym.

    It needs one of its own, to come back as it was.
    """
    return (
        (
            PersonalSpan(*match.span(), "TEXT")
            for match in PSEUDONYM_PATTERN.finditer(text)
        )
        if "[" in text
        else iter(())
    )


class PseudonymTable:
    """Grows with each text of the ticket.

    Equal values have one pseudonym, however they were found.
    """

    def __init__(self) -> None:
        self._pseudonym_by_value: dict[str, str] = {}
        self._value_by_pseudonym: dict[str, str] = {}
        self._label_counts: Counter[PersonalDataLabel] = Counter()

    def assign_pseudonym(self, value: str, label: PersonalDataLabel) -> str:
        """The pseudonym of a value.

        A new one, numbered in the order of the text, for a new value.
        """
        known = self._pseudonym_by_value.get(value)
        if known is not None:
            return known
        self._label_counts[label] += 1
        pseudonym = f"[{label}_{self._label_counts[label]}]"
        self._pseudonym_by_value[value] = pseudonym
        self._value_by_pseudonym[pseudonym] = value
        return pseudonym

    def restore_values(self, text: str) -> str:
        """The text with values in place of the pseudonyms that are known here.

        One pass, so values stay whole.
        """
        return PSEUDONYM_PATTERN.sub(
            lambda match: self._value_by_pseudonym.get(match[0].upper(), match[0]), text
        )

    def find_unknown(self, text: str) -> tuple[str, ...]:
        """What looks like a pseudonym in the text and is none of these, each once."""
        found = (match[0] for match in PSEUDONYM_PATTERN.finditer(text))
        return tuple(
            dict.fromkeys(
                written
                for written in found
                if written.upper() not in self._value_by_pseudonym
            )
        )
