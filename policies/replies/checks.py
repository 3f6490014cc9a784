"""Everything in a draft that bars it from being sent without a person."""

import re
from collections.abc import Sequence

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from policies.desk.model import Desk
from policies.desk.sla import in_words
from policies.replies.contacts import strange_contacts
from policies.replies.credentials import requested_credentials
from policies.replies.money import promised_money, strange_sums
from policies.replies.promises import guarantees, promised_times
from policies.replies.residue import residue
from policies.replies.strangers import strange_names, strange_numbers
from policies.replies.trusted import trusted_for
from text.reply import flat, plain, sentences

_COUNT = re.compile(r"\d+")


def warnings_of(
    draft: Draft,
    ticket: Ticket,
    clean: CleanTicket,
    extraction: Extraction,
    sources: Sequence[Source],
    desk: Desk,
) -> tuple[str, ...]:
    """What a reviewer must know of a draft, a sentence each.

    Empty when nothing speaks against sending it.

    Only the ticket's record, the sources that the draft cites and the desk's own words
    count as known. What these say word for word may be said again. Linear in the length of
    the texts; raises nothing.
    """
    trusted = trusted_for(draft, ticket, clean, extraction, sources, desk)
    text = plain(draft.content)
    own = [flat(sentence) for sentence in sentences(text) if not trusted.says(sentence)]
    advice = plain("\n".join(draft.suggested_actions))
    times = frozenset(
        _COUNT.findall(" ".join(in_words(level.sla_hours) for level in desk.severities))
    )
    return tuple(
        dict.fromkeys(
            (
                *strange_contacts(f"{text}\n\n{advice}", trusted),
                *strange_sums(text, own, trusted),
                *promised_money(own),
                *promised_times(own, times, trusted),
                *guarantees(own),
                *requested_credentials(own),
                *strange_numbers(text, trusted, desk),
                *strange_names(text, trusted),
                *residue(draft.content, text, own),
            )
        )
    )
