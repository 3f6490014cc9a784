"""Whatever extraction sees in a draft, the guard of replies sees.

Both read with text/. Extraction takes what it is sure of; the guard has to take all of that
and may take more. Held here over every ticket of the repository, used as a draft to a customer
of whom nothing is known, and over generated drafts.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.ticket import CleanTicket, Ticket
from policies.loading.load import load_desk
from policies.replies import check_reply
from tests.conftest import REPOSITORY
from text.currencies import CODES, WORDS
from text.figures import find_phone_numbers, find_sums, find_written_dates
from text.hosts import find_web_addresses
from text.patterns.blanked_text import MaskedText
from text.patterns.dates import MONTH_NUMBER
from text.patterns.finders import FINDERS
from text.patterns.found_value import FoundValue
from text.reply import to_plain_text

DESK = load_desk(REPOSITORY / "policies" / "desks" / "customer_support")
STRANGER = Ticket(
    id="T", subject="", body="", received_at=datetime(2026, 5, 4, 9, tzinfo=UTC)
)
NOTHING_SAID = CleanTicket(subject="", body="")
WARNINGS = {
    "amount": ("a sum that",),
    "phone": ("names the number",),
    "email": ("names the address",),
    "url": ("links to", "names the address"),
}
"""For each kind of field what a warning of the guard says."""


def warnings_of(draft: str) -> str:
    content = Draft(content=draft, tone="friendly")
    return " ".join(
        check_reply(content, STRANGER, NOTHING_SAID, Extraction(), (), DESK)
    )


def extracted(text: str, kind: str) -> list[FoundValue]:
    found = FINDERS[kind](MaskedText(text))
    return [value for value in found if isinstance(value, FoundValue)]


def overlaps(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def guarded(plain: str, kind: str, value: FoundValue) -> bool:
    """Whether the guard's reader sees this value where it stands."""
    span = (value.start, value.end)
    if kind == "amount":
        return any(
            overlaps(found.span, span) and abs(found.value - float(value.value)) < 0.01
            for found in find_sums(plain)
        )
    if kind == "phone":
        return any(
            start <= value.start < start + len(number)
            for number, start in find_phone_numbers(plain)
        )
    if kind == "date":
        return any(overlaps(found, span) for found in find_written_dates(plain))
    return any(
        value.start <= address.start < value.end
        for address in find_web_addresses(plain)
    )


def assert_guard_sees_all(draft: str) -> dict[str, int]:
    """Checks both the readers and the warnings; gives how many values there were."""
    plain = to_plain_text(draft)
    counts: dict[str, int] = {}
    for kind in (*WARNINGS, "date"):
        values = extracted(plain, kind)
        unseen = [value for value in values if not guarded(plain, kind, value)]
        assert unseen == [], (kind, draft)
        counts[kind] = len(values)
    said = (
        warnings_of(draft) if any(extracted(draft, kind) for kind in WARNINGS) else ""
    )
    for kind, words in WARNINGS.items():
        if extracted(draft, kind):
            assert any(word in said for word in words), (kind, draft, said)
    return counts


def repository_texts() -> Iterator[str]:
    for folder in ("golden", "examples"):
        for path in sorted((REPOSITORY / "evals" / folder).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                yield f"{row['subject']}\n\n{row['body']}"
    for path in sorted((REPOSITORY / "tests" / "spec" / "cases").glob("*.yaml")):
        yield from spec_texts(yaml.safe_load(path.read_text(encoding="utf-8")))


def spec_texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("body"), str):
            yield f"{node.get('subject') or ''}\n\n{node['body']}"
        for value in node.values():
            yield from spec_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from spec_texts(value)


def test_in_every_ticket_of_the_repository() -> None:
    totals: dict[str, int] = {}
    for text in repository_texts():
        for kind, count in assert_guard_sees_all(text).items():
            totals[kind] = totals.get(kind, 0) + count
    assert min(totals.values()) > 5, totals


@pytest.mark.parametrize(
    "sum_of_money",
    [
        "500 AED",
        "200 kr",
        "300 zł",
        "90 RON",
        "40 THB",
        "2 million euros",
        "#12 $50",
        "sek 200",
        "1.5 mio EUR",
        "US$ 5k",
    ],
)
def test_sums_that_the_guard_once_missed(sum_of_money: str) -> None:
    draft = f"Thank you for your message. The charge of {sum_of_money} is in order."
    assert assert_guard_sees_all(draft)["amount"]
    assert "a sum that" in warnings_of(draft)


@pytest.mark.parametrize(
    ("word", "draft"),
    [
        ("names the number", "Please call 555 012."),
        ("names the number", "My number is 5550123, contact me at 555 01 23."),
        ("names the number", "Tel. 03.05.12.34.56"),
        ("links to", "Please look at http://\N{PILE OF POO}.example/help.example"),
        ("links to", "Please look at www.x1"),
        ("not the SLA's", "We will be there on 5. März 2026."),
        ("not the SLA's", "We will be there on 5 de mayo de 2026."),
        ("not the SLA's", "We will be there on 5 août."),
        ("not the SLA's", "We will be there on 2026-05-05T09:00."),
        ("a sum that", "89.90 was charged to your card."),
    ],
)
def test_other_values_that_the_guard_once_missed(word: str, draft: str) -> None:
    assert word in warnings_of(draft)


@pytest.mark.parametrize(
    "draft", ["Please try 2 other browsers.", "Please try 3.", "Version 5.60 is out."]
)
def test_figures_that_are_no_sums(draft: str) -> None:
    assert warnings_of(draft) == ""


FIGURES = st.sampled_from(
    [
        "5",
        "49.90",
        "49,90",
        "1,299.00",
        "1.299,00",
        "1'299",
        "1",
        "0.125",
        "12,34,567",
        "1000000",
        "99.",
    ]
) | st.sampled_from(["1 299,00", "12 500", "1\N{NO-BREAK SPACE}299"])
CURRENCIES = st.sampled_from(
    [
        *["$", "US$", "R$", "€", "£", "¥", "₹", "₩", "₽", "₺", "₪", "₴"],
        *(code.strip("(?-i:)") for code in CODES.split("|")),
        *(word.replace("s?", "s") for word in WORDS.split("|")),
        *("eur", "sek", "ron", "Dollar"),
    ]
)
SCALES = st.sampled_from(
    ["", "", "", "k", " k", " million", " mio", "bn", " Millionen"]
)
SPACES = st.sampled_from(["", " ", " ", "\N{NO-BREAK SPACE}", " -"])
MONEY = st.builds(
    "{}{}{}{}{}".format, CURRENCIES, SPACES, FIGURES, SCALES, st.just("")
) | (st.builds("{}{}{}{}".format, FIGURES, SCALES, SPACES, CURRENCIES))
DAYS = st.integers(1, 31).map(str)
MONTHS = st.sampled_from(sorted(MONTH_NUMBER)).flatmap(
    lambda name: st.sampled_from([name, name.capitalize(), name.upper()])
)
YEARS = st.sampled_from(["", " 2026", ", 2026", " de 2026", " del 2026", " 4711"])
DATES = (
    st.builds(
        "{}{} {}{}{}".format,
        DAYS,
        st.sampled_from(["", ".", "st", "nd", "th", "er", "º"]),
        st.sampled_from(["", "of ", "de "]),
        MONTHS,
        YEARS,
    )
    | st.builds("{} {}{}{}".format, MONTHS, DAYS, st.sampled_from(["", "th"]), YEARS)
    | st.builds(
        "{}{sign}{}{sign}{}".format,
        DAYS,
        st.integers(1, 12).map("{:02}".format),
        st.sampled_from(["2026", "26"]),
        sign=st.sampled_from("-/."),
    )
    | st.builds(
        "2026-{:02}-{:02}{}".format,
        st.integers(1, 12),
        st.integers(1, 28),
        st.sampled_from(["", "T", "T9:00"]),
    )
)
PHONES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        ["", "call ", "my number is ", "Tel. ", "contact me at ", "rückruf "]
    ),
    st.sampled_from(["", "+44 ", "+49 (0)", "0044 ", "(900) ", "0", "555-"]),
    st.lists(
        st.sampled_from(["20", "7946", "0018", "555", "12"]), min_size=1, max_size=5
    ).flatmap(
        lambda groups: st.sampled_from([" ", "-", ".", "", " - "]).map(
            lambda by: by.join(groups)
        )
    ),
    st.sampled_from(["", "", " x12", " ext. 7", " Durchwahl 3"]),
)
HOSTS = st.sampled_from(
    [
        "evil.example",
        "EVIL.example",
        "münchen.example",
        "a-b.co.uk",
        "\N{PILE OF POO}.example",
        "localhost:8080",
        "203.0.113.9",
    ]
)
ADDRESSES = st.builds(
    "{}@{}".format, st.sampled_from(["ada", "a.b", "o'neil", "x+y", "_z", "ädä"]), HOSTS
) | st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["http://", "https://", "HTTPS://", "www.", "https://u@", "https://u:p@"]
    ),
    HOSTS,
    st.sampled_from(["", "/", "/a.b/c", "?q=1", "#x", ":443/x"]),
)
JOINTS = st.sampled_from(
    [
        " ",
        " ",
        "\n",
        ", ",
        " (",
        ") ",
        ". ",
        ": ",
        "; ",
        "/",
        " - ",
        "#",
        '"',
        "'",
        "*",
        " paid ",
        " the ",
    ]
)


@settings(deadline=None, max_examples=400)
@given(
    parts=st.lists(
        st.tuples(JOINTS, MONEY | DATES | PHONES | ADDRESSES), min_size=1, max_size=4
    )
)
@example(parts=[(" ", "12 "), ("", "$50")])
def test_in_drafts_of_every_form(parts: list[tuple[str, str]]) -> None:
    assert_guard_sees_all("We have seen" + "".join(map("".join, parts)) + " today.")


@settings(deadline=None, max_examples=200)
@given(date=DATES)
def test_every_date_that_is_promised_is_seen(date: str) -> None:
    draft = f"We will send it on {date}, as you wished."
    if extracted(draft, "date"):
        assert "not the SLA's" in warnings_of(draft)
