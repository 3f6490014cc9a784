"""Whether anybody answers where effects are sent."""

import httpx

PROBE_MARKER = "doctor"
"""Of an effect that there is not.

What is asked is the search of docs/connectors.md, without wanting its answer.
"""


async def probe_url(url: str, seconds: float) -> tuple[bool, str]:
    """Whether there is an answer over HTTP, any answer, and what to say about it.

    Nothing is sent but a question.

    Only the host is named: the rest of the address may be secret.
    """
    address = httpx.URL(url).copy_merge_params({"marker": PROBE_MARKER})
    host = address.netloc.decode()
    try:
        async with httpx.AsyncClient(timeout=seconds, follow_redirects=False) as client:
            answer = await client.head(address)
    except httpx.TimeoutException:
        return (
            False,
            f"{host} did not answer within {seconds:g} seconds. Effects wait until it does.",
        )
    except httpx.TransportError as error:
        return (
            False,
            f"{host} cannot be reached: {type(error).__name__}. Effects wait until it can.",
        )
    return (
        True,
        f"{host} answers. With {answer.status_code}, but any answer counts here.",
    )
