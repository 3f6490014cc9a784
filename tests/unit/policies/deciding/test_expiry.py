"""What becomes of a question that nobody answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.deciding.expiry import expired_approval_decision
from policies.desk.model import Desk, Routing, Team
from policies.loading.load import load_desk
from tests.paths import DESKS

DESK = load_desk(DESKS / "customer_support")
NAMES = st.sampled_from(["a", "b", "c", "outside"])


def desk(*teams: Team, fallback: str, expiry: str = "reassign") -> Desk:
    """The desk with other teams."""
    routing = Routing(fallback_team=fallback, critical_team=fallback, teams=teams)
    settings = DESK.settings.model_copy(update={"approval_expiry": expiry})
    return DESK.model_copy(update={"routing": routing, "settings": settings})


def team(name: str, *path: str) -> Team:
    """A team with an escalation path."""
    return Team(id=name, title=name, escalation_path=path)


@pytest.mark.parametrize(
    ("asked", "given_to"),
    [
        ("first", "second"),
        ("second", "fallback"),
        ("fallback", "first"),
        ("unheard_of", "fallback"),
    ],
)
def test_the_next_team_of_the_path_gets_it_else_the_fallback(
    asked: str, given_to: str
) -> None:
    teams = (
        team("first", "a person", "second"),
        team("second", "a person"),
        team("fallback", "a person", "first"),
    )
    decision = expired_approval_decision(desk(*teams, fallback="fallback"), asked)
    assert (decision.type, decision.team, decision.decided_by) == (
        "reassign",
        given_to,
        "system:expiry",
    )


def test_where_nobody_is_next_it_is_rejected() -> None:
    assert (
        expired_approval_decision(
            desk(team("only", "only"), fallback="only"), "only"
        ).type
        == "reject"
    )


@given(
    paths=st.tuples(*[st.lists(NAMES, min_size=1, max_size=3)] * 3),
    fallback=st.sampled_from("abc"),
    asked=NAMES,
    expiry=st.sampled_from(["reassign", "reject"]),
)
def test_it_never_says_anything_to_a_customer(
    paths: tuple[list[str], ...], fallback: str, asked: str, expiry: str
) -> None:
    teams = [team(name, *path) for name, path in zip("abc", paths, strict=True)]
    decision = expired_approval_decision(
        desk(*teams, fallback=fallback, expiry=expiry), asked
    )
    assert decision.type in ("reassign", "reject")
    assert decision.text is decision.guidance is None
    assert (
        (decision.team in {"a", "b", "c"} - {asked})
        if decision.type == "reassign"
        else decision.team is None
    )
    assert expiry == "reassign" or decision.type == "reject"
