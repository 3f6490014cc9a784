"""The words that say what a number is, in the languages desks are written to in.

An id is recognised by its label ("order no. 4471-22"), not by a list of formats.
"""

import re

from text.patterns.tokens import ID
from text.regexes import group_by_initial

ORDER_NOUNS = (
    r"orders?|purchases?|bookings?|reservations?"
    r"|bestellung(?:en)?|auftrag|aufträge|buchung(?:en)?|reservierung(?:en)?"
    r"|commandes?|achats?|réservations?|pedidos?|compras?|reservas?|encomendas?|ordin[ei]"
    r"|acquist[oi]|prenotazion[ei]"
    r"|bestelling(?:en)?"
)
ORDER_COMPOUNDS = (
    r"(?:bestell|auftrags|buchungs|reservierungs|bestel|order)[-_ ]?(?:nummern?"
    r"|nr|no|number|id|ref)"
)
CONFIRMATIONS = r"confirmation|bestätigung|confirmación|conferma|confirmação"
"""Name an order only together with a word for number."""
ACCOUNT_NOUNS = (
    r"accounts?|acct|customers?|clients?|members?(?:hip)?|users?|tenants?|subscriber"
    r"|konto|kunden?|mitglieds?|compte|client|cuenta|cliente|conto|conta|utente"
)
ACCOUNT_COMPOUNDS = (
    r"(?:konto|kunden|mitglieds|benutzer|account|customer|user|client"
    r"|member)[-_ ]?(?:nummer|nr|number|id)"
)

NUMBER = (
    r"numbers?|num|nos?|nrs?|nbr|nummern?|numéros?|números?|numeros?|numero|n[°º]|n(?=\.[ \d])"
    r"|№|ids?|codes?"
    r"|ref|refs|reference|references|referenz|référence|referencia|riferimento|confirmation"
    r"|confirmations"
)
VERB = (
    r"is|was|are|were|says|ist|lautet|war|est|es|era|sono|son|são|called|numbered|placed"
    r"|named|status|details"
)
PREPOSITION = r"with|under|the|my|for|of|from|für|mit|der|die|unter|avec|sous|le|con|com|del|il|sob"
GAP = (
    rf"(?:[ \t\xa0:#=([\"'“„»,\u2013-]{{1,4}}+|\.(?=[ #\d])|(?<=[: ])(?<=:.|.:)\n{{1,2}}"
    rf"|(?:{NUMBER})(?![\w°º]|[-_/]\w)|(?:{VERB}|{PREPOSITION})(?=[ :,]))"
)

MARKER = re.compile(rf"#|№|(?<!\w)(?:{NUMBER})(?!\w)", re.IGNORECASE)
"""What makes any number after a label an id: "#" or a word for number."""
LOOSE = re.compile(rf"(?<!\w)(?:{PREPOSITION})(?!\w)", re.IGNORECASE)
"""What may stand between a label and an id, but as well between a label and a quantity."""


def labelled_id_pattern(nouns: str, compounds: str, token: str = ID) -> re.Pattern[str]:
    """Label, gap and id. Groups: `label`, `gap`, `id`.

    A gap is at most eight small words or bits of punctuation.
    """
    return re.compile(
        rf"(?=\w)(?<![\w-])(?P<label>{compounds}|{group_by_initial(nouns)})(?![A-Za-zÀ-ÿ])(?P<gap>"
        rf"(?:{GAP}){{0,8}}+)(?<![A-Za-zÀ-ÿ\d])"
        rf"(?=[A-Za-z.:/_-]{{0,40}}+\d|(?-i:[A-Z_]{{4}}))(?P<id>{token})(?!\w)",
        re.IGNORECASE,
    )
