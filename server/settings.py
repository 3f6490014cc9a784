"""Settings, read once from the environment (and `.env`) and passed down."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from connectors.webhook import signing_key
from engines.models.settings import ModelSettings
from storage.jobs.port import LEASE

ENVIRONMENT_REASON = (
    "every environment runs the same code. Give each its own DATA_DIR or DATABASE_URL."
)
RELOAD_REASON = "changed code is only used after the next start."
WORKERS_REASON = (
    "serve is one process. With PostgreSQL, run `ticketgraph worker` several times."
)
TRUE_WORDS = ("1", "on", "t", "true", "y", "yes")


LOG_LEVEL_ALIASES = {
    "": "info",
    "warn": "warning",
    "critical": "error",
    "fatal": "error",
    "trace": "debug",
}
"""Other programs' words for our levels."""


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
    debug: bool = Field(
        default=False,
        description="`true` means LOG_LEVEL=debug, unless LOG_LEVEL is set.",
    )
    environment: str | None = Field(
        default=None,
        description=f"Without effect, which is said at the start: {ENVIRONMENT_REASON}",
    )
    reload: str | None = Field(
        default=None,
        description=f"Without effect, which is said at the start: {RELOAD_REASON}",
    )
    workers: str | None = Field(
        default=None,
        description=f"Without effect, which is said at the start: {WORKERS_REASON}",
    )
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

    @field_validator("log_level", mode="before")
    @classmethod
    def _parse_log_level(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        level = value.strip().lower()
        return LOG_LEVEL_ALIASES.get(level, level)

    @field_validator("debug", mode="before")
    @classmethod
    def _parse_debug(cls, value: Any) -> bool:
        # Other programs read a DEBUG of their own: what is not true is no reason to stop.
        return str(value).strip().lower() in TRUE_WORDS

    @model_validator(mode="after")
    def _apply_debug(self) -> Self:
        if self.debug and "log_level" not in self.model_fields_set:
            self.log_level = "debug"
        return self

    @field_validator(
        "delivery_webhook_url",
        "delivery_webhook_secret",
        "environment",
        "reload",
        "workers",
        mode="before",
    )
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("delivery_webhook_secret")
    @classmethod
    def _check_signing_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret:
            signing_key(secret.get_secret_value())
        return secret

    def describe_unused(self) -> list[str]:
        """One sentence for each setting that asks for something that does not exist here."""
        asked = {
            "ENVIRONMENT": (self.environment is not None, ENVIRONMENT_REASON),
            "RELOAD": ((self.reload or "").lower() in TRUE_WORDS, RELOAD_REASON),
            "WORKERS": (self.workers not in (None, "1"), WORKERS_REASON),
        }
        return [
            f"{name} has no effect: {reason}"
            for name, (is_asked, reason) in asked.items()
            if is_asked
        ]
