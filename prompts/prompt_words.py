"""The words of prompts: prompts/text/<name>.v<version>.md, pinned by prompts/versions.lock.

The line `=== user ===` divides a file in two: the system message, which is the same for
every ticket, and the user message. A line `@include other.v1` stands for the text of that
file, so that two prompts can begin with the same words. Placeholders are those of
`string.Template`: `$name`; `$$` is a dollar sign.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Template

from contracts.errors import TicketGraphError

TEXT_FOLDER = Path(__file__).parent / "text"
LOCK_FILE = Path(__file__).parent / "versions.lock"
DIVIDER = "\n=== user ===\n"

_INCLUDE = re.compile(r"^@include (?P<file>[a-z_]+\.v\d+)$", re.MULTILINE)
_FILE = re.compile(r"(?P<name>[a-z_]+)\.v(?P<version>[1-9]\d*)\.md")


class PromptError(TicketGraphError):
    """A prompt's words cannot be used."""


@dataclass(frozen=True)
class PromptWords:
    """One version of a prompt's words, with its includes."""

    id: str
    system: str
    user: str

    @property
    def text(self) -> str:
        """Both parts, as they stand in the file."""
        return f"{self.system}{DIVIDER}{self.user}"

    @property
    def sha256(self) -> str:
        """The hash that versions.lock pins; it covers the includes."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def variables(self) -> frozenset[str]:
        """The names of all placeholders."""
        return frozenset(Template(self.text).get_identifiers())


def load_released_words(name: str, version: int) -> PromptWords:
    """The words of a version. Raises PromptError when they are not those in versions.lock."""
    words = read_words(name, version)
    pinned = read_locked_hashes().get(words.id)
    if pinned is None:
        raise PromptError(
            f"{words.id} is not in prompts/versions.lock. Add the line: {words.id} {words.sha256}"
        )
    if pinned != words.sha256:
        raise PromptError(
            f"The words of {words.id} are not those that were released: prompts/versions.lock "
            f"has {pinned[:12]}, the "
            f"text has {words.sha256[:12]}. Put the old words back, and new ones into a file "
            "with a new version."
        )
    return words


def read_words(name: str, version: int) -> PromptWords:
    """The words as they are on disk.

    Raises PromptError when the file is missing, not in two parts, or no valid template.
    """
    text = _INCLUDE.sub(
        lambda found: _read_words_file(found["file"]),
        _read_words_file(f"{name}.v{version}"),
    )
    system, divider, user = text.partition(DIVIDER)
    if not divider or DIVIDER in user:
        raise PromptError(
            f"{name}.v{version}.md has not two parts; divide them by one line {DIVIDER.strip()!r}."
        )
    if not Template(text).is_valid():
        raise PromptError(
            f"{name}.v{version}.md has a $ that begins no placeholder; write $$ for a dollar sign."
        )
    return PromptWords(f"{name}@{version}", system, user)


def _read_words_file(stem: str) -> str:
    try:
        return (TEXT_FOLDER / f"{stem}.md").read_text(encoding="utf-8").strip("\n")
    except FileNotFoundError:
        raise PromptError(f"There is no file prompts/text/{stem}.md.") from None


def read_locked_hashes() -> dict[str, str]:
    """The sha256 of every released version by its id."""
    return dict(
        line.split()
        for line in LOCK_FILE.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )


def list_word_files() -> Iterator[tuple[str, int]]:
    """Name and version of every file of words, included files too."""
    found = [
        parts for path in TEXT_FOLDER.iterdir() if (parts := _FILE.fullmatch(path.name))
    ]
    yield from sorted((parts["name"], int(parts["version"])) for parts in found)
