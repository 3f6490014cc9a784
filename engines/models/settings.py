"""The settings of models. None is needed: without any, the local engine does everything."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ProviderName = Literal[
    "openai",
    "openrouter",
    "gemini",
    "azure",
    "ollama",
    "vllm",
    "llamacpp",
    "compatible",
]
"""Providers that models can be called at."""

KEY_FIELDS = (
    "openai_api_key",
    "openai_secret",
    "openrouter_api_key",
    "google_api_key",
    "gemini_api_key",
    "azure_openai_api_key",
    "llm_api_key",
)


class ModelSettings(BaseSettings):
    """The settings of models. Each field's environment variable is its name in capitals.

    An empty value counts as not set.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    llm_provider: ProviderName | Literal["none"] | None = Field(
        default=None,
        description=(
            "Which provider is called; `none` uses no model; unset, it follows from the "
            "key that is set."
        ),
    )
    llm_base_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The API's address, in place of the provider's own.",
    )
    llm_api_key: SecretStr | None = Field(
        default=None, description="The key of a provider without a setting below."
    )
    openai_api_key: SecretStr | None = Field(
        default=None, description="The key of OpenAI."
    )
    openai_secret: SecretStr | None = Field(
        default=None, description="Another name of OPENAI_API_KEY."
    )
    openrouter_api_key: SecretStr | None = Field(
        default=None, description="The key of OpenRouter."
    )
    openrouter_base_url: str = Field(
        default="https://openrouter.ai/api/v1",
        pattern=r"^https?://",
        description="The address of OpenRouter.",
    )
    openrouter_site_url: str | None = Field(
        default=None,
        pattern=r"^[!-~]+$",
        description="Your site, which OpenRouter shows and counts.",
    )
    openrouter_app_name: str | None = Field(
        default=None,
        pattern=r"^[ -~]+$",
        description="Your app's name, as OpenRouter shows it; plain letters.",
    )
    gemini_api_key: SecretStr | None = Field(
        default=None, description="The key of Gemini."
    )
    google_api_key: SecretStr | None = Field(
        default=None, description="Another name of GEMINI_API_KEY."
    )
    azure_openai_api_key: SecretStr | None = Field(
        default=None, description="The key of Azure OpenAI."
    )
    azure_openai_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The resource's address at Azure.",
    )
    azure_openai_api_version: str = Field(
        default="2024-10-21", description="The version of Azure's API."
    )

    default_model: str | None = Field(
        default=None, description="The model, or Azure's deployment, that is asked."
    )
    fallback_model: str | None = Field(
        default=None,
        description="A second model of the same provider, asked when the first fails.",
    )
    max_tokens: int = Field(
        default=1024, ge=64, le=32768, description="The most tokens an answer may have."
    )
    temperature: float = Field(
        default=0.0, ge=0, le=2, description="How freely a model words its answer."
    )

    enable_ai_classification: bool = Field(
        default=True, description="Whether a model classifies."
    )
    enable_ai_extraction: bool = Field(
        default=True, description="Whether a model extracts fields."
    )
    enable_response_generation: bool = Field(
        default=True,
        description="Whether a model drafts the reply; templates write it otherwise.",
    )
    ai_confidence_threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="The calibrated confidence below which the local engine takes over.",
    )

    workflow_timeout_seconds: float = Field(
        default=30, gt=0, description="Seconds a ticket may take."
    )
    max_workflow_timeout_seconds: float = Field(
        default=120,
        gt=0,
        description=(
            "Seconds that a request waits for its run; then it gets 202 and the run "
            "continues."
        ),
    )
    retry_max_attempts: int = Field(
        default=2, ge=1, le=5, description="Calls of models that one step may make."
    )
    retry_backoff_factor: float = Field(
        default=0.5, ge=0, le=30, description="Seconds before the first retry."
    )
    llm_concurrency: int = Field(
        default=128, ge=1, le=1000, description="Calls in flight at one provider."
    )
    llm_cache_size: int = Field(
        default=1000,
        ge=0,
        description="Answers kept for identical requests; 0 keeps none.",
    )

    ticket_budget_usd: float | None = Field(
        default=None, ge=0, description="Dollars that one ticket may cost."
    )
    daily_budget_usd: float | None = Field(
        default=None, ge=0, description="Dollars that one day (UTC) may cost."
    )
    llm_prices: Path | None = Field(
        default=None, description="A price table in YAML, in place of the shipped one."
    )

    @model_validator(mode="before")
    @classmethod
    def _treat_empty_as_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        own = ModelSettings.model_fields
        return {
            name: value
            for name, value in values.items()
            if not (name in own and isinstance(value, str) and not value.strip())
        }

    @field_validator(*KEY_FIELDS)
    @classmethod
    def _check_header_safe(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None:
            return None
        text = key.get_secret_value().strip()
        if not (text.isascii() and text.isprintable()):
            msg = "a key has letters, digits and signs only"
            raise ValueError(msg)
        return SecretStr(text) if text else None
