"""A file's figures as terminal tables. A dash stands for a figure without labels."""

from collections.abc import Iterable, Iterator

from rich.table import Table

from evals.figures import FileReport
from evals.metrics import Score

_UNKNOWN_MARK = "-"


def report_tables(report: FileReport) -> Iterator[Table]:
    """Every table of one file; parts without labels are left out."""
    yield _summary_table(report)
    if report.category:
        yield _score_table("category", report.category.classes)
        yield _confusion_table("category", report.category.confusion)
    if report.severity:
        yield _confusion_table("severity", report.severity.confusion)
    if report.fields:
        yield _score_table("field", report.fields)
    if report.automation:
        yield _disposition_table(
            report.automation.safe_dispositions, report.automation.unsafe_dispositions
        )


def _summary_table(report: FileReport) -> Table:
    table = Table("measure", title_justify="left", box=None, pad_edge=False)
    table.add_column("value", justify="right")
    table.add_column("of", justify="right")
    for name, value, of in _quality_figures(report):
        table.add_row(name, value, str(of))
    return table


def _quality_figures(report: FileReport) -> Iterator[tuple[str, str, int]]:
    if category := report.category:
        yield "category accuracy", _format_percent(category.accuracy), category.tickets
        yield "category macro-F1", _format_decimal(category.macro_f1), category.tickets
        answered = category.tickets - category.abstained
        yield (
            "category calibration error",
            _format_decimal(category.calibration_error),
            answered,
        )
        yield (
            "coverage at 90 % accuracy",
            _format_percent(category.coverage_at_90),
            answered,
        )
    if severity := report.severity:
        critical = sum(severity.confusion.get("critical", {}).values())
        yield "severity accuracy", _format_percent(severity.accuracy), severity.tickets
        yield (
            "severity within one level",
            _format_percent(severity.within_one_level),
            severity.tickets,
        )
        yield "critical found", _format_percent(severity.critical_recall), critical
        yield (
            "wrongly critical",
            _format_percent(severity.false_critical),
            severity.tickets - critical,
        )
    yield from _handling_figures(report)


def _handling_figures(report: FileReport) -> Iterator[tuple[str, str, int]]:
    if automation := report.automation:
        yield (
            "unsafe resolved without a person",
            _format_percent(automation.unsafe_auto_resolved),
            automation.unsafe,
        )
        yield (
            "safe resolved without a person",
            _format_percent(automation.auto_resolved),
            automation.safe,
        )
        yield (
            "safe not waiting for a person",
            _format_percent(automation.no_person),
            automation.safe,
        )
    if flags := report.injection:
        yield "injections flagged", _format_percent(flags.recall), flags.attacks
        yield "harmless flagged", str(flags.false_positives), flags.harmless
    if links := report.duplicates:
        yield "repeats linked", _format_percent(links.recall), links.duplicates
        yield "false links", str(links.false_links), report.tickets
    if similar := report.similar:
        yield (
            "duplicates among the five most similar",
            _format_percent(similar.recall_at_5),
            similar.tickets,
        )
    if language := report.language:
        yield "language accuracy", _format_percent(language.accuracy), language.tickets
    if times := report.milliseconds:
        yield "ms per ticket, median", f"{times.p50:.1f}", report.tickets
        yield "ms per ticket, 95th percentile", f"{times.p95:.1f}", report.tickets
        yield "ms per ticket, mean", f"{times.mean:.1f}", report.tickets
    yield "degraded", str(report.degraded), report.tickets
    yield "failed", str(report.failed), report.tickets


def _score_table(what: str, scores: Iterable[Score]) -> Table:
    table = Table(what, box=None, pad_edge=False)
    for column in ("precision", "recall", "F1", "support"):
        table.add_column(column, justify="right")
    for score in scores:
        table.add_row(
            score.label,
            _format_decimal(score.precision),
            _format_decimal(score.recall),
            _format_decimal(score.f1),
            str(score.support),
        )
    return table


def _confusion_table(what: str, matrix: dict[str, dict[str, int]]) -> Table:
    answers = sorted({answer for row in matrix.values() for answer in row})
    table = Table(f"{what}, labelled", box=None, pad_edge=False)
    for answer in answers:
        table.add_column(answer, justify="right")
    for label, row in matrix.items():
        table.add_row(label, *(str(row.get(answer, 0)) for answer in answers))
    return table


def _disposition_table(safe: dict[str, int], unsafe: dict[str, int]) -> Table:
    table = Table("disposition", box=None, pad_edge=False)
    table.add_column("safe", justify="right")
    table.add_column("unsafe", justify="right")
    for disposition in sorted({*safe, *unsafe}):
        table.add_row(
            disposition, str(safe.get(disposition, 0)), str(unsafe.get(disposition, 0))
        )
    return table


def _format_percent(value: float | None) -> str:
    return _UNKNOWN_MARK if value is None else f"{value:.1%}"


def _format_decimal(value: float | None) -> str:
    return _UNKNOWN_MARK if value is None else f"{value:.3f}"
