"""What the documents point to exists: links, headings, files; and they have their agreed form."""

import re
import subprocess
from itertools import chain
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=REPOSITORY,
    check=True,
    capture_output=True,
    text=True,
).stdout.splitlines()
FILES = frozenset(name for name in TRACKED if (REPOSITORY / name).exists())
FOLDERS = frozenset(str(above) for name in FILES for above in Path(name).parents)
PAGES = sorted(
    name
    for name in FILES
    if name in ("README.md", "CHANGELOG.md")
    or (name.startswith("docs/") and name.endswith(".md"))
)
DECISIONS = [name for name in PAGES if name.startswith("docs/decisions/")]

MAX_README_WORDS = 1500
"""Tables and snippets included."""

LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FILE_NAME = re.compile(
    r"[\w.-]+(?:/[\w.-]+)*\.(?:py|md|yaml|json|toml|txt|lock|npz|html|js)"
)
EXAMPLES = frozenset({"classify.v2.md", "desk.v2.md"})
"""Files that a reader makes."""


def read_page(name: str) -> str:
    """A document's text."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose_of(text: str) -> str:
    """A document without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(text), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def missing_link(page: str, link: str) -> bool:
    """Whether a link of a page leads nowhere. Addresses of other sites are not followed."""
    if re.match(r"[a-z]+:", link):
        return False
    path, _, anchor = link.partition("#")
    target = (REPOSITORY / page).parent / path if path else REPOSITORY / page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors_of(target.read_text(encoding="utf-8"))


def missing_path(mentioned: str) -> bool:
    """Whether a file or folder of the repository that a page mentions does not exist.

    A path is meant from the root; a bare file name is enough where some file has it.
    """
    if mentioned in EXAMPLES:
        return False
    if FILE_NAME.fullmatch(mentioned):
        known = any(name.endswith(f"/{mentioned}") for name in FILES)
        return mentioned not in FILES and ("/" in mentioned or not known)
    first, slash, _ = mentioned.partition("/")
    if not slash or first not in FOLDERS or re.search(r"[^\w./-]", mentioned):
        return False
    return mentioned.rstrip("/") not in FILES | FOLDERS


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = LINK.findall(prose_of(read_page(page)))
    assert [link for link in links if missing_link(page, link)] == []


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_mentioned_exist(page: str) -> None:
    mentioned = CODE.findall(prose_of(read_page(page)))
    assert [path for path in mentioned if missing_path(path)] == []


def test_pages_that_the_code_mentions_exist() -> None:
    code = [name for name in FILES if name.endswith(".py") and name[:6] != "tests/"]
    mentioned = {
        page
        for name in code
        for page in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", read_page(name))
    }
    assert sorted(mentioned - FILES) == []


def test_links_and_paths_are_found_missing() -> None:
    assert missing_link("README.md", "docs/nothing.md")
    assert missing_link("README.md", "docs/models.md#no-such-heading")
    assert not missing_link("docs/why.md", "operations.md#postgresql")
    assert missing_path("graph/desk.py")
    assert missing_path("runner_of_nothing.py")
    assert missing_path("engines/llm/no_such_folder")
    assert not missing_path("graph/build.py")
    assert not missing_path("application/json")


def test_the_readme_is_short() -> None:
    assert len(read_page("README.md").split()) <= MAX_README_WORDS


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_has_number_date_and_status(decision: str) -> None:
    number = Path(decision).name[:4]
    assert re.match(
        rf"# {number}\. \S.*\n\nDate: \d{{4}}-\d\d-\d\d\n\nStatus: "
        r"(Accepted|Superseded by \[\d{4}\])",
        read_page(decision),
    )


def test_no_two_decisions_have_one_number() -> None:
    numbers = [Path(decision).name[:4] for decision in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[str] = set()
    found = {"README.md"}
    while found:
        seen |= found
        linked = chain.from_iterable(
            (
                (REPOSITORY / page).parent / link.partition("#")[0]
                for link in LINK.findall(read_page(page))
            )
            for page in found
        )
        reached = {
            str(path.resolve().relative_to(REPOSITORY))
            for path in linked
            if path.is_file() and path.resolve().is_relative_to(REPOSITORY)
        }
        found = {name for name in reached if name in PAGES} - seen
    assert seen >= set(PAGES) - set(DECISIONS)
