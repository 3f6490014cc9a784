"""Phone numbers.

International ones judged by the phonenumbers library, others by form and neighbouring
words.

A number without a country has no rule book, so a form that only phone numbers have
("555-987-6543") is taken as it is, and any other group of digits only beside a word for
calling.
"""

import re
from collections.abc import Iterator

import phonenumbers

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue, RejectedValue

ENOUGH_DIGITS = re.compile(r"\d\d(?:[^\n\d]{0,3}\d){4}")
EXTENSION = r"(?:(?:[ ]?x|[ ]?,?[ ]?ext\.?[ ]?|[ ]?Durchwahl[ ])\d{1,6})?"
START, STOP = r"(?<![\w.,#$%&@/-])(?<![\w)][ ]\+)", r"(?![\w°%]|[-./:]\d|[ ]?[%€$£])"
GROUPS = (
    r"\(?\d{1,12}+\)?(?:[ \xa0]?[-./][ ]?\(?\d{1,12}+\)?|[ \xa0]?\(?\d{1,12}+\)?){0,7}"
)
AMERICAN = r"(?:(?:\+?1|001)[-. ])?(?:\(\d{3}\)[ ]?|\d{3}[-. ])\d{3}[-. ]\d{4}"
NUMBER = re.compile(
    rf"(?=[+(\d])(?:{START}|(?<=\\,))(?:(?P<american>{AMERICAN})|(?P<abroad>(?:\+"
    rf"|00)(?=[1-9(]){GROUPS})"
    rf"|(?P<other>\(?\d{GROUPS}))"
    rf"{EXTENSION}{STOP}"
)
TRUNK = re.compile(r"\(?0[1-9]\d{0,4}\)?(?:[ \xa0]?[-./ ]?[ ]?\d{2,8}){1,4}")
CALLING = re.compile(
    r"\b(?=[^\W\d])(?:(?:tele)?phones?|tel|mobile|mob|cell(?:phone|ular)?|fax|call(?:ing|ed"
    r"|back)?|dial|text"
    r"|sms|whatsapp|ring|reach|contact|answer(?:ing)?|messages?|registered|landline|hotline"
    r"|telefon(?:nummer)?|handy(?:nummer)?|mobil|anrufen|rückruf|erreichbar|téléphone|portable"
    r"|appeler|appelez"
    r"|teléfono|móvil|celular|llamar|llámame|telefono|cellulare|chiamare|chiamarmi|telefone"
    r"|telemóvel|ligar|ligue"
    r"|(?:my|our|his|her|your) number)(?!\w)"
    r"(?:[ .:=(,\n-]{1,4}+(?:number|no|nr|num|is|was|at|on|to|under|via|me|us|you|him|her|them"
    r"|back|my|our|the"
    r"|his|your|or|and"
    r"|ist|unter|auf|mich|uns|auch|est|le|au|moi|al|en|es|el|in|o|é|para|nummer|numero|número"
    r"|numéro|phone"
    r"|mobile|telephone|dem|der|die|mir|mi|me|il|mio|meu)(?!\w)){0,6}+[ .:=(,\n+-]{0,4}$",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"(?:^|\n|\s)(?:office|desk|home|work|direct|main|evening|day|p|t|m|f|o|c|h|w)[ ]?[:.][ ]?$",
    re.IGNORECASE,
)
PLACE_AFTER = re.compile(
    r"[ ,(\u2013-]{1,3}(?:office|fax|mobile|cell|home|work|desk|direct|phone|tel|landline)(?!\w)",
    re.IGNORECASE,
)
OTHER_NUMBER = re.compile(
    r"\b(?=[^\W\d])(?:orders?|accounts?|card|cc|credit|debit|invoice|ssn|security|zip|postal"
    r"|postcode|tracking"
    r"|ticket|case|reference|ref"
    r"|serial|iban|policy|customer|user|bug|issue|version|build|port|pid|codes?|error|contract"
    r"|booking"
    r"|reservation|purchase"
    r"|transaction|member(?:ship)?|id|isbn|sku|vat|tax|passport|licen[cs]e|parcel|shipment"
    r"|konto|kunden"
    r"|rechnung|bestell|facture|factura|fattura|commande|pedido|ordine)(?:s?nummer|nr)?(?!\w)"
    r"(?:[ .:=#(-]{1,3}+(?:number|no|nr|num|id|is|was|code|ist|est|es"
    r"|n°)(?!\w)){0,3}+[ .:=#(-]{0,3}$",
    re.IGNORECASE,
)
CERTAIN = 0.9
MIN_DIGITS, SURE_LENGTH, MAX_LOCAL, MAX_DIGITS = 6, 10, 12, 15
"""Six digits beside a word for calling, ten standing alone; E.164 allows fifteen."""
EXTENSION_START = re.compile(r"[ ,]*(?:x|ext|durchwahl)", re.IGNORECASE)


def find_phones(page: MaskedText) -> Iterator[FoundValue | RejectedValue]:
    """Phone numbers as written, extension included."""
    text = page.without_codes if ENOUGH_DIGITS.search(page.text) else ""
    for match in NUMBER.finditer(text):
        if match["other"] and len(match["other"]) < MIN_DIGITS:
            continue
        if OTHER_NUMBER.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        written = (
            match[0].lstrip("(")
            if match[0].count("(") > match[0].count(")")
            else match[0]
        )
        start = match.end() - len(written)
        number = EXTENSION_START.split(written)[0]
        confidence = _form_confidence(match, number)
        if confidence < CERTAIN and _has_calling_word(text, match):
            confidence = max(confidence, _called_confidence(number))
        if confidence:
            yield FoundValue(
                page.text[start : match.end()], start, match.end(), confidence
            )
        elif match["abroad"] and _has_calling_word(text, match):
            yield RejectedValue("a number in the text is no possible phone number")


def _has_calling_word(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 60) : match.start()]
    return bool(
        CALLING.search(before)
        or PLACE.search(before)
        or PLACE_AFTER.match(text, match.end())
    )


def _form_confidence(match: re.Match[str], number: str) -> float:
    """How sure it is a phone number by its form alone; 0 when the form says nothing."""
    if number.startswith("+"):
        return _international_confidence(number)
    if match["american"]:
        return CERTAIN
    groups, digits = _count_groups(number)
    if match["abroad"] and groups > 1 and SURE_LENGTH <= digits <= MAX_DIGITS:
        return 0.75
    enough = digits >= SURE_LENGTH - 1 and groups > 1 + (digits < SURE_LENGTH)
    return 0.65 if enough and digits <= MAX_LOCAL and TRUNK.fullmatch(number) else 0


def _called_confidence(number: str) -> float:
    """How sure it is one beside a word for calling; 0 for what is too short or too long."""
    groups, digits = _count_groups(number)
    if number.startswith("+") and not _international_confidence(number):
        return 0
    return 0.85 if digits + (groups > 1) > MIN_DIGITS and digits <= MAX_DIGITS else 0


def _count_groups(number: str) -> tuple[int, int]:
    groups = re.findall(r"\d+", number)
    return len(groups), sum(map(len, groups))


def _international_confidence(number: str) -> float:
    try:
        parsed = phonenumbers.parse(number.replace("(0)", ""), None)
    except phonenumbers.NumberParseException:
        return 0
    if not phonenumbers.is_possible_number(parsed):
        return 0
    return 0.97 if phonenumbers.is_valid_number(parsed) else 0.75
