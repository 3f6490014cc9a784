"""Streets with their number, in the words and the order of several countries."""

import re
from collections.abc import Iterator

from engines.masking.cues import cued_pattern, find_at_starts
from engines.masking.name_words import NOT_NAMES
from text.regexes import group_by_initial

CAPITAL_LETTER = r"[A-ZÀ-ÖØ-Þ\u0100-\u024f]"
CAPITALISED_WORD = rf"{CAPITAL_LETTER}[\w'’-]*+\.?"
HOUSE_NUMBER = r"\d{1,5}(?:[-/]\d{1,4}|[ ]?[A-Za-z](?!\w))?"
STREET_PARTICLE = (
    r"(?:de|la|le|les|du|des|del|della|dello|dei|degli|delle|di|da|do|dos|das|el|los|las|the|of"
    r"|von|van|der|den|het"
    r"|am|an|zum|zur|och|y|e|d['’]|l['’])"
)

SURE_STREET_WORDS = (
    r"street|str|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|terrace|tce|parkway|pkwy"
    r"|highway|hwy|crescent"
    r"|cres|grove|mews|court|ct"
)
"""These name a street in small letters too."""
ENGLISH_STREET_WORDS = (
    rf"{SURE_STREET_WORDS}|place|pl|square|sq|ter|way|circle|cir|close|gardens?|row|hill|walk"
    r"|trail|trl|loop|plaza|alley|ridge"
    r"|points?|pass|path|pike|run|greens?|parks?|views?|heights|parade|esplanade|quay|wharf"
    r"|turnpike|route|freeway"
    r"|expressway|crossing|bend|cove|creek|glens?|hollow|islands?|isle|lakes?|landing|manors?"
    r"|meadows?|mills?|orchard"
    r"|bypass|causeway|cent(?:ers?|res?)|commons?|corners?|course|estates?|extensions?|falls"
    r"|ferry|fields?|flats?"
    r"|fords?|forest|forges?|forks?|gateway|harbors?|harbour|haven|inlet|junctions?|keys?"
    r"|knolls?|lights?|lodge|mall"
    r"|mission|mount|mountains?|neck|oval|overpass|passage|pines?|plains?|port|prairie|radial"
    r"|ranch|rapids?|rest"
    r"|river|shoals?|shores?|skyway|springs?|spurs?|station|stream|summit|throughway|trace"
    r"|track|tunnel|underpass"
    r"|unions?|valleys?|viaduct|villages?|ville|vista|walks|walls?|ways|wells?|brook|burg"
    r"|cliffs?|club|dale|dam"
    r"|divide|bluffs?|bottom|branch|bridge|burgs|camp|canyon|cape|crest|crossroad|curve"
)
STREET_SUFFIXES = (
    "straße",
    "strasse",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "damm",
    "ufer",
    "steig",
    "chaussee",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
    "singel",
    "dijk",
    "dreef",
    "gata",
    "gatan",
    "gate",
    "gaten",
    "vägen",
    "väg",
    "vei",
    "veien",
    "vegen",
    "vej",
    "gade",
    "stræde",
    "torg",
    "torget",
    "allé",
    "alléen",
    "gränd",
    "stigen",
    "backen",
    "braut",
    "stígur",
    "vegur",
    "katu",
    "tie",
    "polku",
    "kuja",
    "utca",
    "útja",
    "körút",
    "köz",
    "cesta",
    "ulica",
    "ulice",
    "caddesi",
    "sokak",
    "sokağı",
)
LEADING_STREET_WORDS = (
    r"rue|avenue|av|ave|boulevard|bd|bld|place|chemin|impasse|all[ée]e|quai|cours|route|passage"
    r"|square|faubourg"
    r"|calle|c/|avenida|avda|paseo|plaza|carrera|camino|ronda|travesía|glorieta|urbanización|urb"
    r"|via|viale|piazza|piazzale|corso|vicolo|largo|strada|contrada|borgo|lungomare"
    r"|rua|travessa|praça|alameda|estrada|rodovia|beco|ulica|ul|aleja|al|osiedle|os|plac|ulice"
    r"|út|utca"
)
UNIT_PATTERN = (
    r"(?:,?[ \n]{1,2}(?:(?i:apt|apartment|suite|ste|unit|flat|room|rm|floor|building|bldg|lot"
    r"|level|block|piso|puerta"
    r"|planta|int|scala|tür|stiege)\.?[ ]?#?\w{1,6}+|#[ ]?\w{1,6}+))"
)
COMPASS_DIRECTION = r"(?:[ ](?:NE|NW|SE|SW|[NSEW])\b\.?)?"

NUMBER_START = re.compile(r"[#\d](?<!\d\d)")
"""A "#" or the first digit of a number."""
NUMBER_FIRST = (
    re.compile(  # 12 Old Mill Road, Apt 4
        rf"(?<![\w.,$€£-])#?{HOUSE_NUMBER},?[ ]{{1,2}}"
        rf"(?:(?:{CAPITALISED_WORD}|\d{{1,3}}(?:st|nd|rd|th)|{STREET_PARTICLE})[ ]{{1,2}}){{1,4}}"
        rf"(?i:{ENGLISH_STREET_WORDS})(?!\w)\.?{COMPASS_DIRECTION}{UNIT_PATTERN}?"
    ),
    re.compile(  # 12 old mill road
        (
            r"(?<![\w.,$€£-])\d{1,5}[a-z]?[ ](?:[a-z'’]{2,20}+[ ]){1,3}?"
            rf"(?:{SURE_STREET_WORDS})(?!\w)\.?{UNIT_PATTERN}?"
        ),
        re.IGNORECASE,
    ),
    re.compile(  # 12 bis, rue de la Paix
        r"(?<![\w.,$€£-])\d{1,4}(?:[ ]?(?:bis|ter|quater"
        rf"|[a-d]))?,?[ ](?:{LEADING_STREET_WORDS})\.?[ ](?:{STREET_PARTICLE}[ ]?){{0,3}}"
        rf"(?-i:{CAPITALISED_WORD}|\d{{1,2}})"
        rf"(?:[ -](?:{STREET_PARTICLE}[ ]){{0,2}}(?-i:{CAPITALISED_WORD})){{0,4}}",
        re.IGNORECASE,
    ),
)
LABELLED_UNITS = (
    cued_pattern(
        "apt apartment suite ste flat unit",
        r"(?<!\w)(?i:apt|apartment|suite|ste|flat|unit)\.?[ ]#?\d{1,5}[A-Za-z]?(?!\w)",
    ),
    cued_pattern(
        "usns usnv uscgc uss", rf"(?<!\w)(?:USNS|USNV|USCGC|USS)[ ]{CAPITALISED_WORD}"
    ),
    cued_pattern(  # P.O. Box 12; Unit 12 Box 34
        (
            "p po pobox post postfach postbus postboks postbox apartado casilla gpo locked private "
            "psc cmr"
        ),
        r"(?<!\w)(?:P\.?[ ]?O\.?[ ]?Box|Post[ ]?(?:fach|bus|boks|box)|Post Office Box"
        r"|Apartado(?: de Correos)?|Casilla"
        r"|GPO Box|Locked Bag|Private Bag|PSC|CMR)[ ]#?\d{1,6}(?:,?[ ]Box[ ]\d{1,6})?",
        re.IGNORECASE,
    ),
)

STREET_FIRST = cued_pattern(  # Calle de Alcalá, 12, 3º
    "rue avenue av ave boulevard bd bld place chemin impasse allée allee quai cours route "
    "passage square faubourg calle"
    " c avenida avda paseo plaza carrera camino ronda travesía glorieta urbanización urb via "
    "viale piazza"
    " piazzale corso"
    " vicolo largo strada contrada borgo lungomare rua travessa praça alameda estrada rodovia "
    "beco ulica ul aleja al"
    " osiedle os plac ulice út utca",
    rf"(?<!\w)(?=[^\W\d_])(?:{group_by_initial(LEADING_STREET_WORDS)})\.?[ ]"
    rf"(?:{STREET_PARTICLE}[ ]?){{0,3}}(?-i:{CAPITALISED_WORD}|\d{{1,2}})"
    rf"(?:[ -](?:{STREET_PARTICLE}[ ]?){{0,2}}(?-i:{CAPITALISED_WORD})){{0,5}},?[ ]"
    rf"(?:n[º°r.]{{1,2}}[ ]?|núm\.?[ ])?{HOUSE_NUMBER}(?!\w)"
    rf"(?:[ ,]{{1,2}}\d{{1,2}}[ºª°](?:[ ]?\w)?)?{UNIT_PATTERN}?",
    re.IGNORECASE,
)
TRAILING_HOUSE_NUMBER = re.compile(
    rf"[ ,]{HOUSE_NUMBER}(?!\w)"
)  # Lange Straße 12a, Hauptstr. 5
STREET_BEFORE = re.compile(
    rf"(?:(?<!\w){CAPITALISED_WORD}[ ]){{0,2}}[^\W\d_][\w'’-]*+$"
)
MAX_STREET_LENGTH = 50
PLACE_AFTER_PREPOSITION = re.compile(  # at Ramberg 71.
    rf"(?<!\w)(?i:at|to|near)[ ](?P<place>(?:{CAPITALISED_WORD}[ ]){{1,3}}(?!(?:19"
    r"|20)\d\d\b)\d{1,4}[a-z]?)(?=[,.;!?)]?(?:\s|$))"
)


def find_streets(text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where a street and its number stand, or a post-office box.

    `words` are those of the text, casefolded.
    """
    numbers = [match.start() for match in NUMBER_START.finditer(text)]
    for pattern in NUMBER_FIRST:
        yield from (match.span() for match in find_at_starts(pattern, text, numbers))
    for called in (STREET_FIRST, *LABELLED_UNITS):
        yield from (match.span() for match in called.find_matches(text, words))
    for match in PLACE_AFTER_PREPOSITION.finditer(text):
        if NOT_NAMES.isdisjoint(match["place"].casefold().split()):
            yield match.span("place")
    if any(word.endswith(STREET_SUFFIXES) for word in words):
        yield from _find_suffixed_streets(text)


def _find_suffixed_streets(text: str) -> Iterator[tuple[int, int]]:
    for match in TRAILING_HOUSE_NUMBER.finditer(text):
        begin = max(0, match.start() - MAX_STREET_LENGTH)
        before = text[begin : match.start()].rstrip(" ,.")
        street = (
            STREET_BEFORE.search(before)
            if before.casefold().endswith(STREET_SUFFIXES)
            else None
        )
        if street and street[0].casefold() not in STREET_SUFFIXES:
            yield begin + street.start(), match.end()
