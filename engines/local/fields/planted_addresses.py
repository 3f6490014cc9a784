"""Removes from the extracted fields the e-mail addresses that a prompt injection plants.

Whoever tells the machine where to send something names a stranger's mailbox, never the
account's.
"""

from collections.abc import Sequence

from contracts.extraction import ExtractedField, Extraction
from policies.desk.model import FieldDefinition


def remove_planted_addresses(
    extraction: Extraction,
    definitions: Sequence[FieldDefinition],
    customer_email: str | None,
) -> Extraction:
    """Keep only the e-mail addresses at the customer's own domain."""
    emails = {
        definition.name for definition in definitions if definition.kind == "email"
    }
    domain = _address_domain(customer_email or "")
    kept = [
        _keep_own_domain(field, domain) if field.name in emails else field
        for field in extraction.fields
    ]
    return extraction.model_copy(
        update={"fields": tuple(field for field in kept if field)}
    )


def _keep_own_domain(field: ExtractedField, domain: str) -> ExtractedField | None:
    values = field.value if isinstance(field.value, list) else [field.value]
    own = [
        str(value)
        for value in values
        if domain and _address_domain(str(value)) == domain
    ]
    if not own:
        return None
    if len(own) == len(values):
        return field
    # The span is that of the first value, which may be gone.
    return field.model_copy(
        update={
            "value": own[0] if len(own) == 1 else own,
            "source_span": None,
            "start": None,
            "end": None,
        }
    )


def _address_domain(address: str) -> str:
    return address.rpartition("@")[2].strip().casefold()
