"""Builds our contracts from what a model filled in.

Nothing is taken on trust: a value counts only when it stands in the ticket and has the
shape of its kind.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.classification import Classification
from contracts.extraction import ExtractedField, Extraction
from contracts.ticket import CleanTicket
from contracts.usage import Usage
from engines.local.fields import extract_fields
from engines.masking import Mask
from policies.deciding.engine_answers import UNCONFIRMED_CONFIDENCE
from policies.desk.model import Desk, FieldDefinition

MAX_VALUE_LENGTH: Final = 200
PATTERN_ONLY_TYPES: Final = (
    "amount",
    "date",
    "url",
    "email",
    "phone",
    "pattern",
    "order_id",
)
"""Kinds whose value counts only when our own pattern finds it in the quoted words."""

EMPTY_VALUES: Final = frozenset(
    {
        "",
        "-",
        "n/a",
        "na",
        "none",
        "null",
        "unknown",
        "not given",
        "not provided",
        "not mentioned",
    }
)
"""What models write for a field that the text does not give."""

_SHAPED: Final = re.compile(r"(?=.*\d)[\w./#:-]{2,64}", re.ASCII)
"""An error code or account id is one word with a digit."""


def build_classification(
    output: Mapping[str, object], mask: Mask, prompt: str, usage: Usage
) -> Classification:
    """A model's classification, with the confidence of an answer that nothing confirms yet."""
    category = str(output["category"])
    others: Any = output.get("secondary_categories") or ()
    secondary = tuple(dict.fromkeys(str(other) for other in others))
    return Classification(
        category=category,
        category_confidence=UNCONFIRMED_CONFIDENCE,
        severity=output["severity"],  # type: ignore[arg-type]
        severity_confidence=UNCONFIRMED_CONFIDENCE,
        secondary_categories=tuple(other for other in secondary if other != category),
        reasoning=mask.restore_values(str(output.get("reasoning") or "")),
        calibrated=False,
        engine="llm",
        prompt_version=prompt,
        usage=usage,
    )


def merge_extraction(
    found: list[tuple[str, str, str]],
    local: Extraction,
    clean: CleanTicket,
    desk: Desk,
    mask: Mask,
    prompt: str,
    usage: Usage,
) -> Extraction:
    """The local extraction, with the fields that only the model found.

    `found` has (name, value, quoted words) of each value, with pseudonyms. A value must
    stand in the ticket, letter for letter but for case and spaces, and have the shape of
    its kind; others are left out, and recorded as validation errors.
    """
    confirmed, rejected = confirm_fields(found, local, clean, desk, mask)
    fields = tuple(
        build_field(name, [value for value, _ in pairs], pairs[0][1], clean)
        for name, pairs in confirmed.items()
    )
    errors = (
        f"{name}: the model's value is not in the ticket, or has not the shape of one; "
        "left out."
        for name in rejected
    )
    return local.model_copy(
        update={
            "fields": (*local.fields, *fields),
            "validation_errors": (*local.validation_errors, *errors),
            "engine": "llm",
            "prompt_version": prompt,
            "usage": usage,
        }
    )


def confirm_fields(
    found: list[tuple[str, str, str]],
    local: Extraction,
    clean: CleanTicket,
    desk: Desk,
    mask: Mask,
) -> tuple[dict[str, list[tuple[str | float, str]]], list[str]]:
    """The confirmed (value, quoted words) of each field, and the names of those rejected.

    Fields that the local extraction has are skipped, and so are those the model left empty.
    """
    definitions = {
        definition.name: definition
        for definition in desk.fields
        if not local.values(definition.name)
    }
    text = normalise_spacing(clean.everything)
    confirmed: dict[str, list[tuple[str | float, str]]] = {}
    rejected: list[str] = []
    for name, value, source in found:
        definition = definitions.get(name)
        if definition is None or value.strip().casefold() in EMPTY_VALUES:
            continue
        restored = mask.restore_values(value).strip()
        quoted = mask.restore_values(source).strip()
        read = (
            None
            if has_hidden_pseudonym(definition, desk, mask, value)
            else confirm_value(definition, restored, quoted, text)
        )
        if read is None:
            rejected.append(name)
        elif read not in [known for known, _ in confirmed.get(name, ())]:
            is_quoted = normalise_spacing(quoted) in text
            confirmed.setdefault(name, []).append(
                (read, quoted if is_quoted else restored)
            )
    return confirmed, list(dict.fromkeys(rejected))


def has_hidden_pseudonym(
    definition: FieldDefinition, desk: Desk, mask: Mask, value: str
) -> bool:
    """Whether a value holds a pseudonym, in a field whose values models are shown again.

    Restored, it would bring a person's data to the next model.
    """
    return (
        definition.kind in desk.settings.masking.keep
        and mask.restore_values(value) != value
    )


def confirm_value(
    definition: FieldDefinition, value: str, quoted: str, text: str
) -> str | float | None:
    """The value as our own patterns read it; None when it is not in `text` or misshapen."""
    if not value or len(value) > MAX_VALUE_LENGTH:
        return None
    if normalise_spacing(value) not in text:
        return None
    if definition.kind in PATTERN_ONLY_TYPES:
        given = quoted if normalise_spacing(quoted) in text else value
        found = extract_fields(given, [definition], required=(), customer_email=None)
        return next(iter(found.values(definition.name)), None)
    if definition.kind in ("error_code", "account_id"):
        return value if _SHAPED.fullmatch(value) else None
    return value if definition.kind == "product" else None


def build_field(
    name: str, values: list[str | float], quoted: str, clean: CleanTicket
) -> ExtractedField:
    """A field with its offsets in the text, where the quoted words stand there unchanged."""
    start = clean.everything.find(quoted)
    return ExtractedField(
        name=name,
        value=values[0] if len(values) == 1 else values,  # type: ignore[arg-type]
        confidence=UNCONFIRMED_CONFIDENCE,
        source_span=quoted or None,
        start=start if quoted and start >= 0 else None,
        end=start + len(quoted) if quoted and start >= 0 else None,
    )


def normalise_spacing(text: str) -> str:
    """For comparing: lower case, single spaces."""
    return " ".join(text.casefold().split())
