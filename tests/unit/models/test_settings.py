"""Settings of models: bounds, empty values, and keys that stay secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from engines.models.settings import KEY_FIELDS, ModelSettings
from server.settings import Settings

SECRET = "sk-test-4242"  # noqa: S105


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ModelSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_setting_is_described_in_one_sentence() -> None:
    for name, field in ModelSettings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert field.description.count(". ") == 0, name


@pytest.mark.parametrize("name", sorted(ModelSettings.model_fields))
def test_an_empty_value_counts_as_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name.upper(), "")
    assert getattr(Settings(), name) == ModelSettings.model_fields[name].default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_PROVIDER", "skynet"),
        ("LLM_BASE_URL", "ftp://models"),
        ("MAX_TOKENS", "0"),
        ("TEMPERATURE", "2.5"),
        ("TEMPERATURE", "nan"),
        ("AI_CONFIDENCE_THRESHOLD", "1.1"),
        ("WORKFLOW_TIMEOUT_SECONDS", "0"),
        ("RETRY_MAX_ATTEMPTS", "0"),
        ("RETRY_MAX_ATTEMPTS", "6"),
        ("RETRY_BACKOFF_FACTOR", "-1"),
        ("LLM_CONCURRENCY", "0"),
        ("LLM_CACHE_SIZE", "-1"),
        ("TICKET_BUDGET_USD", "-0.01"),
        ("OPENROUTER_APP_NAME", "Zwölf"),
    ],
)
def test_a_value_out_of_bounds_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("name", KEY_FIELDS)
def test_a_key_is_trimmed_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name.upper(), f" {SECRET}\n")
    settings = Settings()
    assert getattr(settings, name).get_secret_value() == SECRET
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("bad", [f"{SECRET}\n{SECRET}", f"{SECRET}é"])
def test_a_key_that_is_no_header_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", bad)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert SECRET not in str(caught.value)


def test_the_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "OPENAI_SECRET=abc\nDEFAULT_MODEL=tiny\nSOMETHING_ELSE=1\n", encoding="utf-8"
    )
    settings = Settings()
    assert settings.openai_secret
    assert settings.default_model == "tiny"
