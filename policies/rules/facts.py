"""The facts that dispositions are decided on, and whether each means more or less risk.

`FACTS` is the table that makes every policy monotone: it says for each ordered fact whether
more of it means more risk. policies/rules/conditions.py refuses rules that would turn added
risk into less review.
"""

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from contracts.values import Severity, Value

FactKind = Literal["name", "flag", "number", "severity"]
FactRisk = Literal["rises", "falls", "free"]


class Fact(NamedTuple):
    """The kind of a fact's values, and whether risk rises or falls with them.

    A `free` fact has no safer side.
    """

    kind: FactKind
    risk: FactRisk


FACTS: dict[str, Fact] = {
    "category": Fact("name", "free"),
    "actionable": Fact("flag", "free"),
    "severity": Fact("severity", "rises"),
    "critical_signals": Fact("number", "rises"),
    "amount": Fact("number", "rises"),
    "missing_required": Fact("number", "rises"),
    "unsupported_sentences": Fact("number", "rises"),
    "obstacles": Fact("number", "rises"),
    "abstained": Fact("flag", "rises"),
    "injection": Fact("flag", "rises"),
    "degraded": Fact("flag", "rises"),
    "category_confidence": Fact("number", "falls"),
    "source_score": Fact("number", "falls"),
    "calibrated": Fact("flag", "falls"),
    "supported_language": Fact("flag", "falls"),
    "source_self_service": Fact("flag", "falls"),
    "source_same_category": Fact("flag", "falls"),
}


def _nan_to_none(number: float | None) -> float | None:
    # NaN answers False to every comparison, so a requirement on it would silently not hold.
    return None if number is not None and math.isnan(number) else number


OptionalNumber = Annotated[float | None, AfterValidator(_nan_to_none)]


class Facts(Value):
    """What is known of a ticket when its disposition is decided. None means unknown, never no."""

    category: str | None = None
    actionable: bool | None = Field(
        default=None, description="True when the ticket has something to act on"
    )
    severity: Severity | None = None
    critical_signals: int | None = Field(
        default=None, description="How many deterministic critical signals were found"
    )
    amount: OptionalNumber = Field(
        default=None,
        description="The largest amount of money found; 0 when there is none",
    )
    missing_required: int | None = Field(
        default=None, description="Required fields of the category that are missing"
    )
    unsupported_sentences: int | None = Field(
        default=None, description="Sentences of the draft without a source"
    )
    obstacles: int | None = Field(
        default=None, description="Kinds of signs that an article alone is no answer"
    )
    abstained: bool | None = Field(
        default=None, description="True when the engine could not read the text"
    )
    injection: bool | None = Field(
        default=None, description="True when the text reads like a prompt injection"
    )
    degraded: bool | None = Field(
        default=None, description="True when a fallback engine did the work"
    )
    category_confidence: OptionalNumber = Field(
        default=None, description="Probability in [0, 1]"
    )
    source_score: OptionalNumber = Field(
        default=None,
        description="Cosine similarity of the best source; 0 when there is none",
    )
    calibrated: bool | None = Field(
        default=None, description="True when the confidence was fitted on labels"
    )
    supported_language: bool | None = None
    source_self_service: bool | None = Field(
        default=None, description="True when the source needs no review"
    )
    source_same_category: bool | None = None
