"""Settings, read once from the environment (and `.env`) and passed down."""

from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from connectors.webhook import signing_key
from engines.models.settings import ModelSettings
from storage.jobs.port import LEASE


class Settings(ModelSettings):
    """What an operator can set. Every field's environment variable is its name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", populate_by_name=True
    )

    host: str = "127.0.0.1"
    port: int = Field(
        default=8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "APP_PORT")
    )
    data_dir: Path = Path("data")
    database_url: str | None = Field(
        default=None,
        description="The database, in place of a file in DATA_DIR; empty for one in memory.",
    )
    desks_dir: Path | None = None
    worker_concurrency: int = Field(
        default=160, ge=1, le=10_000, description="Tickets in progress side by side."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    prometheus_metrics_enabled: bool = Field(
        default=True, description="Whether /metrics answers."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="A port of its own for the metrics, beside /metrics.",
    )

    delivery_webhook_url: HttpUrl | None = Field(
        default=None,
        description="Where effects are sent; without it they are only recorded.",
    )
    delivery_webhook_secret: SecretStr | None = Field(
        default=None,
        description=(
            "What deliveries are signed with: base64 of 24 to 64 bytes, `whsec_` in "
            "front or not."
        ),
    )
    delivery_timeout_seconds: float = Field(
        default=4,
        gt=0,
        lt=LEASE.total_seconds(),
        description="Seconds that one attempt to send may take; less than 6.",
    )

    @field_validator("delivery_webhook_url", "delivery_webhook_secret", mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("delivery_webhook_secret")
    @classmethod
    def _check_signing_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret:
            signing_key(secret.get_secret_value())
        return secret
