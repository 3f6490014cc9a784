"""A question to a stub, and what came of it."""

from typing import Any, Literal

from pydantic import BaseModel

from engines.llm.ask import ModelClient, Question, ValidAnswer
from engines.models.failures import ModelError
from prompts.prompt import RenderedPrompt
from tests.modelstub import ModelStub


class Answer(BaseModel):
    """What the model fills."""

    reasoning: str
    category: Literal["technical", "billing"]
    severity: Literal["low", "high"]
    fields: list[str]


def question(
    text: str = "It is about billing.", seconds: float = 10.0, ticket: str = "T-1"
) -> Question[Answer]:
    return Question(
        "classify",
        ticket,
        "desk",
        RenderedPrompt(system="You classify.", user=text),
        Answer,
        seconds,
    )


async def asked(asker: ModelClient, **changed: Any) -> ValidAnswer[Answer] | ModelError:
    try:
        return await asker.ask_model(question(**changed))
    except ModelError as error:
        return error


def models_asked(stub: ModelStub) -> list[str]:
    return [received.body["model"] for received in stub.requests]
