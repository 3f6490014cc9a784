"""How often a model is asked, how long it may take and what it may cost.

Each setting changed in a real process.
"""

import asyncio
import re
import time
from typing import Any

from engines.models.settings import ModelSettings
from tests.integration.modelled import Service, models, outputs, ran, within

DEAR = {"LLM_PRICES": "{folder}/prices.yaml", "MAX_TOKENS": "64"}

PLAIN = {"LLM_BASE_URL": "{stub}/v1"}
GEMINI = {
    "GEMINI_API_KEY": "key-of-gemini",
    "LLM_BASE_URL": "{stub}/v1",
    "LLM_CONCURRENCY": "1",
    "RETRY_BACKOFF_FACTOR": "4",
    "ENABLE_AI_CLASSIFICATION": "false",
}
GOOGLE = DEAR | {
    "GOOGLE_API_KEY": "key-of-google",
    "LLM_BASE_URL": "{stub}/v1",
    "DAILY_BUDGET_USD": "0.7",
}
SECRET = DEAR | {
    "OPENAI_SECRET": "secret-of-openai",
    "LLM_BASE_URL": "{stub}/v1",
    "TICKET_BUDGET_USD": "0.7",
}
VLLM = {
    "LLM_PROVIDER": "vllm",
    "LLM_BASE_URL": "{stub}/v1",
    "LLM_API_KEY": "key-of-mine",
    "WORKFLOW_TIMEOUT_SECONDS": "6",
    "MAX_WORKFLOW_TIMEOUT_SECONDS": "0.3",
}


async def seconds(*work: Any) -> float:
    """How long it takes, all at once."""
    began = time.monotonic()
    await asyncio.gather(*work)
    return time.monotonic() - began


@within(PLAIN)
async def test_the_defaults(service: Service) -> None:
    request = await service.asked()
    assert request.path == "/v1/chat/completions"
    assert (
        request.body["model"],
        request.body["max_tokens"],
        request.body["temperature"],
    ) == ("default", 1024, 0)
    assert request.headers["Authorization"] == "Bearer none"
    assert sorted(request.body) == [
        "max_tokens",
        "messages",
        "model",
        "response_format",
        "temperature",
    ]
    assert await service.model() == "compatible/default: healthy"
    service.stub.requests.clear()
    done = await service.process()
    assert outputs(service.stub.requests) == [
        "ClassifyOutput",
        "DraftOutput",
        "ExtractOutput",
    ]
    assert (done["engine"], done["degraded"], done["cost"]["usd"]) == ("llm", False, 0)
    assert "fallback" not in ran(done)


@within(PLAIN)
async def test_retry_backoff_factor_by_default_is_half_a_second(
    service: Service,
) -> None:
    service.stub.then("500")
    assert await seconds(service.step("extract")) >= 0.25
    assert ModelSettings.model_fields["retry_backoff_factor"].default == 0.5


@within(PLAIN)
async def test_llm_concurrency_by_default_lets_two_calls_run_side_by_side(
    service: Service,
) -> None:
    service.stub.delay = 2
    await asyncio.gather(service.step("extract"), service.step("extract"))
    assert service.stub.most_at_once == 2


@within(PLAIN)
async def test_llm_cache_size_by_default_keeps_answers(service: Service) -> None:
    ticket = service.ticket()
    first, second = [await service.step(ticket=ticket) for _ in range(2)]
    assert len(service.stub.requests) == 1
    assert (first["usage"]["calls"], second["usage"]["calls"]) == (1, 0)


@within(PLAIN)
async def test_retry_max_attempts_by_default_is_two(service: Service) -> None:
    service.stub.then("500", "500")
    assert (await service.step())["engine"] == "local"
    assert models(service.stub.requests) == ["default", "default"]


@within(GEMINI)
async def test_gemini_api_key(service: Service) -> None:
    await service.step("extract")
    assert service.stub.requests[0].headers["Authorization"] == "Bearer key-of-gemini"
    assert await service.model() == "gemini/gemini-2.5-flash: healthy"


@within(GEMINI)
async def test_enable_ai_classification(service: Service) -> None:
    done = await service.process()
    assert outputs(service.stub.requests) == ["DraftOutput", "ExtractOutput"]
    assert (done["classification"]["engine"], done["extracted_fields"]["engine"]) == (
        "local",
        "llm",
    )
    assert not done["degraded"]


@within(GEMINI)
async def test_llm_concurrency(service: Service) -> None:
    service.stub.delay = 1
    await asyncio.gather(service.step("extract"), service.step("extract"))
    assert (len(service.stub.requests), service.stub.most_at_once) == (2, 1)


@within(GEMINI)
async def test_retry_backoff_factor(service: Service) -> None:
    service.stub.then("500")
    assert await seconds(service.step("extract")) >= 2


@within(GOOGLE)
async def test_google_api_key(service: Service) -> None:
    assert (await service.asked()).headers["Authorization"] == "Bearer key-of-google"
    assert await service.model() == "gemini/gemini-2.5-flash: healthy"


@within(GOOGLE)
async def test_daily_budget_usd(service: Service) -> None:
    done = await service.process()
    assert len(service.stub.requests) == 0, (
        "the first 0.20 were spent before; another 0.64 would be beyond"
    )
    assert (done["classification"]["engine"], done["degraded"]) == ("local", True)
    assert any(
        "the daily budget has 0.5" in reason for reason in done["degraded_reasons"]
    )


@within(SECRET)
async def test_openai_secret(service: Service) -> None:
    assert (await service.asked()).headers["Authorization"] == "Bearer secret-of-openai"
    assert await service.model() == "openai/gpt-4.1-mini: healthy"


@within(SECRET)
async def test_llm_prices(service: Service) -> None:
    for _ in range(2):  # each with a budget of its own, although nothing is stored
        usage = (await service.step())["usage"]
        assert (usage["calls"], usage["cost_usd"]) == (1, 0.2)


@within(SECRET)
async def test_ticket_budget_usd(service: Service) -> None:
    for _ in range(2):
        service.stub.requests.clear()
        done = await service.process()
        assert len(service.stub.requests) == 1, (
            "0.64 of 0.70 are reserved for it; there is no room beside or after it"
        )
        assert any(
            "this ticket's budget" in reason for reason in done["degraded_reasons"]
        )


@within(VLLM)
async def test_llm_provider(service: Service) -> None:
    assert (await service.asked()).body["model"] == "Qwen/Qwen2.5-7B-Instruct"
    assert await service.model() == "vllm/Qwen/Qwen2.5-7B-Instruct: healthy"


@within(VLLM)
async def test_llm_api_key(service: Service) -> None:
    assert (await service.asked()).headers["Authorization"] == "Bearer key-of-mine"


@within(VLLM)
async def test_workflow_timeout_seconds(service: Service) -> None:
    service.stub.mode = "timeout"
    answer = await service.http.post(
        "/api/v1/workflow/process", json={"ticket": service.ticket()}
    )
    async with service.http.stream(
        "GET", f"{answer.headers['Location']}/events"
    ) as events:
        await events.aread()
    done = (await service.http.get(answer.headers["Location"])).json()
    said = re.findall(
        r"No answer within ([\d.]+) s", " ".join(done["degraded_reasons"])
    )
    assert said
    assert max(map(float, said)) <= 3.0, "half of 6 seconds is the draft's, not of 30"


@within(VLLM)
async def test_max_workflow_timeout_seconds(service: Service) -> None:
    service.stub.delay = 0.5
    answer = await service.http.post(
        "/api/v1/workflow/process", json={"ticket": service.ticket()}
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    async with service.http.stream(
        "GET", f"{answer.headers['Location']}/events"
    ) as events:
        assert "finished" in (await events.aread()).decode()
    done = (await service.http.get(answer.headers["Location"])).json()
    assert (done["status"], done["cost"]["calls"]) == ("finished", 3)
