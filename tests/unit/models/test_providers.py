"""From settings to models: which provider, which address, which key, which headers."""

from typing import Any

import pytest
from pydantic import SecretStr

from contracts.errors import InputError
from engines.models.providers import (
    PLACEHOLDER_KEY,
    PROVIDERS,
    ModelPair,
    resolve_models,
)
from engines.models.settings import ModelSettings, ProviderName

AZURE = {
    "azure_openai_api_key": "k",
    "azure_openai_endpoint": "https://mine.openai.azure.com",
    "default_model": "d",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ModelSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def models(**given: Any) -> ModelPair | None:
    return resolve_models(ModelSettings(_env_file=None, **given))


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ({"llm_base_url": "http://x/v1"}, "compatible"),
        ({"llm_base_url": "http://x/v1", "llm_api_key": "k"}, "compatible"),
        ({"openai_api_key": "k"}, "openai"),
        ({"openai_secret": "k"}, "openai"),
        ({"openrouter_api_key": "k"}, "openrouter"),
        ({"gemini_api_key": "k"}, "gemini"),
        ({"google_api_key": "k"}, "gemini"),
        (AZURE, "azure"),
        ({"openai_api_key": "k", "llm_base_url": "http://x/v1"}, "openai"),
        ({"openai_api_key": "k", "llm_provider": "ollama"}, "ollama"),
    ],
)
def test_the_provider_is_found_from_what_is_set(
    given: dict[str, Any], provider: str
) -> None:
    found = models(**given)
    assert found
    assert found.primary.provider == provider
    assert found.primary.id == f"{provider}/{found.primary.name}"
    assert found.primary.base_url == given.get("llm_base_url", found.primary.base_url)
    assert found.fallback is None


@pytest.mark.parametrize("given", [{}, {"llm_provider": "none", "openai_api_key": "k"}])
def test_nothing_set_or_none_is_offline(given: dict[str, Any]) -> None:
    assert models(**given) is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"llm_provider": "openai"}, "OPENAI_API_KEY"),
        ({"llm_provider": "openrouter"}, "OPENROUTER_API_KEY"),
        ({"llm_provider": "gemini"}, "GEMINI_API_KEY"),
        ({"llm_provider": "azure"}, "DEFAULT_MODEL"),
        ({**AZURE, "azure_openai_endpoint": None}, "AZURE_OPENAI_ENDPOINT"),
        (
            {**AZURE, "azure_openai_api_key": None, "llm_provider": "azure"},
            "AZURE_OPENAI_API_KEY",
        ),
        ({"llm_provider": "compatible"}, "LLM_BASE_URL"),
        ({"llm_api_key": "k"}, "LLM_PROVIDER"),
    ],
)
def test_what_is_missing_is_named(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(InputError, match=missing):
        models(**given)


@pytest.mark.parametrize("provider", ["ollama", "vllm", "llamacpp"])
def test_a_local_server_needs_no_key(provider: ProviderName) -> None:
    found = models(llm_provider=provider)
    assert found
    assert found.primary.api_key == SecretStr(PLACEHOLDER_KEY)
    assert found.primary.base_url.startswith("http://localhost:")


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_llm_base_url_and_llm_api_key_serve_every_provider(
    provider: ProviderName,
) -> None:
    found = models(
        llm_provider=provider,
        llm_base_url="http://proxy/v1",
        llm_api_key="k",
        default_model="m",
    )
    assert found
    assert (found.primary.base_url, found.primary.api_key) == (
        "http://proxy/v1",
        SecretStr("k"),
    )
    assert (found.primary.azure_version is not None) == (provider == "azure")


def test_openrouter_is_told_site_and_app() -> None:
    found = models(
        openrouter_api_key="k",
        openrouter_site_url="https://desk.example",
        openrouter_app_name="Desk",
    )
    assert found
    assert found.primary.headers == {
        "HTTP-Referer": "https://desk.example",
        "X-Title": "Desk",
    }
    assert found.primary.base_url == "https://openrouter.ai/api/v1"


def test_the_fallback_is_of_the_same_provider_and_another_model() -> None:
    found = models(
        openai_api_key="k",
        default_model="large",
        fallback_model="small",
        max_tokens=300,
        temperature=0.5,
    )
    assert found
    assert found.fallback
    assert [found.primary.id, found.fallback.id] == ["openai/large", "openai/small"]
    assert (found.fallback.max_tokens, found.fallback.temperature) == (300, 0.5)
    same = models(openai_api_key="k", default_model="large", fallback_model="large")
    assert same
    assert same.fallback is None


def test_a_key_is_in_no_repr() -> None:
    found = models(openai_api_key="sk-test-4242", fallback_model="small")
    assert "4242" not in repr(found)
