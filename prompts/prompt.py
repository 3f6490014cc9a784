"""A prompt: words on disk, filled from a typed input, answered in a typed shape."""

from collections.abc import Callable, Mapping, Sequence
from string import Template
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from contracts.values import Value
from policies.desk.model import Desk
from prompts.prompt_words import PromptError, load_released_words
from prompts.untrusted import AsRendered, UntrustedBlock, replace_angle_brackets

Variable = str | UntrustedBlock | AsRendered | Sequence[str | UntrustedBlock]
"""The value of a placeholder.

A plain string is trusted (a desk's, a reviewer's), but cannot write a tag either.
"""


class PromptInput(Protocol):
    """The input that a prompt is filled from."""

    def variables(self) -> Mapping[str, Variable]:
        """A value for every placeholder, no more and no less.

        Text of a ticket is always an `UntrustedBlock`.
        """
        ...


class RenderedPrompt(Value):
    """A prompt ready to be sent; what is the same for every ticket of a desk comes first."""

    system: str
    user: str


def _drop_description(schema: dict[str, Any]) -> None:
    schema.pop("description", None)


class Answer(BaseModel):
    """What a model fills in.

    The docstring is for readers of the code, and left out of the schema that is sent.
    """

    model_config = ConfigDict(json_schema_extra=_drop_description)


Input = TypeVar("Input", bound=PromptInput)
Output = TypeVar("Output", bound=Answer)


class Prompt(Generic[Input, Output]):
    """One released version of a prompt; `output` makes the answer's shape for a desk.

    Raises PromptError when its words were changed after release.
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
        self.words = load_released_words(name, version)

    @property
    def id(self) -> str:
        """The version's name in step records, as "classify@1"."""
        return self.words.id

    def render(self, given: Input) -> RenderedPrompt:
        """The prompt filled from one input.

        Raises PromptError when placeholders and values do not match.
        """
        values = {
            name: _variable_text(value) for name, value in given.variables().items()
        }
        if values.keys() != self.words.variables:
            odd = ", ".join(sorted(values.keys() ^ self.words.variables))
            raise PromptError(
                f"The words of {self.id} and the variables of {self.input.__name__} differ in: "
                f"{odd}."
            )
        return RenderedPrompt(
            system=Template(self.words.system).substitute(values),
            user=Template(self.words.user).substitute(values),
        )


def _variable_text(value: Variable) -> str:
    if isinstance(value, str):
        return replace_angle_brackets(value)
    if isinstance(value, UntrustedBlock | AsRendered):
        return str(value)
    return "\n".join(_variable_text(part) for part in value)
