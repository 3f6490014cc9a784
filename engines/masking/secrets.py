"""Passwords, PINs, one-time codes and keys: after a word for them, or by their own form."""

import re
from collections.abc import Collection, Iterator

from engines.masking.cues import cued_pattern, split_words
from engines.masking.spans import PersonalSpan
from text.patterns.tokens import MEASURE, is_quantity
from text.regexes import group_by_initial

PASSWORD_LABELS = (
    r"pass ?words?|passwd|pwd|pw|pass(?= ?[:=])|pass ?phrase"  # noqa: S105 - a label
    r"|passwort|kennwort|mot de passe|mdp|contraseña|senha"
    r"|wachtwoord|lösenord"
)
CODE_LABELS = (
    r"pass ?codes?|pins?|pin(?:[ -]?code| number| no\.?)|cvv2?|cvc2?|otp|security code"
    r"|access code|unlock code|sms code"
    r"|log-?in code|sign-?in code|one[- ]time (?:code|pin|pass ?code)|verification code"
    r"|recovery code|backup code"
    r"|auth(?:entication|enticator)? code|(?:2fa|mfa|two[- ]factor|two[- ]step) code|einmalcode"
    r"|bestätigungscode"
    r"|verifizierungscode|code (?:de vérification|secret)|código de verifica(?:ción|ção)"
    r"|codice di verifica"
)
KEY_LABELS = (
    r"api[ _-]?key|access[ _-]?key|private key|client[ _-]?secret|secret(?: key)?"
    r"|access token|token"
)
SECRET_CUES = (
    "pass password passwords passwd pwd pw phrase passphrase word words "  # noqa: S105 - cues
    "code codes passcode passcodes pin pins cvv cvc"
    " otp passwort kennwort mot mdp contraseña senha wachtwoord lösenord einmalcode "
    "bestätigungscode verifizierungscode"
    " código codice api apikey key secret token pincode"
)

# No group stands inside the possessive repetition: CPython's re may lose it half-way and
# then raises SystemError.
LINK_PATTERN = (
    r"(?P<link>(?:[ \t]{0,2}(?:(?<!\w)(?:is|are|was|ist|war|est|es|é|è|now|still|(?:set|changed"
    r"|reset)[ ]to)(?!\w)"
    r"|=>|->|[:=→]|[–-](?=[ ]))[ \t]{0,2}"
    r"|['’]s[ ]){1,3}+)"
)
SEPARATOR_SIGN = re.compile(r"[>:=→]")
LINKED_SECRET = cued_pattern(  # the password for my mailbox is still "hunter2"
    SECRET_CUES,
    rf"(?<!\w)(?=[^\W\d]|2fa)(?:(?P<key>{group_by_initial(KEY_LABELS)})"
    rf"|{group_by_initial(f'{PASSWORD_LABELS}|{CODE_LABELS}')})(?!\w)"
    r"(?:(?:[ ](?:for|of|on|in|at|to|für|pour|para)(?:[ ][^\s:=,;.!?]{1,30}){1,4}?"
    rf"|[ ]\([^()\n]{{1,30}}\))?{LINK_PATTERN}"
    r"|[ ]to[ ])"
    r"(?:[\"“„‘'`«](?P<quoted>[^\n\"“”‘’'`»]{1,100})[\"“”‘’'`»]"
    r"|[\"'`]?(?P<secret>\d{2,4}(?:[ -]\d{2,4}){1,3}(?!\w)|\S{1,200}))",
    re.IGNORECASE,
)
ADJACENT_SECRET = cued_pattern(  # pin 4421, password hunter2
    SECRET_CUES,
    rf"(?<!\w)(?=[^\W\d]|2fa)(?:(?:{group_by_initial(CODE_LABELS)})[ \t]?[#(]?"
    rf"(?P<code>\d{{3,4}}[ -]\d{{3,4}}|\d{{3,8}})(?![\w.-]\w)"
    rf"|(?:{group_by_initial(PASSWORD_LABELS)})[ ](?P<secret>(?=[^\W\d]\S{{0,40}}\d"
    r"|\d\S{0,40}[^\W\d])\S{5,200}))",
    re.IGNORECASE,
)
ONE_TIME_CODE = cued_pattern(  # the one-time message came, the code is 883 112
    "time verification verify otp fa mfa factor step authenticator sms text texted texts",
    r"(?<!\w)(?:one[- ]time|verif(?:y|ication)|otp|2fa|mfa|two[- ](?:factor|step)|authenticator|sms"
    r"|text(?:s|ed)?)(?!\w)[^\n]{0,80}?(?<!error )(?<!status )(?<!order )(?<!exit )(?<!\w)code"
    r"(?:['’]s[ ]|(?:[ ](?:is|was)|[ ]?[:=])[ ]?)[\"'`]?"
    r"(?P<code>\d{2,4}(?:[ -]\d{2,4}){1,3}|\d{4,8})(?!\w)",
    re.IGNORECASE,
)
SEED_PHRASE = cued_pattern(
    "passphrase phrase seed",
    (
        r"(?<!\w)(?:pass ?phrase|(?:seed|recovery) phrase)(?:[ ]?[:=][ ]?|[ ](?:is"
        r"|was)[ ])(?P<secret>[^\n,;.!?]{1,200})"
    ),
    re.IGNORECASE,
)
KNOWN_KEY_FORMS = re.compile(
    r"(?<![\w-])(?:[spr]k[-_](?:live_|test_|proj-|ant-|or-)?[\w-]{16,}|gh[pousr]_\w{20,}"
    r"|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{10,}(?:\.[\w-]+){0,2}|AIza[\w-]{30,})"
)
COMPLEX_VALUE = re.compile(r"\S{0,40}?(?:\d|[a-z][A-Z]|\w[@#$%^&*_+=~!]\w)")
"""What ordinary words do not have in them."""
MARKUP_TAG = re.compile(r"</?[a-z][\w-]*(?:>|\Z)", re.IGNORECASE)
CLAUSE_END = re.compile(
    r"[.,;!?)]*(?:\s*$|[ ]?\n|(?<=[.,;!?)])[ ]|[ ](?:and|but|for|so|if|please|thanks|und|et"
    r"|y)(?!\w))"
)
PARTICIPLE_ENDING = re.compile(r"\w+(?:ed|ing|able|ible|less)", re.IGNORECASE)
STATE_WORDS = split_words(
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


def find_secrets(text: str, words: Collection[str]) -> Iterator[PersonalSpan]:
    """Passwords, codes and keys that are called so, and keys of well-known forms.

    The words are casefolded.
    """
    yield from (
        PersonalSpan(*match.span(), "SECRET")
        for match in KNOWN_KEY_FORMS.finditer(text)
    )
    for match in LINKED_SECRET.find_matches(text, words):
        if match["quoted"]:
            yield PersonalSpan(*match.span("quoted"), "SECRET")
        elif _is_secret_value(text, match):
            yield PersonalSpan(*match.span("secret"), "SECRET")
    for match in ADJACENT_SECRET.find_matches(text, words):
        if not MEASURE.fullmatch(match["secret"] or "") and not is_quantity(
            text, match.end()
        ):
            yield PersonalSpan(
                *match.span("code" if match["code"] else "secret"), "SECRET"
            )
    yield from (
        PersonalSpan(*match.span("code"), "SECRET")
        for match in ONE_TIME_CODE.find_matches(text, words)
    )
    yield from (
        PersonalSpan(*match.span("secret"), "SECRET")
        for match in SEED_PHRASE.find_matches(text, words)
    )


def _is_secret_value(text: str, match: re.Match[str]) -> bool:
    """Whether what follows "password is" is one.

    By odd characters, a colon, or by being all that is said.
    """
    written = match["secret"]
    if MARKUP_TAG.match(written):
        return False
    if COMPLEX_VALUE.match(written):
        return len(written) >= MIN_HARD and not MEASURE.fullmatch(written)
    word = written.strip(".,;!?()\"'`").casefold()
    sign = SEPARATOR_SIGN.search(match["link"] or "")
    if match["key"]:
        return sign is not None and len(written) >= MIN_KEY
    if sign:
        return word not in STATE_WORDS
    alone = CLAUSE_END.match(
        text, match.start("secret") + len(written.rstrip(".,;!?)"))
    )
    return (
        len(word) >= MIN_WORD
        and word not in STATE_WORDS
        and not PARTICIPLE_ENDING.fullmatch(word)
        and alone is not None
    )
