"""Error codes.

Forms of their own, what a sentence calls an error, and what a machine shows or fails with.
"""

import re
from collections.abc import Iterator

from text.patterns.blanked_text import MaskedText
from text.patterns.code_shapes import (
    CODE,
    ERRNO_NAMES,
    TAGGED,
    is_code,
    is_code_number,
    is_technology,
    stands_alone,
)
from text.patterns.found_value import FoundValue
from text.patterns.labels import LOOSE, MARKER, labelled_id_pattern
from text.patterns.tokens import find_enumerated, is_quantity
from text.regexes import group_by_initial

CODED = "|".join(
    rf"{word} (?:code|number)s?"
    for word in (
        *(
            "exit",
            "return",
            "response",
            "result",
            "reason",
            "failure",
            "diagnostic",
            "trouble",
            "service",
        ),
        *("alarm", "warning", "fault", "stop"),
    )
)
NOUNS = (
    r"errors?|err|faults?|failures?|exceptions?|bug ?check|stop code|status code|http status"
    r"|exit status"
    rf"|response status|status|{CODED}"
    r"|fehler(?:meldung)?|störung|ausnahme|erreurs?|défaut|panne|fallo|avería|errore|errori"
    r"|guasto|erros?|falha|fout"
    r"|messages?|meldung|mensaje|messaggio|mensagem|reason|grund|alarm|alert|code"
)
SOFT = re.compile(
    r"messages?|meldung|mensaje|messaggio|mensagem|reason|grund|alarm|alert|code",
    re.IGNORECASE,
)
"""Labels of many things: a bare number beside one is no error code."""
COMPOUNDS = (
    r"(?:error|fault|status|exit|return|fehler|störungs|fout)[-_]?(?:codes?|nummern?|number|nr"
    r"|no|id)|errno"
    r"|codes? d['\u2019]erreur|códigos? de (?:error|erro|fallo|falha)|codic[ei] (?:di )?errore"
)
ENDS = (
    "fail|crash|stop|abort|exit|quit|respond|terminat|di|end|refus|reject|declin|return|throw"
    "|answer|bricht"
    "|échou|plant|fall|termin"
)
SHOWS = (
    "get|gets|getting|got|show|shows|showing|showed|display|displays|displaying|displayed|says"
    "|saying|said"
    "|throw|throws|throwing|threw|return|returns|returned|returning|gives?|giving|gave|report"
    "|reports|reported|flash"
    "|flashes|flashing|blinks?|blinking|reads|raises|raised|logs|outputs|prints|beeps"
    "|zeigt|meldet|erscheint|bekomme|erhalte|kommt|affiche|indique|renvoie|reçois|muestra"
    "|aparece|sale"
    "|devuelve|mostra|appare|restituisce|exibe|recebo|ricevo|recibo"
)
SHOWN = (
    rf"(?:{group_by_initial(ENDS)})\w{{0,5}} (?:\w{{1,20}} ){{0,3}}?(?:with|at|mit|ab mit|avec"
    rf"|con|com)|{group_by_initial(SHOWS)}"
)
SHOWN_GAP = (
    r"(?:[ \t:=(\[\"'“„»`,]{1,4}+|(?:a|an|the|me|us|this|that|up|out|back|only|just|now|always"
    r"|code|message"
    r"|status|following|den|die|das|un|une|una|um|uma|le|la|el|lo|il|o|me|mir|uns|codice"
    r"|código)(?=[ :]))"
)
COMPOUND = re.compile(COMPOUNDS, re.IGNORECASE)
LABELLED = labelled_id_pattern(NOUNS, COMPOUNDS, CODE)
REPORTED = re.compile(
    rf"(?=\w)(?<!\w)(?P<verb>{SHOWN})(?!\w)(?P<gap>(?:{SHOWN_GAP}){{1,6}}+)(?P<id>{CODE})(?!\w)",
    re.IGNORECASE,
)
CALLED_AFTER = re.compile(
    rf"(?=\w)(?<![\w.:/-])(?P<id>{CODE})[\"'”)]?[ ](?:(?:internal |server |status )?(?:error|fault"
    rf"|failure|exception|err|fehler|erreur)s?"
    r"|(?:[a-z]{1,10} ){0,2}(?=[a-z]{2,3} )(?:on|in|at|auf|sur|en|no|sul) "
    r"(?:\w{2,5} )?(?:\w{3,7} (?:of|left|right) (?:the )?)?"
    r"(?:display|screen|panel|bildschirm|écran|pantalla|schermo|visor|ecrã)"
    r"|(?:keeps? |is )?(?:appears?|appearing|pops? up|popping up|comes? up|flash(?:es|ing)"
    r"|blink(?:s|ing)))(?!\w)",
    re.IGNORECASE,
)
ANY = re.compile(rf"(?=\w)(?<![\w./-]){CODE}(?!\w)")
STATUS_PHRASE = re.compile(
    r"(?P<id>[45](?<![\w.:/-][45])\d\d)(?= (?:errors?|status|responses?|page|not found"
    r"|forbidden|unauthorized"
    r"|bad gateway|bad request"
    r"|internal server|service unavailable|gateway time-?out|too many requests|conflict"
    r"|unprocessable)\b)",
    re.IGNORECASE,
)
AFTER_QUOTE = re.compile(r"\w[.!?]?[\"'”»] \(?$")
OTHER_CODE = re.compile(
    r"(?:promo(?:tion)?|discount|coupon|voucher|zip|post(?:al)?|gift|access|verification"
    r"|security|country|area|qr|bar"
    r"|source|product|booking|tracking|dress|sort|referral|login|invite|activation"
    r"|licen[cs]e)[ -]$",
    re.IGNORECASE,
)
SHORT = re.compile(r"[EF]-?\d{2,5}")
TROUBLE = re.compile(
    r"err|fail|fault|crash|stuck|broke|not work|won't|doesn't|cannot|can't|problem|issue"
    r"|display|stop|fehler"
    r"|défaut|panne|fallo|guasto|erro",
    re.IGNORECASE,
)
NAMES_ERROR = re.compile(
    r"err(?:or|eur|o)?(?![a-z])|errors|fail|refused|exception|fehler", re.IGNORECASE
)
ADDRESS_BEFORE = re.compile(
    (
        r"(?:[<\[({@]|(?<!code)(?<!error)=|\b(?:at|address|addr|pointer|tid|nid|pc|sp|handle|offset"
        r"|thread|object) )$"
    ),
    re.IGNORECASE,
)
CLAUSE = re.compile(r"(?:[^.!?\n]|[.!?](?![\s.!?]))++")
"""What no reported code and no code of its own form reaches beyond."""
CODE_SIGN = re.compile(r"\d|[A-Z][A-Z_]")
"""What every code has; most clauses of a ticket do not."""
NEAR = 80


def find_error_codes(page: MaskedText) -> Iterator[FoundValue]:
    """Codes as written; "HTTP 503" keeps its HTTP, "error 503" is "503".

    Never the word "code" itself.
    """
    text = page.without_orders
    clauses = [
        m.span() for m in CLAUSE.finditer(text) if CODE_SIGN.search(text, *m.span())
    ]
    yield from _find_labelled_codes(text)
    yield from _find_reported_codes(text, clauses)
    yield from (
        FoundValue(m["id"], *m.span("id"), 0.85) for m in STATUS_PHRASE.finditer(text)
    )
    for match in _matches_within(clauses, CALLED_AFTER, text):
        if is_code(match["id"]) and not is_technology(match["id"]):
            yield FoundValue(match["id"], *match.span("id"), 0.85)
    yield from _find_bare_codes(text, clauses)


def _matches_within(
    clauses: list[tuple[int, int]], pattern: re.Pattern[str], text: str
) -> Iterator[re.Match[str]]:
    for start, end in clauses:
        yield from pattern.finditer(text, start, end)


def _find_labelled_codes(text: str) -> Iterator[FoundValue]:
    for match in LABELLED.finditer(text):
        token, (start, end) = match["id"], match.span("id")
        label = match["label"].lower()
        soft = SOFT.fullmatch(label) is not None
        if soft and (
            token.isdigit()
            or OTHER_CODE.search(text[max(0, match.start() - 14) : match.start()])
        ):
            continue
        marked = not soft and bool(
            MARKER.search(match["gap"])
            or MARKER.search(label)
            or COMPOUND.fullmatch(label)
        )
        if not token.isdigit():
            if is_code(token, marked=marked) and (marked or not is_technology(token)):
                yield FoundValue(token, start, end, 0.95 if marked else 0.9)
                yield from (
                    FoundValue(text[a:b], a, b, 0.85)
                    for a, b in find_enumerated(text, token, end)
                )
        elif _is_labelled_number(text, match, marked=marked):
            signed = (
                (marked or len(token) > len("9999"))
                and text[start - 1] == "-"
                and text[start - 2] in " :=("
            )
            start -= signed
            yield FoundValue(text[start:end], start, end, 0.9 if marked else 0.8)


def _is_labelled_number(text: str, match: re.Match[str], *, marked: bool) -> bool:
    token, label = match["id"], match["label"].lower()
    if is_quantity(text, match.end("id")) or not is_code_number(token, marked=marked):
        return False
    if label.startswith(("status", "http", "response")):
        return len(token) == len("503") and token[0] in "45"
    if marked:
        return True
    return not label.endswith("s") and not LOOSE.search(match["gap"])


def _find_reported_codes(
    text: str, clauses: list[tuple[int, int]]
) -> Iterator[FoundValue]:
    for match in _matches_within(clauses, REPORTED, text):
        token, (start, end) = match["id"], match.span("id")
        coded = "code" in match["gap"].lower()
        if token.isdigit():
            ends_with = match["verb"].lower().endswith(("with", "mit", "avec"))
            number = is_code_number(token, marked=coded) and (
                coded or len(token) > len("99")
            )
            if (ends_with or coded) and number and not is_quantity(text, end):
                yield FoundValue(token, start, end, 0.75)
        elif (
            not (token[0].isdigit() and "/" in token)
            and is_code(token)
            and not is_technology(token)
            and not ADDRESS_BEFORE.search(text[max(0, start - 9) : start])
        ):
            yield FoundValue(token, start, end, 0.85)


def _find_bare_codes(text: str, clauses: list[tuple[int, int]]) -> Iterator[FoundValue]:
    for match in _matches_within(clauses, ANY, text):
        if len(match[0]) >= len("E10") and (
            match[0][0].isupper() or match[0][0] in "0en"
        ):
            confidence = _bare_code_confidence(text, match[0], *match.span())
            if confidence:
                yield FoundValue(match[0], *match.span(), confidence)


def _bare_code_confidence(text: str, token: str, start: int, end: int) -> float:
    before = text[max(0, start - 9) : start]
    if re.fullmatch(TAGGED, token):
        return 0.9
    if stands_alone(token):
        return 0 if token.startswith("0x") and ADDRESS_BEFORE.search(before) else 0.85
    if token in ERRNO_NAMES:
        return 0.75 if _has_word_near(NAMES_ERROR, text, start, end) else 0
    shown = SHORT.fullmatch(token) and _has_word_near(TROUBLE, text, start, end)
    quoted = AFTER_QUOTE.search(before) and is_code(token) and not is_technology(token)
    return 0.65 if shown or quoted else 0


def _has_word_near(words: re.Pattern[str], text: str, start: int, end: int) -> bool:
    return bool(
        words.search(text, max(0, start - NEAR), start)
        or words.search(text, end, end + NEAR)
    )
