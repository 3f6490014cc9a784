"""The lock files: complete, pinned and hashed, so that every pip reads them alike."""

import tomllib
from collections import defaultdict
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import REPOSITORY

RUN, DEV = "requirements.txt", "requirements-dev.txt"
TOOLS = {"requirements-installer.txt": "pip", "requirements-build.txt": "setuptools"}


def read_lock(name: str) -> list[tuple[Requirement, list[str]]]:
    """Every requirement with the options that follow it; no line is left out."""
    entries = (REPOSITORY / name).read_text().replace("\\\n", " ").splitlines()
    found: list[tuple[Requirement, list[str]]] = []
    for entry in entries:
        requirement, *options = entry.split(" --")
        found.append((Requirement(requirement), options))
    return found


def chosen_requirements(name: str) -> dict[str, Requirement]:
    """What this lock installs on this Python and platform, by normalized name."""
    chosen: dict[str, Requirement] = {}
    for requirement, _ in read_lock(name):
        if requirement.marker is None or requirement.marker.evaluate():
            assert canonicalize_name(requirement.name) not in chosen
            chosen[canonicalize_name(requirement.name)] = requirement
    return chosen


def wanted_by_project(extras: set[str]) -> list[Requirement]:
    """What pyproject.toml asks for, with these of its extras."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    texts = list(project["dependencies"])
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def wanted_by_package(locked: Requirement) -> list[Requirement]:
    """What a locked package asks for, with the extras that the lock gives it, read from what is
    installed of it.
    """
    installed = metadata.version(locked.name)
    assert locked.specifier.contains(installed, prereleases=True), (
        f"{locked} is not installed"
    )
    return [Requirement(text) for text in metadata.requires(locked.name) or []]


def all_wanted(name: str, extras: set[str]) -> dict[str, list[Requirement]]:
    """What the project and every locked package ask for here, by normalized name."""
    wanted: dict[str, list[Requirement]] = defaultdict(list)
    asked = [(requirement, {""}) for requirement in wanted_by_project(extras)]
    for locked in chosen_requirements(name).values():
        asked += [
            (requirement, {"", *locked.extras})
            for requirement in wanted_by_package(locked)
        ]
    for requirement, given in asked:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in given):
            wanted[canonicalize_name(requirement.name)].append(requirement)
    return wanted


@pytest.mark.parametrize("name", [RUN, DEV, *TOOLS])
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    lock = read_lock(name)
    assert lock
    for requirement, options in lock:
        assert requirement.url is None, requirement
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert "*" not in str(requirement.specifier), requirement
        assert options, requirement
        assert all(option.startswith("hash=sha256:") for option in options), requirement


@pytest.mark.parametrize(
    ("name", "extras"), [(RUN, {"build"}), (DEV, {"build", "dev"})]
)
def test_lock_has_everything_that_is_asked_for_with_the_same_extras(
    name: str, extras: set[str]
) -> None:
    locked = chosen_requirements(name)
    for package, requirements in all_wanted(name, extras).items():
        assert package in locked, f"{package} is asked for and not locked"
        asked = set().union(*(requirement.extras for requirement in requirements))
        assert locked[package].extras == asked, package
        version = str(locked[package].specifier).removeprefix("==")
        for requirement in requirements:
            assert requirement.specifier.contains(version, prereleases=True), (
                requirement
            )


@pytest.mark.parametrize(
    ("name", "extras"), [(RUN, {"build"}), (DEV, {"build", "dev"})]
)
def test_lock_has_nothing_that_nobody_asks_for(name: str, extras: set[str]) -> None:
    assert set(chosen_requirements(name)) <= set(all_wanted(name, extras))


def test_service_and_development_have_the_same_versions() -> None:
    versions = {
        (requirement.name, str(requirement.specifier))
        for requirement, _ in read_lock(DEV)
    }
    for requirement, _ in read_lock(RUN):
        assert (requirement.name, str(requirement.specifier)) in versions


@pytest.mark.parametrize(("name", "tool"), TOOLS.items())
def test_what_installs_is_one_tool_that_needs_nothing(name: str, tool: str) -> None:
    assert [requirement.name for requirement, _ in read_lock(name)] == [tool]
