"""The prompt that asks once more, after an answer that was not valid."""

from collections.abc import Mapping

from pydantic import Field

from contracts.values import Value
from policies.desk.model import Desk
from prompts.prompt import Answer, Prompt, RenderedPrompt, Variable
from prompts.untrusted import AsRendered


class RepairInput(Value):
    """The request as it was sent, and the problems of the answer: never the answer itself."""

    request: RenderedPrompt
    problems: tuple[str, ...] = Field(
        description="Places in the answer, as `secondary_categories.0`, without values"
    )

    def variables(self) -> Mapping[str, Variable]:
        """The request unchanged, so that the provider's cache still has it."""
        return {
            "request_system": AsRendered(self.request.system),
            "request_user": AsRendered(self.request.user),
            "problems": "\n".join(f"- {problem}" for problem in self.problems)
            or "- the whole: it was not one object",
        }


def repair_output(desk: Desk) -> type[Answer]:  # noqa: ARG001
    """Any shape: the answer is parsed in the shape of the first request."""
    return Answer


REPAIR = Prompt("repair", version=1, input=RepairInput, output=repair_output)
