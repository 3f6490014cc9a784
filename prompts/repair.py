"""The prompt that asks once more, after an answer that did not fit."""

from collections.abc import Mapping

from pydantic import Field

from contracts.values import Value
from policies.desk.model import Desk
from prompts.prompt import Answer, Prompt, RenderedPrompt, Variable
from prompts.untrusted import AsRendered


class RepairInput(Value):
    """The request as it was sent, and what was wrong with the answer: never the answer itself."""

    request: RenderedPrompt
    problems: tuple[str, ...] = Field(
        description="Places in the answer, as `secondary_categories.0`, without values"
    )

    def variables(self) -> Mapping[str, Variable]:
        """The request unchanged, so that a provider still has it cached."""
        return {
            "request_system": AsRendered(self.request.system),
            "request_user": AsRendered(self.request.user),
            "problems": "\n".join(f"- {problem}" for problem in self.problems)
            or "- the whole: it was not one object",
        }


def repair_output(desk: Desk) -> type[Answer]:  # noqa: ARG001
    """Any shape: the answer is read as the one that was asked for at first."""
    return Answer


REPAIR = Prompt("repair", version=1, input=RepairInput, output=repair_output)
