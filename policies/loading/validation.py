"""Validates a document's content; errors name each line that does not fit."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.errors import DeskError
from contracts.values import Value
from policies.loading.documents import YamlDocument, YamlPath

Model = TypeVar("Model", bound=Value)


def validate_document(document: YamlDocument, model: type[Model]) -> Model:
    """Validate a document, as strictly as the model's JSON Schema does.

    Raises DeskError, one line a fault.
    """
    try:
        return model.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise DeskError("\n".join(_format_errors(document, error.errors()))) from None


def _format_errors(
    document: YamlDocument, errors: Iterable[ErrorDetails]
) -> Iterator[str]:
    sure: list[tuple[YamlPath, str]] = []
    tried: defaultdict[YamlPath, list[str]] = defaultdict(list)
    for error in errors:
        place = document.existing_path(error["loc"])
        if len(place) == len(error["loc"]) or error["type"] == "missing":
            sure.append((place, _error_text(error)))
        else:
            tried[place].append(_error_text(error))
    for place, text in [
        *sure,
        *(
            (place, "; or ".join(texts))
            for place, texts in _nearest_errors(tried).items()
        ),
    ]:
        yield document.format_fault(place, text)


def _nearest_errors(tried: dict[YamlPath, list[str]]) -> dict[YamlPath, list[str]]:
    """The most specific errors of values that fit no member of a union.

    Such a value fails once for each member; the failures deepest in it name the fault.
    """
    return {
        place: texts
        for place, texts in tried.items()
        if not any(other[: len(place)] == place and other != place for other in tried)
    }


def _error_text(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key; correct its spelling or remove it"
    if error["type"] == "missing":
        return f"the key {error['loc'][-1]!r} is missing; add it"
    return error["msg"].removeprefix("Value error, ")
