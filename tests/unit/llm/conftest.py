"""A stub and connections to it, for whoever asks a model."""

from collections.abc import AsyncIterator

import pytest

from engines.models.chat import ChatClient
from tests.modelstub import ModelStub


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[tuple[ModelStub, ChatClient]]:
    """One server and its connections for all tests."""
    chat = ChatClient()
    async with ModelStub() as stub:
        yield stub, chat
    await chat.close()


@pytest.fixture
def stub(shared: tuple[ModelStub, ChatClient]) -> ModelStub:
    shared[0].reset()
    return shared[0]


@pytest.fixture
def chat(shared: tuple[ModelStub, ChatClient]) -> ChatClient:
    return shared[1]
