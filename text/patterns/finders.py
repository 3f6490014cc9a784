"""The kinds of values that extraction and masking read, and what finds each."""

from collections.abc import Callable, Iterable

from text.patterns.accounts import find_accounts
from text.patterns.amounts import find_amounts
from text.patterns.blanked_text import MaskedText
from text.patterns.dates import find_dates
from text.patterns.emails import find_emails
from text.patterns.error_codes import find_error_codes
from text.patterns.found_value import FoundValue, RejectedValue
from text.patterns.phones import find_phones
from text.patterns.urls import find_urls

Found = Iterable[FoundValue | RejectedValue]

FINDERS: dict[str, Callable[[MaskedText], Found]] = {
    "order_id": lambda page: page.found_orders,
    "error_code": find_error_codes,
    "email": find_emails,
    "phone": find_phones,
    "amount": find_amounts,
    "url": find_urls,
    "date": find_dates,
    "account_id": find_accounts,
}
