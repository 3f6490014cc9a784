"""The fields found in a ticket."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Value

FieldValue = str | float | list[str] | list[float]


class ExtractedField(Value):
    """One named field; several findings, such as two order ids, are a list of values."""

    name: str = Field(description="The field's name, from the desk's `fields.yaml`")
    value: FieldValue = Field(
        description="The value found; a list when there are several"
    )
    confidence: float = Field(
        ge=0, le=1, description="Probability that it is right, 0 to 1"
    )
    source_span: str | None = Field(
        default=None, description="The text the (first) value was read from"
    )
    start: int | None = Field(
        default=None, description="Offset of source_span in CleanTicket.everything"
    )
    end: int | None = Field(
        default=None, description="Offset of the end of source_span"
    )


class Extraction(Value):
    """All fields of a ticket, those the category still needs, and those that were not valid."""

    fields: tuple[ExtractedField, ...] = Field(
        default=(), description="The fields found"
    )
    missing_required: tuple[str, ...] = Field(
        default=(),
        description="Names of required fields of the category that were not found",
    )
    validation_errors: tuple[str, ...] = Field(
        default=(),
        description="Values that were found and are not valid, one sentence each",
    )
    engine: EngineName = Field(default="local", description="The engine that extracted")
    prompt_version: str | None = Field(
        default=None,
        description="The prompt used, as name@version; null without a model",
    )
    usage: Usage = Field(
        default=Usage(), description="What the model calls of this step cost"
    )

    def values(self, name: str) -> list[str | float]:
        """Every value of one field, in the order of the text; empty when it was not found."""
        for field in self.fields:
            if field.name == name:
                return (
                    list(field.value)
                    if isinstance(field.value, list)
                    else [field.value]
                )
        return []
