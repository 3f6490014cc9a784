"""The rules of the house that no linter checks: layers, nodes, sizes, density, names."""

import ast
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.build import INTERRUPT_NODES, NODES
from tests.paths import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(
    path.parent.name
    for path in REPOSITORY.glob("*/__init__.py")
    if path.parent.name not in {"tests", "benchmarks"}
)
TEXTS = {
    path.relative_to(REPOSITORY): path.read_text(encoding="utf-8")
    for name in PACKAGES
    for path in sorted((REPOSITORY / name).rglob("*.py"))
    if "versions" not in path.parts
}
TREES = {path: ast.parse(text) for path, text in TEXTS.items()}

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = [
    (path, node)
    for path, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, Function)
]
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
)


def line_count(node: Function) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def percentile_90(values: list[int]) -> int:
    return sorted(values)[int(len(values) * 0.9)]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield child
            yield from own_nodes(child)


def complexity(function: Function) -> int:
    """McCabe's number, and one more for each loop and condition of a comprehension."""
    count = 1
    for node in own_nodes(function):
        if isinstance(node, BRANCHES):
            count += 1
        elif isinstance(node, ast.comprehension):
            count += 1 + len(node.ifs)
    return count


def is_one_word(function: Function) -> bool:
    return "_" not in function.name.strip("_")


def test_every_package_is_in_the_layers_the_types_and_the_wheel() -> None:
    layers = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = sorted(name.strip() for layer in layers for name in layer.split("|"))
    assert named == PACKAGES
    assert sorted(PYPROJECT["tool"]["importlinter"]["root_packages"]) == PACKAGES
    assert sorted(PYPROJECT["tool"]["pyright"]["include"]) == PACKAGES
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(wheel["packages"]) == PACKAGES


def test_a_node_is_one_file_one_function_one_id() -> None:
    for node in NODES:
        assert node.__module__ == f"nodes.{node.__name__}"
        lines = TEXTS[Path("nodes", f"{node.__name__}.py")].splitlines()
        assert len(lines) < 120
        assert lines[0].startswith(f'"""{node.__name__}: ')
    independent = PYPROJECT["tool"]["importlinter"]["contracts"][1]["modules"]
    assert sorted(independent) == sorted(f"nodes.{node.__name__}" for node in NODES)


def test_the_nodes_that_ask_are_named() -> None:
    asking = [
        node
        for node in NODES
        if "interrupt(" in TEXTS[Path("nodes", f"{node.__name__}.py")]
    ]
    assert asking == list(INTERRUPT_NODES)


def test_files_stay_small() -> None:
    lengths = {str(path): len(text.splitlines()) for path, text in TEXTS.items()}
    assert {path: length for path, length in lengths.items() if length >= 400} == {}
    assert statistics.median(lengths.values()) <= 120
    assert percentile_90(list(lengths.values())) <= 250


def test_functions_stay_small() -> None:
    assert [
        f"{path}:{node.name} {line_count(node)}"
        for path, node in FUNCTIONS
        if line_count(node) > 40
    ] == []
    lengths = [line_count(node) for _, node in FUNCTIONS]
    assert statistics.median(lengths) <= 10
    assert percentile_90(lengths) <= 25


def test_functions_stay_simple() -> None:
    assert [
        f"{path}:{node.name} {complexity(node)}"
        for path, node in FUNCTIONS
        if complexity(node) > 10
    ] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return 1", 1),
        ("if a:\n  return 1\nelif b:\n  return 2", 3),
        ("return [x for y in z if y for x in y]", 4),
        ("def inner():\n  if a:\n    return 1\nreturn inner", 1),
        ("try:\n  f()\nexcept E:\n  g()\nexcept F:\n  h()", 3),
    ],
)
def test_comprehensions_count_as_complexity(source: str, expected: int) -> None:
    body = "\n".join(f"  {line}" for line in source.splitlines())
    function = ast.parse(f"def outer():\n{body}").body[0]
    assert isinstance(function, Function)
    assert complexity(function) == expected


def test_lines_stay_short() -> None:
    assert [
        f"{path}:{number}"
        for path, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > 100
    ] == []


def test_code_is_not_packed() -> None:
    code = sum(
        1
        for text in TEXTS.values()
        for line in map(str.strip, text.splitlines())
        if line and not line.startswith("#")
    )
    context = (ast.Load, ast.Store, ast.Del)
    nodes = sum(
        not isinstance(node, context)
        for tree in TREES.values()
        for node in ast.walk(tree)
    )
    assert nodes / code <= 4.2


def test_function_names_can_be_searched() -> None:
    named = [node for _, node in FUNCTIONS if not node.name.startswith("__")]
    assert sum(map(is_one_word, named)) <= 0.4 * len(named)


def test_the_graph_stays_on_a_few_screens() -> None:
    graph = [text for path, text in TEXTS.items() if path.parts[0] == "graph"]
    assert sum(len(text.splitlines()) for text in graph) <= 400


def test_no_room_without_a_name() -> None:
    nameless = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for path in TEXTS if nameless & {path.stem, *path.parts}] == []


def test_offline_no_model_client_and_no_training_library_is_imported() -> None:
    heavy = ("sklearn", "openai", "langchain_openai", "torch")
    program = (
        "import sys, server.app; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == "[]"
