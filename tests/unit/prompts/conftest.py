"""The shipped desks, each in turn."""

import pytest

from policies.desk.model import Desk
from tests.unit.prompts.filled import DESKS


@pytest.fixture(params=sorted(DESKS))
def desk(request: pytest.FixtureRequest) -> Desk:
    """Each shipped desk in turn."""
    return DESKS[request.param]
