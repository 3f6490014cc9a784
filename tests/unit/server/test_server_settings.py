"""Settings that `.env` files of other programs hold: each works, or a sentence says why not."""

import pytest

from server.settings import Settings


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG_LEVEL", "DEBUG", "ENVIRONMENT", "RELOAD", "WORKERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("given", ["INFO", "Info", " info "])
def test_the_log_level_is_read_in_any_case(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", given)
    assert Settings().log_level == "info"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("WARN", "warning"), ("critical", "error"), ("", "info"), ("Error", "error")],
)
def test_other_programs_words_for_log_levels_are_known(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", given)
    assert Settings().log_level == expected


@pytest.mark.parametrize(
    ("debug", "log_level", "expected"),
    [
        ("true", None, "debug"),
        ("1", None, "debug"),
        ("false", None, "info"),
        ("", None, "info"),
        ("express:*", None, "info"),
        ("true", "WARNING", "warning"),
    ],
)
def test_debug_sets_the_log_level_unless_that_is_set(
    monkeypatch: pytest.MonkeyPatch, debug: str, log_level: str | None, expected: str
) -> None:
    monkeypatch.setenv("DEBUG", debug)
    if log_level:
        monkeypatch.setenv("LOG_LEVEL", log_level)
    assert Settings().log_level == expected


@pytest.mark.parametrize(
    ("name", "value", "is_named"),
    [
        ("WORKERS", "4", True),
        ("WORKERS", "1", False),
        ("WORKERS", "", False),
        ("RELOAD", "True", True),
        ("RELOAD", "false", False),
        ("ENVIRONMENT", "production", True),
        ("ENVIRONMENT", "", False),
    ],
)
def test_what_has_no_effect_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, is_named: bool
) -> None:
    monkeypatch.setenv(name, value)
    said = Settings().describe_unused()
    assert [line.startswith(f"{name} has no effect: ") for line in said] == (
        [True] if is_named else []
    )
    assert value == "" or all(value not in line for line in said)
