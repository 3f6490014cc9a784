"""All fields of a ticket: one finder a kind, findings gathered into one field a name."""

from collections.abc import Callable, Sequence

from contracts.extraction import ExtractedField, Extraction, FieldValue
from engines.local.fields.products import find_products
from engines.local.fields.terms import find_pattern, find_terms
from policies.desk.model import FieldDefinition
from text.patterns.blanked_text import MaskedText
from text.patterns.finders import FINDERS, Found
from text.patterns.found_value import FoundValue, RejectedValue

DESK_FINDERS: dict[str, Callable[[MaskedText, FieldDefinition], Found]] = {
    "product": find_products,
    "keywords": find_terms,
    "pattern": find_pattern,
}
"""The kinds whose words or pattern are the desk's own."""


def extract_fields(
    text: str,
    definitions: Sequence[FieldDefinition],
    *,
    required: Sequence[str],
    customer_email: str | None,
) -> Extraction:
    """Every defined field found in `text` (subject, blank line, body); spans are offsets into it.

    `required` are names of fields that the category needs; a verified `customer_email`
    stands in for those definitions that allow it. Raises DeskError for a definition of kind
    `pattern` whose pattern is none.
    """
    page = MaskedText(text)
    fields: list[ExtractedField] = []
    errors: list[str] = []
    for definition in definitions:
        values, flaws = _read_field(page, definition)
        errors += flaws
        if field := _build_field(text, definition.name, values):
            fields.append(field)
    present = {field.name for field in fields}
    if customer_email:
        present |= {
            definition.name
            for definition in definitions
            if definition.satisfied_by_customer_email
        }
    missing = (name for name in dict.fromkeys(required) if name not in present)
    return Extraction(
        fields=tuple(fields),
        missing_required=tuple(missing),
        validation_errors=tuple(errors),
        engine="local",
    )


def _read_field(
    page: MaskedText, definition: FieldDefinition
) -> tuple[list[FoundValue], list[str]]:
    """The values of a field, and why look-alikes are none, each reason once."""
    found = list(_find_field_values(page, definition))
    flaws = dict.fromkeys(
        f"{definition.name}: {flaw.reason}."
        for flaw in found
        if isinstance(flaw, RejectedValue)
    )
    return [value for value in found if isinstance(value, FoundValue)], list(flaws)


def _find_field_values(page: MaskedText, definition: FieldDefinition) -> Found:
    if definition.kind in DESK_FINDERS:
        return DESK_FINDERS[definition.kind](page, definition)
    return FINDERS[definition.kind](page)


def _build_field(
    text: str, name: str, findings: list[FoundValue]
) -> ExtractedField | None:
    distinct = _distinct_findings(findings)
    if not distinct:
        return None
    first = distinct[0]
    return ExtractedField(
        name=name,
        value=_to_field_value([finding.value for finding in distinct]),
        confidence=min(finding.confidence for finding in distinct),
        source_span=text[first.start : first.end],
        start=first.start,
        end=first.end,
    )


def _distinct_findings(findings: list[FoundValue]) -> list[FoundValue]:
    """In the order of the text.

    Of overlapping findings the first and longest, of equal values the first.
    """
    kept: list[FoundValue] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end, -f.confidence)):
        if not kept or finding.start >= kept[-1].end:
            kept.append(finding)
    first: dict[str | float, FoundValue] = {}
    for finding in kept:
        first.setdefault(finding.value, finding)
    return list(first.values())


def _to_field_value(values: list[str | float]) -> FieldValue:
    if len(values) == 1:
        return values[0]
    numbers = [value for value in values if isinstance(value, float)]
    return numbers if len(numbers) == len(values) else [str(value) for value in values]
