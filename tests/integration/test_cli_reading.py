"""What the command line reads from files.

Every row, on the line where it stands, and nothing that nobody wrote.
"""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InputError
from server.cli.terminal.read_rows import (
    Fault,
    Row,
    parse_csv_rows,
    parse_json_rows,
    parse_jsonl_rows,
    read_rows,
)
from server.cli.terminal.ticket_rows import make_ticket

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\",;'"),
    min_size=1,
)
records = st.lists(st.fixed_dictionaries({"subject": texts, "body": texts}), max_size=5)


@given(records, st.sampled_from([None, 2]))
def test_a_json_list_gives_its_items_on_their_lines(
    items: list[dict[str, str]], indent: int | None
) -> None:
    text = json.dumps(items, indent=indent)
    rows = list(parse_json_rows(text))
    assert [row.values for row in rows if isinstance(row, Row)] == items
    lines = text.split("\n")
    assert all("{" in lines[row.line - 1] for row in rows)


@given(records)
def test_json_lines_give_one_record_a_line(items: list[dict[str, str]]) -> None:
    rows = list(
        parse_jsonl_rows(
            "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        )
    )
    assert rows == [Row(line, item) for line, item in enumerate(items, start=1)]


@given(records)
def test_csv_gives_back_what_a_writer_wrote(items: list[dict[str, str]]) -> None:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["Subject", "body"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    starts: list[int] = []
    for item in items:
        starts.append(file.getvalue().count("\n") + 1)
        writer.writerow({"Subject": item["subject"], "body": item["body"]})
    assert list(parse_csv_rows(file.getvalue())) == [
        Row(line, item) for line, item in zip(starts, items, strict=True)
    ]


@given(st.text())
def test_no_text_at_all_breaks_a_reader(text: str) -> None:
    for read in (parse_json_rows, parse_jsonl_rows):
        assert all(isinstance(row, Row | Fault) for row in read(text))
    try:
        assert all(isinstance(row, Row | Fault) for row in parse_csv_rows(text))
    except InputError as error:
        assert "name the columns" in error.detail  # noqa: PT017 - only this one is allowed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[\n{"subject": "a"},\n{"subject": }\n]', 3),
        ('[{"subject": "a"}\n', 1),
        ("[" * 100_000, 1),
        ('{"subject": "\\ud800"}', 1),
        ('{"subject": 1' + "0" * 5000 + "}", 1),
        ("3", 1),
    ],
)
def test_bad_json_is_a_fault_on_its_line(text: str, line: int) -> None:
    *_, last = parse_json_rows(text)
    assert isinstance(last, Fault)
    assert last.line == line


def test_csv_that_breaks_off_makes_no_ticket_of_the_rest() -> None:
    rows = list(parse_csv_rows('subject,body\na,b\n"never closed,c\nd,e\n'))
    assert [row.line for row in rows] == [2, 3]
    assert isinstance(rows[1], Fault)


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("\ufeffSubject;Body\nHallo, du;Ärger\n".encode())
    assert read_rows(str(path), None) == [
        Row(2, {"subject": "Hallo, du", "body": "Ärger"})
    ]


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes("subject,body\nÄrger,x\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_rows(str(path), None)


def test_what_a_ticket_has_not_goes_to_its_metadata() -> None:
    ticket = make_ticket(
        Row(1, {"body": "b", "plan": "gold", "metadata": {"id": 7}}), "customer_support"
    )
    assert not isinstance(ticket, Fault)
    assert (ticket.metadata, ticket.source, ticket.desk) == (
        {"plan": "gold", "id": 7},
        "cli",
        "customer_support",
    )


@pytest.mark.parametrize(
    "values", [{"subject": 3}, {"body": "b", "metadata": "m"}, {"plan": "gold"}]
)
def test_a_row_that_is_no_ticket_is_a_fault_that_does_not_repeat_it(
    values: dict[str, object],
) -> None:
    fault = make_ticket(Row(9, values), "customer_support")
    assert isinstance(fault, Fault)
    assert fault.line == 9
    assert "gold" not in fault.text
