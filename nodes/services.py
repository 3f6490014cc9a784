"""The services that nodes use, as Protocols; ticketgraph/assembly.py provides them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.effect import Effect
from contracts.extraction import Extraction
from contracts.retrieval import Duplicate, Original, SimilarTicket, Source
from contracts.ticket import CleanTicket, Ticket
from contracts.values import EngineName, Tone, Value
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict


class DraftBrief(Value):
    """Everything a drafter may use. What is not in here cannot get into a reply."""

    ticket: Ticket
    clean: CleanTicket
    classification: Classification
    extraction: Extraction
    sources: tuple[Source, ...] = ()
    tone: Tone
    actionable: bool = True
    guidance: str | None = None


class Cleaner(Protocol):
    """Turns a ticket as received into the text that nodes read.

    Never raises, never drops a ticket.
    """

    def clean(self, subject: str, body: str) -> CleanTicket:
        """Normalise, split off quotes and signature, tell the language, flag injections."""
        ...


class SeverityJudge(Protocol):
    """Judges severity by evidence in the text alone; claims in it do not count. Never raises."""

    async def judge(self, clean: CleanTicket, desk: Desk) -> SeverityVerdict:
        """The severity and what it rests on."""
        ...


class Engine(Protocol):
    """Understands tickets. Raises EngineError when it cannot; TimeoutError counts as that too."""

    @property
    def name(self) -> EngineName:
        """What results are marked with."""
        ...

    async def classify(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk, evidence: SeverityVerdict
    ) -> Classification:
        """Category and severity; `evidence` is what the severity judge found in the same text."""
        ...

    async def extract(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk
    ) -> Extraction:
        """Every field that the desk defines and the text holds."""
        ...

    async def draft(self, brief: DraftBrief, desk: Desk) -> Draft:
        """A reply in the brief's tone that only says what its sources and the policies say."""
        ...


class TicketSearch(Protocol):
    """Earlier tickets and knowledge articles."""

    async def find_duplicate(
        self, ticket: Ticket, clean: CleanTicket, window_hours: float
    ) -> Duplicate | None:
        """The open ticket of the same customer that this one repeats.

        Also indexes this ticket, so that later ones find it.
        """
        ...

    async def find_similar(
        self, ticket: Ticket, clean: CleanTicket, limit: int
    ) -> list[SimilarTicket]:
        """The desk's earlier tickets that read most alike, best first."""
        ...

    async def find_sources(
        self, ticket: Ticket, clean: CleanTicket, limit: int
    ) -> list[Source]:
        """Solved tickets and articles that may answer this one, best first."""
        ...

    async def load_original(self, ticket_id: str) -> Original:
        """What is known of a ticket that was repeated."""
        ...


class Outbox(Protocol):
    """Puts effects where connectors take them from. The same effect key twice is one effect."""

    async def put(self, ticket_id: str, run_id: str, effects: Sequence[Effect]) -> bool:
        """Record the effects; False when this run may have none (a fork or a replay)."""
        ...


@dataclass(frozen=True)
class Limits:
    """Deadlines in seconds for one call of an engine.

    `local` is for the local one where it stands in for another.
    """

    classify: float = 5.0
    extract: float = 5.0
    draft: float = 15.0
    local: float = 10.0

    @property
    def node_seconds(self) -> float:
        """No node takes longer: an engine that may be asked twice, and room for the rest."""
        return max(self.classify, self.extract, self.draft) + self.local + 15.0

    @classmethod
    def for_run_seconds(cls, seconds: float) -> Self:
        """Limits for a run of `seconds`, with time to spare when the steps run in sequence."""
        return cls(classify=seconds / 6, extract=seconds / 6, draft=seconds / 2)


@dataclass(frozen=True)
class Services:
    """All of it, as one run sees it (`Runtime[Services].context`)."""

    desks: Mapping[str, Desk]
    cleaners: Mapping[str, Cleaner]
    severity: SeverityJudge
    engine: Engine
    local: Engine
    ticket_search: TicketSearch
    outbox: Outbox
    now: Callable[[], datetime]
    limits: Limits = Limits()
