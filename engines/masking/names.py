"""Names of persons, found without a model.

By titles, introductions, greetings, signatures, given names, and the names in the ticket's
record. A name has no form of its own, so this finds most, not all: docs/decisions/0029 has
the figures.
"""

import re
from collections.abc import Iterator
from itertools import chain

from engines.masking.cues import LETTERS, WordPositions, cued_pattern, led_pattern
from engines.masking.name_words import (
    AMBIGUOUS_NAMES,
    GIVEN_NAMES,
    NAME_PARTICLES,
    NOT_NAMES,
)
from engines.masking.spans import PersonalSpan
from text.regexes import group_by_initial

CAPITAL_LETTER = r"[A-ZÀ-ÖØ-Þ\u0100-\u024f\u0386-\u03ab\u0400-\u042f]"
CAPITALISED_WORD = rf"{CAPITAL_LETTER}(?:[^\W\d_]|['’-](?=[^\W\d_]))*+"
NAME_PARTICLE = (
    r"(?:van der|van den|van|von der|von|de la|de los|de|del|della|di|da|dos|du|der|den"
    r"|el|al|bin|ben|le|la|zu|ter|y)"
)
FULL_NAME = (
    rf"(?:{CAPITALISED_WORD}|{CAPITAL_LETTER}\.)(?:[ ]{{1,2}}(?:{NAME_PARTICLE}[ ])?"
    rf"(?:{CAPITALISED_WORD}|{CAPITAL_LETTER}\.(?![ ]?$))){{0,4}}+"
)
ANY_CASE_WORD = r"[^\W\d_][\w'’-]{1,30}+"

TITLES = (
    r"mr|mrs|ms|miss|mx|dr|prof|professor|doctor|sir|lady|lord|rev|herrn?|frau|monsieur|madame"
    r"|mme|mlle|señora?"
    r"|srta|sra"
    r"|sr|signora?|sig|senhora?|dhr|mevr|m(?=\.)"
)
TITLED_NAME = led_pattern(
    "mr mrs ms miss mx dr prof professor doctor sir lady lord rev herr herrn frau monsieur "
    "madame mme mlle señor señora"
    " srta sra sr signor signora sig senhor senhora dhr mevr m",
    rf"(?<!\w)(?=[^\W\d_])(?i:{group_by_initial(TITLES)})\.?[ ](?P<name>{FULL_NAME})",
)
OTHER_NAME = (
    r"(?<!file )(?<!host )(?<!domain )(?<!product )(?<!company )(?<!plan )(?<!table )"
    r"(?<!column )(?<!class )"
)
SOME_NAME = (
    rf"(?P<name>{ANY_CASE_WORD}(?:[ ](?:{NAME_PARTICLE}[ ])?{ANY_CASE_WORD}){{0,3}}+)"
)
NAME_AFTER_LABEL = re.compile(  # my name is Ada, Name: Ada; not "username is", "file name:"
    rf"[nN]ame(?<!\w.{{4}}){OTHER_NAME}(?:(?:['’]?s)?[ ]?(?:is|was|ist|:|=)[ \t]{{1,3}}|:"
    rf"|['’]s[ ]){SOME_NAME}"
)
NAME_INTRODUCERS = (
    r"call me|named|known as|cardholder:|customer:|contact:|attn:?|attention:|c/o|requester:"
    r"|reported by:?"
    r"|requested by:?"
    r"|signed by:?|prepared by:?|on behalf of|ask for|ich heiße|je m['’]appelle|mon nom est"
    r"|me llamo|mi nombre es"
    r"|mi chiamo|il mio nome è|me chamo|chamo-me|meu nome é|mijn naam is|ik heet|jag heter"
    r"|mit navn er"
)
INTRODUCED_NAME = led_pattern(
    "call named known cardholder customer contact attn attention c requester reported "
    "requested signed prepared on"
    " ask ich je mon me mi il chamo meu mijn ik jag mit",
    rf"(?<!\w)(?=[^\W\d_])(?:{group_by_initial(NAME_INTRODUCERS)})[ \t]{{1,3}}{SOME_NAME}",
    re.IGNORECASE,
)
SELF_INTRODUCTION = led_pattern(
    (
        "i this it here contact speak spoke talk talked meet met signed from by with for ich hier "
        "je soy sono sou aquí ici"
    ),
    r"(?<!\w)(?i:i am|i['’]m|this is|it['’]s|here is|contact|speak (?:with|to)|spoke (?:with|to)"
    r"|talk(?:ed)? (?:with|to)"
    r"|meet|met|met with|signed|from|by|with|for|ich bin|hier ist|hier spricht|je suis|soy|sono"
    r"|sou|aquí|ici)"
    rf"[ ](?P<name>{FULL_NAME})",
)
LOWER_CASE_INTRODUCTION = led_pattern(  # hi, i am jürgen schmidt from Bonn
    "i im this it ich hier je soy sono sou",
    r"(?<!\w)(?i:i am|i['’]m|im|this is|it['’]s|ich bin|hier ist|je suis|soy|sono|sou)[ ]"
    r"(?P<name>[^\W\dA-Z_][\w'’-]{1,30}+(?:[ ][^\W\dA-Z_][\w'’-]{1,30}+){0,2}+)",
)
NAME_BEFORE_HERE = cued_pattern(  # hi, jürgen here again
    "here",
    r"(?:^|\n|[,.!?] )(?P<name>[^\W\dA-Z_][\w'’-]{1,30}+)(?= here(?:[,.!\n]|$| from| again))",
)
FROM_PLACE = led_pattern(  # i'm nkechi udeh from accounting
    "i im",
    (
        r"(?<!\w)(?i:i am|i['’]m|im)[ ](?P<name>[^\W\dA-Z_][\w'’-]{1,30}+(?:[ "
        r"][^\W\dA-Z_][\w'’-]{1,30}+)?)(?=,? from )"
    ),
)
STATE_WORD = re.compile(
    r"\w+(?:ed|ing|ly)|free|far|away|abroad|fresh|different|new|home|miles|nowhere|customer"
)
OWN_NAME = re.compile(
    r"(?:my|ein) name|call me|ich heiße|je m|me llamo|mi nombre|mi chiamo|me chamo",
    re.IGNORECASE,
)
CERTAIN_INTRODUCTION = re.compile(
    r"(?i:i am|i['’]m|contact|speak (?:with|to)|spoke (?:with|to)|talk(?:ed)? (?:with|to)"
    r"|signed|soy)[ ]"
)
GREETED_NAME = cued_pattern(
    "hi hello hey dear hallo liebe lieber liebes sehr guten bonjour salut cher chère hola "
    "estimado estimada querido"
    " querida ciao gentile caro cara olá prezado prezada beste good",
    r"(?:^|\n|(?<=[.!?] ))[ \t]{0,3}(?i:hi|hello|hey|dear|hallo|liebe[rs]?|sehr geehrte[rs]?"
    r"|guten tag|bonjour"
    r"|salut|cher"
    r"|chère|hola|estimad[oa]|querid[oa]|ciao|gentile|caro|cara|olá|prezad[oa]|beste"
    r"|good (?:morning|afternoon"
    r"|evening))"
    rf"[ ,]{{1,3}}(?P<name>{FULL_NAME})(?=[ ]?[,.!:;\n-]|[ ]?$)",
)
CLOSING_PHRASES = (
    r"regards|best|wishes|thanks(?: again| a lot| in advance| so much)?|thank you(?: very much"
    r"| so much"
    r"| in advance)?|thx"
    r"|cheers|sincerely|yours|truly|faithfully|respectfully|rgds|br|take care|greetings|love"
    r"|grüßen|grüße|gruß"
    r"|dank|danke"
    r"|lg|vg|mfg|cordialement|à vous|merci(?: d['’]avance)?|saludos|saludo|atentamente|gracias"
    r"|saluti|grazie"
    r"|atenciosamente|abraços?|obrigad[oa]|groet(?:en|jes)?|hälsning|hilsen"
)
SIGNED_NAME = led_pattern(
    "regards best wishes thanks thank thx cheers sincerely yours truly faithfully respectfully "
    "rgds br take"
    " greetings love grüssen grüsse gruss dank danke lg vg mfg cordialement à merci saludos "
    "saludo atentamente gracias"
    " saluti grazie atenciosamente abraço abraços obrigado obrigada groet groeten groetjes "
    "hälsning hilsen",
    rf"(?<!\w)(?=[^\W\d_])(?:{group_by_initial(CLOSING_PHRASES)})[ ]?[,.!–-]{{0,3}}(?:[ ]?\n{{1,3}}"
    r"|[ ]{1,2})[ \t–-]{0,3}"
    rf"(?P<name>(?-i:{FULL_NAME})|(?<=\n){ANY_CASE_WORD}(?:[ ]{ANY_CASE_WORD}){{0,2}})"
    r"[ ]?(?=[\n.,!|(/]|\s*$)",
    re.IGNORECASE,
)
LAST_LINE = re.compile(
    rf"[\n.!?,](?:(?<=\n)|(?<!\n)[ ])[ \t]{{0,3}}(?:[-–—~][ ]?)?(?P<name>{FULL_NAME})\.?\s*$"
)
CAPITALISED_SEQUENCE = re.compile(
    rf"{CAPITALISED_WORD}"
    rf"(?:[ ](?:{NAME_PARTICLE}[ ])?(?:{CAPITALISED_WORD}|{CAPITAL_LETTER}\.)){{0,7}}+"
)
ANY_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*+")
MAX_WORDS = 3
ORDINARY_WORDS = AMBIGUOUS_NAMES | NOT_NAMES
SURE_NAMES = GIVEN_NAMES - AMBIGUOUS_NAMES


def find_known_names(
    text: str, known: frozenset[str], terms: frozenset[str]
) -> Iterator[PersonalSpan]:
    """The words of `known` names (casefolded) wherever they stand.

    A word of `terms` alone is none.
    """
    folded_text = text.casefold()
    if not any(word in folded_text for word in known):
        return
    for match in ANY_WORD.finditer(text):
        bare = _strip_possessive(match[0])
        folded = bare.casefold()
        hit = folded in known or (
            "-" in folded and not known.isdisjoint(folded.split("-"))
        )
        # A word such as "will" is the customer's name only with a capital.
        if (
            hit
            and folded not in terms
            and (bare[0].isupper() or folded not in ORDINARY_WORDS)
        ):
            yield PersonalSpan(match.start(), match.start() + len(bare), "NAME")


def find_introduced_names(
    text: str, words: WordPositions, terms: frozenset[str]
) -> Iterator[PersonalSpan]:
    """Names with an introduction ("my name is", a greeting, a title) or a given name.

    `words` are those of the text, with where each stands.
    """
    for cue in (
        TITLED_NAME,
        NAME_AFTER_LABEL,
        INTRODUCED_NAME,
        GREETED_NAME,
        SIGNED_NAME,
        LAST_LINE,
    ):
        for match in (
            cue.finditer(text)
            if isinstance(cue, re.Pattern)
            else cue.find_matches(text, words)
        ):
            told = (
                _is_introduced_name(text, match)
                if cue in (NAME_AFTER_LABEL, INTRODUCED_NAME)
                else _has_uniform_case(match["name"])
            )
            if told:
                yield from _take_leading_words(text, *match.span("name"), terms)
    yield from _find_self_introductions(text, words, terms)
    for match in CAPITALISED_SEQUENCE.finditer(text):
        if not GIVEN_NAMES.isdisjoint(LETTERS.findall(match[0].casefold())):
            yield from _find_from_given_name(text, *match.span(), terms)


def _find_self_introductions(
    text: str, words: WordPositions, terms: frozenset[str]
) -> Iterator[PersonalSpan]:
    """Names after "I am", "this is" and the like.

    Those without a capital, if common or before a place.
    """
    for match in SELF_INTRODUCTION.find_matches(text, words):
        if CERTAIN_INTRODUCTION.match(match[0]) or _has_given_name(match["name"]):
            yield from _take_leading_words(text, *match.span("name"), terms)
    for match in chain(
        LOWER_CASE_INTRODUCTION.find_matches(text, words),
        NAME_BEFORE_HERE.find_matches(text, words),
    ):
        if match["name"].split()[0].casefold() in SURE_NAMES:
            yield from _take_leading_words(text, *match.span("name"), terms)
    for match in FROM_PLACE.find_matches(text, words):
        if not any(
            word in NOT_NAMES or STATE_WORD.fullmatch(word)
            for word in match["name"].split()
        ):
            yield from _take_leading_words(text, *match.span("name"), terms)


def _is_introduced_name(text: str, match: re.Match[str]) -> bool:
    """Whether what follows an introduction is a name.

    In small letters only after "my name is" and the like, or when it is a given name.
    """
    first = match["name"].split()[0]
    own = OWN_NAME.search(
        text[max(0, match.start() - len("my ")) : match.start("name")]
    )
    return first[0].isupper() or own is not None or first.casefold() in GIVEN_NAMES


def _has_uniform_case(name: str) -> bool:
    """Whether the capitals say that this is a name, or it has a given name.

    Capitals throughout or none at all say nothing: some people write everything so.
    """
    return _has_given_name(name) or (
        name[0].isupper() and not (name.isupper() and len(name) > 1)
    )


def _has_given_name(name: str) -> bool:
    return any(
        _strip_possessive(word).casefold() in SURE_NAMES for word in name.split()
    )


def _take_leading_words(
    text: str, start: int, end: int, terms: frozenset[str]
) -> Iterator[PersonalSpan]:
    """The words at the beginning of a name's place, up to the first that is none."""
    last = start
    for match in ANY_WORD.finditer(text, start, end):
        folded = _strip_possessive(match[0]).casefold()
        if (folded in NOT_NAMES and folded not in NAME_PARTICLES) or folded in terms:
            break
        if (
            match[0].islower()
            and text[start].isupper()
            and folded not in NAME_PARTICLES
        ):
            break
        if folded not in NAME_PARTICLES:
            last = match.start() + len(_strip_possessive(match[0]))
    if last > start and (last - start > 1):
        yield PersonalSpan(start, last, "NAME")


def _find_from_given_name(
    text: str, start: int, end: int, terms: frozenset[str]
) -> Iterator[PersonalSpan]:
    """From a common given name on: at most three words, in a row of words with a capital."""
    words = list(ANY_WORD.finditer(text, start, end))
    index = 0
    while index < len(words):
        first = _strip_possessive(words[index][0])
        folded = first.casefold()
        if not _is_given_name(folded) or folded in terms:
            index += 1
            continue
        stop = index + 1
        while stop < min(len(words), index + MAX_WORDS + 1) and _continues_name(
            words[stop][0], terms
        ):
            stop += 1
        sure = folded not in ORDINARY_WORDS
        if sure or (stop > index + 1 and not first.isupper()):
            last = words[stop - 1]
            yield PersonalSpan(
                words[index].start(),
                last.start() + len(_strip_possessive(last[0])),
                "NAME",
            )
        index = stop


def _strip_possessive(word: str) -> str:
    """A name without the possessive."""
    return word[:-2] if word.endswith(("'s", "’s")) else word


def _is_given_name(folded: str) -> bool:
    return folded in GIVEN_NAMES or (
        ("-" in folded) and folded.partition("-")[0] in SURE_NAMES
    )


def _continues_name(word: str, terms: frozenset[str]) -> bool:
    folded = _strip_possessive(word).casefold()
    return folded in NAME_PARTICLES or (folded not in NOT_NAMES and folded not in terms)
