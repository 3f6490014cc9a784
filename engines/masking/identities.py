"""Numbers that states and banks give a person: by their own form or by the word before them."""

import re
from collections.abc import Iterator

from engines.masking.cues import cued_pattern, split_words
from engines.masking.spans import PersonalSpan
from text.blanking import IBAN
from text.checksums import is_card, is_iban
from text.patterns.tokens import ID as TOKEN
from text.regexes import group_by_initial

IBAN_COUNTRIES = split_words(
    "AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT "
    "HR HU IE IL IQ IS IT"
    " JO KW KZ LB LC LI LT LU LV MC MD ME MK MR MT MU NL NO PK PL PS PT QA RO RS SA SC SE SI "
    "SK SM ST SV TL TN TR UA"
    " VA VG XK"
)
GROUPED_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?\d){11,26}(?!\w)")
IBAN_SIGN = re.compile(r"[0-9](?<=[A-Za-z]{2}.)[0-9]")
"""Two letters and two digits, as any bank account begins."""
COMMIT_HASH = re.compile(r"[0-9a-f]+")

CARD_NUMBER = re.compile(
    r"(?<![\w.])(?<!\d[-])\d{4}([ .-])\d{4}\1\d{4}\1\d{3,7}(?!\w)"
    r"|(?<![\w.])\d{4}([ .-])\d{6}\2\d{4,5}(?!\w)"
)
DIGIT_RUN = re.compile(r"(?<![\w.])\d(?:[ -]?\d){11,18}(?![\w-])")
MANY_DIGITS = re.compile(r"\d(?:[ .-]?\d){11}")
NAMED_CARD = cued_pattern(
    "card cards visa mastercard master maestro amex american discover credit debit karte "
    "kreditkarte carte"
    " tarjeta carta"
    " cartão",
    r"(?:card|visa|master ?card|maestro|amex|american express|discover|credit|debit|karte|carte"
    r"|tarjeta|carta|cartão)"
    r"[^\d\n]{0,40}(\d(?:[ .-]?\d){11,18})(?!\d)",
    re.IGNORECASE,
)

OFFICIAL_ID_FORMS = (
    re.compile(
        r"\d(?<![\w-]\d)(?:\d\d([- ])\d{2}\1\d{4}"  # US social security
        r"|\d\d\.\d{3}\.\d{3}-\d{2}|\d\.\d{3}\.\d{3}/\d{4}-\d{2}"  # Brazil
        r"|\d{7}-?[A-HJ-NP-TV-Z]"  # Spain
        r"|(?<=[1-9])\d{5}(?:19|20)\d{9}[\dX]"  # China
        r"|\d{5}[-+]\d{3}[\dA-Y]|\d{7}-\d{4}"  # Nordic countries
        r")(?![\w-])"
    ),
    re.compile(
        r"[A-Z](?<![\w-].)(?:(?<![DFIQUV])[A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} "
        r"?[A-D]"  # UK national insurance
        r"|[A-Z]{5}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"  # Italy
        r"|(?<=[XYZ])-?\d{7}-?[A-HJ-NP-TV-Z]"  # Spain
        r")(?![\w-])"
    ),
)
"""By the first character: a digit, a letter."""
OFFICIAL_ID_LABELS = (
    r"ssn|social(?: security)?|national insurance|nino|nhs|passports?"
    r"|driver['’]?s?['’]? licen[cs]es?"
    r"|driving (?:licen[cs]e|permit)"
    r"|dl(?=#| ?(?:no|number|num|nr|is|:))|führerschein(?:nummer)?"
    r"|fahrerlaubnis|permis de conduire|(?:carnet|permiso) de conducir|patente di guida"
    r"|rijbewijs|carta de condução"
    r"|licen[cs]e (?:number|no)|identity (?:card|number)|id card|national id|tax (?:id|number)"
    r"|tin|ein|itin|tfn"
    r"|medicare|medicaid|insurance|policy|aadhaar|pan|dni|nie|nif|cpf|cnpj|pesel|bsn|siren"
    r"|siret|steuer-?id"
    r"|steuernummer|personalausweis|ausweis|reisepass|passeport|pasaporte|passaporto"
    r"|carta d'identità|routing"
    r"|sort code|swift|bic|bank account|account|konto|compte|cuenta|conto|iban|vin"
    r"|(?:licen[cs]e |number )plate"
    r"|date of birth|d\.?o\.?b\.?|birth ?date|born on|geburtsdatum"
)
NAMED_ID = cued_pattern(
    "ssn social national nino dl führerschein führerscheinnummer fahrerlaubnis permis"
    " carnet permiso patente rijbewijs nhs passport passports driver drivers driving license "
    "licence identity id tax"
    " tin ein itin"
    " tfn medicare medicaid insurance policy aadhaar pan dni nie nif cpf cnpj pesel bsn siren "
    "siret steuer steuerid"
    " steuernummer personalausweis ausweis reisepass passeport pasaporte passaporto carta "
    "routing sort swift bic bank"
    " account konto compte cuenta conto iban vin plate date d dob birth birthdate born "
    "geburtsdatum",
    rf"(?<!\w)(?=[^\W\d_])(?:{group_by_initial(OFFICIAL_ID_LABELS)})(?!\w)"
    r"(?P<gap>(?:[ \t:=#(\"']{1,4}|(?:numbers?|num|no|nr|nummer|id|is|was|ist|est|es|on|code"
    r"|card|of|are|my"
    r"|the)(?!\w)\.?){0,7}+)"
    rf"(?=[A-Za-z./-]{{0,12}}\d)(?P<id>{TOKEN}(?:[ ]\d[\w-]*+){{0,5}})",
    re.IGNORECASE,
)
LICENCE_NUMBER = cued_pattern(  # my licence is B072RRE2I55
    "licence license licences licenses driver drivers permit",
    r"(?<!\w)(?i:(?<!software )licen[cs]e|driver|permit)s?(?!\w)"
    r"(?:[ \t:=#(\"']{1,3}|(?i:numbers?|no|id|is|was|reads|and|mine|my)(?!\w)\.?){1,7}+"
    r"(?P<id>(?=[A-Z0-9]*\d[A-Z]*\d[A-Z]*\d[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{7,20})(?![\w-]|\.\w)",
)
"""A word that has other uses, so only one run of capitals and at least four digits counts."""
MIN_DIGITS = 4


def find_identities(text: str, words: frozenset[str]) -> Iterator[PersonalSpan]:
    """Cards, bank accounts, official numbers, and dates that are called a date of birth.

    `words` are those of the text, casefolded.
    """
    if MANY_DIGITS.search(text):
        yield from _find_long_numbers(text, words)
    if IBAN_SIGN.search(text):
        yield from (
            PersonalSpan(*match.span(), "IBAN")
            for match in IBAN.finditer(text)
            if _is_iban(match[0])
        )
    yield from _find_official_ids(text, words)


def _find_official_ids(text: str, words: frozenset[str]) -> Iterator[PersonalSpan]:
    for form in OFFICIAL_ID_FORMS:
        yield from (PersonalSpan(*match.span(), "ID") for match in form.finditer(text))
    for match in NAMED_ID.find_matches(text, words):
        if sum(char.isdigit() for char in match["id"]) >= MIN_DIGITS:
            yield PersonalSpan(*match.span("id"), "ID")
    yield from (
        PersonalSpan(*match.span("id"), "ID")
        for match in LICENCE_NUMBER.find_matches(text, words)
    )


def _find_long_numbers(text: str, words: frozenset[str]) -> Iterator[PersonalSpan]:
    """Cards, and bank accounts of digits alone."""
    yield from (
        PersonalSpan(*match.span(), "CARD") for match in CARD_NUMBER.finditer(text)
    )
    yield from (
        PersonalSpan(*match.span(), "IBAN")
        for match in GROUPED_IBAN.finditer(text)
        if _has_iban_country(match[0])
    )
    for match in DIGIT_RUN.finditer(text):
        if is_card("".join(char for char in match[0] if char.isdecimal())):
            yield PersonalSpan(*match.span(), "CARD")
    for match in NAMED_CARD.find_matches(text, words):
        yield PersonalSpan(*match.span(1), "CARD")


def _has_iban_country(written: str) -> bool:
    return written[:2].upper() in IBAN_COUNTRIES


def _is_iban(written: str) -> bool:
    """By its check digits, or by its country alone: a mistyped one is as personal.

    A commit's hash is neither.
    """
    compact = written.replace(" ", "").upper()
    return (compact.isascii() and is_iban(compact)) or (
        _has_iban_country(written) and not COMMIT_HASH.fullmatch(written)
    )
