"""Path and query parameters that several endpoints take."""

from typing import Annotated

from fastapi import Path, Query

MAX_OFFSET = 1_000_000_000

TicketId = Annotated[str, Path(description="The ticket's id")]
RunId = Annotated[str, Path(description="The run's id")]
ApprovalId = Annotated[str, Path(description="The approval's id")]

Limit = Annotated[int, Query(ge=1, le=500, description="At most so many entries")]
Offset = Annotated[
    int, Query(ge=0, le=MAX_OFFSET, description="Skip so many entries first")
]
