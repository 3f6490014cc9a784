"""The prompt that asks for category and severity."""

from collections.abc import Mapping
from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from contracts.values import Severity, Value
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict
from prompts.length_limits import max_length
from prompts.prompt import Answer, Prompt, Variable
from prompts.taxonomy import desk_variables
from prompts.untrusted import UntrustedBlock

LONGEST_REASONING = 600
"""Characters of reasoning that are kept; it is not worth asking again for a shorter one."""

MOST_SECONDARY = 20
"""Categories besides the first."""


class ClassifyInput(Value):
    """The input of the classify prompt."""

    desk: Desk
    text: str = Field(description="Subject and body: cleaned, masked, condensed")
    evidence: SeverityVerdict = Field(
        description="What the severity judge found in the same text"
    )
    canary: str = Field(
        description="A secret; a reply that repeats it shows that the prompt has leaked"
    )

    def variables(self) -> Mapping[str, Variable]:
        """The desk's part first, the ticket last."""
        return {
            **desk_variables(self.desk),
            "canary": self.canary,
            "severity": self.evidence.severity,
            "signs": " ".join(self.evidence.reasons),
            "ticket": UntrustedBlock("ticket", self.text),
        }


class ClassifyOutput(Answer):
    """The model's answer. Reasoning comes first, so that the choice follows from it."""

    reasoning: Annotated[str, AfterValidator(lambda text: text[:LONGEST_REASONING])]
    category: str
    severity: Severity
    secondary_categories: Annotated[list[str], max_length(MOST_SECONDARY)]


def classify_output(desk: Desk) -> type[ClassifyOutput]:
    """The answer's shape for a desk, with its own categories and no other."""
    return _classify_output_model(tuple(category.id for category in desk.categories))


@lru_cache(maxsize=64)
def _classify_output_model(ids: tuple[str, ...]) -> type[ClassifyOutput]:
    one: Any = Literal[ids]  # pyright: ignore[reportInvalidTypeForm]
    some: Any = Annotated[GenericAlias(list, one), max_length(MOST_SECONDARY)]
    return create_model(
        "ClassifyOutput",
        __base__=ClassifyOutput,
        category=(one, ...),
        secondary_categories=(some, ...),
    )


CLASSIFY = Prompt("classify", version=1, input=ClassifyInput, output=classify_output)
