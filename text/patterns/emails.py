"""E-mail addresses: found by shape, judged by email-validator (syntax only, no network)."""

import re
from collections.abc import Iterator

from email_validator import EmailNotValidError, validate_email

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue, RejectedValue

ADDRESS = re.compile(
    r"(?<![\w.%+'/@~-])(?P<local>[\w.%+'-]{1,64}+)@(?P<domain>[\w-]++(?:\.{1,2}[\w-]++)*+)"
    r"(?P<next>[@/]|:(?=\S))?"
)
LOGIN = re.compile(
    r"\b(?:ssh|scp|sftp|rsync|git clone|git push|git remote add \w{1,20})(?: -\S{1,20})*(?: "
    r"\S{1,40})? $"
)
CALLED_MAIL = re.compile(
    r"(?:e-?mail|mailto|address|adresse|correo|courriel|reach me|contact me)[^.\n]{0,25}$",
    re.IGNORECASE,
)
INVALID = RejectedValue("an address in the text is not a valid e-mail address")


def find_emails(page: MaskedText) -> Iterator[FoundValue | RejectedValue]:
    """Addresses as written.

    Logins such as git@host:path and user names in URLs are not addresses.
    """
    valid: dict[str, bool] = {}
    for match in (
        ADDRESS.finditer(page.without_urls) if "@" in page.without_urls else ()
    ):
        before = page.without_urls[max(0, match.start() - 70) : match.start()]
        if match["next"] or match["local"].lower() == "git" or LOGIN.search(before):
            continue
        start = match.start() + len(match["local"]) - len(match["local"].lstrip(".'%-"))
        address = page.text[start : match.end("domain")]
        if address not in valid:
            valid[address] = _is_valid(address)
        top = match["domain"].rpartition(".")[2]
        if not valid[address]:
            if CALLED_MAIL.search(before) or (
                top != match["domain"] and top.isalpha() and len(top) > 1
            ):
                yield INVALID
        elif any(char.isalpha() for char in top):
            yield FoundValue(address, start, match.end("domain"), 0.97)


def _is_valid(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
