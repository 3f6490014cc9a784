"""Signatures: the block below a message with name, device, contact details or legal notice.

Only the last lines are looked at. In doubt a line stays in the message: a lost order number
costs more than a name.
"""

import re
from collections.abc import Callable, Sequence

from text.cleaning.unicode import tidy_whitespace

_TAIL_LINES = 30
_MAX_DELIMITED = 15  # lines after "--"
_MAX_BLOCK = 9  # lines after a sign-off or in a contact block
_MAX_NAME_LINE = 60  # characters
_MAX_CONTACT_WORDS = 12
_SENTENCE_WORDS = 5

_DELIMITER = re.compile(r"(?:--|—|––)$")
_RULE = re.compile(r"[-_=*~]{5,}$")
_CLOSINGS = (
    r"(?:with )?(?:(?:my|very|kind|kindest|best|warm|warmest|many) ?){0,3}(?:regards|wishes)"
    r"|best|all the best"
    r"|(?:many )?thanks|thank you|thx|cheers|sincerely|(?:yours|very) (?:sincerely|truly"
    r"|faithfully)|cordially"
    r"|respectfully|sincerely yours|danke|vielen dank|mfg|lg|vg|gru(?:ß|ss)|hochachtungsvoll"
    r"|mit (?:freundlichen|besten|lieben|herzlichen) gr(?:ü|ue)(?:ß|ss)en"
    r"|(?:viele|beste|liebe|freundliche|sch(?:ö|oe)ne) gr(?:ü|ue)(?:ß|ss)e"
    r"|(?:bien )?cordialement|bien à vous|cdlt|merci(?: beaucoup)?|(?:sincères"
    r"|meilleures) salutations"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias"
    r"|(?:cordiali|distinti) saluti|saluti|grazie|atenciosamente|cumprimentos|obrigad[oa]|abraços"
    r"|met vriendelijke groet(?:en)?|groet(?:en|jes)?|bedankt|mvg|pozdrawiam|z poważaniem"
    r"|dziękuję|с уважением|спасибо"
)
_SIGN_OFF = re.compile(
    rf"(?:{_CLOSINGS})(?: (?:and (?:kind |best )?regards|again|in advance|so much|a lot"
    r"|very much|everyone|all"
    r"|for your (?:help|time|support|assistance|attention)|im voraus|d'avance"
    r"|por adelantado)){0,3}[ ,.!–-]{0,4}"
    r"(?-i:[A-Z][\w.'-]{1,20}(?: [A-Z][\w.'-]{0,20}){0,2})?[.!]?$",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent|get outlook|gesendet|von meinem|envoyé|enviado|inviato|verzonden|wysłan[eo]"
    r"|skickat|via)\b"
    r"(?: \(?[\w+&/:.-]{1,60}\)?){1,9}$",
    re.IGNORECASE,
)
_DEVICE_WORD = re.compile(
    r"\b(?:iphone|ipad|android|blackberry|samsung|galaxy|huawei|xiaomi|pixel|nokia|outlook"
    r"|yahoo|gmail|proton ?mail"
    r"|thunderbird|sparrow|smartphone|mobile|phone|handy|tablet|mobiltelefon|móvil|celular"
    r"|cellulare|telefoon|telefonu)\b"
    r"|^sent from (?:my|a|an) [\w ]{3,40}$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W{0,3}(?:confidentiality(?: notice)?\b|confidential notice|(?:legal )?disclaimer ?:"
    r"|(?:this|the information (?:contained )?in this|the contents? of this) (?:e-?mail|message"
    r"|communication)\b"
    r"(?=.{0,300}(?:intended (?:only|solely|for)|privileged|confidential (?:and|information)"
    r"|unauthori[sz]ed))"
    r"|diese (?:e-?mail|nachricht)\b.{0,100}vertraulich|ce (?:message|courriel"
    r"|mail)\b.{0,150}confidentiel"
    r"|este (?:mensaje|correo|e-?mail)\b.{0,150}confiden"
    r"|please consider the environment before printing)",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"p\.? ?p?\.?s\.?[.: -]", re.IGNORECASE)

_NAME_PART = r"(?:[A-Z][\w'’-]{0,20}\.?|v[ao]n|de[rn]?)"
_NAME = re.compile(
    rf"(?:[-–—~] ?)?[A-Z][\w'’-]{{0,20}}\.?(?: {_NAME_PART}){{1,4}}(?:, [A-Z][\w.]{{1,6}}){{0,2}}$"
)
_DASHED_NAME = re.compile(r"[-–—~] ?[A-Z][\w'’-]{1,20}(?: [A-Z][\w'’.-]{0,20}){0,2}$")
_CONTACT = re.compile(
    r"[\w.+-]@[\w-]|\bhttps?://|\bwww\.|\b(?:tel|phone|fax|mobile|mob|cell|skype|ext)\b"
    r"|\+\d[\d ()./-]{6,20}"
    r"|\b0\d[\d ()./-]{5,20}\d|\(\d{2,5}\)[\d ./-]{5,20}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    (
        r"\b\d{4,6}\b.{0,3}[A-Z]|\b(?:street|st|road|rd|avenue|ave|lane|floor|suite|box|weg|platz"
        r"|rue|calle|via)\b|stra(?:ß|ss)e\b|str\."
    ),
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(
    r"#\d|\b(?:order|invoice|ticket|account|acct|error|case|ref|reference|serial|version"
    r"|customer (?:no|id|number)"
    r"|bestell\w*|rechnung\w*|kunden\w*|commande|facture|pedido|factura|ordine|fattura"
    r"|bestelling|factuur|zamówieni\w*)\b"
    r"|\b[A-Z]{2,5}-?\d{3,}",
    re.IGNORECASE,
)


def split_signature(text: str) -> tuple[str, str]:
    """(message, signature). All of it is the message when nothing else would be left."""
    lines = text.split("\n")
    start = max(0, len(lines) - 2 * _TAIL_LINES)
    tail = lines[start:]
    postscript: list[str] = []
    signature: list[str] = []
    for cut in _BLOCK_FINDERS:
        at = cut(tail)
        if at is None:
            continue
        block = tail[at:]
        ps = next(
            (i for i, line in enumerate(block) if i and _POSTSCRIPT.match(line)),
            len(block),
        )
        postscript = block[ps:] + postscript
        signature = block[:ps] + signature
        tail = tail[:at]
    message = tidy_whitespace("\n".join([*lines[:start], *tail, "", *postscript]))
    return (message, "\n".join(signature).strip()) if message else (text, "")


def _find_disclaimer(lines: Sequence[str]) -> int | None:
    """A legal notice; all that follows it belongs to it."""
    found = next((i for i, line in enumerate(lines) if _DISCLAIMER.match(line)), None)
    return (
        found
        if found is not None and _count_filled(lines[found:]) <= _MAX_DELIMITED
        else None
    )


def _find_delimiter(lines: Sequence[str]) -> int | None:
    """The conventional "-- ", or any ruled line with contact details below it."""
    for i, line in enumerate(lines):
        after = lines[i + 1 :]
        if _count_filled(after) > _MAX_DELIMITED:
            continue
        if _DELIMITER.match(line) or (_RULE.match(line) and _is_footer(after)):
            return i
    return None


def _find_device_line(lines: Sequence[str]) -> int | None:
    """The line "Sent from my iPhone", when it is the last."""
    last = _last_filled(lines)
    return (
        last
        if last is not None
        and _DEVICE.match(lines[last])
        and _DEVICE_WORD.search(lines[last])
        else None
    )


def _find_contact_block(lines: Sequence[str]) -> int | None:
    """A last paragraph that begins with a name and goes on with ways to reach the person.

    Or "-Anna".
    """
    last = _last_filled(lines)
    if last is None:
        return None
    start = last
    while start > 0 and lines[start - 1]:
        start -= 1
    if start == last and _DASHED_NAME.match(lines[last]):
        return last
    block = lines[start : last + 1]
    introduced = start > 1 and lines[start - 2].endswith(":")
    is_block = (
        start > 0
        and not introduced
        and _NAME.match(block[0])
        and len(block) <= _MAX_BLOCK
    )
    return (
        start
        if is_block and _is_footer(block) and all(_is_name_like(line) for line in block)
        else None
    )


def _find_sign_off(lines: Sequence[str]) -> int | None:
    """A line such as "Best regards", with at most a name and a few short lines below it."""
    for i, line in enumerate(lines):
        if (
            len(line) <= _MAX_NAME_LINE
            and _SIGN_OFF.match(line)
            and not _IDENTIFIER.search(line)
        ):
            block = _lines_before_postscript(lines[i + 1 :])
            if _count_filled(block) <= _MAX_BLOCK and all(
                _is_name_like(entry) for entry in block if entry
            ):
                return i
    return None


_BLOCK_FINDERS: tuple[Callable[[Sequence[str]], int | None], ...] = (
    _find_disclaimer,
    _find_device_line,
    _find_delimiter,
    _find_device_line,
    _find_contact_block,
    _find_sign_off,
)
"""Tried in this order, from the outermost layer inwards.

Each returns the line where its block begins.
"""


def _is_name_like(line: str) -> bool:
    """A name, a job title, an address or a way to reach the person.

    Not a sentence and not an identifier.
    """
    if "?" in line or len(line) > 2 * _MAX_NAME_LINE or _IDENTIFIER.search(line):
        return False
    words = line.split()
    if _CONTACT.search(line):
        return len(words) <= _MAX_CONTACT_WORDS
    if len(line) > _MAX_NAME_LINE or (
        any(map(str.isdigit, line)) and not _ADDRESS.search(line)
    ):
        return False
    capitals = sum(not word[0].islower() for word in words)
    return len(words) == 1 or (
        2 * capitals >= len(words)
        and not (line.endswith(".") and len(words) >= _SENTENCE_WORDS)
    )


def _is_footer(lines: Sequence[str]) -> bool:
    """Whether these are short lines of which a third says how to reach somebody.

    None may be a question or name a case.
    """
    entries = [line for line in lines if line]
    contacts = sum(_CONTACT.search(line) is not None for line in entries)
    short = all(
        len(line) <= 2 * _MAX_NAME_LINE
        and "?" not in line
        and not _IDENTIFIER.search(line)
        for line in entries
    )
    return short and contacts > 0 and 3 * contacts >= len(entries)


def _lines_before_postscript(lines: Sequence[str]) -> Sequence[str]:
    end = next(
        (i for i, line in enumerate(lines) if _POSTSCRIPT.match(line)), len(lines)
    )
    return lines[:end]


def _count_filled(lines: Sequence[str]) -> int:
    return sum(bool(line) for line in lines)


def _last_filled(lines: Sequence[str]) -> int | None:
    return next((i for i in range(len(lines) - 1, -1, -1) if lines[i]), None)
