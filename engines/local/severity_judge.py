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
from engines.local.categories.learned import Learned
from nodes.long_texts import by_size
from policies.deciding.actionable import actionable
from policies.deciding.steering import steered
from policies.desk.model import Desk
from policies.severity.judge import SeverityVerdict, assess

READS_CRITICAL = "reads-critical"
"""The id that stands among the critical signals when the meaning alone says so."""


SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+\s*|$)")
"""Rough: an order that is cut in two is still an order."""

BELIEVED_FROM = 0.2
"""Chance from which a severity that the signals name is believed, chosen by leaving out one
author's examples."""

ORDINARY: tuple[Severity, ...] = tuple(
    level for level in SEVERITIES if level != "critical"
)

CERTAIN = 2
"""Critical signals that nothing outweighs."""


class LocalJudge:
    """nodes.services.SeverityJudge from signals and learned weights."""

    def __init__(
        self, batching: BatchingEmbedder, learned: Mapping[str, Learned | None]
    ) -> None:
        self.batching = batching
        self.learned = learned

    async def judge(self, clean: CleanTicket, desk: Desk) -> SeverityVerdict:
        """The severity and what it rests on.

        Words that would steer whoever reads them can raise it, never lower it.
        """
        verdict = await self.read(clean, clean.text, desk)
        if not clean.injection_flags and not await by_size(
            len(clean.text), steered, clean.text, desk
        ):
            return verdict
        rest = unsteered(clean, desk)
        other = await self.read(clean, rest, desk) if rest else verdict
        return max(verdict, other, key=lambda found: SEVERITIES.index(found.severity))

    async def read(self, clean: CleanTicket, text: str, desk: Desk) -> SeverityVerdict:
        """The severity of a ticket, of which only `text` is read."""
        verdict = await by_size(len(text), assess, text, desk.severities, desk.signals)
        learned = self.learned.get(desk.id)
        if learned is None or not clean.supported_language or not actionable(clean):
            return verdict
        chances = learned.severity_chances(await self.batching.embed(text), verdict)
        final = {signal.id for signal in desk.signals if signal.final}
        return weighed(verdict, chances, learned.critical_from, final)


def unsteered(clean: CleanTicket, desk: Desk) -> str:
    """The text without the sentences that were flagged or that name severities, categories
    or teams as an order.
    """
    planted = [flag.excerpt.strip() for flag in clean.injection_flags]
    kept = [
        sentence
        for sentence in SENTENCE.findall(clean.text)
        if not any(part and part in sentence for part in planted)
        and not steered(sentence, desk)
    ]
    return "".join(kept).strip()


def weighed(
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
        return judged(
            verdict, "critical", chances, critical=(READS_CRITICAL,), reasons=(reason,)
        )
    certain = len(verdict.critical) >= CERTAIN or not set(final).isdisjoint(
        verdict.critical
    )
    believed = (
        verdict.severity != "medium" and chances[verdict.severity] >= BELIEVED_FROM
    )
    if believed or certain:
        return judged(
            verdict,
            verdict.severity,
            chances,
            critical=verdict.critical,
            reasons=verdict.reasons,
        )
    severity = max(ORDINARY, key=lambda level: chances[level])
    reasons = verdict.reasons if severity == verdict.severity else ()
    return judged(
        verdict, severity, chances, critical=verdict.critical, reasons=reasons
    )


def judged(
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
