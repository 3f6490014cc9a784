"""The rules of the house that no linter knows."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from graph.build import INTERRUPT_NODES, NODES

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(
    path.parent.name
    for path in ROOT.glob("*/__init__.py")
    if path.parent.name not in {"tests", "benchmarks"}
)
FILES = [
    path
    for name in PACKAGES
    for path in (ROOT / name).rglob("*.py")
    if "versions" not in path.parts
]


def test_every_package_is_in_the_layers_the_types_and_the_wheel() -> None:
    layers = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = sorted(name.strip() for layer in layers for name in layer.split("|"))
    assert named == PACKAGES
    assert sorted(PYPROJECT["tool"]["importlinter"]["root_packages"]) == PACKAGES
    assert sorted(PYPROJECT["tool"]["pyright"]["include"]) == PACKAGES
    assert (
        sorted(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
        == PACKAGES
    )


def test_a_node_is_one_file_one_function_one_id() -> None:
    for node in NODES:
        assert node.__module__ == f"nodes.{node.__name__}"
        lines = (
            (ROOT / "nodes" / f"{node.__name__}.py")
            .read_text(encoding="utf-8")
            .splitlines()
        )
        assert len(lines) < 120
        assert lines[0].startswith(f'"""{node.__name__}: ')
    independent = PYPROJECT["tool"]["importlinter"]["contracts"][1]["modules"]
    assert sorted(independent) == sorted(f"nodes.{node.__name__}" for node in NODES)


def test_the_nodes_that_ask_are_named() -> None:
    asking = [
        node
        for node in NODES
        if "interrupt(" in (ROOT / "nodes" / f"{node.__name__}.py").read_text("utf-8")
    ]
    assert asking == list(INTERRUPT_NODES)


def test_files_and_functions_stay_small() -> None:
    long_files = [
        path.name
        for path in FILES
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    ]
    assert long_files == []
    long_functions = [
        f"{path.name}:{item.name}"
        for path in FILES
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        and (item.end_lineno or 0) - item.lineno >= 40
    ]
    assert long_functions == []


def test_no_room_without_a_name() -> None:
    assert [
        path
        for path in FILES
        if path.stem in {"utils", "util", "helpers", "helper", "common", "misc"}
    ] == []


def test_offline_no_model_client_and_no_training_library_is_imported() -> None:
    heavy = ("sklearn", "openai", "langchain_openai", "torch")
    program = f"import sys, server.app; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == "[]"
