"""Requests for passwords, codes, card numbers or remote access, which no desk may make."""

import re
from collections.abc import Iterator, Sequence

from text.reply import quote_values

_ASKED_FOR = (
    r"(?:passwords?|pass ?codes?|pass ?phrases?|pins?(?: (?:codes?|numbers?))?|cv[vc]2?"
    r"|security codes?"
    r"|card (?:verification|security) \w+"
    r"|one[- ]time (?:codes?|passwords?|pass ?codes?|pins?)|otps?|tans?|(?:2fa|mfa|sms"
    r"|two-factor|verification"
    r"|authentication|authenticator"
    r"|login|log-in|sign-in|confirmation|backup|recovery|access) (?:codes?|tokens?|keys?)"
    r"|(?:code|token)s? (?:we|that|you|from|in) (?:\w+ ){0,4}(?:sent|text(?:ed)?|sms|app"
    r"|received?|phone)"
    r"|(?:full |complete |whole |entire )?(?:(?:credit|debit|bank|payment) )?card (?:numbers?"
    r"|details|data"
    r"|information)|expiry date"
    r"|(?:back|reverse) of your (?:\w+ )?card|(?:number|digits?|code)s? (?:from|on|in"
    r"|shown by) your (?:authenticator|phone|token|app)"
    r"|(?:seed|recovery|backup|secret) (?:phrases?|words|keys?)|private keys?|api keys?"
    r"|security (?:questions?"
    r"|answers?)"
    r"|mother's maiden name|social security numbers?|ssn|(?:online )?bank(?:ing)? (?:logins?"
    r"|details|credentials"
    r"|password)|credentials"
    r"|log-?in (?:details|data|information)|session cookies?|(?:copy|photo|scan"
    r"|picture) of (?:your|the) (?:id"
    r"|passport|driving|card|identity)\b)"
)
_GIVE = (
    r"(?:send|sending|provide|providing|share|sharing|give|giving|tell|telling|forward|submit"
    r"|supply"
    r"|reply(?:ing)? with|respond(?:ing)? with"
    r"|answer with|confirm(?:ing)?|verify(?:ing)?|state|include|including|let us (?:know|have)"
    r"|e-?mail|text|message"
    r"|read (?:out|us)|write|quote|attach"
    r"|fill in|what is|what's|what are|dictate|disclose|hand over|post|paste)"
)
_ASKS = re.compile(
    rf"\b(?:{_GIVE})\b[^.!?]{{0,70}}?\b{_ASKED_FOR}\b"
    rf"|\b(?:(?:we|i|our \w+|support|us)(?: \w+){{0,3}} (?:need|require|ask for|want"
    rf"|request))\b[^.!?]{{0,50}}?\b{_ASKED_FOR}\b"
    r"|\b(?:(?:enter|type|typing|entering|fill))"
    rf"\b[^.!?]{{0,60}}?\b{_ASKED_FOR}\b[^.!?]{{0,40}}?\b(?:here"
    rf"|below|(?:the|our) chat|repl\w+|this (?:e-?mail|message|chat"
    r"|form|link|page)|following|us|http\S*|www\S*)"
    rf"|\b(?:your|the) (?:\w+ )?(?:{_ASKED_FOR}) (?:is|are) (?:needed|required|necessary)\b"
)
_HIDDEN = re.compile(
    r" (?:\w+ ){0,2}(?:covered|hidden|removed|blacked out|redacted|masked|crossed out)\b"
)
_TOLD = re.compile(
    r"\bpass(?:word|code|phrase) ?(?:is|=|:) (?!not|never|only|safe|stored|kept|needed|required"
    r"|case|at|too|wrong"
    r"|incorrect|correct"
    r"|valid|invalid|expired|still|now|changed|reset|sent|encrypted|protected)[\"']?\S"
)
_REMOTE = re.compile(
    r"\b(?:teamviewer|any ?desk|rustdesk|ultraviewer|quick ?support|(?:allow|grant|give|enable"
    r"|permit"
    r"|accept)\b[^.!?]{0,30}?\b(?:remote"
    r" (?:access|control|session|desktop|support)|access to your (?:computer|device|screen"
    r"|account|phone))"
    r"|(?:share|sharing) your screen|remote (?:session|control)"
    r"|connect(?:ing)? to your (?:\w+ )?(?:pc|computer"
    r"|device|laptop|phone|screen))\b"
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|nobody|without|avoid|nor|neither|leave out|stop)|n't)"
    r"(?:,? (?!just\b|simply\b|please\b|but\b|instead\b|only\b|then\b"
    r"|so\b)[\w']+){0,4},? (?:(?:or|and|to) )?$"
)
_OTHER_LANGUAGES = re.compile(
    r"\b(?:passwort|kennwort|zugangsdaten|kreditkartennummer|mot de passe|code secret"
    r"|numero de carte|contrasena"
    r"|clave secreta|numero de tarjeta"
    r"|senha|palavra-passe|numero do cartao|parola d'ordine|numero della carta|wachtwoord"
    r"|pincode|haslo"
    r"|numer karty)\b"
)
_DENIED_ELSEWHERE = re.compile(
    r"\b(?:nie|niemals|nicht|kein\w*|ohne|jamais|pas|sans|nunca|no|sin|nao|sem|mai|non|senza"
    r"|nooit|niet|geen|zonder"
    r"|nigdy|bez)\b"
)
_BACK = 60


def find_credential_requests(sentences: Sequence[str]) -> Iterator[str]:
    """Sentences (flat) that ask for a secret or for control of a device."""
    found = [sentence for sentence in sentences if _asks_for_secret(sentence)]
    if found:
        yield (
            "The reply asks for, or tells, a password, a code or card data, or wants remote "
            f"access: {quote_values(found)}."
        )


def _asks_for_secret(sentence: str) -> bool:
    if _OTHER_LANGUAGES.search(sentence) and not _DENIED_ELSEWHERE.search(sentence):
        return True
    asks = (
        match
        for match in _ASKS.finditer(sentence)
        if not _HIDDEN.match(sentence, match.end())
    )
    matches = (*asks, *_TOLD.finditer(sentence), *_REMOTE.finditer(sentence))
    return any(
        not _DENIED.search(sentence[max(0, match.start() - _BACK) : match.start()])
        for match in matches
    )
