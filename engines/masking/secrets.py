"""Passwords, PINs, one-time codes and keys.

After the word for them, however casually, or by their own form.
"""

import re
from collections.abc import Collection, Iterator

from engines.masking.cues import cued, listed
from engines.masking.spans import Span
from text.patterns.labels import by_initial
from text.patterns.tokens import MEASURE, counted

PASSWORDS = (
    r"pass ?words?|passwd|pwd|pw|pass(?= ?[:=])|pass ?phrase|passwort|kennwort|mot de passe|mdp"
    r"|contraseña|senha"
    r"|wachtwoord|lösenord"
)
CODES = (
    r"pass ?codes?|pins?|pin(?:[ -]?code| number| no\.?)|cvv2?|cvc2?|otp|security code"
    r"|access code|unlock code|sms code"
    r"|log-?in code|sign-?in code|one[- ]time (?:code|pin|pass ?code)|verification code"
    r"|recovery code|backup code"
    r"|auth(?:entication|enticator)? code|(?:2fa|mfa|two[- ]factor|two[- ]step) code|einmalcode"
    r"|bestätigungscode"
    r"|verifizierungscode|code (?:de vérification|secret)|código de verifica(?:ción|ção)"
    r"|codice di verifica"
)
KEYS = (
    r"api[ _-]?key|access[ _-]?key|private key|client[ _-]?secret|secret(?: key)?"
    r"|access token|token"
)
CUES = (
    "pass password passwords passwd pwd pw phrase passphrase word words code codes passcode "
    "passcodes pin pins cvv cvc"
    " otp passwort kennwort mot mdp contraseña senha wachtwoord lösenord einmalcode "
    "bestätigungscode verifizierungscode"
    " código codice api apikey key secret token pincode"
)

# No group stands inside the possessive repetition: CPython's re may lose it half-way and
# then raises SystemError.
LINK = (
    r"(?P<link>(?:[ \t]{0,2}(?:(?<!\w)(?:is|are|was|ist|war|est|es|é|è|now|still|(?:set|changed"
    r"|reset)[ ]to)(?!\w)"
    r"|=>|->|[:=→]|[–-](?=[ ]))[ \t]{0,2}"
    r"|['’]s[ ]){1,3}+)"
)
SIGN = re.compile(r"[>:=→]")
LINKED = cued(  # the password for my mailbox is still "hunter2"
    CUES,
    rf"(?<!\w)(?=[^\W\d]|2fa)(?:(?P<key>{by_initial(KEYS)})"
    rf"|{by_initial(f'{PASSWORDS}|{CODES}')})(?!\w)"
    r"(?:(?:[ ](?:for|of|on|in|at|to|für|pour|para)(?:[ ][^\s:=,;.!?]{1,30}){1,4}?"
    rf"|[ ]\([^()\n]{{1,30}}\))?{LINK}"
    r"|[ ]to[ ])"
    r"(?:[\"“„‘'`«](?P<quoted>[^\n\"“”‘’'`»]{1,100})[\"“”‘’'`»]"
    r"|[\"'`]?(?P<secret>\d{2,4}(?:[ -]\d{2,4}){1,3}(?!\w)|\S{1,200}))",
    re.IGNORECASE,
)
BESIDE = cued(  # pin 4421, password hunter2
    CUES,
    rf"(?<!\w)(?=[^\W\d]|2fa)(?:(?:{by_initial(CODES)})[ \t]?[#(]?"
    rf"(?P<code>\d{{3,4}}[ -]\d{{3,4}}|\d{{3,8}})(?![\w.-]\w)"
    rf"|(?:{by_initial(PASSWORDS)})[ ](?P<secret>(?=[^\W\d]\S{{0,40}}\d"
    r"|\d\S{0,40}[^\W\d])\S{5,200}))",
    re.IGNORECASE,
)
ONE_TIME = cued(  # the one-time message came, the code is 883 112
    "time verification verify otp fa mfa factor step authenticator sms text texted texts",
    r"(?<!\w)(?:one[- ]time|verif(?:y|ication)|otp|2fa|mfa|two[- ](?:factor|step)|authenticator|sms"
    r"|text(?:s|ed)?)(?!\w)[^\n]{0,80}?(?<!error )(?<!status )(?<!order )(?<!exit )(?<!\w)code"
    r"(?:['’]s[ ]|(?:[ ](?:is|was)|[ ]?[:=])[ ]?)[\"'`]?"
    r"(?P<code>\d{2,4}(?:[ -]\d{2,4}){1,3}|\d{4,8})(?!\w)",
    re.IGNORECASE,
)
PHRASE = cued(
    "passphrase phrase seed",
    (
        r"(?<!\w)(?:pass ?phrase|(?:seed|recovery) phrase)(?:[ ]?[:=][ ]?|[ ](?:is"
        r"|was)[ ])(?P<secret>[^\n,;.!?]{1,200})"
    ),
    re.IGNORECASE,
)
FORMS = re.compile(
    r"(?<![\w-])(?:[spr]k[-_](?:live_|test_|proj-|ant-|or-)?[\w-]{16,}|gh[pousr]_\w{20,}"
    r"|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{10,}(?:\.[\w-]+){0,2}|AIza[\w-]{30,})"
)
HARD = re.compile(r"\S{0,40}?(?:\d|[a-z][A-Z]|\w[@#$%^&*_+=~!]\w)")
"""What ordinary words do not have in them."""
MARKUP = re.compile(r"</?[a-z][\w-]*(?:>|\Z)", re.IGNORECASE)
CLAUSE_END = re.compile(
    r"[.,;!?)]*(?:\s*$|[ ]?\n|(?<=[.,;!?)])[ ]|[ ](?:and|but|for|so|if|please|thanks|und|et"
    r"|y)(?!\w))"
)
PARTICIPLE = re.compile(r"\w+(?:ed|ing|able|ible|less)", re.IGNORECASE)
STATES = listed(
    "not no yes never always none null n/a na empty blank missing required optional hidden "
    "unknown known lost gone"
    " wrong right correct incorrect valid invalid ok okay fine good bad weak strong safe "
    "secure unsafe insecure"
    " new old same different similar identical unique long short too very so also still now "
    "only just again out"
    " in on off up down the a an my your our his her their this that it what where when why "
    "how here there public"
    " private temporary default false true set reset stuck broken stale active inactive enough "
    "easy hard simple"
    " complex case-sensitive up-to-date due forgotten stolen shown given sent kept written "
    "click see please"
    " definitely certainly probably really actually already being case sensitive different "
    "important useless"
)
"""What a password is said to be, not what it reads."""
MIN_HARD, MIN_KEY, MIN_WORD = 3, 6, 3


def find_secrets(text: str, words: Collection[str]) -> Iterator[Span]:
    """Passwords, codes and keys that are called so, and keys of well-known forms.

    The words are casefolded.
    """
    yield from (Span(*match.span(), "SECRET") for match in FORMS.finditer(text))
    for match in LINKED.matches(text, words):
        if match["quoted"]:
            yield Span(*match.span("quoted"), "SECRET")
        elif _is_secret(text, match):
            yield Span(*match.span("secret"), "SECRET")
    for match in BESIDE.matches(text, words):
        if not MEASURE.fullmatch(match["secret"] or "") and not counted(
            text, match.end()
        ):
            yield Span(*match.span("code" if match["code"] else "secret"), "SECRET")
    yield from (
        Span(*match.span("code"), "SECRET") for match in ONE_TIME.matches(text, words)
    )
    yield from (
        Span(*match.span("secret"), "SECRET") for match in PHRASE.matches(text, words)
    )


def _is_secret(text: str, match: re.Match[str]) -> bool:
    """Whether what follows "password is" is one.

    By odd characters, a colon, or by being all that is said.
    """
    written = match["secret"]
    if MARKUP.match(written):
        return False
    if HARD.match(written):
        return len(written) >= MIN_HARD and not MEASURE.fullmatch(written)
    word = written.strip(".,;!?()\"'`").casefold()
    sign = SIGN.search(match["link"] or "")
    if match["key"]:
        return sign is not None and len(written) >= MIN_KEY
    if sign:
        return word not in STATES
    alone = CLAUSE_END.match(
        text, match.start("secret") + len(written.rstrip(".,;!?)"))
    )
    return (
        len(word) >= MIN_WORD
        and word not in STATES
        and not PARTICIPLE.fullmatch(word)
        and alone is not None
    )
