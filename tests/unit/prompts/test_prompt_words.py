"""Words on disk: two parts, includes, placeholders, and a lock that nobody gets past unseen."""

import re
import shutil
from pathlib import Path

import pytest

from prompts import ALL_PROMPTS, prompt_words
from prompts.prompt_words import (
    PromptError,
    list_word_files,
    load_released_words,
    read_locked_hashes,
    read_words,
)


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the words, to be spoiled."""
    folder = shutil.copytree(prompt_words.TEXT_FOLDER, tmp_path / "text")
    shutil.copy(prompt_words.LOCK_FILE, tmp_path / "versions.lock")
    monkeypatch.setattr(prompt_words, "TEXT_FOLDER", folder)
    monkeypatch.setattr(prompt_words, "LOCK_FILE", tmp_path / "versions.lock")
    return folder


def test_every_version_on_disk_is_as_it_was_released() -> None:
    kept = [
        (name, version) for name, version in list_word_files() if name in ALL_PROMPTS
    ]
    assert {f"{name}@{version}" for name, version in kept} == set(read_locked_hashes())
    for name, version in kept:
        assert (
            load_released_words(name, version).sha256
            == read_locked_hashes()[f"{name}@{version}"]
        )
    assert {prompt.id for prompt in ALL_PROMPTS.values()} <= set(read_locked_hashes())


@pytest.mark.parametrize("name", ["classify", "draft", "extract", "repair"])
def test_changed_words_without_a_new_version_are_refused(
    texts: Path, name: str
) -> None:
    path = texts / f"{name}.v1.md"
    path.write_text(
        path.read_text(encoding="utf-8") + "One more line.\n", encoding="utf-8"
    )
    with pytest.raises(
        PromptError, match=rf"The words of {name}@1 are not those that were released"
    ):
        load_released_words(name, 1)


def test_changed_included_words_are_changed_words(texts: Path) -> None:
    path = texts / "desk.v1.md"
    path.write_text(
        path.read_text(encoding="utf-8").replace("untrusted", "trusted"),
        encoding="utf-8",
    )
    for name in ("classify", "extract"):
        with pytest.raises(PromptError, match="not those that were released"):
            load_released_words(name, 1)
    assert load_released_words("draft", 1).id == "draft@1"


def test_a_version_that_is_not_locked_is_told_its_line(texts: Path) -> None:
    (texts / "repair.v2.md").write_text(
        "$request_system\n=== user ===\n$problems\n", encoding="utf-8"
    )
    with pytest.raises(PromptError) as caught:
        load_released_words("repair", 2)
    line = re.search(r"repair@2 [0-9a-f]{64}$", caught.value.detail)
    assert line is not None
    with prompt_words.LOCK_FILE.open("a", encoding="utf-8") as lock:
        lock.write(line[0] + "\n")
    assert load_released_words("repair", 2).variables == {"request_system", "problems"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no division at all", "has not two parts"),
        ("a\n=== user ===\nb\n=== user ===\nc", "has not two parts"),
        ("costs $5\n=== user ===\nb", "begins no placeholder"),
        ("@include absent.v1\n=== user ===\nb", r"no file prompts/text/absent\.v1\.md"),
    ],
)
def test_unsound_files_are_refused(texts: Path, text: str, said: str) -> None:
    (texts / "odd.v1.md").write_text(text, encoding="utf-8")
    with pytest.raises(PromptError, match=said):
        read_words("odd", 1)


def test_a_missing_version_is_one_sentence() -> None:
    with pytest.raises(
        PromptError, match=r"There is no file prompts/text/classify\.v99\.md\."
    ):
        load_released_words("classify", 99)
