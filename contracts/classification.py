"""What a ticket is about and how severe it is."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Severity, Value


class Classification(Value):
    """Category and severity, and how far each can be trusted.

    A confidence is a probability in [0, 1]. `calibrated` says whether it was fitted on labelled
    tickets; an uncalibrated one rules out automatic resolution, and nothing else.
    """

    category: str = Field(description="The category's id, one of the desk's taxonomy")
    category_confidence: float = Field(
        ge=0, le=1, description="Probability that the category is right, 0 to 1"
    )
    severity: Severity = Field(description="How bad it is")
    severity_confidence: float = Field(
        ge=0, le=1, description="Probability that the severity is right, 0 to 1"
    )
    secondary_categories: tuple[str, ...] = Field(
        default=(), description="Other categories that fit, the best one first"
    )
    reasoning: str = Field(default="", description="Why, in words for a person")
    keywords_matched: tuple[str, ...] = Field(
        default=(), description="The desk's keywords found in the text"
    )
    urgency_indicators: tuple[str, ...] = Field(
        default=(), description="Words of the text that say it is urgent"
    )
    critical_reasons: tuple[str, ...] = Field(
        default=(), description="Ids of the critical signals found in the text"
    )
    calibrated: bool = Field(
        default=False,
        description="True when the confidences were fitted on labelled tickets",
    )
    abstained: bool = Field(
        default=False,
        description="True when the engine cannot read the text (language, no content)",
    )
    engine: EngineName = Field(
        default="local", description="The engine that classified"
    )
    prompt_version: str | None = Field(
        default=None,
        description="The prompt used, as name@version; null without a model",
    )
    usage: Usage = Field(
        default=Usage(), description="What the model calls of this step cost"
    )
