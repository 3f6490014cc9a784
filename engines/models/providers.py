"""The providers of models as data, and which models the settings select."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from contracts.errors import InputError
from engines.models.rungs import RUNG_ORDER, ModelSpec, Rung
from engines.models.settings import ModelSettings, ProviderName

PLACEHOLDER_KEY = "none"
"""Stands in for a key where none is needed: the client refuses an empty one."""


@dataclass(frozen=True)
class ProviderProfile:
    """How one provider's API differs from the others'."""

    base_url: str | None = None
    model: str | None = None
    """The model when DEFAULT_MODEL is not set."""
    key_settings: tuple[str, ...] = ()
    """The settings that may hold its key, in order; LLM_API_KEY is tried after them."""
    needs_key: bool = False
    rungs: tuple[Rung, ...] = RUNG_ORDER
    schema_in_object: bool = False
    """Whether it takes a schema together with `json_object`."""
    limit_name: str = "max_tokens"
    """Its parameter for the most tokens of an answer."""


PROVIDERS: Mapping[ProviderName, ProviderProfile] = {
    "openai": ProviderProfile(
        base_url="https://api.openai.com/v1",
        model="gpt-4.1-mini",
        key_settings=("openai_api_key", "openai_secret"),
        needs_key=True,
        limit_name="max_completion_tokens",
    ),
    "openrouter": ProviderProfile(
        model="openai/gpt-4.1-mini",
        key_settings=("openrouter_api_key",),
        needs_key=True,
    ),
    "gemini": ProviderProfile(
        base_url="https://generativelanguage.googleapis.com/v1beta/openai/",
        model="gemini-2.5-flash",
        key_settings=("gemini_api_key", "google_api_key"),
        needs_key=True,
    ),
    "azure": ProviderProfile(
        key_settings=("azure_openai_api_key",),
        needs_key=True,
        limit_name="max_completion_tokens",
    ),
    "ollama": ProviderProfile(base_url="http://localhost:11434/v1", model="qwen2.5:7b"),
    "vllm": ProviderProfile(
        base_url="http://localhost:8000/v1", model="Qwen/Qwen2.5-7B-Instruct"
    ),
    "llamacpp": ProviderProfile(
        base_url="http://localhost:8080/v1",
        model="default",
        rungs=("json_object", "tool", "prose"),
        schema_in_object=True,
    ),
    "compatible": ProviderProfile(model="default"),
}


@dataclass(frozen=True)
class ModelPair:
    """The model that is asked first, and the one asked when it fails."""

    primary: ModelSpec
    fallback: ModelSpec | None


def resolve_models(settings: ModelSettings) -> ModelPair | None:
    """The models that these settings select; None means offline.

    Raises InputError naming the setting that is missing.
    """
    provider = _choose_provider(settings)
    if provider is None:
        return None
    name = settings.default_model or PROVIDERS[provider].model
    if name is None:
        msg = (
            f"DEFAULT_MODEL is not set, and {provider} has no model of its own: set it to "
            "your deployment's name."
        )
        raise InputError(msg)
    primary = _build_spec(provider, name, settings)
    second = settings.fallback_model
    return ModelPair(
        primary,
        _build_spec(provider, second, settings) if second and second != name else None,
    )


def _choose_provider(settings: ModelSettings) -> ProviderName | None:
    if settings.llm_provider == "none":
        return None
    if settings.llm_provider is not None:
        return settings.llm_provider
    for name, provider in PROVIDERS.items():
        if provider.needs_key and _provider_key(provider, settings):
            return name
    if settings.llm_base_url:
        return "compatible"
    if settings.llm_api_key:
        msg = "LLM_API_KEY is set, but not whose key it is: set LLM_PROVIDER or LLM_BASE_URL."
        raise InputError(msg)
    return None


def _provider_key(
    provider: ProviderProfile, settings: ModelSettings
) -> SecretStr | None:
    return next(
        (key for name in provider.key_settings if (key := getattr(settings, name))),
        None,
    )


def _build_spec(
    provider: ProviderName, name: str, settings: ModelSettings
) -> ModelSpec:
    preset = PROVIDERS[provider]
    return ModelSpec(
        provider=provider,
        name=name,
        base_url=_resolve_base_url(provider, settings),
        api_key=_find_key(provider, settings),
        headers=_build_headers(provider, settings),
        rungs=preset.rungs,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        azure_version=settings.azure_openai_api_version
        if provider == "azure"
        else None,
    )


def _find_key(provider: ProviderName, settings: ModelSettings) -> SecretStr:
    preset = PROVIDERS[provider]
    key = _provider_key(preset, settings) or settings.llm_api_key
    if key is None and preset.needs_key:
        msg = (
            f"{preset.key_settings[0].upper()} is not set, and {provider} wants a key."
        )
        raise InputError(msg)
    return key or SecretStr(PLACEHOLDER_KEY)


def _resolve_base_url(provider: ProviderName, settings: ModelSettings) -> str:
    own = {
        "openrouter": settings.openrouter_base_url,
        "azure": settings.azure_openai_endpoint,
    }
    url = settings.llm_base_url or own.get(provider) or PROVIDERS[provider].base_url
    if url is None:
        missing = "AZURE_OPENAI_ENDPOINT" if provider == "azure" else "LLM_BASE_URL"
        msg = f"{missing} is not set: {provider} has no address of its own."
        raise InputError(msg)
    return url


def _build_headers(provider: ProviderName, settings: ModelSettings) -> dict[str, str]:
    if provider != "openrouter":
        return {}
    wanted = {
        "HTTP-Referer": settings.openrouter_site_url,
        "X-Title": settings.openrouter_app_name,
    }
    return {name: value for name, value in wanted.items() if value}
