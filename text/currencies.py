"""The vocabulary of money.

Extraction, the guard of replies and masking all read sums with these words; none of them
has a list of its own.
"""

SIGNS = r"(?:US|[RAC])?\$|[€£¥₹₩₽₺₪₴]"
"""Signs, before or behind a figure: "$5", "US$ 5", "5 €"."""

CODES = (
    "USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|(?-i:TRY)"
    "|ILS|ZAR|SGD|HKD|KRW|AED|SAR|THB|ARS|CLP|COP"
)
"""ISO 4217 codes. TRY counts in capitals only: "please try 2 browsers" names no sum."""

WORDS = (
    "dollars?|bucks|euros?|pounds?|quid|francs?|franken|reais|real|pesos?|rupees?|yen|yuan"
    "|kr|zł|fr"
)
"""Names behind a figure: "5 dollars", "200 kr"."""

RARE_CODES = "BTC|ETH|USDT"
RARE_WORDS = "cents?|pence|zloty|bitcoins?"
"""Sums that no field is read from, but that a reply may not name unasked either."""

FIGURE_TAIL = r"[\d.,'\u2019]*+(?:[ \xa0\u202f]\d{3}(?!\d))*+(?:,\d{2}(?!\d))?"
FIGURE = rf"\d{FIGURE_TAIL}"
"""Digits with any country's separators: 1299, 1,299.00, 1.299,00, 1'299, 1 299,00."""
