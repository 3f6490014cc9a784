"""What a finder gives back.

Something found, or something that looked right and failed its check.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundValue:
    """One value and where it stands: text[start:end] is what it was read from."""

    value: str | float
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class RejectedValue:
    """Why a look-alike is no value. Never repeats the text: it may be personal."""

    reason: str
