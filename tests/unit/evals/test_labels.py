"""Labelled tickets of every shape, and what is said of those that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InputError
from evals.labels import find_original, read_labelled


def written(folder: Path, *rows: dict[str, Any] | str) -> Path:
    """A file with these lines."""
    path = folder / "some.jsonl"
    lines = [
        row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
        for row in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_golden_row_keeps_every_label(tmp_path: Path) -> None:
    golden = {
        "id": "g-1",
        "desk": "internal_helpdesk",
        "subject": "Lamp",
        "body": "It flickers.",
        "customer_email": "ada@example.com",
        "customer_name": None,
        "category": "Facilities",
        "severity": "low",
        "fields": {"order_id": ["A-1", "A-2"], "amount": [19]},
        "safe": False,
        "injection": True,
        "language": "en",
        "duplicate_of": None,
        "tags": ["whatever"],
    }
    (row,) = read_labelled(written(tmp_path, golden))
    assert row.model_dump(exclude={"duplicates", "fields"}) == {
        name: value for name, value in golden.items() if name not in ("tags", "fields")
    }
    assert row.fields == {"order_id": ("A-1", "A-2"), "amount": (19.0,)}
    assert row.has_duplicate_label


def test_a_category_row_needs_no_text(tmp_path: Path) -> None:
    (row,) = read_labelled(
        written(
            tmp_path, {"id": "c", "source": "x", "body": None, "category": "billing"}
        )
    )
    assert (row.desk, row.subject, row.body, row.category) == (
        "customer_support",
        "",
        "",
        "billing",
    )
    assert (
        row.safe,
        row.injection,
        row.fields,
        row.severity,
        row.has_duplicate_label,
    ) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_a_department_is_a_category_of_the_helpdesk(tmp_path: Path) -> None:
    (row,) = read_labelled(
        written(tmp_path, {"id": "d", "body": "My pay slip", "department": "HR"})
    )
    assert (row.desk, row.category) == ("internal_helpdesk", "HR")


def test_extraction_columns_are_fields_even_when_empty(tmp_path: Path) -> None:
    found = {
        "id": "e",
        "body": "x",
        "email": ["a@b.example"],
        "phone": [],
        "order_id": [],
        "error_code": ["E1"],
    }
    (row,) = read_labelled(written(tmp_path, found))
    assert row.fields == {
        "account_email": ("a@b.example",),
        "phone_number": (),
        "order_id": (),
        "error_code": ("E1",),
    }


def test_known_duplicates_and_blank_lines(tmp_path: Path) -> None:
    rows = read_labelled(
        written(
            tmp_path,
            {"id": "1", "duplicates": ["2"]},
            "",
            {"id": "2", "duplicates": []},
        )
    )
    assert [row.duplicates for row in rows] == [("2",), ()]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    (row,) = read_labelled(
        written(tmp_path, {"id": "1", "body": "first\u2028second\x85third"})
    )
    assert row.body == "first\u2028second\x85third"


def test_the_original_of_a_chain_is_its_first_ticket(tmp_path: Path) -> None:
    rows = read_labelled(
        written(
            tmp_path,
            {"id": "1"},
            {"id": "2", "duplicate_of": "1"},
            {"id": "3", "duplicate_of": "2"},
        )
    )
    by_id = {row.id: row for row in rows}
    assert [find_original(row, by_id) for row in rows] == [None, "1", "1"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", r"some\.jsonl:2: not JSON"),
        ("[1]", r"some\.jsonl:2: .*JSON object"),
        ('{"body": "x"}', r"some\.jsonl:2: id: Field required"),
        ('{"id": "2", "severity": "huge"}', r"some\.jsonl:2: severity: "),
        ('{"id": "2", "fields": {"amount": 3}}', r"some\.jsonl:2: fields\.amount: "),
        ('{"id": "1"}', r"some\.jsonl:2: the id 1 was used before"),
        (
            '{"id": "2", "duplicate_of": "3"}',
            r"some\.jsonl:2: duplicate_of names no earlier ticket",
        ),
        (
            '{"id": "2", "duplicate_of": "2"}',
            r"some\.jsonl:2: duplicate_of names no earlier ticket",
        ),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read_labelled(written(tmp_path, {"id": "1"}, line))


def test_errors_do_not_repeat_the_text(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_labelled(
            written(
                tmp_path,
                {"id": "1", "body": ["secret words"], "severity": "secret words"},
            )
        )
    assert "secret" not in caught.value.detail


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.jsonl cannot be read"):
        read_labelled(tmp_path / "missing.jsonl")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes('{"id": "é"}'.encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.jsonl is not UTF-8"):
        read_labelled(tmp_path / "latin.jsonl")
