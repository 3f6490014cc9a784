"""A few tickets through a real graph, and what is shown of them."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.errors import InputError
from evals.report import Report, evaluate_files, print_report
from ticketgraph.assembly import SHIPPED_DESKS

GOLDEN = (
    {
        "id": "first",
        "subject": "Charged twice",
        "body": (
            "My card was charged twice for order ORD-48213. Please refund one of the two "
            "charges of 49.00 EUR."
        ),
        "customer_email": "ada@example.com",
        "category": "billing",
        "severity": "medium",
        "fields": {"order_id": ["ORD-48213"], "amount": [49]},
        "safe": False,
        "injection": False,
        "language": "en",
        "duplicate_of": None,
    },
    {
        "id": "again",
        "subject": "Charged twice",
        "body": (
            "My card was charged twice for order ORD-48213. Please refund one of the two "
            "charges of 49.00 EUR."
        ),
        "customer_email": "ada@example.com",
        "category": "billing",
        "duplicate_of": "first",
    },
    {
        "id": "down",
        "subject": "Everything is down",
        "body": (
            "Since nine o'clock nobody in our company can log in, production has stopped "
            "and we lose all orders."
        ),
        "customer_email": "bob@example.com",
        "severity": "critical",
        "safe": False,
        "duplicate_of": None,
    },
)
ALIKE = (
    {
        "id": "a",
        "body": "The export to a spreadsheet ends with an empty file.",
        "duplicates": ["b"],
    },
    {
        "id": "b",
        "body": "Exporting to a spreadsheet gives a file with nothing in it.",
        "duplicates": ["a"],
    },
    {
        "id": "c",
        "body": "Please change the colour of the button on the start page.",
        "duplicates": [],
    },
)


@pytest.fixture
def desks(tmp_path: Path) -> Path:
    """A folder with one desk."""
    shutil.copytree(
        SHIPPED_DESKS / "customer_support", tmp_path / "desks" / "customer_support"
    )
    return tmp_path / "desks"


def written(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    """A file of labelled tickets."""
    (folder / name).write_text(
        "\n".join(json.dumps(row) for row in rows), encoding="utf-8"
    )
    return folder / name


@pytest.mark.asyncio
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_tickets_run_through_the_graph(
    tmp_path: Path, desks: Path, concurrency: int
) -> None:
    done: list[tuple[int, int]] = []
    report = await evaluate_files(
        [
            written(tmp_path, "golden.jsonl", *GOLDEN),
            written(tmp_path, "alike.jsonl", *ALIKE),
        ],
        concurrency=concurrency,
        progress=lambda count, total: done.append((count, total)),
        desks_dir=desks,
    )
    golden, alike = report.files
    assert done == [(n, 6) for n in range(1, 7)]
    assert (golden.tickets, golden.failed, golden.engines) == (3, 0, {"local": 3})
    assert golden.duplicates is not None
    assert (golden.duplicates.recall, golden.duplicates.false_links) == (1.0, 0)
    assert golden.severity is not None
    assert golden.severity.critical_recall == 1.0
    assert golden.fields[-1].f1 == 1.0
    assert alike.similar is not None
    assert (alike.tickets, alike.similar.tickets, alike.similar.recall_at_5) == (
        3,
        2,
        1.0,
    )
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.asyncio
async def test_every_figure_is_shown(tmp_path: Path, desks: Path) -> None:
    report = await evaluate_files(
        [written(tmp_path, "golden.jsonl", *GOLDEN)], limit=2, desks_dir=desks
    )
    page = io.StringIO()
    print_report(report, Console(file=page, width=120))
    shown = " ".join(page.getvalue().split())
    assert "golden.jsonl 2 tickets, customer_support" in shown
    assert "repeats linked 100.0% 1" in shown
    assert "critical found - 0" in shown
    assert "order_id 1.000 1.000 1.000 1" in shown


@pytest.mark.asyncio
async def test_another_desk_takes_the_place_of_the_one_in_the_rows(
    tmp_path: Path, desks: Path
) -> None:
    file = written(
        tmp_path,
        "rows.jsonl",
        {"id": "1", "body": "My salary is missing.", "department": "HR"},
    )
    report = await evaluate_files([file], desk="customer_support", desks_dir=desks)
    assert report.files[0].desks == ("customer_support",)
    with pytest.raises(
        InputError,
        match=r"rows\.jsonl: there is no desk internal_helpdesk; .*customer_support",
    ):
        await evaluate_files([file], desks_dir=desks)


@pytest.mark.asyncio
async def test_an_empty_file_is_an_empty_report(tmp_path: Path, desks: Path) -> None:
    report = await evaluate_files([written(tmp_path, "none.jsonl")], desks_dir=desks)
    page = io.StringIO()
    print_report(report, Console(file=page, width=120))
    assert (report.files[0].tickets, report.files[0].misses) == (0, ())
    assert "none.jsonl" in page.getvalue()
