"""A YAML text with the line of each of its values, so that errors can say where to look."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from contracts.errors import DeskError

YamlPath = tuple[str | int, ...]
"""Keys and indexes that lead from the top of a file to a value."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPED = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "null")}


@dataclass(frozen=True)
class YamlDocument:
    """The content of one YAML text as JSON-like values, and where each of them stands."""

    name: str
    data: Any
    root: yaml.Node
    first_line: int = 1

    def line_number(self, place: YamlPath) -> int:
        """The line (from 1) of the value at a place, or of the nearest value around it."""
        return self._find_node(place).start_mark.line + self.first_line

    def existing_path(self, place: YamlPath) -> YamlPath:
        """The part of a path that the file has.

        A validator's own steps, such as a type's name, are left out.
        """
        data, steps = self.data, list[str | int]()
        for step in place:
            if _has_step(data, step):
                data = data[step]
                steps.append(step)
        return tuple(steps)

    def _find_node(self, place: YamlPath) -> yaml.Node:
        node = self.root
        for step in self.existing_path(place):
            if isinstance(node, yaml.MappingNode):
                node = next(value for key, value in node.value if key.value == step)
            else:
                node = node.value[step]
        return node

    def format_fault(self, place: YamlPath, text: str) -> str:
        """One line of an error message: file, line, place, and what to do."""
        where = ".".join(str(step) for step in place)
        return ": ".join(
            filter(None, (f"{self.name}:{self.line_number(place)}", where, text))
        )


def _has_step(data: Any, step: str | int) -> bool:
    if isinstance(data, dict):
        return step in data
    if not isinstance(data, list) or not isinstance(step, int):
        return False
    return step < len(cast("list[Any]", data))


def read_text(path: Path, name: str) -> str:
    """The text of a desk's file. Raises DeskError when it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeskError(
            f"{name}: the file is missing; copy it from another desk and adapt it"
        ) from None
    except UnicodeDecodeError:
        raise DeskError(
            f"{name}: the file is not UTF-8 text; save it with that encoding"
        ) from None


def parse_document(text: str, name: str, first_line: int = 1) -> YamlDocument:
    """Read YAML whose first line is `first_line` of the file.

    Raises DeskError naming the line of a syntax error.
    """
    try:
        loader = _LOADER(text)
        root: yaml.Node | None = loader.get_single_node()
        if root is None:
            raise DeskError(
                f"{name}:{first_line}: the file is empty; copy it from another desk and adapt it"
            )
        return YamlDocument(name, _plain_value(root, loader), root, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        raise DeskError(f"{name}:{line}: not valid YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise DeskError(
            f"{name}: not valid YAML: it holds a control character; remove it"
        ) from None


def _plain_value(node: yaml.Node, loader: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node.value, loader)
    if isinstance(node, yaml.SequenceNode):
        return [_plain_value(item, loader) for item in node.value]
    return _plain_scalar(node, loader) if node.tag in _TYPED else node.value


def _plain_mapping(
    pairs: Sequence[tuple[yaml.Node, yaml.Node]], loader: Any
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(
                problem="a key is a plain word", problem_mark=key.start_mark
            )
        if key.value in mapping:
            text = f"the key {key.value!r} stands here twice; remove one"
            raise yaml.MarkedYAMLError(problem=text, problem_mark=key.start_mark)
        mapping[key.value] = _plain_value(value, loader)
    return mapping


def _plain_scalar(node: yaml.Node, loader: Any) -> Any:
    try:
        value = loader.construct_object(node)
    except ValueError:
        value = node.value
    if isinstance(value, float) and not math.isfinite(value):
        raise yaml.MarkedYAMLError(
            problem="a number must be finite", problem_mark=node.start_mark
        )
    return value
