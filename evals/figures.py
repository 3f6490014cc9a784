"""All figures of a file of labelled tickets, and of several files."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from contracts.values import Value
from evals.labels import LabelledTicket
from evals.metrics import Latency, Score, measure_latency
from evals.misses import Miss, find_misses
from evals.quality import (
    AutomationQuality,
    CategoryQuality,
    FlagQuality,
    LanguageQuality,
    LinkQuality,
    SeverityQuality,
    SuggestionQuality,
    automation_quality,
    category_quality,
    field_quality,
    flag_quality,
    language_quality,
    link_quality,
    severity_quality,
    suggestion_quality,
)
from evals.runner import Outcome, Suggestion


class FileReport(Value):
    """The figures of one file; a part is None when no ticket has its label."""

    file: str
    desks: tuple[str, ...]
    tickets: int
    engines: dict[str, int]
    degraded: int
    failed: int
    category: CategoryQuality | None
    severity: SeverityQuality | None
    fields: tuple[Score, ...]
    automation: AutomationQuality | None
    injection: FlagQuality | None
    duplicates: LinkQuality | None
    similar: SuggestionQuality | None
    language: LanguageQuality | None
    milliseconds: Latency | None
    misses: tuple[Miss, ...]


class Report(Value):
    """The figures of every file, and how they were taken."""

    created_at: datetime
    concurrency: int
    limit: int | None
    files: tuple[FileReport, ...]


def build_file_report(
    name: str,
    rows: Sequence[LabelledTicket],
    outcomes: Sequence[Outcome],
    suggestions: Sequence[Suggestion],
) -> FileReport:
    """The figures of one file, from its processed tickets and its similarity searches."""
    runs = [outcome.run for outcome in outcomes]
    return FileReport(
        file=name,
        desks=tuple(sorted({row.desk for row in rows})),
        tickets=len(rows),
        engines=Counter(run.engine or "none" for run in runs),
        degraded=sum(run.degraded for run in runs),
        failed=sum(run.status == "failed" for run in runs),
        category=category_quality(outcomes),
        severity=severity_quality(outcomes),
        fields=field_quality(outcomes),
        automation=automation_quality(outcomes),
        injection=flag_quality(outcomes),
        duplicates=link_quality(outcomes),
        similar=suggestion_quality(suggestions),
        language=language_quality(outcomes),
        milliseconds=measure_latency([outcome.milliseconds for outcome in outcomes]),
        misses=find_misses(outcomes),
    )
