"""Checks that the receiver of effects can be reached."""

import httpx

PROBE_MARKER = "doctor"
"""A marker that no effect has, for the look-up of docs/connectors.md."""


async def probe_url(url: str, seconds: float) -> tuple[bool, str]:
    """Whether the receiver gives any HTTP answer to a look-up, and a sentence about it.

    No effect is sent. The sentence names only the host: the rest of the URL may be secret.
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
