"""The fields found in a ticket."""

from pydantic import Field

from contracts.usage import Usage
from contracts.values import EngineName, Value

FieldValue = str | float | list[str] | list[float]


class ExtractedField(Value):
    """One named field; several findings, such as two order ids, are a list of values."""

    name: str
    value: FieldValue
    confidence: float = Field(ge=0, le=1)
    source_span: str | None = Field(
        default=None, description="The text the (first) value was read from"
    )
    start: int | None = Field(
        default=None, description="Offset of source_span in CleanTicket.everything"
    )
    end: int | None = None


class Extraction(Value):
    """All fields of a ticket, those the category still needs, and those that were not valid."""

    fields: tuple[ExtractedField, ...] = ()
    missing_required: tuple[str, ...] = ()
    validation_errors: tuple[str, ...] = ()
    engine: EngineName = "local"
    prompt_version: str | None = None
    usage: Usage = Usage()

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
