"""Settings, read once from the environment (and `.env`) and passed down."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from engines.llm.settings import ModelSettings


class Settings(ModelSettings):
    """What an operator can set. Every field's environment variable is its name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "APP_PORT"))
    data_dir: Path = Path("data")
    database_url: str | None = Field(
        default=None, description="The database, in place of a file in DATA_DIR; empty for one in memory."
    )
    desks_dir: Path | None = None
    worker_concurrency: int = Field(default=160, ge=1, le=10_000, description="Tickets in progress side by side.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    prometheus_metrics_enabled: bool = Field(default=True, description="Whether /metrics answers.")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="A port of its own for the metrics, beside /metrics."
    )
