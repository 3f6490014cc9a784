"""Fixtures of tests that need a model: the stub, and a server that asks it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import serving
from tests.integration.modelled import PRICES, Service
from tests.modelstub import ModelStub


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[ModelStub]:
    """The model's provider."""
    async with ModelStub() as running:
        yield running


@pytest.fixture(scope="module")
async def started(
    request: pytest.FixtureRequest,
    stub: ModelStub,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Service]:
    """A server in the environment that the test names. See tests.integration.modelled.within."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
    places = {"stub": stub.url.removesuffix("/v1"), "folder": str(folder)}
    environment = {
        name: value.format(**places) for name, value in request.param.items()
    }
    with serving(folder, **environment) as process:
        async with httpx.AsyncClient(base_url=process.url, timeout=300) as client:
            yield Service(client, stub)


@pytest.fixture
def service(started: Service) -> Service:
    """The same, with a stub that answers well and has heard nothing yet."""
    started.stub.reset()
    return started
