"""Words on disk: two parts, includes, placeholders, and a lock that nobody gets past unseen."""

import re
import shutil
from pathlib import Path

import pytest

from prompts import ALL, words
from prompts.words import PromptError, locked, on_disk, read_words, released


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the words, to be spoiled."""
    folder = shutil.copytree(words.TEXTS, tmp_path / "text")
    shutil.copy(words.LOCK, tmp_path / "versions.lock")
    monkeypatch.setattr(words, "TEXTS", folder)
    monkeypatch.setattr(words, "LOCK", tmp_path / "versions.lock")
    return folder


def test_every_version_on_disk_is_as_it_was_released() -> None:
    kept = [(name, version) for name, version in on_disk() if name in ALL]
    assert {f"{name}@{version}" for name, version in kept} == set(locked())
    for name, version in kept:
        assert released(name, version).sha256 == locked()[f"{name}@{version}"]
    assert {prompt.id for prompt in ALL.values()} <= set(locked())


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
        released(name, 1)


def test_changed_included_words_are_changed_words(texts: Path) -> None:
    path = texts / "desk.v1.md"
    path.write_text(
        path.read_text(encoding="utf-8").replace("untrusted", "trusted"),
        encoding="utf-8",
    )
    for name in ("classify", "extract"):
        with pytest.raises(PromptError, match="not those that were released"):
            released(name, 1)
    assert released("draft", 1).id == "draft@1"


def test_a_version_that_is_not_locked_is_told_its_line(texts: Path) -> None:
    (texts / "repair.v2.md").write_text(
        "$request_system\n=== user ===\n$problems\n", encoding="utf-8"
    )
    with pytest.raises(PromptError) as caught:
        released("repair", 2)
    line = re.search(r"repair@2 [0-9a-f]{64}$", caught.value.detail)
    assert line is not None
    with words.LOCK.open("a", encoding="utf-8") as lock:
        lock.write(line[0] + "\n")
    assert released("repair", 2).variables == {"request_system", "problems"}


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
        released("classify", 99)
