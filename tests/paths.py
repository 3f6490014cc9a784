"""Where the repository and its desks are."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
DESKS = REPOSITORY / "policies" / "desks"
