"""The guard of replies: everything in a draft that bars it from being sent without a person."""

import re
from collections.abc import Sequence

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from policies.desk.model import Desk
from policies.desk.sla import duration_in_words
from policies.replies.contacts import find_untrusted_contacts
from policies.replies.credentials import find_credential_requests
from policies.replies.foreign_identifiers import (
    find_untrusted_identifiers,
    find_untrusted_names,
)
from policies.replies.money import find_money_promises, find_untrusted_sums
from policies.replies.promises import find_guarantees, find_time_promises
from policies.replies.residue import find_residue
from policies.replies.trusted import collect_trusted_content
from text.reply import fold_sentence, split_sentences, to_plain_text

_COUNT = re.compile(r"\d+")


def check_reply(
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
    trusted = collect_trusted_content(draft, ticket, clean, extraction, sources, desk)
    text = to_plain_text(draft.content)
    own = [
        fold_sentence(sentence)
        for sentence in split_sentences(text)
        if not trusted.is_verbatim(sentence)
    ]
    advice = to_plain_text("\n".join(draft.suggested_actions))
    return tuple(
        dict.fromkeys(
            (
                *find_untrusted_contacts(f"{text}\n\n{advice}", trusted),
                *find_untrusted_sums(text, own, trusted),
                *find_money_promises(own),
                *find_time_promises(own, _sla_counts(desk), trusted),
                *find_guarantees(own),
                *find_credential_requests(own),
                *find_untrusted_identifiers(text, trusted, desk),
                *find_untrusted_names(text, trusted),
                *find_residue(draft.content, text, own),
            )
        )
    )


def _sla_counts(desk: Desk) -> frozenset[str]:
    """The numbers in the desk's own timelines: the "24" of "24 hours"."""
    times = (duration_in_words(level.sla_hours) for level in desk.severities)
    return frozenset(_COUNT.findall(" ".join(times)))
