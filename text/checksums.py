"""The check digits that tell a card or an IBAN from any other long number."""

LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Digit sum of twice a digit."""


def is_card(digits: str) -> bool:
    """Whether 12 to 19 digits carry a Luhn check digit (ISO/IEC 7812-1)."""
    if not 12 <= len(digits) <= 19:
        return False
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(LUHN_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def is_iban(compact: str) -> bool:
    """Whether letters and digits without spaces carry an IBAN's check digits.

    By ISO 7064 mod 97-10.
    """
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
