"""Judges how severe a ticket is: deterministic signals, weighed with a learned model.

For a desk without a learned model the signals decide alone. Otherwise they are features of
a model fitted on labelled tickets: a text can be critical by its meaning alone, and a
misleading signal can be corrected.
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
"""Stands among the critical signals when only the learned model found the ticket critical."""


SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+\s*|$)")
"""Splits roughly, which is enough: half of a steering sentence is still found."""

MIN_SIGNAL_PROBABILITY = 0.2
"""Chance from which the signals' severity holds.

Chosen by cross-validation that leaves out one author's examples at a time.
"""

NON_CRITICAL_SEVERITIES: tuple[Severity, ...] = tuple(
    level for level in SEVERITIES if level != "critical"
)

DECISIVE_SIGNAL_COUNT = 2
"""So many critical signals hold whatever the learned model says."""


class LocalSeverityJudge:
    """nodes.services.SeverityJudge from signals and learned weights."""

    def __init__(
        self, batching: BatchingEmbedder, learned: Mapping[str, LearnedModels | None]
    ) -> None:
        self.batching_embedder = batching
        self.learned = learned

    async def judge(self, clean: CleanTicket, desk: Desk) -> SeverityVerdict:
        """The severity and its evidence.

        A text that tries to steer the judgement is judged with and without those sentences, and the
        more severe verdict counts: such a text can raise the severity, never lower it.
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
        """The severity of a ticket, judged from `text`, a part of it."""
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
    """The text without sentences that try to steer the judgement.

    These are flagged as injections, or name severities, categories or teams as an order.
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
    """The signals' verdict, corrected by the learned model's `chances`.

    - A chance of critical from `critical_from` on makes the ticket critical.
    - Otherwise the signals' severity holds, unless the learned model finds it improbable.
      It also holds for a `final` signal and for two critical ones.
    - Otherwise (and for medium, which is what the signals say when they find nothing) the
      likeliest severity below critical is taken. Critical signals stay in the verdict, so
      that a person still looks.
    """
    if chances["critical"] >= critical_from and not verdict.critical:
        return replace_severity(
            verdict,
            "critical",
            chances,
            critical=(CRITICAL_TEXT_SIGNAL,),
            reasons=("It reads like tickets that turned out to be critical.",),
        )
    if is_decisive(verdict, final) or is_probable(verdict, chances):
        severity = verdict.severity
    else:
        severity = max(NON_CRITICAL_SEVERITIES, key=lambda level: chances[level])
    return replace_severity(
        verdict,
        severity,
        chances,
        critical=verdict.critical,
        reasons=verdict.reasons if severity == verdict.severity else (),
    )


def is_decisive(verdict: SeverityVerdict, final: Collection[str]) -> bool:
    """Whether the critical signals hold whatever the learned model says."""
    return len(verdict.critical) >= DECISIVE_SIGNAL_COUNT or not set(final).isdisjoint(
        verdict.critical
    )


def is_probable(verdict: SeverityVerdict, chances: Mapping[Severity, float]) -> bool:
    """Whether the signals found a severity that the learned model does not rule out."""
    return (
        verdict.severity != "medium"
        and chances[verdict.severity] >= MIN_SIGNAL_PROBABILITY
    )


def replace_severity(
    verdict: SeverityVerdict,
    severity: Severity,
    chances: Mapping[Severity, float],
    *,
    critical: tuple[str, ...],
    reasons: tuple[str, ...],
) -> SeverityVerdict:
    """The verdict with another severity, its confidence being the severity's chance."""
    found = {
        "severity": severity,
        "confidence": chances[severity],
        "critical": critical,
        "reasons": reasons,
    }
    return verdict.model_copy(update=found)
