"""Turns an HTTP status and its body, or a failed connection, into one of our errors.

The provider's own words are used to tell one refusal from another, and never repeated: they
may quote the ticket, the model or the key.
"""

import json
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from contracts.usage import Usage
from engines.models.failures import (
    FormatRefused,
    KeyRefused,
    ModelDeclined,
    ModelError,
    ProviderFailed,
    RateLimited,
    RequestRefused,
)
from engines.models.rungs import Rung


def _complaint_pattern(matter: str) -> re.Pattern[str]:
    """Finds a word of complaint near `matter`: a bare mention may be an echo of the request."""
    before = (
        r"must|unsupported|unknown|unrecognized|unexpected|invalid|not \w+|cannot|can't"
        r"|failed to|endpoints found"
    )
    after = (
        r"not|cannot|unsupported|unknown|unrecognized|must|requires?|should|only|invalid"
        r"|failed|too \w+|disabled"
    )
    return re.compile(
        rf"\b(?:{before})\b.{{0,40}}?(?:{matter})|(?:{matter}).{{0,60}}?(?:n't|\b(?:{after}))\b"
    )


MODERATION_SIGNS: Final = re.compile(
    r"content_filter|content management policy|moderation|flagged|responsibleai"
)
FORMAT_SIGNS: Final = _complaint_pattern(
    r"response[_ ](?:format|schema)|json[_ ]?(?:schema|object|mode)|structured[_ ]outputs?"
    r"|specified schema|grammar"
    r"|tool[_ ]choice|tool[_ ]call|tool use|\btools\b|function[_ ]call"
)
FORMAT_FAULT_SIGNS: Final = _complaint_pattern(
    r"response_format|json_schema|tool_choice|tools param"
)
"""Words that make even a 500 a refusal of the format.

llama.cpp answers so where tools are not switched on.
"""
SCHEMA_SIZE_SIGNS: Final = re.compile(
    r"schema\b.{0,30}?\btoo (?:large|long|complex|deep|many)"
)

WRONG_KEY_SIGNS: Final = re.compile(
    r"api_key_invalid|api[ _-]?key\b.{0,20}?(?:not valid|invalid|expired)|invalid[ _]api[ _]key"
)
KEY_SIGNS: Final = re.compile(
    r"api[ _-]?key|authenticat|credential|unauthori[sz]ed|unregistered caller|\btoken\b"
)
PERMISSION_SIGNS: Final = re.compile(
    r"\bmodels?\b|\bdeployment|\bcountry|\bregion|\bterritory|\blocation|access to"
    r"|have (?:the )?(?:permission|access)"
    r"|insufficient permission|not (?:permitted|allowed|authorized) to|permission_error|\bscopes?\b"
)
"""Words of a 403 that concerns one model or place, so that another model may be allowed."""


class RefusalKind(NamedTuple):
    """A kind of refusal: advice for the operator, its words, and whether all tickets meet it."""

    advice: str
    sign_pattern: re.Pattern[str]
    affects_all_tickets: bool = True


TOO_LONG_ADVICE: Final = "The request is longer than the model's context."
REFUSAL_KINDS: Final = (
    RefusalKind(
        TOO_LONG_ADVICE,
        re.compile(
            r"context[ _](?:length|window|size|limit)|maximum context|exceed_context"
            r"|reduce the length|`inputs` tokens"
        ),
        affects_all_tickets=False,
    ),
    RefusalKind(
        "The model does not take these MAX_TOKENS: set fewer.",
        _complaint_pattern("max_(?:completion_)?tokens"),
    ),
    RefusalKind(
        TOO_LONG_ADVICE,
        re.compile(r"too (?:long|large)\b|above_max_length|too many (?:input )?tokens"),
        affects_all_tickets=False,
    ),
    RefusalKind(
        "The model does not take this TEMPERATURE: set the one it wants, usually 1.",
        _complaint_pattern("temperature"),
    ),
    RefusalKind(
        "The provider does not know this model: check DEFAULT_MODEL and FALLBACK_MODEL.",
        re.compile(
            r"model_not_found|deploymentnotfound|invalid_model"
            r"|(?:unknown|no such|not a valid|invalid) (?:model|deployment)"
            r"|(?:models?|deployment)\b.{0,120}?(?:not found|not exist|not a valid|unknown"
            r"|no longer|decommissioned)"
        ),
    ),
    RefusalKind(
        (
            "The key may not use this model: check DEFAULT_MODEL, FALLBACK_MODEL and what the "
            "account may use."
        ),
        re.compile(
            r"(?:access to|permission|not allowed|not authorized).{0,60}?\bmodels?\b"
        ),
    ),
    RefusalKind(
        "The provider does not serve this place.",
        re.compile(
            r"unsupported_country|(?:country|region|territory"
            r"|location)\b.{0,40}?not (?:supported|allowed|available)"
            r"|not (?:supported|allowed|available) in (?:your|this) (?:country|region|territory"
            r"|location)"
        ),
    ),
)
"""Tried in this order: a text about the context length may mention MAX_TOKENS too."""

REFUSAL_BY_STATUS: Final = {
    402: RefusalKind("The account has no credit left.", re.compile("")),
    403: RefusalKind(
        "The key is not allowed what was asked for: check the account's permissions.",
        re.compile(""),
    ),
    404: RefusalKind("Check LLM_BASE_URL and DEFAULT_MODEL.", re.compile("")),
    405: RefusalKind("Check LLM_BASE_URL.", re.compile("")),
    413: RefusalKind(TOO_LONG_ADVICE, re.compile(""), affects_all_tickets=False),
}
UNKNOWN_REFUSAL: Final = RefusalKind("", re.compile(""), affects_all_tickets=False)

ECHO_KEYS: Final = frozenset(
    {
        "input",
        "ctx",
        "request",
        "body",
        "messages",
        "content",
        "prompt",
        "failed_generation",
    }
)
"""Keys under which an error repeats what it was sent, or what the model wrote."""
ECHO_PATTERN: Final = re.compile(
    rf"""["'](?:{"|".join(sorted(ECHO_KEYS))})["']\s*[:=]"""
)
MAX_TEXT_LENGTH: Final = 500
"""Characters read of one text of an error: a quotation comes after the complaint."""
MAX_ERROR_LENGTH: Final = 4_000
"""Characters read of all texts of an error."""


def classify_refusal(
    status: int, body: str, retry_after: str | None, rung: Rung, usage: Usage
) -> ModelError:
    """The error that an HTTP status above 399 and its body mean."""
    words = error_words(body)
    kind = _find_refusal_kind(status, words)
    if rung != "prose" and _is_format_refusal(status, words, kind):
        return FormatRefused(
            f"The provider answered {status} to a request by {rung}.", usage
        )
    if status >= 500:
        return ProviderFailed(f"The provider answered {status}.", usage)
    if status == 429:
        spent = "insufficient_quota" in words
        detail = (
            "The account's quota is used up (429)."
            if spent
            else "The provider answered 429."
        )
        return RateLimited(detail, usage, parse_retry_after(retry_after))
    if status in {400, 403} and MODERATION_SIGNS.search(words):
        return ModelDeclined(
            f"The provider's moderation stopped the request ({status}).", usage
        )
    if _is_key_refusal(status, words):
        return KeyRefused(
            f"The provider answered {status}: check the key and what it may use.", usage
        )
    return RequestRefused(
        f"The provider answered {status}. {kind.advice}".strip(),
        usage,
        breaks=kind.affects_all_tickets,
    )


def error_words(body: str) -> str:
    """What an error says in its own words, in lower case, without echoes of the request."""
    try:
        own = " | ".join(_error_texts(json.loads(body)))
    except (ValueError, RecursionError):
        own = _strip_echo(body)
    return own[:MAX_ERROR_LENGTH].replace("\n", " ").lower()


def _error_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in ECHO_KEYS:
                yield from _error_texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _error_texts(part)
    elif isinstance(value, str):
        # A proxy puts the error of the provider behind it into its own, as text.
        yield (
            error_words(value) if value.startswith(("{", "[{")) else _strip_echo(value)
        )


def _strip_echo(text: str) -> str:
    return ECHO_PATTERN.split(text[:MAX_TEXT_LENGTH], maxsplit=1)[0]


def _find_refusal_kind(status: int, words: str) -> RefusalKind:
    known = next(
        (kind for kind in REFUSAL_KINDS if kind.sign_pattern.search(words)), None
    )
    return known or REFUSAL_BY_STATUS.get(status, UNKNOWN_REFUSAL)


def _is_format_refusal(status: int, words: str, kind: RefusalKind) -> bool:
    if status in {400, 404, 422} and SCHEMA_SIZE_SIGNS.search(words):
        return True
    signs = {
        400: FORMAT_SIGNS,
        404: FORMAT_SIGNS,
        422: FORMAT_SIGNS,
        500: FORMAT_FAULT_SIGNS,
        501: FORMAT_FAULT_SIGNS,
    }.get(status)
    return (
        signs is not None
        and kind.advice != TOO_LONG_ADVICE
        and bool(signs.search(words))
    )


def _is_key_refusal(status: int, words: str) -> bool:
    if status == 403:
        return not PERMISSION_SIGNS.search(words) and bool(
            KEY_SIGNS.search(words) or "permission" not in words
        )
    return status == 401 or (status == 400 and bool(WRONG_KEY_SIGNS.search(words)))


CONNECTION_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "The name of its host cannot be resolved."),
    (
        ssl.SSLCertVerificationError,
        "TLS failed: the certificate is not trusted, or is another host's.",
    ),
    (
        ssl.SSLError,
        "TLS failed: the address may speak plain HTTP, or another version of TLS.",
    ),
    (
        ConnectionRefusedError,
        "The connection was refused: nothing listens on that port.",
    ),
)


def connection_failure(error: BaseException, usage: Usage) -> ProviderFailed:
    """Why nothing could be sent or received, by the types of the error's causes.

    Their texts are not used: they may hold a key.
    """
    causes = tuple(_walk_causes(error))
    said = (
        words
        for error_type, words in CONNECTION_CAUSES
        if any(isinstance(cause, error_type) for cause in causes)
    )
    return ProviderFailed(next(said, "The connection failed."), usage)


def _walk_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        if isinstance(error, BaseExceptionGroup):  # one for each address of the host
            for part in error.exceptions:
                yield from _walk_causes(part)
        error = error.__cause__ or error.__context__


def parse_retry_after(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header, which has seconds or a date; None without either."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = parsedate_to_datetime(retry_after)
        except (ValueError, OverflowError):
            return None
        seconds = (
            date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)
        ).total_seconds()
    return max(seconds, 0.0) if seconds < float("inf") else None
