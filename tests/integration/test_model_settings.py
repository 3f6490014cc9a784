"""Which model is asked, where, with which key and in which words.

Each setting changed in a real server process.
"""

import httpx

from engines.models.settings import ModelSettings
from tests.conftest import REPOSITORY
from tests.integration.modelled import Service, models, outputs, ran, within

OPENAI = {
    "OPENAI_API_KEY": "key-of-openai",
    "LLM_BASE_URL": "{stub}/elsewhere/v1",
    "DEFAULT_MODEL": "first",
    "FALLBACK_MODEL": "second",
    "MAX_TOKENS": "300",
    "TEMPERATURE": "0.7",
    "LLM_CACHE_SIZE": "0",
    "RETRY_MAX_ATTEMPTS": "3",
    "RETRY_BACKOFF_FACTOR": "0",
}
OPENROUTER = {
    "OPENROUTER_API_KEY": "key-of-openrouter",
    "OPENROUTER_BASE_URL": "{stub}/router/v1",
    "OPENROUTER_SITE_URL": "https://desk.example",
    "OPENROUTER_APP_NAME": "Our desk",
    "RETRY_MAX_ATTEMPTS": "1",
    "ENABLE_RESPONSE_GENERATION": "false",
    "AI_CONFIDENCE_THRESHOLD": "1",
}
AZURE = {
    "AZURE_OPENAI_API_KEY": "key-of-azure",
    "AZURE_OPENAI_ENDPOINT": "{stub}/resource",
    "AZURE_OPENAI_API_VERSION": "2031-01-01",
    "DEFAULT_MODEL": "deployed",
    "ENABLE_AI_EXTRACTION": "false",
}


def test_every_setting_has_its_test() -> None:
    files = (REPOSITORY / "tests/integration").glob("test_model_*.py")
    words = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [
        name for name in ModelSettings.model_fields if f"def test_{name}" not in words
    ] == []


def test_llm_provider_none_is_offline_in_spite_of_a_key(http: httpx.Client) -> None:
    health = http.get("/health").json()
    assert (health["ai_enabled"], health["dependencies"]["model"]) == (
        False,
        "not_configured",
    )


@within(OPENAI)
async def test_openai_api_key(service: Service) -> None:
    request = await service.asked()
    assert request.headers["Authorization"] == "Bearer key-of-openai"
    assert await service.model() == "openai/first: healthy"


@within(OPENAI)
async def test_llm_base_url(service: Service) -> None:
    assert (await service.asked()).path == "/elsewhere/v1/chat/completions"


@within(OPENAI)
async def test_default_model(service: Service) -> None:
    assert (await service.asked()).body["model"] == "first"


@within(OPENAI)
async def test_fallback_model(service: Service) -> None:
    service.stub.then("malformed")
    answer = await service.step()
    assert models(service.stub.requests) == ["first", "second"]
    assert (answer["engine"], answer["usage"]["models"]) == (
        "llm",
        ["openai/first", "openai/second"],
    )


@within(OPENAI)
async def test_max_tokens(service: Service) -> None:
    body = (await service.asked()).body
    assert body["max_completion_tokens"] == 300
    assert "max_tokens" not in body


@within(OPENAI)
async def test_temperature(service: Service) -> None:
    assert (await service.asked()).body["temperature"] == 0.7


@within(OPENAI)
async def test_llm_cache_size(service: Service) -> None:
    ticket = service.ticket()
    assert [
        (await service.step(ticket=ticket))["usage"]["calls"] for _ in range(2)
    ] == [1, 1]


@within(OPENAI)
async def test_retry_max_attempts(service: Service) -> None:
    service.stub.then("500", "500")
    assert (await service.step())["engine"] == "llm"
    assert models(service.stub.requests) == ["first", "second", "second"]


@within(OPENROUTER)
async def test_openrouter_api_key(service: Service) -> None:
    assert (await service.asked()).headers[
        "Authorization"
    ] == "Bearer key-of-openrouter"
    assert await service.model() == "openrouter/openai/gpt-4.1-mini: healthy"


@within(OPENROUTER)
async def test_openrouter_base_url(service: Service) -> None:
    assert (await service.asked()).path == "/router/v1/chat/completions"


@within(OPENROUTER)
async def test_openrouter_site_url(service: Service) -> None:
    assert (await service.asked()).headers["HTTP-Referer"] == "https://desk.example"


@within(OPENROUTER)
async def test_openrouter_app_name(service: Service) -> None:
    assert (await service.asked()).headers["X-Title"] == "Our desk"


@within(OPENROUTER)
async def test_enable_response_generation(service: Service) -> None:
    done = await service.process()
    assert outputs(service.stub.requests) == ["ClassifyOutput", "ExtractOutput"]
    assert "A explanation." not in done["response_draft"]["content"]
    assert (done["engine"], done["degraded"]) == ("llm", False)


@within(OPENROUTER)
async def test_ai_confidence_threshold(service: Service) -> None:
    assert "fallback" in ran(await service.process()), "no answer is as sure as 1"


@within(OPENROUTER)
async def test_retry_max_attempts_of_one(service: Service) -> None:
    service.stub.then("500")
    assert (await service.step())["engine"] == "local"
    assert len(service.stub.requests) == 1


@within(AZURE)
async def test_azure_openai_api_key(service: Service) -> None:
    assert (await service.asked()).headers["api-key"] == "key-of-azure"


@within(AZURE)
async def test_azure_openai_endpoint(service: Service) -> None:
    assert (
        await service.asked()
    ).path == "/resource/openai/deployments/deployed/chat/completions"


@within(AZURE)
async def test_azure_openai_api_version(service: Service) -> None:
    assert (await service.asked()).query == {"api-version": "2031-01-01"}


@within(AZURE)
async def test_enable_ai_extraction(service: Service) -> None:
    done = await service.process()
    assert outputs(service.stub.requests) == ["ClassifyOutput", "DraftOutput"]
    assert (done["extracted_fields"]["engine"], done["degraded"]) == ("local", False)
