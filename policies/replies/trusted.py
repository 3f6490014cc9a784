"""What a reply may repeat: the ticket's own record, the sources it cites, and the desk's words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache, reduce

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from policies.desk.model import Desk
from policies.desk.sla import duration_in_words
from text.figures import (
    SPELLED_SUM,
    digits_of,
    find_digit_runs,
    find_number_values,
    find_written_dates,
)
from text.hosts import find_web_addresses, to_ascii_host
from text.letter_folding import fold_letters
from text.reply import (
    comparison_key,
    distinct_words,
    fold_sentence,
    split_sentences,
    to_plain_text,
)

_TOKEN = re.compile(r"\w+(?:[-_/#.]\w+)*")
_DIGIT = re.compile(r"\d")
_PLACEHOLDER = re.compile(r"\{\w+\}")
_ORGANISATION = "support team service customer desk help"


@dataclass(frozen=True)
class KnownContent:
    """What texts say, in the spelling in which a reply is compared with it."""

    sentences: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Hosts and mailboxes."""
    phones: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()
    spelled_sums: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def __or__(self, other: "KnownContent") -> "KnownContent":
        """What either says."""
        return KnownContent(
            *(
                getattr(self, field.name) | getattr(other, field.name)
                for field in fields(self)
            )
        )


@dataclass(frozen=True)
class TrustedContent:
    """What a reply may repeat (`repeatable`), say word for word (`quotable`), and point to."""

    repeatable: KnownContent
    """The ticket, the customer's record, the cited sources and the desk."""
    quotable: KnownContent
    """The cited sources and the desk: also their addresses and phone numbers may be named."""
    mailboxes: frozenset[str]
    hosts: frozenset[str]
    phones: frozenset[str]
    customer_mailboxes: frozenset[str]
    """Those that only the ticket's text has: they may be repeated, not recommended."""
    customer_phones: frozenset[str]

    def is_verbatim(self, sentence: str) -> bool:
        """Whether a source or the desk says this word for word.

        Also after an introduction with a colon that they say word for word.
        """
        introduction, colon, rest = sentence.partition(":")
        if comparison_key(sentence) in self.quotable.sentences:
            return True
        return (
            bool(colon)
            and {comparison_key(introduction), comparison_key(rest)}
            <= self.quotable.sentences
        )


def collect_trusted_content(
    draft: Draft,
    ticket: Ticket,
    clean: CleanTicket,
    extraction: Extraction,
    sources: Sequence[Source],
    desk: Desk,
) -> TrustedContent:
    """Gather what this draft may repeat. Of sources only cited articles count.

    A solved ticket is somebody else's.
    """
    spoken = _read_quotable(draft, sources, desk)
    record = (clean.everything, ticket.id)
    person = filter(
        None, (ticket.customer_id, ticket.customer_email, ticket.customer_name)
    )
    said = spoken | read_known_content("\n".join((*record, *person)))
    contacts = desk.replies.contacts
    mailboxes, phones = customer_contacts(ticket, clean, extraction, desk)
    return TrustedContent(
        repeatable=said,
        quotable=spoken,
        hosts=frozenset(map(to_ascii_host, contacts.domains)) | spoken.addresses,
        mailboxes=frozenset(
            normalise_mailboxes((*contacts.emails, ticket.customer_email or ""))
        )
        | spoken.addresses,
        phones=frozenset(map(digits_of, contacts.phones)) | spoken.phones,
        customer_mailboxes=mailboxes,
        customer_phones=phones,
    )


def _read_quotable(draft: Draft, sources: Sequence[Source], desk: Desk) -> KnownContent:
    cited = [
        read_article_content(source)
        for source in sources
        if source.id in draft.sources and source.kind == "article"
    ]
    own = "\n".join((*desk_template_texts(desk), verified_timeline(desk, draft)))
    return reduce(KnownContent.__or__, cited, read_known_content_cached(own))


def read_known_content(text: str) -> KnownContent:
    """Everything that a text says."""
    text = to_plain_text(text)
    return KnownContent(
        sentences=frozenset(
            comparison_key(sentence) for sentence in split_sentences(text)
        ),
        addresses=frozenset(address.name for address in find_web_addresses(text)),
        phones=frozenset(find_digit_runs(text)),
        numbers=frozenset(find_number_values(text)),
        spelled_sums=frozenset(SPELLED_SUM.findall(fold_sentence(text))),
        dates=frozenset(find_date_keys(text)),
        tokens=frozenset(identifier_tokens(text)),
        words=distinct_words(text),
    )


read_known_content_cached = lru_cache(maxsize=512)(read_known_content)
"""The same for the texts of articles and desks, which come again with every ticket."""


def read_article_content(article: Source) -> KnownContent:
    """What an article says."""
    return read_known_content_cached(
        "\n".join((article.title, article.excerpt, *article.steps))
    )


def desk_template_texts(desk: Desk) -> Iterator[str]:
    """The desk's own texts, without those that name a time."""
    replies = desk.replies
    yield from (replies.signature, desk_titles(desk))
    for texts in (*replies.next_steps.values(), *replies.agent_actions.values()):
        yield from texts
    yield from (field.ask for field in desk.fields)
    yield from replies.acknowledgments.values()
    for parts in replies.tones.values():
        yield from (
            parts.closing.format(signature=replies.signature),
            parts.source_intro,
            parts.no_source,
            parts.unclear,
        )
        yield from (
            _PLACEHOLDER.sub("", parts.acknowledgment),
            _PLACEHOLDER.sub("", parts.ask),
        )


def verified_timeline(desk: Desk, draft: Draft) -> str:
    """The draft's timeline if the desk's templates and SLA make it; else nothing."""
    times = [duration_in_words(level.sla_hours) for level in desk.severities]
    texts = [
        text
        for parts in desk.replies.tones.values()
        for text in (parts.timeline, parts.if_not_solved)
    ]
    return (
        draft.timeline
        if draft.timeline
        in {text.format(time=time) for text in texts for time in times}
        else ""
    )


def customer_contacts(
    ticket: Ticket, clean: CleanTicket, extraction: Extraction, desk: Desk
) -> tuple[frozenset[str], frozenset[str]]:
    """Mailboxes and phone numbers that the customer wrote and that were read as fields.

    What somebody else wrote, in the quoted history, does not count.
    Of a message that addresses the machine only mailboxes at the customer's own domain
    count, and no number.
    """
    mailboxes = set(normalise_mailboxes(values_of_kind("email", extraction, desk)))
    phones = {digits_of(value) for value in values_of_kind("phone", extraction, desk)}
    if mailboxes or phones:
        written = to_plain_text(f"{clean.text}\n{clean.signature}")
        mailboxes &= {
            address.name
            for address in find_web_addresses(written)
            if address.is_mailbox
        }
        phones &= set(find_digit_runs(written))
    if clean.injection_flags:
        domain = (ticket.customer_email or "").rpartition("@")[2].casefold()
        return frozenset(
            name for name in mailboxes if domain and name.endswith(f"@{domain}")
        ), frozenset()
    return frozenset(mailboxes), frozenset(phones)


def values_of_kind(kind: str, extraction: Extraction, desk: Desk) -> list[str]:
    """The extracted values of all fields of one kind."""
    return [
        str(value)
        for field in desk.fields
        if field.kind == kind
        for value in extraction.values(field.name)
    ]


def normalise_mailboxes(emails: Iterable[str]) -> list[str]:
    """Mailboxes in the spelling in which they are compared."""
    return [
        address.name
        for email in emails
        for address in find_web_addresses(email)
        if address.is_mailbox
    ]


def find_date_keys(text: str) -> Iterator[str]:
    """What dates are compared by, whether the text is folded or not."""
    return (
        comparison_key(fold_letters(text[start:end], ()))
        for start, end in find_written_dates(text)
    )


def identifier_tokens(text: str) -> Iterator[str]:
    """What numbers of orders and accounts are compared by: tokens with a digit, and their parts."""
    for token in _TOKEN.findall(text.casefold()):
        if not token.isalpha() and _DIGIT.search(token):
            yield comparison_key(token).replace(" ", "")
            yield from comparison_key(token).split()
            yield digits_of(token)


def desk_titles(desk: Desk) -> str:
    """What the desk calls itself, its teams, categories and things."""
    things = (desk.settings, *desk.routing.teams, *desk.categories, *desk.fields)
    terms = (term for field in desk.fields for term in field.terms)
    return " ".join((*(thing.title for thing in things), *terms, _ORGANISATION))
