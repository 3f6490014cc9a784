"""What a ticket is about and how severe it is."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Severity, Value


class Classification(Value):
    """Category and severity, and how far each can be trusted.

    A confidence is a probability in [0, 1]. `calibrated` says whether it was fitted on labelled
    tickets; an uncalibrated one rules out automatic resolution, and nothing else.
    """

    category: str
    category_confidence: float = Field(ge=0, le=1)
    severity: Severity
    severity_confidence: float = Field(ge=0, le=1)
    secondary_categories: tuple[str, ...] = ()
    reasoning: str = ""
    keywords_matched: tuple[str, ...] = ()
    urgency_indicators: tuple[str, ...] = ()
    critical_reasons: tuple[str, ...] = Field(
        default=(), description="Ids of the critical signals found in the text"
    )
    calibrated: bool = False
    abstained: bool = Field(
        default=False,
        description="True when the engine cannot read the text (language, no content)",
    )
    engine: EngineName = "local"
    prompt_version: str | None = None
    usage: Usage = Usage()
