"""docs/settings.md and .env.example hold every setting, with its default, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices

from server.settings import Settings
from tests.paths import REPOSITORY

FIELDS = Settings.model_fields
PAGE = (REPOSITORY / "docs/settings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", PAGE, re.MULTILINE)
LINES = re.findall(
    r"^# (.+)\n#(\w+)=(.*)$",
    (REPOSITORY / ".env.example").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def written(default: Any) -> str:
    """A default as a variable's value."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_table_has_every_setting_once() -> None:
    assert sorted(name for name, _, _ in ROWS) == sorted(
        name.upper() for name in FIELDS
    )
    assert len(re.findall(r"^\| ", PAGE, re.MULTILINE)) == len(ROWS) + 1, (
        "a row that is no setting"
    )


@pytest.mark.parametrize(("name", "default", "meaning"), ROWS)
def test_a_row_is_true(name: str, default: str, meaning: str) -> None:
    field = FIELDS[name.lower()]
    assert default == (
        "not set" if field.default is None else f"`{written(field.default)}`"
    )
    assert meaning == (field.description or meaning)
    if isinstance(field.validation_alias, AliasChoices):
        assert all(
            alias == name or f"`{alias}`" in meaning
            for alias in field.validation_alias.choices
        )


def test_the_example_has_every_setting_once() -> None:
    assert sorted(name for _, name, _ in LINES) == sorted(
        name.upper() for name in FIELDS
    )


@pytest.mark.parametrize(("meaning", "name", "value"), LINES)
def test_a_line_can_be_uncommented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meaning: str, name: str, value: str
) -> None:
    monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(f"{name}={value}\n", encoding="utf-8")
    default, read = FIELDS[name.lower()].default, getattr(Settings(), name.lower())
    assert (default is None) == meaning.endswith("No default.")
    assert read is not None
    if default is not None:
        assert (read, value) == (default, written(default))
