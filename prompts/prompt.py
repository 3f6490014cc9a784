"""A prompt: words on disk, filled from a typed input, answered in a typed shape."""

from collections.abc import Callable, Mapping, Sequence
from string import Template
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from contracts.values import Value
from policies.desk.model import Desk
from prompts.untrusted import AsRendered, Block, without_tags
from prompts.words import PromptError, released

Variable = str | Block | AsRendered | Sequence[str | Block]
"""What a placeholder becomes.

A plain text is trusted (a desk's, a reviewer's), and cannot write a tag either.
"""


class PromptInput(Protocol):
    """What a prompt is filled from."""

    def variables(self) -> Mapping[str, Variable]:
        """A value for every placeholder, no more and no less.

        Text of a ticket is always a `Block`.
        """
        ...


class Rendered(Value):
    """A prompt ready to be sent. All that is the same for every ticket of a desk comes first."""

    system: str
    user: str


def _without_descriptions(schema: dict[str, Any]) -> None:
    schema.pop("description", None)


class Answer(BaseModel):
    """What a model fills in.

    Its docstring is for readers of the code and no part of the schema that is sent.
    """

    model_config = ConfigDict(json_schema_extra=_without_descriptions)


Input = TypeVar("Input", bound=PromptInput)
Output = TypeVar("Output", bound=Answer)


class Prompt(Generic[Input, Output]):
    """One released version of a prompt.

    `output` makes the shape of the answer for a desk. Raises PromptError when its words
    were changed after release.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int,
        input: type[Input],  # noqa: A002
        output: Callable[[Desk], type[Output]],
    ) -> None:
        self.name = name
        self.version = version
        self.input = input
        self.output = output
        self.words = released(name, version)

    @property
    def id(self) -> str:
        """What a step's record names, as "classify@1"."""
        return self.words.id

    def render(self, given: Input) -> Rendered:
        """The prompt for one input.

        Raises PromptError when a placeholder has no value or a value no placeholder.
        """
        values = {name: _text(value) for name, value in given.variables().items()}
        if values.keys() != self.words.variables:
            odd = ", ".join(sorted(values.keys() ^ self.words.variables))
            raise PromptError(
                f"The words of {self.id} and the variables of {self.input.__name__} differ in: "
                f"{odd}."
            )
        return Rendered(
            system=Template(self.words.system).substitute(values),
            user=Template(self.words.user).substitute(values),
        )


def _text(value: Variable) -> str:
    if isinstance(value, str):
        return without_tags(value)
    if isinstance(value, Block | AsRendered):
        return str(value)
    return "\n".join(_text(part) for part in value)
