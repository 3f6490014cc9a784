"""A real server that asks a stub."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ServerProcess, serving
from tests.modelstub import ModelStub
from tests.modelstub.engine import KEY
from tests.modelstub.filling import fill, schema_in, texts_of

PATH = "/api/v1/workflow/process"


@dataclass(frozen=True)
class House:
    """A server on a stub."""

    client: httpx.AsyncClient
    stub: ModelStub

    async def process(self, **ticket: Any) -> dict[str, Any]:
        response = await self.client.post(PATH, json={"ticket": ticket})
        assert response.status_code == 200
        return response.json()


@asynccontextmanager
async def served(
    folder: Path, stub: ModelStub, **environment: str
) -> AsyncIterator[ServerProcess]:
    """A server process that asks the stub, without holding up the loop that the stub runs on."""
    prices = folder / "prices.yaml"
    table = {
        "as_of": "2026-01-01",
        "models": {"compatible/m": {"prompt": 1.0, "completion": 10.0}},
    }
    await asyncio.to_thread(prices.write_text, json.dumps(table))
    model = {
        "LLM_PROVIDER": "compatible",
        "LLM_BASE_URL": stub.url,
        "LLM_API_KEY": KEY,
        "DEFAULT_MODEL": "m",
    }
    server = serving(
        folder, None, **(model | {"LLM_PRICES": str(prices)} | environment)
    )
    process = await asyncio.to_thread(server.__enter__)
    try:
        yield process
    finally:
        await asyncio.to_thread(server.__exit__, None, None, None)


def steps_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {step["step_name"]: step for step in answer["workflow_steps"]}


def asked_for(body: Mapping[str, Any]) -> str:
    """Which step asks, by the shape it wants."""
    names = (schema_in(body) or {})["properties"]
    return (
        "classify"
        if "category" in names
        else "extract"
        if "fields" in names
        else "draft"
    )


def lying(**lies: Any) -> Any:
    """A model that says this wherever it can, and something plausible elsewhere."""

    def answer(body: Mapping[str, Any]) -> Any:
        filled = fill(schema_in(body) or {}, " ".join(texts_of(body)[1:]))
        return {name: lies.get(name, value) for name, value in filled.items()}

    return answer
