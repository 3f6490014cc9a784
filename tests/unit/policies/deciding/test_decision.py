from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import ExtractedField, Extraction
from contracts.retrieval import Duplicate, Original, Source
from contracts.ticket import CleanTicket, InjectionFlag, Ticket
from contracts.values import Severity
from policies.deciding.decision import (
    collect_facts,
    decide_duplicate,
    decide_ticket,
    is_unclassified,
)
from policies.desk.model import Desk
from policies.loading.load import load_desk
from policies.severity.assess import SeverityVerdict

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
TICKET = Ticket(
    id="TKT-1",
    desk="repairs",
    subject="Opening hours",
    body="When are you open?",
    received_at=NOW,
)
CLEAN = CleanTicket(
    subject="Opening hours", body="When are you open on Sunday?", language="en"
)
PLAIN = Classification(
    category="other",
    category_confidence=0.9,
    severity="low",
    severity_confidence=0.8,
    calibrated=True,
)
HOURS = Source(
    id="opening-hours",
    kind="article",
    title="Opening hours",
    score=0.9,
    category="other",
    self_service=True,
)
REPLY = Draft(
    content="We are open from nine to five.",
    tone="friendly",
    sources=("opening-hours",),
)


@pytest.fixture
def desk(folder: Path) -> Desk:
    return load_desk(folder)


def test_a_plain_question_is_answered(desk: Desk) -> None:
    decision = decide_ticket(
        desk, TICKET, CLEAN, PLAIN, Extraction(), [HOURS], REPLY, degraded=False
    )
    assert decision.disposition == "auto_resolve"
    assert decision.send_reply
    assert not decision.needs_approval
    assert decision.team == "counter"
    assert decision.due_at == NOW + timedelta(hours=72)


def test_without_a_reply_somebody_works_on_it(desk: Desk) -> None:
    decision = decide_ticket(
        desk, TICKET, CLEAN, PLAIN, Extraction(), [HOURS], None, degraded=False
    )
    assert decision.disposition == "assign"
    assert "no-draft" in [reason.rule for reason in decision.reasons]


def test_another_draft_is_seen_first(desk: Desk) -> None:
    decision = decide_ticket(
        desk,
        TICKET,
        CLEAN,
        PLAIN,
        Extraction(),
        [HOURS],
        REPLY,
        degraded=False,
        redraft=True,
    )
    assert decision.disposition == "escalate"
    assert decision.needs_approval


def test_nothing_known_escalates(desk: Desk) -> None:
    decision = decide_ticket(desk, TICKET, CLEAN, None, None, [], None, degraded=True)
    assert (decision.disposition, decision.confidence) == ("escalate", 0.0)


def test_facts_of_what_is_unknown() -> None:
    facts = collect_facts(CLEAN, None, None, [], None, degraded=False)
    known = {
        "injection",
        "supported_language",
        "actionable",
        "source_score",
        "degraded",
        "obstacles",
    }
    assert {name for name, value in facts if value is not None} >= known
    assert facts.category is None
    assert facts.severity is None
    assert facts.amount is None


def test_facts_of_a_used_source() -> None:
    facts = collect_facts(CLEAN, PLAIN, Extraction(), [HOURS], REPLY, degraded=False)
    assert (
        facts.source_score,
        facts.source_self_service,
        facts.source_same_category,
    ) == (0.9, True, True)
    assert facts.obstacles == 0


def test_a_source_that_the_reply_does_not_use_counts_for_nothing() -> None:
    facts = collect_facts(
        CLEAN,
        PLAIN,
        Extraction(),
        [HOURS],
        REPLY.model_copy(update={"sources": ()}),
        degraded=False,
    )
    assert (
        facts.source_score,
        facts.source_self_service,
        facts.source_same_category,
    ) == (0.0, False, False)


def test_the_worst_of_several_used_sources_counts() -> None:
    solved = HOURS.model_copy(
        update={
            "id": "T-1",
            "kind": "solved_ticket",
            "score": 0.5,
            "category": "brakes",
            "self_service": False,
        }
    )
    both = REPLY.model_copy(update={"sources": (HOURS.id, solved.id)})
    facts = collect_facts(
        CLEAN, PLAIN, Extraction(), [HOURS, solved], both, degraded=False
    )
    assert (
        facts.source_score,
        facts.source_self_service,
        facts.source_same_category,
    ) == (0.5, False, False)


def test_a_secondary_category_counts_as_the_same() -> None:
    close = PLAIN.model_copy(
        update={"category": "brakes", "secondary_categories": ("other",)}
    )
    assert collect_facts(
        CLEAN, close, Extraction(), [HOURS], REPLY, degraded=False
    ).source_same_category
    far = close.model_copy(update={"secondary_categories": ()})
    assert not collect_facts(
        CLEAN, far, Extraction(), [HOURS], REPLY, degraded=False
    ).source_same_category


def test_what_a_source_leaves_open_is_an_obstacle() -> None:
    open_end = HOURS.model_copy(update={"leaves_open": True})
    assert (
        collect_facts(
            CLEAN, PLAIN, Extraction(), [open_end], REPLY, degraded=False
        ).obstacles
        == 1
    )


def test_quoted_history_can_hold_an_obstacle() -> None:
    forwarded = CLEAN.model_copy(
        update={"quoted": "The brake is broken and my son is hurt."}
    )
    assert (
        collect_facts(
            forwarded, PLAIN, Extraction(), [HOURS], REPLY, degraded=False
        ).obstacles
        == 2
    )


def test_the_largest_amount_and_the_flags_are_facts() -> None:
    flagged = CLEAN.model_copy(
        update={"injection_flags": (InjectionFlag(rule="r", excerpt="e"),)}
    )
    money = Extraction(
        fields=(ExtractedField(name="amount", value=[5.0, 80.0], confidence=0.9),)
    )
    facts = collect_facts(flagged, PLAIN, money, [], REPLY, degraded=False)
    assert facts.amount == 80.0
    assert facts.injection is True


def test_an_answer_of_no_engine_is_no_category() -> None:
    guess = PLAIN.model_copy(update={"engine": "none", "abstained": True})
    assert is_unclassified(guess)
    assert (
        collect_facts(CLEAN, guess, Extraction(), [], REPLY, degraded=False).category
        is None
    )


def duplicate_of(
    desk: Desk, original: Original, evidence: SeverityVerdict
) -> tuple[str, str, str]:
    duplicate = Duplicate(ticket_id="TKT-0", score=0.95, kind="near_exact")
    decision = decide_duplicate(desk, TICKET, duplicate, original, evidence)
    return decision.disposition, decision.team, decision.priority


def verdict(
    severity: Severity, confidence: float, critical: tuple[str, ...] = ()
) -> SeverityVerdict:
    """What the detector may have found."""
    return SeverityVerdict(
        severity=severity,
        confidence=confidence,
        signals=(),
        critical=critical,
        reasons=(),
        urgency_indicators=(),
    )


QUIET = verdict(severity="medium", confidence=0.5)
HURT = verdict(severity="critical", confidence=0.9, critical=("injury",))


def test_a_repeated_message_joins_its_original(desk: Desk) -> None:
    joined = duplicate_of(
        desk, Original(ticket_id="TKT-0", severity="low", team="workshop"), QUIET
    )
    assert joined == ("duplicate", "workshop", "low")


def test_one_whose_original_is_in_progress_joins_too(desk: Desk) -> None:
    assert duplicate_of(desk, Original(ticket_id="TKT-0"), QUIET)[0] == "duplicate"


def test_one_that_says_something_critical_is_seen_again(desk: Desk) -> None:
    worse = duplicate_of(
        desk, Original(ticket_id="TKT-0", severity="low", team="workshop"), HURT
    )
    assert worse == ("escalate", "owner", "urgent")


def test_one_whose_original_was_answered_is_worked_on(desk: Desk) -> None:
    answered = Original(
        ticket_id="TKT-0", severity="low", team="workshop", answered=True
    )
    assert duplicate_of(desk, answered, QUIET) == ("assign", "workshop", "low")


@pytest.mark.parametrize(
    ("severity", "redraft", "disposition"),
    [
        ("low", False, "assign"),
        ("critical", False, "escalate"),
        ("low", True, "escalate"),
    ],
)
def test_a_draft_with_warnings_is_not_sent_without_a_person(
    desk: Desk, severity: Severity, redraft: bool, disposition: str
) -> None:
    warned = REPLY.model_copy(
        update={"warnings": ("It links to evil.example.", "It asks for a password.")}
    )
    classification = PLAIN.model_copy(update={"severity": severity})
    decision = decide_ticket(
        desk,
        TICKET,
        CLEAN,
        classification,
        Extraction(),
        [HOURS],
        warned,
        degraded=False,
        redraft=redraft,
    )
    assert decision.disposition == disposition
    assert not decision.send_reply
    said = [
        reason.text for reason in decision.reasons if reason.rule == "draft-warning"
    ]
    assert said == list(warned.warnings)
