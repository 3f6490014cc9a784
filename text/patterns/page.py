"""One ticket's text and its masked versions, each made at most once."""

from functools import cached_property

from text.blanking import ADDRESSES, CODES, MACHINE, PERSONAL, blank, blank_spans
from text.patterns.finding import Finding
from text.patterns.orders import find_orders


class Page:
    """Texts of equal length: an offset in one is an offset in all."""

    def __init__(self, text: str) -> None:
        """`text` is the ticket's subject, a blank line and its body."""
        self.text = text

    @cached_property
    def prose(self) -> str:
        """Without URLs and technical mail headers."""
        return blank(self.text, ADDRESSES)

    @cached_property
    def words(self) -> str:
        """Also without e-mail addresses, paths, stack traces, hashes, dates, network
        addresses and versions.
        """
        return blank(self.prose, MACHINE)

    @cached_property
    def ids(self) -> str:
        """Also without cards, account numbers, social security numbers and sums of money."""
        return blank(self.words, PERSONAL)

    @cached_property
    def orders(self) -> tuple[Finding, ...]:
        """The order ids.

        A field of its own, and what neither a code nor a phone number may be read from.
        """
        return tuple(find_orders(self.ids))

    @cached_property
    def codes(self) -> str:
        """As `ids`, also without the order ids."""
        return blank_spans(
            self.ids, sorted({(order.start, order.end) for order in self.orders})
        )

    @cached_property
    def numbers(self) -> str:
        """Also without hexadecimal numbers, epochs and issue keys."""
        return blank(self.codes, CODES)
