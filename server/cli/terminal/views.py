"""Runs, approvals and checkpoints as people read them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from contracts.approval import Approval
from contracts.extraction import Extraction
from contracts.result import Checkpoint, Run
from contracts.run_view import view_run
from contracts.stored_ticket import StoredTicket
from server.cli.terminal.output import (
    make_table,
    print_json,
    result_console,
    strip_control_characters,
)

EMPTY_CELL = "-"


def runs_table(runs: Sequence[Run]) -> Table:
    """One line per ticket."""
    made = make_table(
        "ticket", "category", "severity", "disposition", "team", "engine", "ms"
    )
    for run in runs:
        kind, decision = run.classification, run.routing
        made.add_row(
            run.ticket_id,
            kind.category if kind else EMPTY_CELL,
            kind.severity if kind else EMPTY_CELL,
            run.disposition or run.status,
            decision.team if decision else EMPTY_CELL,
            run.engine or EMPTY_CELL,
            f"{run.total_duration_ms:.0f}",
        )
    return made


def approvals_table(approvals: Iterable[Approval]) -> Table:
    """One line per approval."""
    made = make_table("approval", "ticket", "team", "why", "status", "until")
    for approval in approvals:
        is_pending = approval.status == "pending"
        made.add_row(
            approval.id,
            approval.ticket_id,
            approval.request.team,
            strip_control_characters("\n".join(approval.request.reasons)),
            strip_control_characters(describe_status(approval)),
            format_minute(approval.expires_at) if is_pending else EMPTY_CELL,
        )
    return made


def describe_status(approval: Approval) -> str:
    """The status, or who decided what."""
    if approval.decision is None:
        return approval.status
    return f"{approval.decision.type} by {approval.decided_by}"


def checkpoints_table(checkpoints: Iterable[Checkpoint]) -> Table:
    """One line per checkpoint."""
    made = make_table("step", "checkpoint", "after", "next", "saved")
    for point in checkpoints:
        upcoming = ", ".join(point.next) + (
            " (waiting for a person)" if point.pending_interrupt else ""
        )
        saved = (
            point.created_at.isoformat(sep=" ", timespec="milliseconds")
            if point.created_at
            else EMPTY_CELL
        )
        made.add_row(
            str(point.step),
            point.checkpoint_id,
            point.written_by or EMPTY_CELL,
            upcoming or EMPTY_CELL,
            saved,
        )
    return made


def format_minute(at: datetime) -> str:
    """A point in time, as exact as a person needs it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def show_ticket(console: Console, ticket: StoredTicket) -> None:
    """A ticket as it was received, and its solution if it has one."""
    console.print(
        facts_table(
            (("ticket", ticket.id), ("desk", ticket.desk), ("status", ticket.status))
        )
    )
    console.print(text_panel(ticket.body, ticket.subject or "(no subject)"))
    if ticket.solution:
        console.print(text_panel(ticket.solution, "solution"))


def print_run(run: Run, *, as_json: bool) -> None:
    """A run for other programs, under the names of the HTTP API, or for people."""
    if as_json:
        print_json(view_run(run))
    else:
        show_run(result_console(), run)


def show_run(console: Console, run: Run) -> None:
    """What was understood, decided and written, and what a person can do now."""
    console.print(facts_table(run_summary_rows(run)))
    if run.response_draft:
        console.print(
            text_panel(
                run.response_draft.content,
                f"reply, {run.response_draft.tone}, {run.response_draft.engine} engine",
            )
        )
    steps = make_table("step", "status", "engine", "problem", "ms")
    for step in run.workflow_steps:
        problem = strip_control_characters(step.error or EMPTY_CELL)
        steps.add_row(
            step.step_name,
            step.status,
            step.engine or EMPTY_CELL,
            problem,
            f"{step.duration_ms:.1f}",
        )
    console.print(steps)
    if run.approval:
        show_question(console, run)


def show_question(console: Console, run: Run) -> None:
    """What a waiting run asks, and how to answer."""
    if run.status != "waiting" or run.approval is None:
        return
    lines = [f"A person is asked until {format_minute(run.approval.expires_at)}:"]
    lines += [
        f"  {strip_control_characters(reason)}"
        for reason in run.approval.request.reasons
    ]
    lines += [
        f"Answer with: ticketgraph decide {run.approval.id} approve|edit|reject|reassign|respond"
    ]
    console.print(Text("\n".join(lines)), soft_wrap=True)


def run_summary_rows(run: Run) -> Iterator[tuple[str, str]]:
    """What is worth knowing of a run, by name."""
    yield "run", run.run_id
    if run.forked_from:
        yield "forked from", f"{run.forked_from} (nothing left the system)"
    degraded = ", degraded" if run.degraded else ""
    yield "status", f"{run.status}{degraded}" + (f": {run.error}" if run.error else "")
    if kind := run.classification:
        yield "category", f"{kind.category} ({kind.category_confidence:.2f})"
        yield "severity", f"{kind.severity} ({kind.severity_confidence:.2f})"
    if run.extracted_fields:
        yield from extraction_rows(run.extracted_fields)
    yield from decision_rows(run)
    if run.duplicate_of:
        yield "duplicate of", run.duplicate_of
    if run.response_draft and run.response_draft.sources:
        yield "sources", ", ".join(run.response_draft.sources)
    for similar in run.similar_tickets:
        yield (
            "similar",
            f"{similar.ticket_id} {similar.score:.2f} {similar.status}: {similar.subject}",
        )
    if run.injection_flag:
        yield "suspicious", ", ".join(run.injection_reasons)


def extraction_rows(extraction: Extraction) -> Iterator[tuple[str, str]]:
    """The fields with their values, and those that are required and missing."""
    for field in extraction.fields:
        yield (
            field.name,
            ", ".join(str(value) for value in extraction.values(field.name)),
        )
    if extraction.missing_required:
        yield "missing", ", ".join(extraction.missing_required)


def decision_rows(run: Run) -> Iterator[tuple[str, str]]:
    """Where the ticket goes and by which rules, then what left the system."""
    if decision := run.routing:
        due = f", due {format_minute(decision.due_at)}" if decision.due_at else ""
        yield "disposition", decision.disposition
        yield "team", f"{decision.team}, priority {decision.priority}{due}"
        for reason in decision.reasons:
            yield "because", f"{reason.text} [{reason.rule}]"
    if run.delivery:
        simulated = " (simulated)" if run.delivery.simulated else ""
        for effect in run.delivery.effects:
            yield "done", f"{effect.action} to {effect.target}{simulated}"


def facts_table(pairs: Iterable[tuple[str, str]]) -> Table:
    """Names and what they are, in two columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, strip_control_characters(value))
    return grid


def text_panel(text: str, title: str) -> Panel:
    """A text of its own with a title."""
    return Panel(
        Text(strip_control_characters(text)),
        title=Text(strip_control_characters(title)),
        title_align="left",
        expand=False,
    )
