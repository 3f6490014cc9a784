"""Quoted history: what the customer wrote now, and what stood below or between it.

Works line by line on normalised text; every decision looks at a bounded number of lines, so
it is linear.
"""

import re

from text.cleaning.signatures import split_signature
from text.cleaning.unicode import tidy_whitespace

_MAX_ATTRIBUTION = 300  # characters; "On … wrote:" with names and addresses is shorter
_MAX_WORDS_OF_COMMENT = 14

# "On 3 May 2024 at 10:12, Anna <anna@example.com> wrote:" in the languages that mail
# programs speak.
_VERB = (
    r"(?:wrote|writes|schrieb|geschrieben|a [eé]crit|escribi[oó]|ha scritto|scrive|escreveu|schreef"
    r"|napisał(?:\(a\)|a)?|pisze|написал(?:\(а\)|а)?|пишет|skrev|kirjoitti)"
)
_DAY = (
    r"(?:On|Am|Le|El|Il|Em|Op|Den|W dniu|Dnia|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w{0,6},?"
    r"|[\"'(]?\d+)"
)
_ATTRIBUTION = re.compile(rf"(?:-{{2,5}} ?)?{_DAY}\b.*?{_VERB}\b.*:$")
_LOOSE_ATTRIBUTION = re.compile(
    rf"[^.!?]{{3,100}}? {_VERB} ?:$|[^ ]+@[^ ]+ .{{0,80}}{_VERB} ?:$"
)
_OWN_WORDS = re.compile(
    (
        rf"\b(?:I|you|we|they|ich|wir|sie|je|nous|yo|eu|ik) {_VERB}\b|\b(?:schrieb|schreef) (?:ich"
        r"|ik|wir)\b"
    ),
    re.IGNORECASE,
)
_BEGINS = re.compile(rf">|{_DAY}\b.*\d")
_TIME = re.compile(r"\d[:.h]\d\d|@")
_TIME_OF_DAY = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_ADDRESS = re.compile(r"[<(]?[\w.+-]{1,64}@[\w.-]{1,100}[>)]?:$")

_ORIGINAL = re.compile(
    r"[-_*=]{2,} ?(?:original message|urspr(?:ü|ue)ngliche nachricht|message d['’]origine"
    r"|mensaje original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|wiadomo[sś][cć] oryginalna"
    r"|reply above this line"
    r"|original-nachricht) ?[-_*=]*$"
    r"|[#-]{2,}.{0,20}(?:reply|type|write) (?:your reply )?above (?:this|the) line.{0,20}$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-_*=]{2,} ?(?:forwarded (?:message|by)|weitergeleitete nachricht|message transf[ée]r[ée]"
    r"|mensaje reenviado"
    r"|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht"
    r"|przekazana wiadomo[sś][cć])\b.{0,80}$"
    r"|(?:begin forwarded message|anfang der weitergeleiteten nachricht"
    r"|d[ée]but du message transf[ée]r[ée]) ?:$"
    r"|\*?(?:subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat) ?:\*? ?(?:fwd?|wg|tr"
    r"|rv|i|enc|pd) ?:",
    re.IGNORECASE,
)

_HEADER_NAMES = {
    "from": "from von de da van od от",
    "date": (
        "sent date gesendet datum envoyé envoye enviado fecha data inviato verzonden "
        "wysłano отправлено дата"
    ),
    "to": "to an à para a aan do pour кому",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp temat тема",
}
_HEADERS = {
    name: kind for kind, names in _HEADER_NAMES.items() for name in names.split()
}
_HEADER = re.compile(r"\*?(\w{1,12}) ?:\*? ?\S?")
_HEADER_LINES = 6

_POINTS_BELOW = re.compile(
    r"\b(?:fyi|fwd|below|forward(?:ed|ing)|unten|weitergeleitet|weiterleit\w+|ci-dessous|abajo"
    r"|reenv\w+|sotto|inoltr\w+"
    r"|abaixo|encaminh\w+|hieronder|doorgestuurd|poni[zż]ej)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|hallo|guten|bonjour|hola|ciao|ol[aá]|dzień)\b[^.\n]{0,40}[,!.:]?$",
    re.IGNORECASE,
)


def split_quotes(text: str) -> tuple[str, str]:
    """(what was written now, quoted history).

    All of it is the first when nothing else would be left.
    """
    lines = text.split("\n")
    if all(line.startswith(">") for line in lines if line):
        return text, ""
    written: list[str] = []
    quoted: list[str] = []
    has_text = forwarded = False
    index = 0
    while index < len(lines):
        end = _quote_end(lines, index, has_text)
        if end > index:
            forwarded = forwarded or any(
                _FORWARDED.match(line) for line in lines[index : index + _HEADER_LINES]
            )
            quoted += lines[index:end]
        else:
            end = index + 1
            written.append(lines[index])
            has_text = has_text or bool(lines[index])
        index = end
    now = tidy_whitespace("\n".join(written))
    if not quoted or _is_empty_comment(now, forwarded):
        return text, ""
    return now, "\n".join(quoted).strip()


def _quote_end(lines: list[str], index: int, has_text: bool) -> int:
    """The line after the quote that begins at `index`; `index` itself when none does.

    Headers or a marker with nothing above them are the message, not its history.
    """
    line = lines[index]
    if line.startswith(">"):
        return index + 1
    if not line:
        return index
    candidates = _attribution_candidates(lines, index)
    attribution = _attribution_end(lines, candidates)
    if attribution or not has_text:
        return attribution or index
    below = (
        _ORIGINAL.match(line)
        or _FORWARDED.match(line)
        or _is_unmarked_attribution(lines, candidates)
    )
    return len(lines) if below or _is_header_block(lines, index) else index


def _attribution_end(lines: list[str], candidates: list[tuple[int, str]]) -> int:
    """The line after an "On … wrote:" with `>` lines below it; 0 when there is none."""
    for end, candidate in candidates:
        below = _skip_blank(lines, end)
        if below < len(lines) and lines[below].startswith(">"):
            return (
                end
                if _is_attribution(candidate) or _LOOSE_ATTRIBUTION.match(candidate)
                else 0
            )
    return 0


def _is_unmarked_attribution(
    lines: list[str], candidates: list[tuple[int, str]]
) -> bool:
    """True for an "On … wrote:" with time or address.

    All below it is quoted, though no `>` says so.
    """
    return any(
        _is_attribution(candidate)
        and _TIME.search(candidate)
        and _skip_blank(lines, end) < len(lines)
        for end, candidate in candidates
    )


def _attribution_candidates(lines: list[str], index: int) -> list[tuple[int, str]]:
    """One to three lines from `index` on, joined, when they end in a colon.

    With the line after them.
    """
    found: list[tuple[int, str]] = []
    paragraph = lines[index : index + 3]
    if not any(line.endswith(":") for line in paragraph):
        return found
    joined = ""
    for offset, line in enumerate(paragraph, start=1):
        if (
            not line
            or len(joined) + len(line) > _MAX_ATTRIBUTION
            or (joined and _BEGINS.match(line))
        ):
            break
        joined = f"{joined} {line}".strip()
        if joined.endswith(":"):
            found.append((index + offset, joined))
    return found


def _is_attribution(line: str) -> bool:
    if _OWN_WORDS.search(line) or not any(char.isdigit() for char in line):
        return False
    return _ATTRIBUTION.match(line) is not None or (
        _TIME_OF_DAY.search(line) is not None
        and _ADDRESS.match(line.rsplit(" ", 1)[-1]) is not None
    )


def _is_header_block(lines: list[str], index: int) -> bool:
    """True when From and two of Date, To, Subject stand together here, below an optional rule."""
    if len(lines[index]) > 1 and not lines[index].strip("_-=* "):
        index = _skip_blank(lines, index + 1)
    if index >= len(lines) or _header_kind(lines[index]) not in {
        "from",
        "date",
        "subject",
    }:
        return False
    kinds = {_header_kind(line) for line in lines[index : index + _HEADER_LINES]}
    return "from" in kinds and len(kinds & {"date", "to", "subject"}) > 1


def _header_kind(line: str) -> str | None:
    found = _HEADER.match(line) if ":" in line[:16] else None
    return _HEADERS.get(found[1].lower()) if found else None


def _skip_blank(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index]:
        index += 1
    return index


def _is_empty_comment(text: str, forwarded: bool) -> bool:
    """Whether the words above a quote only point at it ("FYI, see below").

    Then the quote is the content.
    """
    comment = [
        line
        for line in split_signature(text)[0].split("\n")
        if line and not _GREETING.match(line)
    ]
    words = " ".join(comment).split()
    if not words:
        return forwarded or not text
    return len(words) <= _MAX_WORDS_OF_COMMENT and (
        forwarded or _POINTS_BELOW.search(" ".join(words)) is not None
    )
