"""One ticket's text and its masked versions, each made at most once."""

from functools import cached_property

from text.blanking import ADDRESSES, CODES, MACHINE, PERSONAL, blank_masks, blank_spans
from text.patterns.found_value import FoundValue
from text.patterns.orders import find_orders


class MaskedText:
    """Texts of equal length: an offset in one is an offset in all."""

    def __init__(self, text: str) -> None:
        """`text` is the ticket's subject, a blank line and its body."""
        self.text = text

    @cached_property
    def without_urls(self) -> str:
        """Without URLs and technical mail headers."""
        return blank_masks(self.text, ADDRESSES)

    @cached_property
    def without_machine_text(self) -> str:
        """Also without what programs write.

        E-mail addresses, paths, stack traces, hashes, dates, network addresses, versions.
        """
        return blank_masks(self.without_urls, MACHINE)

    @cached_property
    def without_personal_data(self) -> str:
        """Also without cards, account numbers, social security numbers and sums of money."""
        return blank_masks(self.without_machine_text, PERSONAL)

    @cached_property
    def found_orders(self) -> tuple[FoundValue, ...]:
        """The order ids.

        A field of its own, and what neither a code nor a phone number may be read from.
        """
        return tuple(find_orders(self.without_personal_data))

    @cached_property
    def without_orders(self) -> str:
        """As `without_personal_data`, also without the order ids."""
        return blank_spans(
            self.without_personal_data,
            sorted({(order.start, order.end) for order in self.found_orders}),
        )

    @cached_property
    def without_codes(self) -> str:
        """Also without hexadecimal numbers, epochs and issue keys."""
        return blank_masks(self.without_orders, CODES)
