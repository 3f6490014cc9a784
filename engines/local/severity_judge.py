"""How severe a ticket is.

The deterministic signals, weighed with what tickets like it turned out to be.

The signals alone decide for a desk that has learned nothing. Where it has, signals are one
part of a chance that was fitted on labelled tickets: a text can be found critical by its
meaning alone, and a signal that misread it is put right.
"""

import re
from collections.abc import Collection, Mapping

from contracts.ticket import CleanTicket
from contracts.values import SEVERITIES, Severity
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.local.categories.learned_models import LearnedModels
from nodes.long_texts import run_by_size
from policies.deciding.actionable import is_actionable
from policies.deciding.steering import is_steering_text
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict, assess_severity

CRITICAL_TEXT_SIGNAL = "reads-critical"
"""The id that stands among the critical signals when the meaning alone says so."""


SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+\s*|$)")
"""Rough: an order that is cut in two is still an order."""

MIN_SIGNAL_PROBABILITY = 0.2
"""Chance from which a severity that the signals name is believed, chosen by leaving out one
author's examples."""

NON_CRITICAL_SEVERITIES: tuple[Severity, ...] = tuple(
    level for level in SEVERITIES if level != "critical"
)

DECISIVE_SIGNAL_COUNT = 2
"""Critical signals that nothing outweighs."""


class LocalSeverityJudge:
    """nodes.services.SeverityJudge from signals and learned weights."""

    def __init__(
        self, batching: BatchingEmbedder, learned: Mapping[str, LearnedModels | None]
    ) -> None:
        self.batching_embedder = batching
        self.learned = learned

    async def judge(self, clean: CleanTicket, desk: Desk) -> SeverityVerdict:
        """The severity and what it rests on.

        Words that would steer whoever reads them can raise it, never lower it.
        """
        verdict = await self.judge_text(clean, clean.text, desk)
        if not clean.injection_flags and not await run_by_size(
            len(clean.text), is_steering_text, clean.text, desk
        ):
            return verdict
        rest = remove_steering_sentences(clean, desk)
        other = await self.judge_text(clean, rest, desk) if rest else verdict
        return max(verdict, other, key=lambda found: SEVERITIES.index(found.severity))

    async def judge_text(
        self, clean: CleanTicket, text: str, desk: Desk
    ) -> SeverityVerdict:
        """The severity of a ticket, of which only `text` is read."""
        verdict = await run_by_size(
            len(text), assess_severity, text, desk.severities, desk.signals
        )
        learned = self.learned.get(desk.id)
        if learned is None or not clean.supported_language or not is_actionable(clean):
            return verdict
        chances = learned.severity_probabilities(
            await self.batching_embedder.embed(text), verdict
        )
        final = {signal.id for signal in desk.signals if signal.final}
        return combine_verdict(verdict, chances, learned.critical_from, final)


def remove_steering_sentences(clean: CleanTicket, desk: Desk) -> str:
    """The text without the sentences that were flagged or that name severities, categories
    or teams as an order.
    """
    planted = [flag.excerpt.strip() for flag in clean.injection_flags]
    kept = [
        sentence
        for sentence in SENTENCE.findall(clean.text)
        if not any(part and part in sentence for part in planted)
        and not is_steering_text(sentence, desk)
    ]
    return "".join(kept).strip()


def combine_verdict(
    verdict: SeverityVerdict,
    chances: Mapping[Severity, float],
    critical_from: float,
    final: Collection[str],
) -> SeverityVerdict:
    """The verdict after the chances were heard.

    Likely enough to be critical: critical. Else what signals say is believed, unless
    tickets like this one make it improbable; `final` signals and two critical ones always
    are. Medium is what the signals say when they say nothing: there, and where they are not
    believed, the likeliest of the other severities is taken. A critical signal that is not
    believed is kept: it no longer makes the ticket critical, but a person still looks.
    """
    if chances["critical"] >= critical_from and not verdict.critical:
        reason = "It reads like tickets that turned out to be critical."
        return replace_severity(
            verdict,
            "critical",
            chances,
            critical=(CRITICAL_TEXT_SIGNAL,),
            reasons=(reason,),
        )
    certain = len(verdict.critical) >= DECISIVE_SIGNAL_COUNT or not set(
        final
    ).isdisjoint(verdict.critical)
    believed = (
        verdict.severity != "medium"
        and chances[verdict.severity] >= MIN_SIGNAL_PROBABILITY
    )
    if believed or certain:
        return replace_severity(
            verdict,
            verdict.severity,
            chances,
            critical=verdict.critical,
            reasons=verdict.reasons,
        )
    severity = max(NON_CRITICAL_SEVERITIES, key=lambda level: chances[level])
    reasons = verdict.reasons if severity == verdict.severity else ()
    return replace_severity(
        verdict, severity, chances, critical=verdict.critical, reasons=reasons
    )


def replace_severity(
    verdict: SeverityVerdict,
    severity: Severity,
    chances: Mapping[Severity, float],
    *,
    critical: tuple[str, ...],
    reasons: tuple[str, ...],
) -> SeverityVerdict:
    """The verdict with another severity, which is as sure as its chance."""
    found = {
        "severity": severity,
        "confidence": chances[severity],
        "critical": critical,
        "reasons": reasons,
    }
    return verdict.model_copy(update=found)
