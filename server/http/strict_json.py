"""Requests read strictly.

JSON in UTF-8, without NaN, NUL or lone surrogates, not nested too deep; no query parameter
that the address does not have.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

MAX_DEPTH = 32


class StrictRequest(Request):
    """A request whose JSON is checked before FastAPI validates it."""

    async def json(self) -> Any:
        """The body. Raises HTTPException: 400 for invalid JSON, 422 for NUL or deep nesting."""
        try:
            value = orjson.loads(await self.body())
        except orjson.JSONDecodeError:
            raise HTTPException(400, "The body is not valid JSON in UTF-8.") from None
        check_json_value(value)
        return value


class StrictRoute(APIRoute):
    """A route that refuses unknown query parameters and reads its body as a StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler on our request."""
        handle = super().get_route_handler()
        known = query_parameters_of(self.dependant)

        async def handle_strictly(request: Request) -> Response:
            check_query([name for name, _ in request.query_params.multi_items()], known)
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


def query_parameters_of(dependant: Dependant) -> set[str]:
    """The names of the query parameters of an endpoint and of all that it depends on."""
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*map(query_parameters_of, dependant.dependencies))


def check_query(given: Sequence[str], known: set[str]) -> None:
    """Refuse a query parameter that the address does not have or that is given twice.

    It would be ignored silently. Raises HTTPException 422, which does not repeat the name.
    """
    if len(given) != len(set(given)):
        raise HTTPException(
            422, "The request has a query parameter twice. Send each at most once."
        )
    if set(given) <= known:
        return
    takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
    raise HTTPException(
        422,
        f"The request has a query parameter that this address does not know. {takes}",
    )


def check_json_value(value: Any) -> None:
    """Refuse NUL characters and nesting deeper than MAX_DEPTH. Raises HTTPException 422."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if "\x00" in item:
                    raise HTTPException(
                        422,
                        "The text holds a NUL character. Remove it and send the request again.",
                    )
            elif isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise HTTPException(422, f"The body is nested more than {MAX_DEPTH} levels deep.")
