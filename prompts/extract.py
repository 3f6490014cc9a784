"""The prompt that asks for the fields a ticket gives."""

from collections.abc import Mapping
from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from contracts.values import Value
from policies.desk.model import Desk, FieldDefinition
from prompts.length_limits import max_length
from prompts.prompt import Answer, Prompt, Variable
from prompts.taxonomy import desk_variables
from prompts.untrusted import UntrustedBlock

FOUND_BY_CODE = ("email", "phone", "url", "keywords", "pattern")
"""Kinds that patterns find completely, so that no model is asked for them.

They are masked before a model sees the text, or are exactly the desk's own words or pattern.
"""

MOST_FIELDS = 60
"""Fields in one answer."""


class ExtractInput(Value):
    """The input of the extract prompt."""

    desk: Desk
    text: str = Field(
        description="Subject, body, signature and quoted history: cleaned, masked, condensed"
    )
    canary: str = Field(
        description="A secret; a reply that repeats it shows that the prompt has leaked"
    )

    def variables(self) -> Mapping[str, Variable]:
        """The desk's part first, the ticket last."""
        return {
            **desk_variables(self.desk),
            "fields": "\n".join(
                _field_line(field) for field in askable_fields(self.desk)
            ),
            "canary": self.canary,
            "ticket": UntrustedBlock("ticket", self.text),
        }


class FoundField(Answer):
    """One value of one field, and the words it was copied from."""

    name: str
    value: Annotated[str, max_length(500)]
    source_text: Annotated[str, max_length(500)]


class ExtractOutput(Answer):
    """The model's answer."""

    fields: Annotated[list[FoundField], max_length(MOST_FIELDS)]


def askable_fields(desk: Desk) -> tuple[FieldDefinition, ...]:
    """The fields that a model is asked for."""
    return tuple(field for field in desk.fields if field.kind not in FOUND_BY_CODE)


def extract_output(desk: Desk) -> type[ExtractOutput]:
    """The answer's shape for a desk.

    Raises ValueError when the desk has no field to ask a model for.
    """
    names = tuple(field.name for field in askable_fields(desk))
    if not names:
        raise ValueError(f"the desk {desk.id} has no field that a model is asked for")
    return _extract_output_model(names)


@lru_cache(maxsize=64)
def _extract_output_model(names: tuple[str, ...]) -> type[ExtractOutput]:
    one: Any = Literal[names]  # pyright: ignore[reportInvalidTypeForm]
    found: Any = create_model("FoundField", __base__=FoundField, name=(one, ...))
    some: Any = Annotated[GenericAlias(list, found), max_length(MOST_FIELDS)]
    return create_model("ExtractOutput", __base__=ExtractOutput, fields=(some, ...))


def _field_line(field: FieldDefinition) -> str:
    ask = f" ({field.ask})" if field.ask else ""
    known = f"; for instance {', '.join(field.terms)}" if field.terms else ""
    return f"- {field.name}: {field.title}{ask}{known}"


EXTRACT = Prompt("extract", version=1, input=ExtractInput, output=extract_output)
